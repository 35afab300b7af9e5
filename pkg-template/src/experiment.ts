import { checked } from "./engine.js";
import { KfactorError } from "./errors.js";
import { fnv1a } from "./hash.js";
import { complete, ready } from "./runtime.js";

/** Variants by name: how often each is to come, as whole numbers; or just their names. */
export type Weights = Readonly<Record<string, number>> | readonly string[];

/**
 * The variant of a person in an experiment: always the same, in pages and on backends, and independent of other experiments.
 * Posters with variants choose theirs by it; their experiment is `poster-` and the poster's name.
 *
 * ```js
 * const text = variant("button-text", "u-81", { "Help me": 1, "Get yours too": 1 });
 * ```
 *
 * @throws {KfactorError} `VARIANT_WEIGHTS` unless weights are whole numbers from 0 to 1000, one of them above 0.
 */
export function variant<Name extends string>(
  experiment: string,
  person: string,
  weights: Readonly<Record<Name, number>> | readonly Name[],
): Name {
  const arms = armsOf(weights as Weights);
  const total = arms.reduce((sum, [, weight]) => sum + weight, 0);
  let ticket = Math.floor((mixed(fnv1a(`${experiment}\n${person}`)) * total) / 2 ** 32);
  for (const [name, weight] of arms) {
    if (ticket < weight) return name as Name;
    ticket -= weight;
  }
  throw new KfactorError(
    "VARIANT_WEIGHTS",
    "Weights are whole numbers from 0 to 1000, and one of them is above 0.",
    "权重应为 0 到 1000 的整数，且至少一个大于 0。",
  );
}

/** What came of one arm of an experiment. */
export interface ArmResult {
  name: string;
  /** People who were given it. */
  people: number;
  /** Of these, those who converted. */
  converted: number;
  /** How often it was to come; 1 if absent. */
  weight?: number;
}

/** How an arm did. */
export interface ArmComparison {
  name: string;
  /** The share of its people who converted. */
  rate: number;
  /** Its rate less that of the first arm, with a 95 % interval and a p-value that hold whenever one looks; null for the first. */
  againstFirst: { difference: number; low: number; high: number; p: number } | null;
}

/**
 * Compares the arms of an experiment with the first one, at any time and however often. `sampleRatio` is how likely numbers
 * of people that far from the planned proportion are; below 0.001 something is wrong with how people were assigned, and the
 * rest means nothing.
 *
 * ```js
 * const { sampleRatio, arms } = await compareArms([
 *   { name: "card", people: 1000, converted: 31 },
 *   { name: "sms", people: 980, converted: 52 },
 * ]);
 * ```
 *
 * @throws {KfactorError} `ARM_MALFORMED`, or `COMPLETE_ONLY` in a page, unless it imports "kfactor/complete".
 */
export async function compareArms(
  results: readonly ArmResult[],
): Promise<{ sampleRatio: number; arms: ArmComparison[] }> {
  for (const { name, people, converted, weight = 1 } of results) {
    const isFine = isCount(people) && isCount(converted) && isCount(weight) && converted <= people;
    if (isFine && weight > 0) continue;
    throw new KfactorError(
      "ARM_MALFORMED",
      `"${name}" needs whole numbers of people, with no more converted than there are, and a weight above 0.`,
      `“${name}”的人数应为整数，转化人数不能多于人数，权重应大于 0。`,
    );
  }
  await ready();
  const numbers = (of: (arm: ArmResult) => number): Uint32Array => Uint32Array.from(results, of);
  const { sampleRatio, againstFirst } = checked(
    complete().compareArms(
      numbers(({ people }) => people),
      numbers(({ converted }) => converted),
      numbers(({ weight = 1 }) => weight),
    ),
  ) as { sampleRatio: number; againstFirst: NonNullable<ArmComparison["againstFirst"]>[] };
  const arms = results.map(({ name, people, converted }, at) => ({
    name,
    rate: people === 0 ? 0 : converted / people,
    againstFirst: (at === 0 ? undefined : againstFirst[at - 1]) ?? null,
  }));
  return { sampleRatio, arms };
}

function armsOf(weights: Weights): [string, number][] {
  const arms = Array.isArray(weights)
    ? (weights as readonly string[]).map((name): [string, number] => [name, 1])
    : Object.entries(weights as Readonly<Record<string, number>>);
  // Anything else gives nobody a variant, which is said below.
  return arms.every(([, weight]) => isCount(weight) && weight <= 1000) ? arms : [];
}

function isCount(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number < 2 ** 32;
}

/** Every bit of the result depends on every bit given: the finaliser of MurmurHash3. */
function mixed(number: number): number {
  let x = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
