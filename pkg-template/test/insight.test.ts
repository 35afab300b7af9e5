import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  bindings,
  compareArms,
  credit,
  type CreditModel,
  Engine,
  type HistoryEvent,
  insight,
  insightTables,
  variant,
} from "kfactor";
import { platformFits, verify } from "kfactor/backend";
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
  assert.match(insightTables(report).touchpoints ?? "", /\r\n'=1\+1,,1,1,/);
});

test("credit for any paths, from the package and from the command line", async () => {
  const paths = [
    { touches: ["a", "b"], converted: 3, lost: 1, value: 900 },
    { touches: ["a", "c"], converted: 1, lost: 1, value: 100 },
  ];
  const rows = await credit(paths, "markov");
  assert.deepEqual(rows, [
    { channel: "a", conversions: 2, value: 500 },
    { channel: "b", conversions: 1.5, value: 375 },
    { channel: "c", conversions: 0.5, value: 125 },
  ]);
  const first = await credit(paths, "position", { position: [100, 0] });
  assert.deepEqual(
    first.map(({ conversions }) => conversions),
    [4, 0, 0],
  );
  const times = [
    { channel: "a", at: 0 },
    { channel: "b", at: 7 * 86_400_000 },
  ];
  const [old] = await credit([{ touches: times, at: 7 * 86_400_000 }], "timeDecay");
  assert.equal(old?.conversions, 0.333333);
  const late = await credit([{ touches: times, at: 7 * 86_400_000 }], "first", { lookBack: 86_400_000 });
  assert.deepEqual(
    late.map(({ conversions }) => conversions),
    [0, 1],
  );
  const direct = [{ touches: ["a", "direct"] }];
  assert.equal((await credit(direct, "lastNonDirect"))[0]?.conversions, 1);
  assert.equal((await credit(direct, "last", { transform: "without-direct" }))[0]?.conversions, 1);
  await assert.rejects(credit(paths, "guess" as CreditModel), { code: "MODEL_UNKNOWN" });
  await assert.rejects(credit([{ touches: ["a"], converted: 0.5 }], "last"), { code: "PATH_MALFORMED" });

  const file = join(folder, "paths.csv");
  writeFileSync(file, 'path,converted,lost,value\r\n"a > b",3,1,900\r\na > c,1,1,100\r\n');
  const { stdout } = kfactor(["credit", file, "--model", "markov"]);
  assert.equal(stdout, "channel,markov,markov.value\r\na,2,500\r\nb,1.5,375\r\nc,0.5,125\r\n");
  const json = kfactor(["credit", "--json"], JSON.stringify(paths));
  assert.deepEqual(
    (JSON.parse(json.stdout) as { channel: string; last: number }[]).map(({ channel, last }) => [
      channel,
      last,
    ]),
    [
      ["a", 0],
      ["b", 3],
      ["c", 1],
    ],
  );
  assert.equal(kfactor(["credit", "--model", "guess"], "path\r\na").status, 2);
  assert.match(kfactor(["credit"], "a > b,3").stderr, /needs a column `path`/);
});

test("everyone gets one variant, the same everywhere, and arms are compared at any time", async () => {
  // The same table as in `insight/experiment.rs`.
  const known = { ann: [0, 2], bo: [1, 2], u_81: [0, 1], 小美: [1, 2] };
  for (const [who, [one, other]] of Object.entries(known)) {
    assert.equal(variant("poster-main", who, ["0", "1"]), String(one));
    assert.equal(variant("预热", who, { x0: 1, x1: 2, x2: 5 }), `x${other}`);
  }
  for (const weights of [[], { a: 0 }, { a: -1, b: 2 }, { a: 0.5 }, { a: 1001 }])
    assert.throws(() => variant("e", "ann", weights as string[]), { code: "VARIANT_WEIGHTS" });
  const printed = kfactor(["variant", "预热", "x0", "x1=2", "x2=5"], "ann\nu_81\n");
  assert.equal(printed.stdout, "who,variant\r\nann,x2\r\nu_81,x1\r\n");
  assert.equal(kfactor(["variant", "e", "=3"], "ann").status, 2);

  const { sampleRatio, arms } = await compareArms([
    { name: "card", people: 4_000, converted: 800 },
    { name: "sms", people: 4_000, converted: 1_200 },
  ]);
  assert.ok(sampleRatio > 0.99);
  assert.equal(arms[0]?.againstFirst, null);
  assert.ok(arms[1]?.againstFirst && arms[1].againstFirst.low > 0 && arms[1].againstFirst.p < 1e-6);
  await assert.rejects(compareArms([{ name: "x", people: 1, converted: 2 }]), { code: "ARM_MALFORMED" });
  const good = kfactor(["compare", "card=800/4000", "sms=1200/4000"]);
  assert.match(good.stdout, /sms +30\.00 % {2}better \[.*\], p 5\.8e-23/);
  assert.equal(good.status, 0);
  const broken = kfactor(["compare", "a=50/5200", "b=50/4800", "--lang", "zh"]);
  assert.match(broken.stdout, /分流比例异常/);
  assert.equal(broken.status, 1);
  assert.equal(kfactor(["compare", "a=50/5200/3", "b=50/1733/1"]).status, 0);
});

test("a token fits every place of the platforms that takes a parameter", () => {
  const token = "0OA2aaszmI1TKX80cBpKwKVR6Xxhi";
  assert.ok(platformFits(token).every(({ fits }) => fits));
  const why = (text: string): (string | undefined)[] => platformFits(text).map(({ why }) => why);
  assert.deepEqual(why(`kf=${token}`), [undefined, undefined, "long", undefined, undefined, undefined]);
  assert.deepEqual(why("渠道"), ["characters", undefined, undefined, undefined, "characters", "characters"]);
  assert.deepEqual(why("渠".repeat(22)), [
    "characters",
    undefined,
    undefined,
    "long",
    "characters",
    "characters",
  ]);
  assert.equal(kfactor(["token", "fits", token]).status, 0);
  assert.match(kfactor(["token", "fits", "x".repeat(31)]).stdout, /state +WeCom.*too long: 30 characters/);
});

test("insight reads what a backend was told, and says which posters bring whom", async () => {
  const record = (id: number, kind: string, subject: string, data: object): string =>
    JSON.stringify({
      id: `k/${id}`,
      source: "urn:kfactor:c",
      type: `io.kfactor.${kind}.v1`,
      time: new Date(NOON + id * 1_000).toISOString(),
      subject,
      data,
    });
  const lines = [
    record(1, "page-shown", "ann", {}),
    record(2, "poster-drawn", "ann", { poster: "main", variant: "b" }),
    record(3, "arrived", "bo", { who: "bo", touchpoint: "poster-main-b", inviter: "ann", depth: 1 }),
    record(3, "arrived", "bo", { who: "bo", touchpoint: "poster-main-b", inviter: "ann", depth: 1 }),
    record(4, "granted", "ann", {
      grant: "L.1",
      loop: "L",
      reward: "cash",
      to: "ann",
      amount: 800,
      cause: 0,
    }),
  ].join("\n");
  const report = await insight(lines);
  assert.deepEqual(
    report.posters.map(({ name, drawn, scanned, arrived }) => [name, drawn, scanned, arrived]),
    [["poster-main-b", 1, 1, 1]],
  );
  assert.deepEqual([report.facts, report.funnel[0]?.stage], [4, "seen"]);
  const { stdout } = kfactor(["insight", "--look-back", "7d", "--transform", "exposure"], lines);
  assert.match(stdout, /poster-main-b +drawn 1 > scanned 1 > arrived 1/);
  assert.match(stdout, /cash +given 1 \(8\.00\), 8\.00 for each customer who was brought/);
  assert.equal(kfactor(["insight", "--transform", "guess"], lines).status, 2);
  assert.match(insightTables(report).waves ?? "", /^from,until,generation 0,generation 1\r\n/);
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
  assert.equal(head, "touchpoint,title,kind,family,tie,liveCode,token,url");
  const row =
    rows.find((line) => line.startsWith('parcel-card,"Parcel card, autumn 秋季包裹卡",parcel,own')) ?? "";
  const [token = "", url = ""] = row.split(",").slice(-2);
  assert.equal(
    url,
    `https://k.example/r/${token}?utm_source=parcel-card&utm_medium=parcel&utm_campaign=mothers-chat`,
  );
  const proven = await verify(token, { 0: new Uint8Array(Buffer.from(KEY, "hex")) });
  assert.equal(proven.kind, 0);
  const html = readFileSync(sheet, "utf8");
  assert.equal(html.match(/<figure>/g)?.length, rows.length);
  assert.ok(html.includes("<svg"));
  assert.ok(html.includes("<b>Parcel card, autumn 秋季包裹卡</b> parcel-card<br>"));
  assert.match(stdout, /feed,,ad,.*utm_source=weibo&utm_medium=cpc&utm_campaign=mothers-chat\r\n/);
  assert.equal(kfactor(["touchpoints", MOTHERS, "--key", KEY]).status, 2);
  for (const url of ["ftp://k.example", "k.example", "http://k.example", "https://k.example/?a=b"])
    assert.match(kfactor(["touchpoints", MOTHERS, "--key", KEY, "--url", url]).stderr, /--url is where/);
  const posters = [
    "touchpoints",
    "examples/campaigns/ten-friends.json",
    "--key",
    KEY,
    "--url",
    "https://k.example",
  ];
  const names = kfactor(posters)
    .stdout.split("\r\n")
    .map((line) => line.split(",")[0]);
  assert.deepEqual(names.slice(1, 4), ["poster-invite", "poster-invite-friend", "poster-invite-cash"]);
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
  assert.match(stderr, /e2: protected: another inviter is protected\n/);
});
