import { clean, type Hash, pseudonym } from "./privacy.js";

/** A record: a CloudEvent 1.0. */
export interface ReportRecord {
  specversion: "1.0";
  /** With `source`, what makes two deliveries the same. A fact has the same id wherever it is reported from. */
  id: string;
  source: string;
  /** `io.kfactor.helped.v1` */
  type: string;
  time: string;
  /** The participant. */
  subject?: string;
  datacontenttype: "application/json";
  /** The campaign's id. */
  partitionkey: string;
  /** One run of one page on one device, … */
  session: string;
  /** … and the place among its records: a gap is a loss. */
  sequence: string;
  /** When it was recorded, if that is not when it happened. */
  recordedtime?: string;
  /** When it was sent, by the sender's clock. */
  sentat: string;
  data: Record<string, unknown>;
}

/** What a record is made from. */
export interface Draft {
  /** What happened, as the kind of a fact: `helped`, `poster-shown`. */
  kind: string;
  /** The id of the fact; without one the record gets an id of its session. */
  id?: string;
  /** When it happened, if not now. */
  time?: number;
  /** Who it is about: a pseudonym, never a phone number or an openid. */
  subject?: string;
  /** All else. */
  data?: unknown;
}

/** Where a record is from, and its place there. */
export interface Origin {
  campaign: string;
  session: string;
  /** The place among the records of this session, from 1. */
  sequence: number;
  /** The moment of recording. */
  now: number;
}

/** The last moment that a date can have. */
const LATEST = 8.64e15;

/**
 * The record as CloudEvents 1.0.2 in JSON, without `sentat`. The same text is stored, and sent by most forms. `sequence` and
 * `partitionkey` are registered extensions, `session` and `recordedtime` are ours.
 */
export function makeRecord(draft: Draft, origin: Origin, hash: Hash): string {
  const { kind, id, time, subject, data } = draft;
  const { campaign, session, sequence, now } = origin;
  const happened = typeof time === "number" && Math.abs(time) <= LATEST;
  const head = JSON.stringify({
    specversion: "1.0",
    id: id === undefined ? `${session}-${sequence}` : String(id),
    source: `urn:kfactor:${campaign}`,
    type: typeOf(kind),
    time: instant(happened ? time : now),
    subject: subject ? pseudonym(String(subject), campaign, hash) : undefined,
    datacontenttype: "application/json",
    partitionkey: campaign,
    session,
    sequence: padded(sequence),
    recordedtime: happened ? instant(now) : undefined,
  });
  return `${head.slice(0, -1)},"data":${clean(data, campaign, hash)}}`;
}

/** The type of a kind. */
export function typeOf(kind: string): string {
  return `io.kfactor.${kind}.v1`;
}

/** A place as text, in twelve digits: texts sort as their numbers. */
export function padded(sequence: number): string {
  return String(sequence).padStart(12, "0");
}

/** An instant as RFC 3339 in UTC with milliseconds. */
export function instant(at: number): string {
  return new Date(Math.min(at, LATEST)).toISOString();
}
