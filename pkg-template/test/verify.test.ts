import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Engine, type Command } from "kfactor";
import type { Campaign, Fact } from "../src/cli/verify/books.js";
import { check, type Revision } from "../src/cli/verify/check.js";
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

const HOUR = 3_600_000;
const START = Date.UTC(2026, 11, 1, 2);

/** A wheel with one coffee, which is claimed within an hour. */
function wheel(more: object, play: object = {}): object {
  return {
    id: "wheel",
    title: "Wheel",
    runs: { from: "2026-12-01T00:00", until: "2026-12-15T00:00" },
    rewards: {
      coffee: { kind: "coupon", title: "Coffee", stock: 1, ...more },
      sticker: { kind: "goods", title: "Sticker" },
    },
    plays: {
      wheel: {
        mechanic: "lottery",
        title: "Wheel",
        prizes: [{ name: "Coffee", give: "coffee", weight: 1 }],
        free: { every: "day", count: 9 },
        instead: "sticker",
        ...play,
      },
    },
    accept: { "SHAPE-UNUSED": "a test" },
  };
}

/** Draws by these people, hours after the start; the steps that a verifier reads, and what was won. */
async function drawn(
  first: object,
  draws: [who: string, hours: number][],
  revised?: [before: number, document: object],
): Promise<{ steps: (Fact | Revision)[]; won: unknown[] }> {
  const engine = await Engine.load(JSON.stringify(first), { seed: SEED });
  const steps: (Fact | Revision)[] = [];
  draws.forEach(([by, hours], number) => {
    if (revised?.[0] === number) {
      engine.revise(JSON.stringify(revised[1]));
      steps.push({ campaign: revised[1] as Campaign });
    }
    const command = { id: `d${number}`, at: START + hours * HOUR, do: "draw", by, play: "wheel" };
    const answer = engine.submitBatch([command as Command])[0];
    assert.ok(answer?.ok);
    steps.push(...(answer.facts as unknown as Fact[]));
  });
  engine.free();
  const won = steps.flatMap((step) => ("kind" in step && step.kind === "drawn" ? [step.prize] : []));
  return { steps, won };
}

const findings = (campaign: object, steps: (Fact | Revision)[]): string[] =>
  check(campaign as Campaign, SEED, steps).findings.map(({ code }) => code);

test("what was not claimed in time can be won again", async () => {
  const campaign = wheel({ claimWithin: "1h" });
  const { steps, won } = await drawn(campaign, [
    ["ann", 0],
    ["bo", 0.9],
    ["cy", 1],
  ]);
  assert.deepEqual(won, ["coffee", "sticker", "coffee"]);
  assert.deepEqual(findings(campaign, steps), []);
  // Without its time the third coffee could not have been won.
  assert.ok(
    findings(
      wheel({}),
      steps.map((step) => ({ ...step, claimBy: undefined }) as Fact),
    ).includes("PRIZE"),
  );
});

test("a revision is in force from its place on, and loops that run keep their rules", async () => {
  const [first, second] = [
    wheel({}),
    wheel({ stock: 2 }, { instead: "coffee", prizes: [{ name: "Sticker", give: "sticker", weight: 1 }] }),
  ];
  const draws: [string, number][] = [
    ["ann", 0],
    ["ann", 1],
    ["ann", 2],
    ["bo", 3],
  ];
  const { steps, won } = await drawn(first, draws, [2, second]);
  assert.deepEqual(won, ["coffee", "sticker", "coffee", "sticker"]);
  assert.deepEqual(findings(first, steps), []);
  assert.ok(
    findings(
      first,
      steps.filter((step) => "kind" in step),
    ).includes("PRIZE"),
  );
});

test("a limit on grants keeps a prize from being won", async () => {
  const limits = [{ per: "participant", every: "day", most: 1, of: "grant", reward: "coffee" }];
  const campaign = wheel({ stock: 9 }, { limits });
  const draws: [string, number][] = [
    ["ann", 0],
    ["ann", 1],
    ["bo", 2],
    ["ann", 14],
  ];
  const { steps, won } = await drawn(campaign, draws);
  assert.deepEqual(won, ["coffee", "sticker", "coffee", "coffee"]);
  assert.deepEqual(findings(campaign, steps), []);
  assert.deepEqual(findings(wheel({ stock: 9 }), steps), ["PRIZE"]);
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
