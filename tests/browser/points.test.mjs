// What adds up: days in a row, points, and ranks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, startBrowser, startServer } from "./support.mjs";

const FRAME = {
  currency: "CNY",
  timezone: "+08:00",
  runs: { from: "2026-01-01T00:00", until: "2035-01-01T00:00" },
};

const CLUB = {
  ...FRAME,
  id: "small-club",
  title: "Small club 小俱乐部",
  rewards: {
    leaves: { kind: "points", title: "Leaves 茶叶", points: 5 },
    cup: { kind: "coupon", title: "A cup 一杯茶", worth: "9.00", stock: 50 },
  },
  plays: {
    daily: { mechanic: "check-in", title: "Every day 每日打卡", daily: ["leaves"] },
    shop: {
      mechanic: "points",
      title: "The shop 积分商城",
      account: "leaves",
      items: [{ name: "cup", give: "cup", cost: 5 }],
    },
  },
};

const BOARD = {
  ...FRAME,
  id: "small-board",
  title: "Small board 小榜单",
  rewards: { cup: { kind: "coupon", title: "A cup 一杯茶", worth: "9.00", stock: 50 } },
  plays: {
    friends: {
      mechanic: "assist",
      title: "Ask for help 发起助力",
      helpers: 5,
      within: "24h",
      give: ["cup"],
    },
    week: {
      mechanic: "leaderboard",
      title: "Board of the week 周榜",
      of: { play: "friends" },
      every: "week",
      prizes: [{ from: 1, to: 1, give: "cup" }],
    },
  },
};

let server;
let browser;

before(async () => {
  server = await startServer({ documents: [CLUB, BOARD] });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a check-in earns points, which are redeemed, and a second one the same day is refused", async () => {
  const { page, problems } = await person(browser);
  await page.goto(`${server.url}/?campaign=small-club`);
  await page.locator("[data-main=own]").click();
  await page.locator("[data-streak]").getByText("1", { exact: true }).waitFor();
  await page.locator("[data-day][data-status=done]").waitFor();
  await page.locator("[data-reason]").getByText("You have checked in for today.").waitFor();
  await page.locator("[data-account=leaves] [data-balance]").getByText("5", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "The shop" }).click();
  await page.locator("[data-goods=cup] [data-redeem]").click();
  await page.locator("[data-grant=cup]").waitFor();
  await page.locator("[data-points]").getByText("0", { exact: true }).waitFor();
  await page.locator("[data-goods=cup] [data-redeem]").click();
  await page.getByRole("alert").getByText("5 more are needed").waitFor();
  assert.equal(await page.locator("[data-grant=cup]").count(), 1);
  assert.deepEqual(problems, []);
  await server.audit("small-club");
});

test("who is helped more often stands higher on the board", async () => {
  const help = (by, loop) => ({ id: `help-${by}-${loop}`, do: "help", by, loop });
  await server.tell("small-board", [
    { id: "open-ann", do: "open", by: "ann-2222", play: "friends", loop: "anns" },
    { id: "open-bo", do: "open", by: "basil-3333", play: "friends", loop: "basils" },
    help("cedar-1", "anns"),
    help("cedar-1", "basils"),
    help("fern-1", "basils"),
  ]);
  const { page, problems } = await person(browser);
  await page.goto(`${server.url}/?campaign=small-board&as=ann-2222`);
  await page.getByRole("tab", { name: "Board of the week" }).click();
  await page.locator("[data-rank='1'][data-who=basil-3333]").waitFor();
  await page.locator("[data-rank='2'][data-who=ann-2222]").getByText("You").waitFor();
  await server.tell("small-board", [help("jade-1", "anns"), help("lark-1", "anns")]);
  await page.locator("[data-rank='1'][data-who=ann-2222]").waitFor();
  assert.deepEqual(problems, []);
  await server.audit("small-board");
});
