import type { Rejected } from "./answer.js";
import type { KfactorCampaign } from "./generated/campaign.js";
import type * as protocol from "./generated/protocol.js";

export type {
  ActionView,
  Audit,
  AuditFinding,
  Command,
  Fact,
  GrantView,
  LiveCodeView,
  LoopView,
  OfferView,
  PersonView,
  PlayView,
  Problem,
  Report,
  RewardView,
  StepView,
  TargetView,
  View,
} from "./generated/protocol.js";

/** A campaign document. */
export type Campaign = KfactorCampaign;

/** A poster of a campaign document. */
export type PosterTemplate = NonNullable<NonNullable<KfactorCampaign["posters"]>[string]>;

/** Why a command was refused. */
export type Code = protocol.Code;

/** The values a refusal's sentence mentions. */
export type Params = protocol.Rejected["params"];

/** What a command asks for. */
export type Act = protocol.Command["do"];

/** What became of a command. */
export type Answer = Accepted | Rejected;

/** A command that was accepted, and what happened by it. */
export type Accepted = protocol.Accepted;

/** What a token says. `campaign` and `touchpoint` are numbers derived from their names. */
export interface Token {
  /** 0: open, anyone can make it; 1: signed. */
  version: number;
  /** Which of the backend's keys signed it. */
  kid: number;
  /** 0: a touchpoint; 1: what a participant shares; 2: what they share for one loop. */
  kind: number;
  campaign: number;
  touchpoint: number;
  /** The inviter's share handle. */
  inviter: number;
  /** Days from 2025-01-01 to the day it was made. */
  day: number;
  /** How many shares lie before it. */
  depth: number;
}

type Unstamped<C> = C extends unknown ? Omit<C, "at"> : never;
type Unsigned<C> = C extends unknown ? Omit<C, "id" | "at" | "by"> : never;

/** A command on its way: the keeper of the log stamps its time. */
export type Outgoing = Unstamped<protocol.Command>;

/** A command as a page gives it: id, participant and time are added. */
export type Intent = Unsigned<protocol.Command>;
