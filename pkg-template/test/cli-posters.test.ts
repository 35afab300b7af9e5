import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { campaign, kfactor } from "./fixtures.js";

const folder = mkdtempSync(join(tmpdir(), "kfactor-posters-"));
after(() => rmSync(folder, { recursive: true }));

const URL = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";

/** A campaign whose poster has two variants. */
const file = join(folder, "campaign.json");
const document = JSON.parse(campaign("ten-friends")) as { posters: object };
document.posters = {
  plain: {
    size: [400, 600],
    layers: [
      { draw: "text", at: [0, 10, 400], text: "{nickname|A friend}" },
      { draw: "qr", at: [80, 200, 240, 240] },
    ],
  },
  two: {
    size: [400, 600],
    variants: ["cash", "warm"],
    layers: [
      { draw: "text", at: [0, 10, 400], text: "Headline of {shop}", variants: ["cash"] },
      { draw: "qr", at: [80, 200, 240, 240] },
    ],
  },
};
writeFileSync(file, JSON.stringify(document));

let tables = 0;

/** Draws a table into a folder of its own. */
function drawn(poster: string, rows: string, ...more: string[]) {
  const [csv, output] = [join(folder, `${++tables}.csv`), join(folder, `drawn-${tables}`)];
  writeFileSync(csv, rows);
  const run = kfactor(["poster", file, poster, "--csv", csv, "-o", output, ...more]);
  let files: string[] = [];
  try {
    files = readdirSync(output).sort();
  } catch {
    // Nothing was written.
  }
  return { ...run, csv, output, files };
}

test("a poster with variants asks for one, and refuses one that it has not", () => {
  const output = join(folder, "one.svg");
  const one = (...more: string[]) => kfactor(["poster", file, "two", "--url", URL, "-o", output, ...more]);
  assert.match(one().stderr, /say which variant .*: cash, warm/);
  assert.match(one("--lang", "zh").stderr, /请用 --variant .*cash、warm/);
  const cold = one("--variant", "cold");
  assert.equal(cold.status, 2);
  assert.match(cold.stderr, /POSTER_VARIANT: .*`cold`: the poster has cash, warm/);
  assert.equal(one("--variant", "cash").status, 0);
  assert.match(readFileSync(output, "utf8"), /Headline/);
  const plain = kfactor(["poster", file, "plain", "--url", URL, "-o", output, "--variant", "cash"]);
  assert.match(plain.stderr, /no variants/);
  assert.equal(plain.status, 2);

  const table = drawn("two", `url,variant\n${URL},cash\n${URL},cold\n${URL},\n`);
  assert.equal(table.status, 2);
  assert.match(table.stderr, /\.csv:3: POSTER_VARIANT: .*`cold`/);
  assert.match(table.stderr, /\.csv:4: say which variant/);
  assert.deepEqual(table.files, []);
  assert.equal(drawn("two", `url,variant\n${URL},cash\n${URL},\n`, "--variant", "warm").status, 0);
});

test("a table is looked at whole before anything is drawn", () => {
  const { status, stderr, files, csv } = drawn(
    "plain",
    `file,url,nickname\na.svg,${URL},"Ann\nand Bo"\nA.svg,${URL},Cy\nb.svg,,Di\nc.svg,hello,Ed\nd.jpg,${URL},Flo\n../e.svg,${URL},Gil\n`,
  );
  assert.equal(status, 2);
  assert.deepEqual(files, []);
  const lines = stderr.split("\n").filter((line) => line.startsWith(csv));
  assert.match(lines[0] ?? "", /:4: line 2 has the file `A\.svg` already/);
  assert.match(lines[1] ?? "", /:5: give --url, or a column `url`/);
  assert.match(lines[2] ?? "", /:6: the url is an address, .* not `hello`/);
  assert.match(lines[3] ?? "", /:7: `d\.jpg` has to end in \.svg or \.png/);
  assert.match(lines[4] ?? "", /:8: `\.\.\/e\.svg` is a path/);
  assert.equal(lines.length, 5);

  assert.match(drawn("plain", `url,url\n${URL},x\n`).stderr, /:1: two columns are called `url`/);
  assert.match(drawn("plain", `url\n${URL},x\n`).stderr, /:2: there are 2 cells for 1 columns/);
  assert.match(
    drawn("plain", `url,nickname\n${URL},Ann\n${URL},"Bo" B\n`).stderr,
    /:3: this cell begins with a quote/,
  );
});

test("values that no variable takes up are named, and posters of an earlier table stay", () => {
  const first = drawn("plain", `url,nikname,touchpoint\n${URL},Ann,counter-1\n`, "--set", "shop=x");
  assert.equal(first.status, 0);
  assert.match(first.stderr, /no variable `shop`/);
  assert.match(first.stderr, /no variable `nikname`, which is left out; it has: nickname/);
  assert.doesNotMatch(first.stderr, /touchpoint|`url`/);
  assert.deepEqual(first.files, ["00001.svg"]);
  const again = (...more: string[]) =>
    kfactor(["poster", file, "plain", "--csv", first.csv, "-o", first.output, ...more]);
  assert.equal(again().status, 2);
  assert.match(again().stderr, /00001\.svg is there already: .*--force/);
  assert.equal(again("--force").status, 0);
  const named = `file,url,nickname\n00001.svg,${URL},Ann\n`;
  writeFileSync(first.csv, named);
  assert.equal(again().status, 0, "names that the table gives are meant");
});
