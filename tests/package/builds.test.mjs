// The engine is built twice, for pages and complete. Both decide the same, and refuse the same documents.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { mixedCampaign, mixedCommands } from "../determinism/mixed.mjs";
import { project, runNode } from "./projects.mjs";

const FIXTURES = ["broken", "wrong"].flatMap((folder) =>
  readdirSync(`tests/fixtures/${folder}`).map((name) =>
    readFileSync(`tests/fixtures/${folder}/${name}`, "utf8"),
  ),
);

let page;
let complete;

before(() => {
  const document = mixedCampaign("examples/campaigns");
  const program = (entry) => `
    import { Engine, KfactorError, qr, validate } from "${entry}";
    import { readFileSync } from "node:fs";
    const engine = await Engine.load(readFileSync("mixed.json", "utf8"));
    const answers = engine.submitBatch(readFileSync("mixed.ndjson", "utf8"));
    const views = ["p1", "p7", "p200"].map((who) => engine.view(who, { at: Date.UTC(2026, 11, 20) }));
    const again = await Engine.restore(readFileSync("mixed.json", "utf8"), engine.snapshot());
    const fork = engine.fork();
    const next = { id: "after", at: Date.UTC(2026, 11, 20), do: "visit", by: "somebody-new" };
    const copies = [engine.digest(), again.digest(), fork.digest()];
    const after = [fork.submit(next), fork.digest(), engine.digest()];
    const same = { answers, views, copies, after };
    const problems = [];
    for (const text of JSON.parse(readFileSync("fixtures.json", "utf8"))) problems.push(await validate(text));
    let audit;
    try { audit = engine.audit("[]").digest.length; } catch (reason) { audit = reason.code; }
    const micro = await qr("A-2049", { micro: true }).then((svg) => svg.slice(0, 4), (reason) => reason.code);
    console.log(JSON.stringify({ same, problems, audit, micro }));`;
  const folder = project("builds", {
    "mixed.json": JSON.stringify(document),
    "mixed.ndjson": mixedCommands(document, 5_000),
    "fixtures.json": JSON.stringify(FIXTURES),
    "page.mjs": program("kfactor/inline"),
    "complete.mjs": program("kfactor"),
  });
  page = runNode(folder, "page.mjs");
  complete = runNode(folder, "complete.mjs");
});

test("both builds give the same answers, views, snapshots, copies and digests", () => {
  assert.match(page.same.answers, /"ok":true/);
  assert.match(page.same.answers, /"ok":false/);
  assert.deepEqual(page.same, complete.same);
  assert.equal(new Set(page.same.copies).size, 1);
  const [, forked, stayed] = page.same.after;
  assert.ok(forked !== stayed && stayed === page.same.copies[0], "what a copy decides changes the copy only");
});

test("both builds find the same errors at the same places; the complete one explains them", () => {
  const errors = (found) => found.map((list) => list.filter(({ severity }) => severity === "error"));
  const places = (found) =>
    errors(found).map((list) =>
      list.map(({ code, pointer, line, column }) => ({ code, pointer, line, column })),
    );
  assert.deepEqual(places(page.problems), places(complete.problems));
  assert.ok(errors(page.problems).flat().length > 100, "there is something to compare");
  for (const { message, messageZh } of errors(page.problems).flat()) {
    assert.match(message, /kfactor validate/);
    assert.match(messageZh, /kfactor validate/);
  }
  const explained = complete.problems.flat();
  assert.ok(explained.some(({ severity }) => severity === "warning"));
  assert.ok(explained.some(({ suggestion }) => suggestion));
  assert.ok(explained.every(({ message }) => !message.includes("kfactor validate")));
});

test("what only the complete build does is refused by the page's, with a code", () => {
  assert.equal(page.audit, "COMPLETE_ONLY");
  assert.equal(complete.audit, 64);
  assert.deepEqual([page.micro, complete.micro], ["COMPLETE_ONLY", "<svg"]);
});
