import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bindings, Engine, type HistoryEvent, insight, insightTables } from "kfactor";
import { verify } from "kfactor/backend";
import { NOON } from "./fixtures.js";

const MOTHERS = "examples/campaigns/mothers-chat.json";
const KEY = "000102030405060708090a0b0c0d0e0f";
const folder = mkdtempSync(join(tmpdir(), "kfactor-"));
after(() => rmSync(folder, { recursive: true }));

function kfactor(words: string[], input = ""): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, LANG: "C", LC_ALL: "C" };
  return spawnSync(process.execPath, ["pkg/bin/kfactor.js", ...words], { input, encoding: "utf8", env });
}

/** Facts of a campaign in which ann brings bo, who brings cy; all of them scan a live code. */
async function facts(): Promise<{ lines: string; engine: Engine }> {
  const engine = await Engine.load(readFileSync(MOTHERS, "utf8"));
  const lines: string[] = [];
  let number = 0;
  const send = (command: object): unknown[] => {
    number += 1;
    const answer = engine.submit({ id: `c${number}`, at: NOON + number * 60_000, ...command } as never);
    assert.ok(answer.ok, JSON.stringify(answer));
    lines.push(...answer.facts.map((fact) => JSON.stringify(fact)));
    return answer.facts;
  };
  let code: string | undefined;
  for (const by of ["ann", "bo", "cy"]) {
    send({ do: "visit", by, ...(code === undefined ? { touchpoint: "ward-poster" } : { code }) });
    send({ do: "scan", by, name: "mothers", touchpoint: "parcel-card" });
    code = (send({ do: "share", by }) as { code?: string }[])[0]?.code;
  }
  send({ do: "add", by: "ann", name: "mothers/mothers-1" });
  return { lines: lines.join("\n"), engine };
}

test("live codes show loads and where the next scan goes", async () => {
  const { engine } = await facts();
  const codes = engine.liveCodes({ at: NOON + 600_000 });
  const mothers = codes.find(({ liveCode }) => liveCode === "mothers");
  assert.equal(mothers?.next, "mothers-1");
  const [first] = mothers?.targets ?? [];
  assert.deepEqual([first?.shown, first?.today, first?.present, first?.kept], [3, 1, 13, 2]);
  engine.free();
});

test("insight is the same from the package and from the command line, and has tables", async () => {
  const { lines, engine } = await facts();
  engine.free();
  const report = await insight(lines);
  assert.deepEqual(report.tree.widths, [1, 1, 1]);
  assert.equal(report.funnel[0]?.people, 3);
  const printed = kfactor(["insight", "-", "--json"], lines);
  assert.deepEqual(JSON.parse(printed.stdout), report);
  assert.equal(printed.status, 0);
  assert.match(kfactor(["insight", "--window", "1d"], lines).stdout, /K 0\.\d{3} \[.*within 1 d/);
  assert.match(kfactor(["insight", "--lang", "zh"], lines).stdout, /K 因子/);
  const csv = join(folder, "csv");
  assert.equal(kfactor(["insight", "--csv", csv], lines).status, 0);
  assert.deepEqual(
    readdirSync(csv).sort(),
    Object.keys(insightTables(report))
      .map((name) => `${name}.csv`)
      .sort(),
  );
  assert.match(readFileSync(join(csv, "funnel.csv"), "utf8"), /^stage,people,rate\r\narrived,3,1\r\n/);
  assert.equal(kfactor(["insight", "--window", "soon"], lines).status, 2);
  assert.equal(kfactor(["insight"], "").status, 1);
});

test("a name that a spreadsheet would take for a formula stays a name", async () => {
  const report = await insight('{"id":"1","at":1,"kind":"arrived","who":"a","touchpoint":"=1+1","depth":0}');
  assert.match(insightTables(report).touchpoints ?? "", /\r\n'=1\+1,1,/);
});

test("each touchpoint gets a link that is signed, and a code to print", async () => {
  const sheet = join(folder, "sheet.html");
  const words = [
    "touchpoints",
    MOTHERS,
    "--key",
    KEY,
    "--url",
    "https://k.example/",
    "--sheet",
    sheet,
    "--utm",
  ];
  const { status, stdout } = kfactor(words);
  assert.equal(status, 0);
  const [head, ...rows] = stdout.trim().split("\r\n");
  assert.equal(head, "touchpoint,kind,family,tie,liveCode,token,url");
  const row = rows.find((line) => line.startsWith("parcel-card,parcel,own offline,medium,mothers,")) ?? "";
  const [, , , , , token = "", url = ""] = row.split(",");
  assert.equal(
    url,
    `https://k.example/r/${token}?utm_source=parcel-card&utm_medium=parcel&utm_campaign=mothers-chat`,
  );
  const proven = await verify(token, { 0: new Uint8Array(Buffer.from(KEY, "hex")) });
  assert.equal(proven.kind, 0);
  const html = readFileSync(sheet, "utf8");
  assert.equal(html.match(/<figure>/g)?.length, rows.length);
  assert.ok(html.includes("<svg"));
  assert.equal(kfactor(["touchpoints", MOTHERS, "--key", KEY]).status, 2);
});

test("inviters are locked by the site's policy, whatever the order of events", async () => {
  const day = 86_400_000;
  const events: HistoryEvent[] = [
    { id: "e1", at: 0, do: "click", who: "bo", other: "ann" },
    { id: "e2", at: 30 * day, do: "click", who: "bo", other: "cy" },
    { id: "e3", at: 1, do: "click", who: "ann", other: "ann" },
  ];
  const found = await bindings(events);
  assert.deepEqual(found.bound, [{ who: "bo", inviter: "cy", since: 30 * day, until: 60 * day }]);
  assert.deepEqual(found.refused, [{ id: "e3", reason: "self" }]);
  assert.deepEqual(await bindings([...events].reverse()), found);
  assert.equal((await bindings(events, { rebind: "never" })).bound[0]?.inviter, "ann");
  await assert.rejects(bindings(events, { lock: "whenever" as "first-pay" }), { code: "POLICY_UNKNOWN" });
  const file = join(folder, "events.jsonl");
  writeFileSync(file, events.map((event) => JSON.stringify(event)).join("\n"));
  const { stdout, stderr } = kfactor(["bindings", file, "--protection", "31d"]);
  assert.equal(
    stdout,
    `who,inviter,since,until\r\nbo,ann,1970-01-01T00:00:00.000Z,1970-02-01T00:00:00.000Z\r\n`,
  );
  assert.match(stderr, /e2: protected\n/);
});
