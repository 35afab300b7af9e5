import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

test("the reference of the campaign document is that of the schema and of the mechanics", () => {
  const words = "pkg-template/build/reference.mjs pkg/campaign.schema.json src/mechanics examples/campaigns";
  const made = execFileSync(process.execPath, words.split(" "), { encoding: "utf8" });
  assert.ok(
    made === readFileSync("docs/campaign.md", "utf8"),
    `make it again: node ${words} > docs/campaign.md`,
  );
  for (const heading of ["### `assist`", "### `task-unlock`", "## `liveCodes`"])
    assert.ok(made.includes(`${heading}\n`));
});
