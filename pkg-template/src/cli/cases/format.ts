// The keys of a case file, and what may stand at each: anything else is refused by name.
import { createRequire } from "node:module";
import { operator } from "./fit.js";
import { instant, START } from "./instant.js";
import { isObject, type Json, list, member, text } from "./json.js";

/** Tells of something the format does not have, with its pointer. */
type Report = (pointer: string, what: string) => void;
type Check = (value: Json, pointer: string, report: Report) => void;
type Keys = Readonly<Record<string, Check>>;

const must =
  (holds: (value: Json) => boolean, what: string): Check =>
  (value, pointer, report) => {
    if (!holds(value)) report(pointer, `this has to be ${what}`);
  };
const isInstant = (value: Json): boolean =>
  typeof value === "string" && instant(value, { now: START, offset: 0 }) !== undefined;

const anything: Check = () => undefined;
const aText = must((value) => typeof value === "string", "a text");
const aSeed = must(
  (value) => typeof value === "string" && /^[0-9a-f]{64}$/i.test(value),
  "64 hexadecimal digits",
);
const isTrue = must((value) => value === true, "true");
const anObject = must(isObject, "an object");
const aList = must(Array.isArray, "a list");
const aCount = must((value) => Number.isSafeInteger(value) && Number(value) >= 0, "a whole number");
const texts = must(
  (value) => isObject(value) && Object.values(value).every((entry) => typeof entry === "string"),
  "an object of texts",
);
const anInstant = must(
  (value) => Number.isSafeInteger(value) || isInstant(value),
  "an instant, as @24h, or Unix milliseconds",
);
const instantOrNull = must(
  (value) => value === null || Number.isSafeInteger(value) || isInstant(value),
  "an instant, as @24h, or null",
);

const refusal: Check = (value, pointer, report) => {
  const keys = { code: aText, params: expectation, missing: expectation };
  if (typeof value !== "string") members(value, pointer, report, keys, ["code"]);
};
const facts: Check = (value, pointer, report) => {
  aList(value, pointer, report);
  list(value).forEach((entry, at) => fact(entry, `${pointer}/${at}`, report));
};
const batch: Check = (value, pointer, report) => {
  aList(value, pointer, report);
  list(value).forEach((entry, at) => command(entry, `${pointer}/${at}`, report));
};

const FILE: Keys = { note: aText, campaign: anything, seed: aSeed, cases: aList };
const CASE: Keys = {
  name: aText,
  source: aText,
  note: aText,
  campaign: anything,
  patch: anObject,
  text: aText,
  seed: aSeed,
  problems: aList,
  steps: aList,
};

/** The keys of a command step that are not sent. */
export const ANSWER: Keys = {
  ok: facts,
  contains: facts,
  lacks: facts,
  no: refusal,
  repeated: isTrue,
  keep: texts,
  note: aText,
};

/** What a step is told by, with the other keys it may have. */
const STEPS: Readonly<Record<string, Keys>> = {
  send: { send: aText, ...ANSWER },
  batch: { batch },
  again: { again: aText, at: anInstant },
  view: { view: aText, loop: aText, at: anInstant, is: expectation, exactly: expectation },
  used: { used: anObject },
  grants: { grants: anObject, of: aText },
  facts: { facts: fact, count: aCount, sum: anObject },
  due: { due: instantOrNull },
  revise: { revise: anObject, problems: aList },
  restore: { restore: isTrue },
  audit: { audit: expectation, forge: anObject, append: aList },
};

/** Everything that is wrong with a file, each with its pointer. */
export function malformed(file: Json): string[] {
  const found: string[] = [];
  const report: Report = (pointer, what) => void found.push(`${pointer}: ${what}`);
  members(file, "", report, FILE, ["cases"]);
  const cases = list(member(file, "cases"));
  if (cases.length === 0) report("/cases", "there is no case");
  cases.forEach((entry, at) => aCase(entry, `/cases/${at}`, report, member(file, "campaign") !== undefined));
  return found;
}

/** The rejection code that a step expects. */
export function refusedWith(step: Json): string | undefined {
  const no = member(step, "no");
  return text(no) ?? text(member(no, "code"));
}

function aCase(value: Json, pointer: string, report: Report, hasCampaign: boolean): void {
  members(value, pointer, report, CASE, ["name", "source"]);
  const has = (key: string): boolean => member(value, key) !== undefined;
  if (!has("steps") && !has("problems")) report(pointer, "a case has `steps` or `problems`");
  if (has("text") && (has("campaign") || has("patch"))) {
    report(pointer, "`text` is a whole campaign: it stands without `campaign` and `patch`");
  }
  if (!has("text") && !has("campaign") && !hasCampaign) {
    report(pointer, "neither the case nor the file has a `campaign`");
  }
  const steps = list(member(value, "steps"));
  steps.forEach((step, at) => aStep(step, `${pointer}/steps/${at}`, report));
  const revised = steps.findIndex((step) => member(step, "revise") !== undefined);
  const restored = steps.map((step) => member(step, "restore") !== undefined).lastIndexOf(true);
  if (revised >= 0 && restored > revised) report(pointer, "a `restore` stands before the first `revise`");
}

function aStep(step: Json, pointer: string, report: Report): void {
  const has = (key: string): boolean => member(step, key) !== undefined;
  if (has("do")) return command(step, pointer, report);
  const [name, ...more] = Object.keys(STEPS).filter(has);
  const keys = name === undefined ? undefined : STEPS[name];
  if (keys === undefined || more.length > 0) {
    const has = Object.keys(isObject(step) ? step : {}).join(", ");
    return report(pointer, `a step has exactly one of do, ${Object.keys(STEPS).join(", ")}; this has ${has}`);
  }
  members(step, pointer, report, { ...keys, note: aText }, []);
  if (name === "send") answered(step, pointer, report);
  if (name === "view" && !has("is") && !has("exactly")) report(pointer, "a `view` has `is` or `exactly`");
  if (name === "facts" && !has("count") && !has("sum")) report(pointer, "`facts` has `count` or `sum`");
}

function command(step: Json, pointer: string, report: Report): void {
  answered(step, pointer, report);
  const aboutFields = refusedWith(step) === "COMMAND_MALFORMED";
  for (const [key, value] of Object.entries(isObject(step) ? step : {})) {
    const place = `${pointer}/${key}`;
    const check = Object.hasOwn(ANSWER, key) ? ANSWER[key] : undefined;
    if (check !== undefined) check(value, place, report);
    else if ((key === "at" || key === "when") && !aboutFields) anInstant(value, place, report);
    else if (!aboutFields && !protocol().command.has(key)) report(place, `unknown key \`${key}\``);
  }
}

/** A command has to say what it expects. */
function answered(step: Json, pointer: string, report: Report): void {
  const accepted = ["ok", "contains", "lacks"].some((key) => member(step, key) !== undefined);
  const no = member(step, "no");
  if (accepted === (no !== undefined)) {
    report(pointer, "a command has either `ok`, `contains` or `lacks`, or `no`");
  }
  if (refusedWith(step) === "COMMAND_MALFORMED" && member(member(no, "params"), "field") == null) {
    report(pointer, "COMMAND_MALFORMED is expected with `params.field`");
  }
}

/** A fact's kind and fields have to be ones the engine has: a misspelt one would never be there. */
function fact(value: Json, pointer: string, report: Report): void {
  const [name, operand = null] = operator(value) ?? [];
  if (name === "$exactly" || name === "$not") return fact(operand, pointer, report);
  const kind = text(value) ?? text(member(value, "kind"));
  const { facts } = protocol();
  const fields =
    kind === undefined ? [...facts.values()] : [facts.get(kind) ?? []].filter((list) => list.length > 0);
  if (fields.length === 0) return report(pointer, `no fact is of the kind \`${kind}\``);
  if (typeof value === "string") return;
  if (!isObject(value)) return report(pointer, "a fact is an object or a kind");
  for (const key of Object.keys(value)) {
    if (!fields.some((list) => list.includes(key)))
      report(`${pointer}/${key}`, `no such fact has \`${key}\``);
  }
  expectation(value, pointer, report);
}

/** Operators have to be ones the format has, and texts that begin with `@` instants. */
function expectation(value: Json, pointer: string, report: Report): void {
  const [name, operand = null] = operator(value) ?? [];
  if (name === "$exactly" || name === "$not") return expectation(operand, pointer, report);
  if (name === "$contains" && Array.isArray(operand)) {
    return operand.forEach((entry) => expectation(entry, pointer, report));
  }
  if (typeof value === "string" && value.startsWith("@") && !isInstant(value)) {
    report(pointer, `\`${value}\` is not an instant`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    if (isObject(value) && key.startsWith("$")) report(`${pointer}/${key}`, `\`${key}\` cannot stand here`);
    expectation(entry, `${pointer}/${key}`, report);
  }
}

/** Checks an object's members, each by the check of its key. */
function members(value: Json, pointer: string, report: Report, keys: Keys, needed: readonly string[]): void {
  if (!isObject(value)) return report(pointer, "this has to be an object");
  for (const [key, entry] of Object.entries(value)) {
    const check = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (check === undefined) report(`${pointer}/${key}`, `unknown key \`${key}\``);
    else check(entry, `${pointer}/${key}`, report);
  }
  for (const key of needed.filter((key) => !Object.hasOwn(value, key))) {
    report(pointer, `\`${key}\` is missing`);
  }
}

/** The fields of commands, and of each kind of fact, as the package's schema of the protocol has them. */
const protocol = once(() => {
  type Shape = { properties: Record<string, { const?: string }> };
  const schema = createRequire(import.meta.url)("../protocol.schema.json") as {
    $defs: Record<"Command" | "Fact", { oneOf: Shape[] }>;
  };
  const { Command, Fact } = schema.$defs;
  // A listed command also carries its position.
  const command = new Set(["seq", ...Command.oneOf.flatMap((shape) => Object.keys(shape.properties))]);
  const facts = Fact.oneOf.map(
    ({ properties }) => [properties.kind?.const ?? "", Object.keys(properties)] as const,
  );
  return { command, facts: new Map(facts) };
});

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
