// Writes `src/generated`: what TypeScript knows about the protocol, taken from the engine's own tables.
//   generate.mjs SCHEMAS ENGINE VERSION
// SCHEMAS holds metadata.json, protocol.schema.json and campaign.schema.json; ENGINE the glue and the WebAssembly.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const HEADER = "// Generated from the engine's own types by `cargo xtask pkg`.\n";

export async function generate(schemas, engine, version) {
  const folder = join(dirname(fileURLToPath(import.meta.url)), "../src/generated");
  const metadata = readJson(join(schemas, "metadata.json"));
  const protocol = readJson(join(schemas, "protocol.schema.json"));
  const campaign = readJson(join(schemas, "campaign.schema.json"));

  mkdirSync(folder, { recursive: true });
  const write = (name, text) => writeFileSync(join(folder, name), HEADER + text);
  write("tables.ts", tables(metadata));
  write("version.ts", `/** The package's version. */\nexport const VERSION = ${string(version)};\n`);
  write("encode.ts", encoders(metadata));
  write("decode.ts", decoders(metadata));
  write("protocol.ts", await types(protocol, "Protocol"));
  write("campaign.ts", await types(campaign, "Campaign"));
  write("bytes.ts", bytes("page's", readFileSync(join(engine, "engine.wasm"))));
  const complete = readFileSync(join(engine, "complete.wasm"));
  write("complete-bytes.ts", bytes("complete", complete));
  write(
    "complete-size.ts",
    `/** The bytes of the complete build. */\nexport const COMPLETE_SIZE = ${complete.length};\n`,
  );
  writeFileSync(join(folder, "engine_bg.js"), glue(engine));
  write(
    "engine_bg.d.ts",
    readFileSync(join(dirname(fileURLToPath(import.meta.url)), "engine_bg.d.ts"), "utf8"),
  );
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

async function types(schema, name) {
  return compile(schema, name, {
    bannerComment: "",
    additionalProperties: false,
    unreachableDefinitions: true,
    ignoreMinAndMaxItems: true,
    strictIndexSignatures: true,
    format: false,
  });
}

function bytes(build, wasm) {
  return `/** The engine's ${build} build as base64. */\nexport const ENGINE = "${wasm.toString("base64")}";\n`;
}

// The complete build's glue serves the page's build too, as long as it has every function of the other's. All of it is an
// object besides: what a bundler makes of a module's namespace is a getter for each function.
function glue(engine) {
  const read = (build) => readFileSync(join(engine, build, "engine_bg.js"), "utf8");
  const functions = (text) => text.match(/^export function [\s\S]*?^\}.*$/gm) ?? [];
  const complete = read("complete");
  const known = new Set(functions(complete));
  const other = functions(read("engine")).find((part) => !known.has(part));
  if (other !== undefined) throw new Error(`the complete build's glue lacks or differs in:\n${other}`);
  const names = Array.from(complete.matchAll(/^export function (\w+)/gm), ([, name]) => name);
  return `${complete}\nexport default {\n${names.map((name) => `  ${name},\n`).join("")}};\n`;
}

function tables({ acts, kinds, reasons, rejections, words }) {
  const numbers = acts.map(({ act, number }) => `  ${key(act)}: ${number},`).join("\n");
  const lists = Object.entries(words).map(([name, list]) => {
    const lines = list.map(({ word, en, zh }) => `  ${key(word)}: [${string(en)}, ${string(zh)}],`);
    return `export const ${name}: Words = {\n${lines.join("\n")}\n};\n`;
  });
  const sentences = rejections
    .map(({ code, en, zh }) => `  ${key(code)}: [${string(en)}, ${string(zh)}],`)
    .join("\n");
  return `
/** The number of each act at the boundary. */
export const ACTS = {
${numbers}
} as const;

/** The rejection codes in the order of their numbers. */
export const CODES = [${rejections.map(({ code }) => string(code)).join(", ")}] as const;

/** Why a reward was withheld or a refund is due, in the order of their numbers. */
export const REASONS = [${reasons.map(string).join(", ")}] as const;

/** Every kind of fact. */
export const KINDS = [${kinds.map(({ kind }) => string(kind)).join(", ")}] as const;

/** The sentence of each code in English and Chinese, with places to fill. */
export const SENTENCES: Words = {
${sentences}
};

/** What is said in English and Chinese for words of the protocol. */
export type Words = Readonly<Record<string, readonly [en: string, zh: string]>>;

${lists.join("\n")}`;
}

// One function for each act: commands of one act mostly have one shape, so that each function's
// property reads stay monomorphic.
function encoders({ acts, texts, numbers }) {
  const fields = [
    ...texts.map(({ name, number }) => `  if (command.${name} != null) text(${number}, command.${name});`),
    ...numbers.map(
      ({ name, number }) => `  if (command.${name} != null) double(${number}, command.${name});`,
    ),
  ].join("\n");
  const names = [...texts, ...numbers].map(({ name }) => `  ${name}?: unknown;`).join("\n");
  const functions = acts
    .map(
      ({ act, number }) => `function ${camel(act)}(command: Fields): void {\n  act(${number});\n${fields}\n}`,
    )
    .join("\n\n");
  const cases = acts
    .map(({ act }) => `    case ${string(act)}:\n      return ${camel(act)}(command);`)
    .join("\n");
  return `
import { act, double, text } from "../wire.js";

/** A command as it comes from a caller: nothing is known about its fields. */
export interface Fields {
  do?: unknown;
${names}
}

/** Writes a command into the engine's memory. */
export function encode(command: Fields): void {
  switch (command.do) {
${cases}
    default:
      unknown(command);
  }
}

/** The engine refuses the act, and names it. */
function unknown(command: Fields): void {
  act(255);
  if (command.id != null) text(0, command.id);
}

${functions}
`;
}

const READERS = {
  u32: "small()",
  number: "number()",
  time: "number()",
  money: "number()",
  who: "known(by)",
  loop: "known(loop)",
  order: "string()",
  text: "told(by, loop)",
  bool: "flag()",
  reason: "reason()",
  play: "name(names.plays)",
  reward: "name(names.rewards)",
  touchpoint: "name(names.touchpoints)",
  event: "name(names.events)",
  liveCode: "name(names.liveCodes)",
  target: "name(names.targets)",
};

// One function for each kind of fact and one object literal for each set of present fields, so that
// facts of one kind have few hidden classes and their keys stand in the protocol's order.
function decoders({ kinds }) {
  const functions = kinds.map(decoder).join("\n\n");
  const cases = kinds
    .map(({ kind, number }) => `    case ${number}:\n      return ${camel(kind)}(id, at, by, loop, names);`)
    .join("\n");
  return `
import type { Fact } from "./protocol.js";
import { broken, flag, known, name, number, reason, small, string, told } from "../wire.js";

/** The names a campaign's handles stand for. */
export interface Names {
  plays: readonly string[];
  rewards: readonly string[];
  touchpoints: readonly string[];
  events: readonly string[];
  liveCodes: readonly string[];
  targets: readonly string[];
}

/** Reads one fact from the engine's memory. */
export function decode(kind: number, id: string, at: number, by: string, loop: string, names: Names): Fact {
  switch (kind) {
${cases}
    default:
      throw broken();
  }
}

${functions}
`;
}

function decoder({ kind, fields }) {
  const statements = [];
  const entries = [`id`, `at`, `kind: ${string(kind)}`];
  const optional = [];
  for (const { name: field, type } of fields) {
    const variable = `$${field}`;
    const required = type.replace("?", "");
    if (required === "grant") {
      // A grant carries its loop; its own id is spelled from both.
      statements.push(`  const $loop = known(loop);`, `  const ${variable} = $loop + "." + small();`);
      entries.push(`${field}: ${variable}`, `loop: $loop`);
      continue;
    }
    const reader = READERS[required];
    if (reader === undefined) throw new Error(`no reader for the type ${type} of ${kind}.${field}`);
    if (type.endsWith("?")) {
      statements.push(`  const ${variable} = flag() ? ${reader} : undefined;`);
      optional.push(variable);
    } else {
      statements.push(`  const ${variable} = ${reader};`);
    }
    entries.push(`${field}: ${variable}`);
  }
  const literal = (absent) => {
    const present = entries.filter((entry) => !absent.some((variable) => entry.endsWith(` ${variable}`)));
    return `{ ${present.join(", ")} } as Fact`;
  };
  const choose = (left, absent) => {
    const [variable, ...rest] = left;
    if (variable === undefined) return literal(absent);
    return `${variable} === undefined ? ${choose(rest, [...absent, variable])} : ${choose(rest, absent)}`;
  };
  const used = statements.join("\n");
  const parameter = (name, type) =>
    `${new RegExp(`\\b(?<!\\$)${name}\\b`).test(used) ? name : `_${name}`}: ${type}`;
  return `function ${camel(kind)}(id: string, at: number, ${parameter("by", "string")}, ${parameter("loop", "string")}, ${parameter("names", "Names")}): Fact {
${used}
  return ${choose(optional, [])};
}`;
}

const key = (text) => (/^[a-z_$][\w$]*$/i.test(text) ? text : string(text));
const string = (text) => JSON.stringify(text);
const camel = (text) => `on${text.replace(/(^|-)(.)/g, (_, __, letter) => letter.toUpperCase())}`;
