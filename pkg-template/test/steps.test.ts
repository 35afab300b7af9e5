import assert from "node:assert/strict";
import { test } from "node:test";
import { Engine, type StepView, stepInWords } from "kfactor";
import { NOON } from "./fixtures.js";

const HOUR = 3_600_000;
const step = (need: string, more: Partial<StepView> = {}): StepView =>
  ({ need, count: 1, ...more }) as StepView;

test("a step is said in both languages, for one and for more, and by when", () => {
  const say = (given: StepView, more = {}): string => stepInWords(given, { currency: "CNY", ...more });
  const zh = { lang: "zh" };
  assert.equal(say(step("help")), "1 more friend has to help");
  assert.equal(say(step("help", { count: 2 })), "2 more friends have to help");
  assert.equal(say(step("help", { count: 2 }), zh), "还差 2 位好友助力");
  const soon = step("help", { count: 2, until: NOON + 3 * HOUR + 12 * 60_000 });
  assert.equal(say(soon, { at: NOON }), "2 more friends have to help within 3 h 12 min");
  assert.equal(say(soon, { at: NOON, ...zh }), "还差 2 位好友助力，限 3 小时 12 分内");
  assert.equal(say(soon, { at: NOON + 4 * HOUR }), "2 more friends have to help");
  assert.equal(say(step("pay", { amount: 4990 }), zh), "支付 ¥49.90");
  assert.equal(say(step("event", { name: "first-order" })), "First: first-order");
  const event = (name: string): string => (name === "first-order" ? "Place the first order" : name);
  assert.equal(say(step("event", { name: "first-order" }), { event }), "Place the first order");
  assert.equal(
    say(step("event", { name: "first-order", count: 3 }), { event }),
    "Place the first order, 3 more times",
  );
  assert.equal(say(step("invite", { name: "first-order", count: 2 })), "2 more new friends");
  assert.equal(
    say(step("invite", { name: "first-order", count: 2 }), { event }),
    "2 more new friends: Place the first order",
  );
  assert.equal(say(step("levitate", { count: 2 })), "2 more steps");
  for (const lang of ["en", "zh"] as const)
    assert.doesNotMatch(say(step("wait", { until: NOON }), { at: NOON - HOUR, lang }), /within|限|\{/);
});

test("every step that a view can have has words", async () => {
  const { readFileSync } = await import("node:fs");
  const schema = JSON.parse(readFileSync("pkg/protocol.schema.json", "utf8")) as {
    $defs: { StepView: { properties: { need: { enum: string[] } } } };
  };
  const needs = schema.$defs.StepView.properties.need.enum;
  assert.ok(needs.length >= 18);
  for (const need of needs)
    assert.doesNotMatch(stepInWords(step(need), { currency: "CNY" }), /more step|undefined|\{/, need);
});

test("an account's reply is that of the trigger that fits", async () => {
  const campaign = {
    id: "keys",
    title: "Keywords",
    runs: { from: "2026-12-01", until: "2026-12-15" },
    plays: { two: { mechanic: "assist", title: "Two", helpers: 2, within: "1d" } },
    triggers: [
      { keyword: "助力", match: "prefix", play: "two", reply: "已开启" },
      { keyword: "打卡", tag: "daily" },
    ],
  } as const;
  const engine = await Engine.load(JSON.stringify(campaign));
  assert.deepEqual(
    [" 助力吧", "打卡", "你好"].map((message) => engine.replyTo(message)),
    ["已开启", null, null],
  );
  engine.free();
});
