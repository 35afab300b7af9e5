// Writes docs/campaign.md, every key of the campaign document, from the schema and from what each mechanic says of itself.
//
//   node pkg-template/build/reference.mjs SCHEMA MECHANICS EXAMPLES   prints it
//
// SCHEMA is campaign.schema.json, MECHANICS the folder of the mechanics' sources, whose first lines are their rules in
// prose, and EXAMPLES that of the example campaigns. A test of the package compares what is printed with the file.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Descriptions of these keys are documents of their own. */
const ELSEWHERE = { posters: "[posters.md](posters.md)", report: "[reports.md](reports.md)" };

/** The document's reference as Markdown. */
function reference(schemaFile, mechanics, examples) {
  const schema = JSON.parse(readFileSync(schemaFile, "utf8"));
  const { plays, ...rest } = schema.properties;
  const kinds = plays.additionalProperties.oneOf;
  const common = Object.keys(kinds[0].properties).filter((key) =>
    kinds.every((kind) => key in kind.properties),
  );
  const names = new Map(kinds.map((kind) => [kind.properties.mechanic.const, kind]));
  const campaigns = readdirSync(examples)
    .filter((file) => file.endsWith(".json"))
    .map((file) => [file, JSON.parse(readFileSync(join(examples, file), "utf8"))]);
  const parts = [
    INTRODUCTION,
    "## The campaign\n",
    table(schema.properties, schema.required),
    "## Plays\n",
    `Each play has a mechanic and its keys. These are common to all:\n`,
    table(
      { ...pick(kinds[0].properties, common), mechanic: { title: "mechanic", description: contents(names) } },
      ["mechanic", "title"],
    ),
    ...Array.from(names, ([name, kind]) => mechanic(name, kind, { common, mechanics, campaigns })),
    ...Object.entries(rest)
      .filter(([key, node]) => !(key in ELSEWHERE) && objects(node).length > 0)
      .map(([key, node]) => `## \`${key}\`\n\n${node.description}\n\n${tables(node, key)}`),
  ];
  return (
    parts
      .join("\n")
      .replace(/\n{3,}/g, "\n\n")
      .trimEnd() + "\n"
  );
}

const INTRODUCTION = `# The campaign document

Every key, made from the [JSON Schema](https://json-schema.org) in the package, \`campaign.schema.json\`; \`npx kfactor validate
FILE\` says what is wrong with a document and where. A key in **bold** has to be given.

* **Span of time**: \`"24h"\`, \`"7d"\`, \`"1d12h"\`, \`"30m"\`. **Money**: \`"49.90"\`, in the campaign's currency. **Time**: \`"2026-11-01"\` or
  \`"2026-11-01T09:30"\` in the campaign's timezone. **Name**: small letters, digits and hyphens, at most 40.
* Days, weeks and months are those of the campaign's timezone, and weeks begin on Monday.
`;

function mechanic(name, kind, { common, mechanics, campaigns }) {
  const own = Object.fromEntries(Object.entries(kind.properties).filter(([key]) => !common.includes(key)));
  const prose = proseOf(
    readFileSync(join(mechanics, `${name.replace("task-unlock", "task").replaceAll("-", "_")}.rs`), "utf8"),
  );
  const example = campaigns
    .flatMap(([file, { plays }]) => Object.entries(plays ?? {}).map(([key, play]) => ({ file, key, play })))
    .find(({ play }) => play.mechanic === name);
  const shown =
    example === undefined
      ? ""
      : `\nFrom [${example.file}](../examples/campaigns/${example.file}):\n\n` +
        "```json\n" +
        `"${example.key}": ${compact(example.play)}\n` +
        "```\n";
  return `### \`${name}\`\n\n${prose}\n\n${tables({ type: "object", properties: own, required: kind.required }, "")}${shown}`;
}

/** The mechanics, each with a link. */
function contents(names) {
  return Array.from(names.keys(), (name) => `[\`${name}\`](#${name})`).join(", ");
}

/** JSON with what is short on one line. */
function compact(value, indent = "") {
  const line = JSON.stringify(value, null, 1).replace(/\s*\n\s*/g, " ");
  if (typeof value !== "object" || value === null || line.length + indent.length < 100) return line;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const entries = Object.entries(value).map(
    ([key, each]) => inner + (isList ? "" : `${JSON.stringify(key)}: `) + compact(each, inner),
  );
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${entries.join(",\n")}\n${indent}${close}`;
}

/** The lines of a source's opening comment, without the marks; links of Rust become plain words. */
function proseOf(source) {
  const lines = [];
  for (const line of source.split("\n")) {
    if (!line.startsWith("//!")) break;
    lines.push(line.replace(/^\/\/! ?/, ""));
  }
  return lines.join("\n").replace(/\[(`[^`]+`)\](\([^)]*\)|\[[^\]]*\])?/g, "$1");
}

/** A node's table, and those of the objects in it. */
function tables(node, path) {
  const parts = [];
  for (const { properties, required, description, label } of objects(node)) {
    if (label !== undefined) parts.push(`\n**${label}** ${description ?? ""}\n`);
    parts.push(table(properties, required));
    for (const [key, inner] of Object.entries(properties)) {
      if (objects(inner).length === 0) continue;
      const title = path === "" ? key : `${path}.${key}`;
      parts.push(`\n\`${title}\`:\n`, tables(inner, title));
    }
  }
  return parts.join("\n");
}

/** The objects with keys that a node may be, or may be made of. */
function objects(node) {
  if (typeof node !== "object" || node === null) return [];
  const choices = node.oneOf ?? node.anyOf;
  if (choices !== undefined) {
    const found = choices.flatMap(objects);
    if (found.length < 2) return found;
    return found.map((each) => {
      const fixed = Object.entries(each.properties).find(([, value]) => value.const !== undefined);
      return fixed === undefined
        ? each
        : { ...each, label: `\`"${fixed[0]}": ${JSON.stringify(fixed[1].const)}\`` };
    });
  }
  if (node.properties !== undefined) return [node];
  return objects(node.items ?? node.additionalProperties);
}

function table(properties, required = []) {
  const rows = Object.entries(properties).map(([key, node]) => {
    const name = required.includes(key) ? `**\`${key}\`**` : `\`${key}\``;
    const value = "default" in node && !isEmpty(node.default) ? `\`${JSON.stringify(node.default)}\`` : "";
    const more = key in ELSEWHERE && objects(node).length > 0 ? ` See ${ELSEWHERE[key]}.` : "";
    return `| ${name} | ${kindOf(node)} | ${value} | ${cell((node.description ?? "") + more)}${choicesOf(node)} |`;
  });
  return ["| key | what | if absent | |", "|---|---|---|---|", ...rows, ""].join("\n");
}

/** What a value is, in a word or two. */
function kindOf(node) {
  if (node.title !== undefined) return node.title.toLowerCase();
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((word) => `\`${JSON.stringify(word)}\``).join(" ");
  const choices = node.oneOf ?? node.anyOf;
  if (choices !== undefined) {
    return choices.every((choice) => choice.const !== undefined)
      ? choices.map(kindOf).join(" ")
      : Array.from(new Set(choices.map(kindOf))).join(" or ");
  }
  if (node.type === "integer") return `${node.minimum ?? ""} – ${node.maximum ?? ""}`;
  if (node.type === "boolean") return "`true` or `false`";
  if (node.type === "array") return `list of ${kindOf(node.items ?? {})}`;
  if (node.type === "object") return node.properties === undefined ? "object by name" : "object";
  if (node.pattern?.startsWith("^[a-z][a-z0-9-]")) return "name";
  return node.maxLength === undefined ? "text" : `text, at most ${node.maxLength}`;
}

/** What each of the words means that a value may be. */
function choicesOf(node) {
  const choices = (node.oneOf ?? []).filter(
    ({ const: word, description }) => word !== undefined && description,
  );
  return choices.map(({ const: word, description }) => `<br>\`${word}\`: ${cell(description)}`).join("");
}

function pick(object, keys) {
  return Object.fromEntries(keys.map((key) => [key, object[key]]));
}

function isEmpty(value) {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

function cell(text) {
  return text
    .trim()
    .replace(/\s*\n\s*/g, " ")
    .replaceAll("|", "\\|");
}

process.stdout.write(reference(...process.argv.slice(2)));
