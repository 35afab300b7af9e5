// `kfactor poster -o FILE.png`: pixels by the rasteriser that the customer has installed, and a sentence without it.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { CAMPAIGN, project } from "./projects.mjs";

const URL_ON_IT = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";

test("a poster is written as PNG by the customer's rasteriser, and its code is read", () => {
  const folder = project("png", { "campaign.json": CAMPAIGN });
  const words = [
    "poster",
    "campaign.json",
    "invite",
    "--url",
    URL_ON_IT,
    "--set",
    "nickname=小七",
    "--variant",
    "friend",
  ];
  const kfactor = (...more) =>
    spawnSync(join(folder, "node_modules/.bin/kfactor"), [...words, ...more], {
      cwd: folder,
      encoding: "utf8",
    });
  const without = kfactor("-o", "without.png");
  assert.equal(without.status, 2);
  assert.match(without.stderr, /npm install @resvg\/resvg-js/);

  // By a lock file of its own; npm would write the customer's anew.
  const rasteriser = fileURLToPath(new URL("rasteriser", import.meta.url));
  for (const name of ["package.json", "package-lock.json"])
    cpSync(join(rasteriser, name), join(folder, "rasteriser", name));
  const place = join(folder, "rasteriser");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: place, stdio: "pipe" });
  cpSync(join(place, "node_modules/@resvg"), join(folder, "node_modules/@resvg"), { recursive: true });

  const one = kfactor("-o", "one.png", "--variant", "cash", "--scale", "150");
  assert.equal(one.status, 0, one.stderr);
  assert.deepEqual(size(join(folder, "one.png")), [1125, 2001]);
  assert.equal(read(join(folder, "one.png")), URL_ON_IT);

  writeFileSync(join(folder, "rows.csv"), "file,nickname\na.png,Ann\nb.png,Bo\n");
  const many = kfactor("--csv", "rows.csv", "-o", "many");
  assert.equal(many.status, 0, many.stderr);
  assert.equal(read(join(folder, "many/b.png")), URL_ON_IT);
});

/** Width and height as a PNG's header has them. */
function size(file) {
  const bytes = readFileSync(file);
  assert.equal(bytes.toString("latin1", 1, 4), "PNG");
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

/** What a decoder of others reads. */
function read(file) {
  return execFileSync("zbarimg", ["--quiet", "--raw", file], { encoding: "utf8" }).trim();
}
