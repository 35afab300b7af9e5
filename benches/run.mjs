// Benchmarks: `node run.mjs [NAME…] [--json] [--rounds N]`, after `npm ci` in this folder and `cargo xtask pkg`.
//
// With `--json` every figure is one line {"name","value","unit","peer","ratio"}: `value` is the median of the
// rounds, and `ratio` the median of what is this figure to its peer's in the same round, above 1 when ours is
// the better one. Without it, a table with the quartiles of the ratios.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { engine } from "./engine.mjs";
import { mechanics } from "./mechanics.mjs";
import { mini } from "./mini.mjs";
import { people } from "./people.mjs";
import { poster } from "./poster.mjs";
import { qrSuite } from "./qr.mjs";
import { reportSuite } from "./report/report.mjs";
import { sizes } from "./sizes.mjs";
import { state } from "./state.mjs";

const suites = { engine, state, mechanics, sizes, qr: qrSuite, poster, mini, people, report: reportSuite };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean" }, rounds: { type: "string", default: "9" } },
});
const unknown = positionals.find((name) => !(name in suites));
const rounds = Number(values.rounds);
if (unknown !== undefined || !Number.isInteger(rounds) || rounds < 1) {
  const problem =
    unknown === undefined ? "--rounds needs a whole number" : `no benchmark is named \`${unknown}\``;
  console.error(`${problem}\nusage: node run.mjs [${Object.keys(suites).join("|")}] [--json] [--rounds N]`);
  process.exit(2);
}

const folder = fileURLToPath(new URL("../target/bench/", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const name of positionals.length > 0 ? positionals : Object.keys(suites)) {
  const figures = await suites[name]({ folder, rounds, note: (text) => console.error(text) });
  if (values.json) for (const figure of figures) console.log(line(figure));
  else table(figures);
}

function line({ name, value, unit, peer = null, ratio = null }) {
  return JSON.stringify({ name, value: round(value), unit, peer, ratio: ratio && round(ratio.median) });
}

function table(figures) {
  const rows = figures.map(({ name, value, unit, peer, ratio }) => [
    name,
    round(value).toLocaleString("en"),
    unit,
    peer ?? "",
    ratio ? `${round(ratio.median)}` : "",
    ratio ? `${round(ratio.low)} – ${round(ratio.high)}` : "",
  ]);
  const head = ["figure", "value", "unit", "peer", "ratio", "quartiles"];
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column].length)));
  const numeric = new Set([1, 4]);
  for (const row of [head, widths.map((width) => "-".repeat(width)), ...rows]) {
    const cells = row.map((text, at) =>
      numeric.has(at) ? text.padStart(widths[at]) : text.padEnd(widths[at]),
    );
    console.log(cells.join("  ").trimEnd());
  }
}

/** Three significant digits below a thousand, none after the point above. */
function round(value) {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}
