// What the facts so far say of stock, budget and limits: recounted, without the engine.

/** A fact as it stands in a list of facts. */
export interface Fact {
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** The parts of a campaign document that draws depend on. */
export interface Campaign {
  readonly currency?: string;
  readonly timezone?: string;
  readonly rewards?: Readonly<Record<string, RewardRules>>;
  readonly plays: Readonly<Record<string, PlayRules>>;
  readonly limits?: readonly Limit[];
}

/** The parts of a play that all draws depend on. */
export interface PlayRules {
  readonly mechanic: string;
  readonly limits?: readonly Limit[];
}

/** A limit, as a document has it. */
export interface Limit {
  readonly per: string;
  readonly every: string;
  readonly most?: number;
  readonly amount?: string | number;
  readonly of?: string | readonly string[];
  readonly reward?: string;
}

/** The loop out of which something is granted. */
export interface Giver {
  readonly id: string;
  readonly play: string;
  readonly initiator: string;
  /** The play's rules as they were when the loop was opened. */
  readonly rules: PlayRules;
}

interface RewardRules {
  readonly amount?: string | number;
  readonly stock?: number;
  readonly budget?: string | number;
  readonly perParticipant?: number;
  readonly fallback?: string;
}

interface Grant {
  readonly reward: string;
  readonly to: string;
  readonly amount: bigint;
  readonly at: number;
  readonly from: Giver | undefined;
  /** By when it has to be claimed, as long as it is not. */
  claimBy: number | undefined;
  handedOver: boolean;
}

/** Pieces and money of every reward, granted or put aside. */
export class Books {
  #campaign: Campaign;
  readonly #digits: number;
  readonly #standing = new Map<string, Grant>();
  readonly #used = new Map<string, { pieces: bigint; money: bigint }>();
  readonly #mine = new Map<string, number>();
  /** All grants ever, whatever became of them: limits count them. */
  readonly #granted: Grant[] = [];
  /** Standing grants that were not claimed yet. */
  readonly #claimable = new Set<Grant>();

  constructor(campaign: Campaign) {
    this.#campaign = campaign;
    this.#digits = decimals(campaign.currency ?? "CNY");
  }

  /** Puts a revision in force: stock, budget and limits are those of the latest. */
  revise(campaign: Campaign): void {
    this.#campaign = campaign;
  }

  /** Enters a fact; those about something else change nothing. */
  enter(fact: Fact, from: Giver | undefined): void {
    const reward = String(fact.reward);
    const known = this.#standing.get(String(fact.grant));
    switch (fact.kind) {
      case "granted": {
        const claimBy = typeof fact.claimBy === "number" ? fact.claimBy : undefined;
        const [to, amount, at] = [String(fact.to), whole(fact.amount), fact.at];
        const grant: Grant = { reward, to, amount, at, from, claimBy, handedOver: false };
        this.#standing.set(String(fact.grant), grant);
        this.#granted.push(grant);
        if (claimBy !== undefined) this.#claimable.add(grant);
        this.#count(grant, 1);
        break;
      }
      case "collected":
        if (known !== undefined) this.#claimable.delete(known);
        break;
      case "fulfilled":
        if (known !== undefined) known.handedOver = true;
        break;
      case "outdated":
        // What was handed over and not used in time stays used up.
        if (known !== undefined && !known.handedOver) this.#remove(String(fact.grant), known);
        break;
      case "failed":
      case "revoked":
        if (known !== undefined) this.#remove(String(fact.grant), known);
        break;
      case "set-aside":
        this.#use(reward, whole(fact.count), whole(fact.amount));
        break;
      case "freed":
        this.#use(reward, -whole(fact.count), -whole(fact.amount));
        break;
    }
  }

  /** A reward and everything it falls back to. */
  chain(reward: string): string[] {
    const chain: string[] = [];
    for (let next: string | undefined = reward; next !== undefined && chain.length < 8;) {
      chain.push(next);
      next = this.#campaign.rewards?.[next]?.fallback;
    }
    return chain;
  }

  /** Whether someone could be given the reward or what it falls back to, out of a loop at a moment. */
  isObtainable(reward: string, to: string, from: Giver, at: number): boolean {
    return this.chain(reward).some(
      (reward) => this.#has(reward, to, at) && !this.#isLimited(reward, to, from, at),
    );
  }

  /** An amount of the document in minor units. */
  money(text: string | number): bigint {
    const [units = "0", fraction = ""] = String(text).split(".");
    return BigInt(units + fraction.padEnd(this.#digits, "0"));
  }

  #has(reward: string, to: string, at: number): boolean {
    const rules = this.#campaign.rewards?.[reward];
    if (rules === undefined) return false;
    let { pieces, money } = this.#used.get(reward) ?? { pieces: 0n, money: 0n };
    let mine = this.#mine.get(key(reward, to)) ?? 0;
    // What was not claimed in time is free by the clock, whether or not a fact has told of it.
    for (const grant of this.#claimable)
      if (grant.reward === reward && grant.claimBy !== undefined && grant.claimBy <= at) {
        pieces -= 1n;
        money -= grant.amount;
        if (grant.to === to) mine -= 1;
      }
    if (rules.stock !== undefined && pieces >= BigInt(rules.stock)) return false;
    const amount = this.#amount(reward);
    if (rules.budget !== undefined && money + amount > this.money(rules.budget)) return false;
    return rules.perParticipant === undefined || mine < rules.perParticipant;
  }

  /** Whether a limit that counts grants alone keeps a reward from someone. Others cannot be recounted here. */
  #isLimited(reward: string, to: string, from: Giver, at: number): boolean {
    const now: Grant = {
      reward,
      to,
      amount: this.#amount(reward),
      at,
      from,
      claimBy: undefined,
      handedOver: false,
    };
    const isFull = (limit: Limit, play: string | undefined): boolean => {
      const subject = subjectOf(limit, now, play);
      if (subject === undefined) return false;
      const { timezone } = this.#campaign;
      const inPeriod = ({ at }: Grant): boolean =>
        period(limit.every, at, timezone) === period(limit.every, now.at, timezone);
      const counted = this.#granted.filter(
        (grant) => subjectOf(limit, grant, play) === subject && inPeriod(grant),
      );
      if (limit.most !== undefined) return counted.length >= limit.most;
      const sum = counted.reduce((sum, { amount }) => sum + amount, now.amount);
      return limit.amount !== undefined && sum > this.money(limit.amount);
    };
    return (
      (from.rules.limits ?? []).some((limit) => isFull(limit, from.play)) ||
      (this.#campaign.limits ?? []).some((limit) => isFull(limit, undefined))
    );
  }

  #amount(reward: string): bigint {
    const amount = this.#campaign.rewards?.[reward]?.amount;
    return amount === undefined ? 0n : this.money(amount);
  }

  #remove(id: string, grant: Grant): void {
    this.#standing.delete(id);
    this.#claimable.delete(grant);
    this.#count(grant, -1);
  }

  #count(grant: Grant, by: 1 | -1): void {
    const mine = key(grant.reward, grant.to);
    this.#mine.set(mine, (this.#mine.get(mine) ?? 0) + by);
    this.#use(grant.reward, BigInt(by), by === 1 ? grant.amount : -grant.amount);
  }

  #use(reward: string, pieces: bigint, money: bigint): void {
    const used = this.#used.get(reward) ?? { pieces: 0n, money: 0n };
    this.#used.set(reward, { pieces: used.pieces + pieces, money: used.money + money });
  }
}

/** For whom a grant counts under a limit of a play or of the campaign, if it does. */
function subjectOf(limit: Limit, grant: Grant, play: string | undefined): string | undefined {
  const of =
    typeof limit.of === "string" ? [limit.of] : (limit.of ?? (limit.per === "reward" ? ["grant"] : []));
  const { from, reward, to } = grant;
  if (of.length !== 1 || of[0] !== "grant" || from === undefined) return undefined;
  if (play !== undefined && from.play !== play) return undefined;
  if (limit.reward !== undefined && limit.reward !== reward) return undefined;
  switch (limit.per) {
    case "participant":
      return to;
    case "helper":
      return to === from.initiator ? undefined : to;
    case "initiator":
      return from.initiator;
    case "loop":
      return from.id;
    case "reward":
      return reward;
    case "play":
      return from.play;
    case "campaign":
      return "";
    default:
      return undefined;
  }
}

/** The calendar period of an instant, in a timezone without daylight saving. */
export function period(every: string, at: number, timezone = "+08:00"): number {
  const local = at + offset(timezone) * 60_000;
  const date = new Date(local);
  switch (every) {
    case "hour":
      return Math.floor(local / 3_600_000);
    case "day":
      return Math.floor(local / 86_400_000);
    case "week":
      return Math.floor((local / 86_400_000 - 4) / 7);
    case "month":
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    default:
      return 0;
  }
}

/** Minutes east of UTC. */
function offset(timezone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(timezone) ?? [];
  if (sign === undefined) return timezone === "Z" || timezone === "UTC" ? 0 : 480;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** An integer of a fact; 0 if it is absent. */
export function whole(value: unknown): bigint {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : 0n;
}

function key(reward: string, to: string): string {
  return `${reward}/${to}`;
}

/** The decimals of an amount, by ISO 4217. */
function decimals(currency: string): number {
  if ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" ").includes(currency))
    return 0;
  return "BHD IQD JOD KWD LYD OMR TND".split(" ").includes(currency) ? 3 : 2;
}
