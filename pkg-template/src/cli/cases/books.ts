// What a run writes down, and what is read from it.
import { isDeepStrictEqual } from "node:util";
import { sameInAnyOrder } from "./fit.js";
import { START } from "./instant.js";
import { type Fields, type Json, list, member } from "./json.js";

/** Why a case failed. */
export class Failure extends Error {
  readonly expected: Json | undefined;
  readonly actual: Json | undefined;
  /** The step, from 0; nothing for what holds after every case. */
  step: number | undefined = undefined;

  constructor(what: string, expected?: Json, actual?: Json) {
    super(what);
    this.expected = expected;
    this.actual = actual;
  }
}

/** A command with its first answer, as they were written. */
export interface Entry {
  id: string;
  command: string;
  answer: string;
}

/**
 * Count and money of the grants of a reward that stand: granted, and since then neither failed nor revoked, nor
 * outdated without having been fulfilled.
 */
export function standing(facts: readonly Json[], reward: string): { count: number; spent: number } {
  const grants = new Map<string, number>();
  const inHand = new Set<string>();
  for (const fact of facts) {
    const grant = String(member(fact, "grant"));
    const kind = member(fact, "kind");
    if (kind === "granted" && member(fact, "reward") === reward) {
      grants.set(grant, Number(member(fact, "amount") ?? 0));
    }
    if (kind === "fulfilled") inHand.add(grant);
    const lost = kind === "outdated" && !inHand.has(grant);
    if (kind === "failed" || kind === "revoked" || lost) grants.delete(grant);
  }
  const spent = [...grants.values()].reduce((sum, amount) => sum + amount, 0);
  return { count: grants.size, spent };
}

/** The sum of a number field over facts. */
export function total(facts: readonly Json[], field: string): number {
  return facts.reduce<number>((sum, fact) => sum + Number(member(fact, field) ?? 0), 0);
}

/** Throws unless each expectation stands for a problem of its own, and none is left over. */
export function problemsAre(expected: Json, actual: Json): void {
  const rules = { clock: { now: START, offset: 0 }, nullIsAbsent: false };
  if (!sameInAnyOrder(list(expected), list(actual), rules)) {
    throw new Failure("the campaign has other problems", expected, actual);
  }
}

/** Throws unless an answer is the first one again. */
export function sameAnswer(first: string, second: string | undefined): void {
  const expected = { ...(JSON.parse(first) as Fields), repeated: true };
  const actual = second === undefined ? null : (JSON.parse(second) as Json);
  if (!isDeepStrictEqual(expected, actual)) {
    throw new Failure("the same command again got another answer", expected, actual);
  }
}

/** An expectation of a fact; a text alone is its kind. */
export function asFact(expected: Json): Json {
  return typeof expected === "string" ? { kind: expected } : expected;
}

/** A line of a log. */
export function entryOf({ command, answer }: Entry): string {
  return `{"command":${command},"answer":${answer}}`;
}
