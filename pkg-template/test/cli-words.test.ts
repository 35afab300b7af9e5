import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { kfactor, NOON } from "./fixtures.js";

const TEN = "examples/campaigns/ten-friends.json";
const ZH = ["--lang", "zh"];
const folder = mkdtempSync(join(tmpdir(), "kfactor-"));
after(() => rmSync(folder, { recursive: true }));

const COMMANDS = [
  ...["validate", "costs", "run", "audit", "conformance", "token", "verify", "insight", "credit", "variant"],
  ...["compare", "report", "bindings", "touchpoints", "qr", "poster"],
];

test("the help of every command is in both languages, with the same options", () => {
  const options = (text: string): string[] => text.match(/--[a-z-]+|\b(?!QR)[A-Z]{2,}/g) ?? [];
  for (const command of COMMANDS) {
    const [en, zh] = [kfactor([command, "--help"]), kfactor([command, "--help", ...ZH])];
    assert.equal(en.status, 0);
    assert.match(en.stdout, new RegExp(`^  kfactor ${command} `, "m"));
    assert.doesNotMatch(en.stdout, /[一-鿿]/);
    // Words of the language stand in each line that says something in English.
    for (const line of zh.stdout.split("\n").filter((line) => /[a-z]+ [a-z]+ [a-z]+ [a-z]/.test(line)))
      assert.match(line, /[一-鿿]|kfactor (validate|token|qr)|--as cloudevents/, line);
    for (const name of COMMANDS.filter((name) => name !== command))
      assert.doesNotMatch(zh.stdout, new RegExp(`^  kfactor ${name} `, "m"));
    assert.deepEqual(new Set(options(zh.stdout)), new Set(options(en.stdout)), command);
  }
  assert.equal(kfactor(["experiment", "--help"]).status, 2);
  assert.match(kfactor(["touchpoints", "--help"]).stdout, /--utm/);
});

test("what is wrong with the command line is said in words", () => {
  const said = (...words: string[]): string => kfactor(words).stderr;
  assert.match(said("costs", "nowhere.json"), /nowhere\.json: there is no such file or folder/);
  assert.match(said("costs", "nowhere.json", ...ZH), /nowhere\.json：没有这个文件或文件夹/);
  assert.match(said("validate", TEN, "--langg", "zh"), /there is no option `--langg` here/);
  assert.match(said("validate", TEN, "--langg", "zh", ...ZH), /这里没有选项 `--langg`/);
  assert.match(said("run", TEN, "--at"), /`--at` needs a value behind it/);
  assert.match(said("run", TEN, "--json=1"), /`--json` takes no value/);
  assert.match(said("validate", TEN, "--lang", "fr"), /--lang is en or zh/);
  assert.match(said("compare", ...ZH), /请给出至少两组/);
  assert.match(kfactor(["token", "fits", "你好", ...ZH]).stdout, /^scene +小程序码 +含有不接受的字符$/m);
});

test("problems say in Chinese whether they are errors, and costs names the place of each", () => {
  const file = join(folder, "broken.json");
  writeFileSync(file, readFileSync(TEN, "utf8").replace('"helpers": 10', '"helpers": 0'));
  assert.match(kfactor(["validate", file, ...ZH]).stdout, /:19:\d+: 错误 NUMBER_RANGE: /);
  const costs = kfactor(["costs", file]);
  assert.equal(costs.status, 1);
  assert.match(costs.stderr, /broken\.json:19:\d+: error NUMBER_RANGE: /);
});

test("audit says in both languages what could not stand, by its line", () => {
  const command = { id: "t", at: "2026-12-01T12:00", do: "event", by: "ann", name: "ticket-bought" };
  const line = (value: object): string => `${JSON.stringify(value)}\n`;
  const log =
    line({ ...command, order: "o1" }) +
    "\n" +
    line({ command: { ...command, id: "u", order: "o2" }, answer: { ok: true, id: "u", facts: [] } }) +
    line({ id: "x/0", at: NOON, kind: "met", who: "bo" }) +
    line({ ...command, id: "v", do: "evnt" });
  const en = kfactor(["audit", TEN, "-"], log);
  assert.equal(en.status, 1);
  // Dates are read as `run` reads them.
  assert.match(en.stdout, /^line 3: ANSWER_DIFFERS u: the answer is not what the rules say\n/);
  assert.match(
    en.stdout,
    /\n {2}FACT_MISSING fact 0 \(happened\): this happened and is left out\n {2}expected: /,
  );
  assert.match(en.stdout, /\nline 4: FACT_WITHOUT_COMMAND: no command led to it\n/);
  assert.match(en.stdout, /\nline 5: LINE_MALFORMED: this is no entry of a log\n/);
  assert.match(en.stdout, /\n2 commands, 2 accepted, .*, 3 findings\n[0-9a-f]{64}\n$/);
  const zh = kfactor(["audit", TEN, "-", ...ZH], log).stdout;
  assert.match(
    zh,
    /^第 3 行: ANSWER_DIFFERS u: 回答与规则判定不符\n {2}FACT_MISSING 事实 0 \(happened\): 发生过/,
  );
  assert.match(zh, /\n2 条指令，接受 2 条，.*，3 处不成立\n/);
  const array = kfactor(["audit", TEN, "-"], JSON.stringify([{ ...command, do: "evnt" }]));
  assert.match(array.stdout, /^entry 1: LINE_MALFORMED/);
});

test("bindings says why an event binds nobody, and which word of a policy is not known", () => {
  const event = { id: "e1", at: NOON, who: "bo", do: "click", other: "ann" };
  const events = [
    event,
    { ...event, id: "e2", at: NOON + 1, other: "cy" },
    { ...event, id: "e3", who: "ann", other: "bo" },
  ];
  const given = JSON.stringify([...events, { inviter: "ann" }]);
  const en = kfactor(["bindings", "--rebind", "never", "-"], given);
  assert.equal(en.status, 1);
  assert.match(en.stdout, /^who,inviter,since,until\r\nbo,ann,/);
  assert.match(en.stderr, /^e2: protected: another inviter is protected$/m);
  assert.match(en.stderr, /^kfactor: 1 line is no event; they are written as \{"id":/m);
  const zh = kfactor(["bindings", "--rebind", "never", "-", ...ZH], given).stderr;
  assert.match(zh, /^e3: cycle: 邀请人正是其自己带来的$/m);
  assert.match(zh, /^kfactor: 有 1 行不是事件/m);
  assert.match(kfactor(["bindings", "--lock", "x", "-"], "[]").stderr, /--lock is one of first-touch, /);
});

test("run says of each field what it takes", () => {
  const command = { id: "h", at: NOON, do: "help", by: "ann", loop: "L1" };
  const said = (change: object, ...more: string[]): string =>
    kfactor(["run", TEN, "-", ...more], JSON.stringify({ ...command, ...change })).stderr;
  assert.match(said({ do: "halp" }), /`do`\. It is one of visit, .*help/);
  assert.match(said({ by: 5 }), /`by`\. It is an id in quotes/);
  assert.match(said({ do: "pay", amount: "1.00" }, ...ZH), /应为货币最小单位的整数/);
});
