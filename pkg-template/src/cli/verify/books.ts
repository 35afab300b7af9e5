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
  readonly plays: Readonly<Record<string, { readonly mechanic: string }>>;
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
}

/** Pieces and money of every reward, granted or put aside. */
export class Books {
  readonly #campaign: Campaign;
  readonly #digits: number;
  readonly #standing = new Map<string, Grant>();
  readonly #used = new Map<string, { pieces: bigint; money: bigint }>();
  readonly #mine = new Map<string, number>();

  constructor(campaign: Campaign) {
    this.#campaign = campaign;
    this.#digits = decimals(campaign.currency ?? "CNY");
  }

  /** Enters a fact; those about something else change nothing. */
  enter(fact: Fact): void {
    const reward = String(fact.reward);
    switch (fact.kind) {
      case "granted": {
        const grant = { reward, to: String(fact.to), amount: whole(fact.amount) };
        this.#standing.set(String(fact.grant), grant);
        this.#count(grant, 1);
        break;
      }
      case "failed":
      case "revoked": {
        const grant = this.#standing.get(String(fact.grant));
        if (grant !== undefined && this.#standing.delete(String(fact.grant))) this.#count(grant, -1);
        break;
      }
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

  /** Whether someone could be given the reward or what it falls back to; without `to`, whether anyone could. */
  isObtainable(reward: string, to?: string): boolean {
    return this.chain(reward).some((reward) => this.#has(reward, to));
  }

  /** An amount of the document in minor units. */
  money(text: string | number): bigint {
    const [units = "0", fraction = ""] = String(text).split(".");
    return BigInt(units + fraction.padEnd(this.#digits, "0"));
  }

  #has(reward: string, to: string | undefined): boolean {
    const rules = this.#campaign.rewards?.[reward];
    if (rules === undefined) return false;
    const used = this.#used.get(reward) ?? { pieces: 0n, money: 0n };
    if (rules.stock !== undefined && used.pieces >= BigInt(rules.stock)) return false;
    const amount = rules.amount === undefined ? 0n : this.money(rules.amount);
    if (rules.budget !== undefined && used.money + amount > this.money(rules.budget)) return false;
    if (to === undefined || rules.perParticipant === undefined) return true;
    return (this.#mine.get(key(reward, to)) ?? 0) < rules.perParticipant;
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
