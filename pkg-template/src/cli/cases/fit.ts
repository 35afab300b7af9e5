import { isDeepStrictEqual } from "node:util";
import { type Clock, instant } from "./instant.js";
import { type Fields, isObject, type Json } from "./json.js";

/** Where an expectation does not hold: a pointer into the actual value, and what is there and should be. */
export interface Difference {
  place: string;
  expected: Json;
  actual: Json | undefined;
}

/** How values are compared. */
export interface Rules {
  clock: Clock;
  /** Whether an expected null also stands for a member that is not there. */
  nullIsAbsent: boolean;
  /** Whether nothing may be there that is not expected. */
  exact?: boolean;
}

/** The first place at which an expectation does not hold. */
export function difference(
  expected: Json,
  actual: Json | undefined,
  rules: Rules,
  place = "",
): Difference | undefined {
  const unless = (holds: boolean): Difference | undefined =>
    holds ? undefined : { place, expected, actual };
  if (actual === undefined) return unless(expected === null && rules.nullIsAbsent && rules.exact !== true);
  const operation = operator(expected);
  if (operation !== undefined) {
    const [name, operand] = operation;
    if (name === "$exactly") return difference(operand, actual, { ...rules, exact: true }, place);
    if (name === "$not") return unless(!holds(operand, actual, rules));
    return unless(Array.isArray(operand) && Array.isArray(actual) && contains(operand, actual, rules));
  }
  if (isObject(expected) && isObject(actual)) return inObject(expected, actual, rules, place);
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) return unless(false);
    return first(expected.map((value, at) => () => difference(value, actual[at], rules, `${place}/${at}`)));
  }
  if (typeof expected === "string" && typeof actual === "number" && expected.startsWith("@")) {
    return unless(instant(expected, rules.clock) === actual);
  }
  return unless(isDeepStrictEqual(expected, actual));
}

/** Whether the whole expectation holds. */
export function holds(expected: Json, actual: Json, rules: Rules): boolean {
  return difference(expected, actual, rules) === undefined;
}

/** Whether each expectation holds for a value of its own, in their order. */
export function contains(expected: readonly Json[], actual: readonly Json[], rules: Rules): boolean {
  let from = 0;
  return expected.every((wanted) => {
    const found = actual.findIndex((value, at) => at >= from && holds(wanted, value, rules));
    from = found + 1;
    return found >= 0;
  });
}

/** Whether each expectation holds for a value of its own and none is left over, in any order. */
export function sameInAnyOrder(expected: readonly Json[], actual: readonly Json[], rules: Rules): boolean {
  const left = [...actual];
  const all = expected.every((wanted) => {
    const found = left.findIndex((value) => holds(wanted, value, rules));
    if (found >= 0) left.splice(found, 1);
    return found >= 0;
  });
  return all && left.length === 0;
}

/** An object with one member whose key begins with `$`. */
export function operator(value: Json): [string, Json] | undefined {
  if (!isObject(value)) return undefined;
  const [entry, ...more] = Object.entries(value);
  return entry !== undefined && more.length === 0 && entry[0].startsWith("$") ? entry : undefined;
}

function inObject(expected: Fields, actual: Fields, rules: Rules, place: string): Difference | undefined {
  if (rules.exact === true && Object.keys(actual).some((key) => !Object.hasOwn(expected, key))) {
    return { place, expected, actual };
  }
  return first(
    Object.entries(expected).map(
      ([key, value]) =>
        () =>
          difference(value, Object.hasOwn(actual, key) ? actual[key] : undefined, rules, `${place}/${key}`),
    ),
  );
}

function first(looks: (() => Difference | undefined)[]): Difference | undefined {
  for (const look of looks) {
    const found = look();
    if (found !== undefined) return found;
  }
  return undefined;
}
