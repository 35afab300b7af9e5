import assert from "node:assert/strict";
import { test } from "node:test";
import { createLoop, explain, local } from "kfactor";
import { campaign } from "./fixtures.js";

const AT = new Date(2026, 11, 3, 9, 5).getTime();

test("what people read has dates, states and periods instead of what the engine counts with", async () => {
  const cases: [string, object, string, string][] = [
    ["GRANT_HELD", { until: AT }, "held until Dec 3, 09:05.", "将于 12月3日 09:05 解冻"],
    ["GRANT_SETTLED", { name: "revoked" }, "is taken back already", "已收回"],
    ["LIMIT_REACHED", { most: 3, name: "helper/day" }, "limit of 3 is reached (each day)", "上限 3（每天）"],
    [
      "LIMIT_REACHED",
      { most: 3, name: "device/campaign" },
      "(in the whole campaign, for this device)",
      "按设备计",
    ],
    ["LIMIT_REACHED", { most: 3, name: "draws" }, "(draws)", "（draws）"],
    ["NOT_REACHED", {}, "Not reached yet:  more.", "尚未达成"],
    ["FROM_THE_FUTURE", { until: AT }, "FROM_THE_FUTURE", "FROM_THE_FUTURE"],
  ];
  for (const [code, params, expected, expectedZh] of cases) {
    const { en, zh } = await explain(code, params);
    assert.ok(en.includes(expected), en);
    assert.ok(zh.includes(expectedZh), zh);
  }
});

test("with the campaign, amounts are in its currency and things have their titles", async () => {
  const text = campaign("ten-friends");
  const document = JSON.parse(text) as { currency: string; rewards: Record<string, { title: string }> };
  document.rewards = { mug: { title: "A mug 马克杯" } };
  const named = JSON.stringify(document);
  const out = await explain("REWARD_OUT", { name: "mug" }, named);
  assert.match(out.en, /`A mug` has not enough/);
  assert.match(out.zh, /`马克杯` 剩余/);
  assert.match((await explain("EVENT_REQUIRED", { name: "mug" }, named)).en, /: mug\./);
  for (const [currency, amount] of [
    ["CNY", "¥49.90"],
    ["JPY", "¥4,990"],
    ["KWD", "KWD 4.990"],
  ]) {
    const { en } = await explain(
      "FLOOR_NOT_REACHED",
      { amount: 4990 },
      JSON.stringify({ ...document, currency }),
    );
    assert.equal(en.replace(/\s/g, " "), `The price has to fall to ${amount} first.`);
  }
  assert.match((await explain("FLOOR_NOT_REACHED", { amount: 4990 })).en, /to 4990 first/);
  assert.match((await explain("FLOOR_NOT_REACHED", { amount: 4990 }, "{")).en, /to 4990 first/);
});

test("a loop's notice is in the reader's words", async () => {
  const document = JSON.parse(campaign("ten-friends")) as { runs: { from: string; until: string } };
  document.runs = { from: "2098-12-03T09:05Z", until: "2099-01-01" };
  const from = new Date(Date.parse(document.runs.from));
  const text = JSON.stringify(document);
  const loop = createLoop({ campaign: text, participant: { id: "ann" }, backend: local(), lang: "zh" });
  const answer = await loop.open("ten-friends");
  assert.equal(answer.ok, false);
  const { notice } = loop.getSnapshot();
  loop.close();
  assert.ok(notice?.includes(`${from.getMonth() + 1}月${from.getDate()}日 `), notice ?? "");
  assert.doesNotMatch(notice ?? "", /\d{10}/);
});
