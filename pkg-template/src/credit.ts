import { checked } from "./engine.js";
import { KfactorError } from "./errors.js";
import { complete, ready } from "./runtime.js";

/** A way to give channels credit for conversions. */
export type CreditModel =
  "first" | "last" | "lastNonDirect" | "linear" | "position" | "timeDecay" | "markov" | "shapley";

/** The credit models, in the order of reports. */
export const CREDIT_MODELS: readonly CreditModel[] = [
  "first",
  "last",
  "lastNonDirect",
  "linear",
  "position",
  "timeDecay",
  "markov",
  "shapley",
];

/** What some people met before they converted, or without ever converting. */
export interface CreditPath {
  /** The channels they met, earliest first; with their times in Unix milliseconds where these are known. */
  touches: readonly (string | { channel: string; at: number })[];
  /** When they converted, in Unix milliseconds: for `timeDecay` and `lookBack`. */
  at?: number;
  /** How many people had this path and converted; 1 if absent. */
  converted?: number;
  /** How many had it and did not; 0 if absent. */
  lost?: number;
  /** The money of the conversions together, in minor units; 0 if absent. */
  value?: number;
}

/** How credit is given. */
export interface CreditOptions {
  /** Percentages for the first and the last touch with `position`; 40 and 40 if absent. */
  position?: readonly [first: number, last: number];
  /** With `timeDecay`, a touch weighs half as much for each of these spans before the conversion; seven days if absent. */
  halfLife?: number;
  /** The channel that `lastNonDirect` and `without-direct` pass over; `direct` if absent. */
  direct?: string;
  /** How far back a touch can lie, in milliseconds; any time if absent. Touches without a time always count. */
  lookBack?: number;
  /**
   * How paths are shortened before: `exposure` keeps the first of touches of one channel in a row, `first` the first of each
   * channel, `without-direct` drops `direct` from the end unless nothing else is there.
   */
  transform?: "none" | "exposure" | "first" | "without-direct";
}

/** What a channel is credited with. */
export interface CreditRow {
  channel: string;
  /** Conversions, to the millionth. */
  conversions: number;
  /** Their money, in minor units. */
  value: number;
}

const MILLION = 1_000_000;

/**
 * The credit of each channel for the conversions of some paths, by one model. Credits add up to the conversions and to
 * their money exactly, unless `lookBack` leaves a path without any touch.
 *
 * ```js
 * const paths = [{ touches: ["search", "poster"], converted: 3, lost: 1 }, { touches: ["poster"], lost: 4, converted: 0 }];
 * const rows = await credit(paths, "markov");
 * ```
 *
 * @throws {KfactorError} `MODEL_UNKNOWN`, `PATH_MALFORMED`, or `COMPLETE_ONLY` in a page, unless it imports "kfactor/complete".
 */
export async function credit(
  paths: readonly CreditPath[],
  model: CreditModel,
  options: CreditOptions = {},
): Promise<CreditRow[]> {
  const {
    position = [40, 40],
    halfLife = 7 * 86_400_000,
    direct = "direct",
    lookBack,
    transform = "none",
  } = options;
  const numbers = new Map<string, number>();
  const numberOf = (channel: string): number => {
    const number = numbers.get(channel) ?? numbers.size;
    numbers.set(channel, number);
    return number;
  };
  const touches: number[] = [];
  const times: number[] = [];
  const ends: number[] = [];
  for (const path of paths) {
    const end = path.at ?? 0;
    ends.push(whole(end));
    for (const touch of path.touches) {
      const known = typeof touch === "string" ? { channel: touch, at: end } : touch;
      touches.push(numberOf(String(known.channel)));
      times.push(whole(known.at));
    }
  }
  const channels = [...numbers.keys()];
  const directNumber = numbers.get(direct) ?? channels.length;
  const converted = paths.map((path) => count(path.converted ?? 1));
  const lost = paths.map((path) => count(path.lost ?? 0));
  await ready();
  const glue = complete();
  const share = (worth: number[]): number[] =>
    checked(
      glue.credit(
        channels.length,
        Uint32Array.from(touches),
        Float64Array.from(times),
        Uint32Array.from(paths, (path) => path.touches.length),
        Float64Array.from(ends),
        Uint32Array.from(converted),
        Uint32Array.from(lost),
        Float64Array.from(worth),
        model,
        count(position[0]),
        count(position[1]),
        whole(halfLife),
        directNumber,
        lookBack ?? NaN,
        transform,
      ),
    ) as number[];
  const conversions = share(converted.map((people) => people * MILLION));
  const value = share(paths.map((path) => whole(path.value ?? 0)));
  return channels.map((channel, at) => ({
    channel,
    conversions: (conversions[at] ?? 0) / MILLION,
    value: value[at] ?? 0,
  }));
}

function count(number: number): number {
  if (Number.isInteger(number) && number >= 0 && number < 2 ** 32) return number;
  throw malformed(number);
}

function whole(number: number): number {
  if (Number.isSafeInteger(number)) return number;
  throw malformed(number);
}

function malformed(number: unknown): KfactorError {
  return new KfactorError(
    "PATH_MALFORMED",
    `${String(number)} is not a whole number that a path can have.`,
    `路径中的数 ${String(number)} 不是有效的整数。`,
  );
}
