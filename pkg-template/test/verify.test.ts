import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Campaign, Fact } from "../src/cli/verify/books.js";
import { check } from "../src/cli/verify/check.js";
import { commitment, Draw } from "../src/cli/verify/draw.js";

interface Fixture {
  seed: string;
  commitment: string;
  numbers: { purpose: string; key: string; below: [string, string][] }[];
  campaign: Campaign;
  facts: Fact[];
}

const FIXTURE = JSON.parse(readFileSync("tests/fixtures/draws.json", "utf8")) as Fixture;
const SEED = Uint8Array.from(Buffer.from(FIXTURE.seed, "hex"));
const folder = mkdtempSync(join(tmpdir(), "kfactor-verify-"));
after(() => rmSync(folder, { recursive: true }));

/** The codes that the verifier finds when the facts are changed. */
function found(change: (facts: Fact[]) => Fact[]): string[] {
  const facts = change(structuredClone(FIXTURE.facts));
  return check(FIXTURE.campaign, SEED, facts).findings.map(({ code }) => code);
}

/** Changes a field of the first fact of a kind that fits. */
function forge(kind: string, field: string, value: unknown, fits: (fact: Fact) => boolean = () => true) {
  return (facts: Fact[]): Fact[] => {
    const at = facts.findIndex((fact) => fact.kind === kind && fits(fact));
    assert.ok(at >= 0, kind);
    return facts.with(at, { ...facts[at], [field]: value } as Fact);
  };
}

test("the numbers are those that the engine draws", () => {
  for (const { purpose, key, below } of FIXTURE.numbers) {
    const draw = new Draw(SEED, purpose, key);
    for (const [n, number] of below)
      assert.equal(draw.below(BigInt(n)), BigInt(number), `${purpose} ${key} ${n}`);
  }
  assert.equal(commitment(SEED), FIXTURE.commitment);
});

test("every kind of draw of a real log is as the seed says", () => {
  const report = check(FIXTURE.campaign, SEED, FIXTURE.facts);
  assert.deepEqual(report.findings, []);
  const count = (kind: string): number => FIXTURE.facts.filter((fact) => fact.kind === kind).length;
  assert.equal(report.draws, count("drawn"));
  assert.equal(report.shares, count("claimed"));
  assert.ok(report.draws > 40 && report.shares > 10);
});

test("another seed is found out", () => {
  const other = SEED.slice();
  other[31] = (other[31] ?? 0) ^ 1;
  const { findings, draws } = check(FIXTURE.campaign, other, FIXTURE.facts);
  assert.ok(findings.length > draws / 2);
});

test("every forged fact is found out", () => {
  assert.deepEqual(found(forge("drawn", "ticket", 999)), ["TICKET"]);
  assert.ok(found(forge("drawn", "prize", "phone", ({ prize }) => prize !== "phone")).includes("PRIZE"));
  assert.ok(found(forge("drawn", "prize", undefined, ({ prize }) => prize === "coffee")).includes("PRIZE"));
  const winner = (fact: Fact): boolean => String(fact.loop) === poolId();
  assert.ok(found(forge("drawn", "by", "zoe", winner)).includes("WINNER"));
  assert.deepEqual(found(forge("claimed", "amount", 1)).slice(0, 1), ["SHARE"]);
  // A draw that did not please was left out, and the next one took its number.
  const left = (facts: Fact[]): Fact[] =>
    facts.filter((fact) => fact !== facts.find(({ kind }) => kind === "drawn"));
  assert.ok(found(left).includes("NUMBER"));
  // A prize was drawn and given to someone else.
  const given = FIXTURE.facts.find(
    (fact, at) => FIXTURE.facts[at - 1]?.kind === "drawn" && fact.kind === "granted",
  );
  assert.ok(found(forge("granted", "to", "zoe", ({ id }) => id === given?.id)).includes("GRANT"));
});

test("the command line says what is wrong and ends with 1", () => {
  const write = (name: string, value: unknown): string => {
    const file = join(folder, name);
    writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
    return file;
  };
  const verify = (facts: string, ...more: string[]) => {
    const words = [
      "verify",
      write("c.json", FIXTURE.campaign),
      "--seed",
      FIXTURE.seed,
      "--facts",
      facts,
      ...more,
    ];
    const env = { ...process.env, LANG: "C", LC_ALL: "C" };
    return spawnSync(process.execPath, ["pkg/bin/kfactor.js", ...words], { encoding: "utf8", env });
  };
  const lines = FIXTURE.facts.map((fact) => JSON.stringify(fact)).join("\n");
  for (const facts of [FIXTURE.facts, lines, { facts: FIXTURE.facts, next: 9 }]) {
    const { status, stdout } = verify(write("facts.json", facts), "--commitment", FIXTURE.commitment);
    assert.equal(status, 0, stdout);
    assert.match(stdout, / 0 wrong\n$/);
  }
  const forged = verify(write("forged.json", forge("drawn", "ticket", 999)(FIXTURE.facts)));
  assert.equal(forged.status, 1);
  assert.match(forged.stdout, /: TICKET: the ticket is \d+, not 999\n/);
  const chinese = verify(join(folder, "forged.json"), "--lang", "zh");
  assert.match(chinese.stdout, /票号应为/);
  const broken = verify(join(folder, "facts.json"), "--commitment", "00".repeat(32), "--json");
  assert.equal(broken.status, 1);
  assert.equal((JSON.parse(broken.stdout) as { kept: boolean }).kept, false);
  assert.equal(verify(join(folder, "facts.json"), "--seed", "00").status, 2);
});

function poolId(): string {
  const opened = FIXTURE.facts.find(({ kind, play }) => kind === "opened" && play === "pool");
  return String(opened?.loop);
}
