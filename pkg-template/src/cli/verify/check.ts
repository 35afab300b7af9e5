// Re-checks every draw of a list of facts against a seed. Nothing of the engine takes part in it.
import { Books, period, whole, type Campaign, type Fact, type PlayRules } from "./books.js";
import { Draw } from "./draw.js";

/** What is wrong with a fact. */
export interface Finding {
  readonly fact: string;
  readonly code: "TICKET" | "PRIZE" | "WINNER" | "SHARE" | "NUMBER" | "GRANT";
  readonly message: string;
  readonly messageZh: string;
}

/** What was checked, and what is wrong. */
export interface Report {
  readonly draws: number;
  readonly shares: number;
  readonly findings: Finding[];
}

interface Cap {
  readonly every: string;
  readonly most: number;
}

interface Prize {
  readonly give?: string;
  readonly weight: number;
  readonly unlockAfter?: number;
}

interface Lottery {
  readonly prizes: readonly Prize[];
  readonly outOf?: number;
  readonly ifOut?: "fallback" | "renormalise";
  readonly instead?: string;
  readonly wins?: readonly Cap[];
}

interface Raffle {
  readonly prizes: readonly { readonly give: string; readonly count?: number }[];
  readonly repeat?: boolean;
}

interface Packet {
  readonly split?: "random" | "equal";
  readonly shares?: "ahead" | "at-claim";
  readonly minUnit?: string | number;
}

/** What the facts so far say of a loop. */
interface Loop {
  readonly id: string;
  readonly play: string;
  readonly initiator: string;
  /** The play's rules as they were when it was opened. */
  readonly rules: PlayRules;
  /** Draws or shares so far. */
  numbers: number;
  /** Lottery: entries that are not drawn. */
  readonly entered: Set<number>;
  /** Lottery: when something other than `instead` was won. */
  readonly wins: number[];
  /** Raffle: who joined, in order, and who has won. */
  readonly entrants: string[];
  readonly winners: string[];
  /** Red packet. */
  total: bigint;
  count: bigint;
  left: bigint;
}

/** A document that is in force from its place among the facts on. */
export interface Revision {
  readonly campaign: Campaign;
}

/** Checks all facts of a campaign, from its first one on, in their order, with its revisions among them. */
export function check(campaign: Campaign, seed: Uint8Array, steps: readonly (Fact | Revision)[]): Report {
  const checker = new Checker(campaign, seed);
  steps.forEach((step, at) => {
    if (isRevision(step)) return checker.revise(step.campaign);
    // Stock that nobody claimed in time is told to be free before it is granted again.
    let after = at + 1;
    while (isOutdated(steps[after])) after++;
    const next = steps[after];
    return checker.take(step, next === undefined || isRevision(next) ? undefined : next);
  });
  return checker.report;
}

function isOutdated(step: Fact | Revision | undefined): boolean {
  return step !== undefined && "kind" in step && step.kind === "outdated";
}

function isRevision(step: Fact | Revision): step is Revision {
  return !("kind" in step) && "campaign" in step;
}

class Checker {
  readonly report = { draws: 0, shares: 0, findings: [] as Finding[] };
  #campaign: Campaign;
  readonly #seed: Uint8Array;
  readonly #books: Books;
  readonly #loops = new Map<string, Loop>();

  constructor(campaign: Campaign, seed: Uint8Array) {
    this.#campaign = campaign;
    this.#seed = seed;
    this.#books = new Books(campaign);
  }

  /** Loops that run keep their rules; stock, budget and the campaign's limits are the latest. */
  revise(campaign: Campaign): void {
    this.#campaign = campaign;
    this.#books.revise(campaign);
  }

  take(fact: Fact, next: Fact | undefined): void {
    const loop = this.#loops.get(String(fact.loop));
    if (fact.kind === "opened") this.#open(String(fact.loop), String(fact.play), String(fact.by));
    if (loop !== undefined) this.#inLoop(loop, fact, next);
    this.#books.enter(fact, loop);
  }

  #open(id: string, play: string, initiator: string): void {
    const rules = this.#campaign.plays[play] ?? { mechanic: "" };
    const lists = { entered: new Set<number>(), wins: [], entrants: [], winners: [] };
    const sums = { total: 0n, count: 0n, left: 0n };
    this.#loops.set(id, { id, play, initiator, rules, numbers: 0, ...lists, ...sums });
  }

  #inLoop(loop: Loop, fact: Fact, next: Fact | undefined): void {
    const rules: unknown = loop.rules;
    switch (`${loop.rules.mechanic} ${fact.kind}`) {
      case "lottery submitted":
        this.#number(loop, fact);
        loop.entered.add(Number(fact.n));
        break;
      case "lottery drawn":
        this.#lottery(loop, rules as Lottery, fact);
        this.#given(fact, next);
        break;
      case "raffle joined":
        loop.entrants.push(String(fact.by));
        break;
      case "raffle drawn":
        this.#raffle(loop, rules as Raffle, fact);
        this.#given(fact, next);
        break;
      case "red-packet set-aside":
        loop.total = loop.left = whole(fact.amount);
        loop.count = whole(fact.count);
        break;
      case "red-packet claimed":
        this.#share(loop, rules as Packet, fact);
        break;
    }
  }

  /** Draws are numbered without a gap, so that none can be left out. */
  #number(loop: Loop, fact: Fact): void {
    if (Number(fact.n) !== ++loop.numbers) {
      const expected = loop.numbers;
      this.#find(
        fact,
        "NUMBER",
        `this is number ${String(fact.n)} of its loop, but number ${expected} comes next`,
        `编号为 ${String(fact.n)}，但本轮下一个编号应为 ${expected}`,
      );
      loop.numbers = Number(fact.n);
    }
  }

  #draw(loop: Loop, n: unknown): Draw {
    return new Draw(this.#seed, `${loop.rules.mechanic}:${loop.play}`, `${loop.id}/${String(n)}`);
  }

  #lottery(loop: Loop, rules: Lottery, fact: Fact): void {
    this.report.draws++;
    const n = Number(fact.n);
    const by = String(fact.by);
    if (!loop.entered.delete(n)) this.#number(loop, fact);
    const there = ({ give, unlockAfter }: Prize): boolean =>
      n > (unlockAfter ?? 0) && (give === undefined || this.#books.isObtainable(give, by, loop, fact.at));
    const weights = sum(rules.prizes);
    const prizes = rules.ifOut === "renormalise" ? rules.prizes.filter(there) : rules.prizes;
    const total = sum(prizes) + BigInt(rules.outOf ?? Number(weights)) - weights;
    const ticket = this.#draw(loop, n).below(total);
    this.#ticket(fact, ticket);

    let rest = ticket;
    const hit = total === 0n ? undefined : prizes.find(({ weight }) => (rest -= BigInt(weight)) < 0n);
    const mayWin = !(rules.wins ?? []).some((cap) => this.#reached(cap, loop.wins, fact.at));
    const isMissed = hit === undefined ? total === 0n : hit.give !== undefined && !(there(hit) && mayWin);
    const { instead } = rules;
    const isLeft = instead !== undefined && this.#books.isObtainable(instead, by, loop, fact.at);
    const consolation = isLeft ? instead : undefined;
    const prize = isMissed ? consolation : hit?.give;
    if (prize !== (fact.prize ?? undefined)) {
      const [said, due] = [String(fact.prize ?? "-"), prize ?? "-"];
      this.#find(
        fact,
        "PRIZE",
        `ticket ${ticket} earns ${due}, not ${said}`,
        `票号 ${ticket} 应得 ${due}，而不是 ${said}`,
      );
    }
    if (typeof fact.prize === "string" && fact.prize !== instead) loop.wins.push(fact.at);
  }

  #raffle(loop: Loop, rules: Raffle, fact: Fact): void {
    this.report.draws++;
    this.#number(loop, fact);
    const give = String(fact.prize);
    const prize = rules.prizes.find((prize) => prize.give === give);
    const candidates = loop.entrants.filter((who) => rules.repeat === true || !loop.winners.includes(who));
    const numbers = this.#draw(loop, fact.n);
    let ticket = 0n;
    let winner: string | undefined;
    while (winner === undefined && candidates.length > 0) {
      ticket = numbers.below(BigInt(candidates.length));
      const [who = ""] = candidates.splice(Number(ticket), 1);
      if (this.#books.isObtainable(give, who, loop, fact.at)) winner = who;
    }
    this.#ticket(fact, ticket);
    if (winner !== fact.by || prize === undefined) {
      const [said, due] = [String(fact.by), winner ?? "-"];
      this.#find(fact, "WINNER", `the winner is ${due}, not ${said}`, `中奖者应为 ${due}，而不是 ${said}`);
    }
    loop.winners.push(String(fact.by));
  }

  #share(loop: Loop, rules: Packet, fact: Fact): void {
    this.report.shares++;
    this.#number(loop, fact);
    const n = whole(fact.n);
    const least = rules.minUnit === undefined ? 1n : max(1n, this.#books.money(rules.minUnit));
    let due: bigint;
    if (rules.split === "equal") due = loop.total / loop.count + (n <= loop.total % loop.count ? 1n : 0n);
    else if (rules.shares === "at-claim")
      due = next(loop.left, loop.count - n + 1n, least, this.#draw(loop, n));
    else due = ahead(loop.total, loop.count, least, this.#draw(loop, 0))[Number(n) - 1] ?? -1n;
    if (due !== whole(fact.amount)) {
      const said = String(fact.amount);
      this.#find(fact, "SHARE", `share ${n} is ${due}, not ${said}`, `第 ${n} 份应为 ${due}，而不是 ${said}`);
    }
    loop.left -= whole(fact.amount);
  }

  #ticket(fact: Fact, ticket: bigint): void {
    if (BigInt(Number(fact.ticket)) === ticket) return;
    const said = String(fact.ticket);
    this.#find(fact, "TICKET", `the ticket is ${ticket}, not ${said}`, `票号应为 ${ticket}，而不是 ${said}`);
  }

  /** What is drawn is granted at once. */
  #given(fact: Fact, next: Fact | undefined): void {
    if (typeof fact.prize !== "string") return;
    const isIt = next?.kind === "granted" && next.to === fact.by && next.loop === fact.loop;
    if (isIt && this.#books.chain(fact.prize).includes(String(next.reward))) return;
    this.#find(fact, "GRANT", `${fact.prize} was drawn and not granted`, `抽中了 ${fact.prize}，但没有发放`);
  }

  #reached(cap: Cap, instants: readonly number[], at: number): boolean {
    const now = period(cap.every, at, this.#campaign.timezone);
    return (
      instants.filter((instant) => period(cap.every, instant, this.#campaign.timezone) === now).length >=
      cap.most
    );
  }

  #find(fact: Fact, code: Finding["code"], message: string, messageZh: string): void {
    this.report.findings.push({ fact: fact.id, code, message, messageZh });
  }
}

function sum(prizes: readonly Prize[]): bigint {
  return prizes.reduce((sum, { weight }) => sum + BigInt(weight), 0n);
}

/** All shares by the double mean, shuffled. */
function ahead(total: bigint, count: bigint, least: bigint, numbers: Draw): bigint[] {
  const shares: bigint[] = [];
  let rest = total;
  for (let left = count; left > 0n; left--) {
    const share = next(rest, left, least, numbers);
    rest -= share;
    shares.push(share);
  }
  for (let place = shares.length - 1; place > 0; place--) {
    const other = Number(numbers.below(BigInt(place + 1)));
    const [one = 0n, two = 0n] = [shares[place], shares[other]];
    [shares[place], shares[other]] = [two, one];
  }
  return shares;
}

/** The next share of what is left for `left` shares. */
function next(rest: bigint, left: bigint, least: bigint, numbers: Draw): bigint {
  if (left <= 1n) return rest;
  const mean = (rest * 2n) / left;
  const most = rest - least * (left - 1n);
  return least + numbers.below((mean < most ? mean : most) - least + 1n);
}

function max(one: bigint, two: bigint): bigint {
  return one > two ? one : two;
}
