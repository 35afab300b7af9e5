// Chance: what a page shows is what was drawn, and money in shares comes to its sum.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, shareLink, startBrowser, startServer } from "./support.mjs";

const FRAME = {
  currency: "CNY",
  timezone: "+08:00",
  runs: { from: "2026-01-01T00:00", until: "2035-01-01T00:00" },
};

const WHEEL = {
  ...FRAME,
  id: "small-wheel",
  title: "Small wheel 小转盘",
  rewards: {
    kettle: { kind: "goods", title: "A kettle 茶壶", worth: "99.00", stock: 50 },
    cup: { kind: "coupon", title: "A cup 一杯茶", worth: "9.00", stock: 50 },
  },
  plays: {
    wheel: {
      mechanic: "lottery",
      title: "Turn it once 转一次",
      prizes: [
        { name: "A kettle 茶壶", give: "kettle", weight: 1 },
        { name: "A cup 一杯茶", give: "cup", weight: 1 },
        { name: "Thank you 谢谢参与", weight: 1 },
      ],
      free: { every: "campaign", count: 1 },
    },
  },
};

const PACKET = {
  ...FRAME,
  id: "small-packet",
  title: "Small packet 小红包",
  rewards: { share: { kind: "cash", title: "A share 红包一份", budget: "500.00" } },
  plays: {
    packet: {
      mechanic: "red-packet",
      title: "Three for 8.88 三人分 8.88 元",
      give: "share",
      total: "8.88",
      count: 3,
      minUnit: "0.30",
      helpers: 1,
      within: "24h",
    },
  },
};

const POOL = {
  ...FRAME,
  id: "small-pool",
  title: "Small pool 小奖池",
  rewards: { cup: { kind: "coupon", title: "A cup 一杯茶", worth: "9.00", stock: 50 } },
  plays: {
    pool: {
      mechanic: "raffle",
      title: "One cup for one of us 抽一位送一杯茶",
      drawAt: inAnHour(),
      prizes: [{ give: "cup", count: 1 }],
    },
  },
};

let server;
let browser;

before(async () => {
  server = await startServer({ documents: [WHEEL, PACKET, POOL] });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the wheel stops at the prize that was granted", async () => {
  const { page, problems } = await person(browser);
  await page.goto(`${server.url}/?campaign=small-wheel`);
  await page.locator("[data-main=own]").click();
  const result = page.locator("[data-result]");
  await result.waitFor();
  const { facts } = await server.ask("/v1/campaigns/small-wheel/facts?limit=100");
  const drawn = facts.find(({ kind }) => kind === "drawn");
  const granted = facts.filter(({ kind }) => kind === "granted").map(({ reward }) => reward);
  assert.deepEqual(granted, drawn.prize === undefined ? [] : [drawn.prize]);
  assert.equal(await result.getAttribute("data-result"), drawn.prize ?? "blank");
  assert.equal(await result.getAttribute("data-part"), drawn.prize ?? "blank");
  assert.deepEqual(await page.locator("[data-grant]").evaluateAll(rewards), granted);
  await page.locator("[data-reason]").getByText("You have no draws left.").waitFor();
  assert.deepEqual(problems, []);
  await server.audit("small-wheel");
});

test("three people open a red packet, and the shares come to its sum", async () => {
  const [ann, bo, cy] = [await person(browser), await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=small-packet`);
  await ann.page.locator("[data-main=start]").click();
  await ann.page.locator("[data-headline]").getByText("It opens with 1 more").waitFor();
  const link = await shareLink(ann.page);
  await bo.page.goto(link);
  await bo.page.locator("[data-main=take-part]").click();
  for (const { page } of [ann, bo]) {
    await page.locator("[data-main=own]").click();
    await page.locator("[data-packet=open]").waitFor();
  }
  await cy.page.goto(link);
  await cy.page.locator("[data-main=own]").click();
  await cy.page.locator("[data-packet=open]").waitFor();
  await ann.page.locator("[data-share-of]").nth(2).waitFor();
  const shares = await ann.page.locator("[data-share-of] .amount").allTextContents();
  const sum = shares.reduce((sum, text) => sum + Math.round(Number(text.slice(1)) * 100), 0);
  assert.equal(sum, 888);
  await ann.page.locator("[data-headline]").getByText("All of it is taken").waitFor();
  for (const { problems } of [ann, bo, cy]) assert.deepEqual(problems, []);
  await server.audit("small-packet");
});

test("a pool is drawn when its time has come, and not before", async () => {
  const { page, problems } = await person(browser);
  await page.goto(`${server.url}/?campaign=small-pool&as=ann-2222`);
  await page.locator("[data-main=take-part]").click();
  await page.locator("[data-have]").getByText("1", { exact: true }).waitFor();
  assert.equal(await page.locator("[data-winner]").count(), 0);
  await page.locator("[data-open-panel]").click();
  await page.locator("[data-leap='21600000']").click();
  await page.locator(".van-popup__close-icon:visible").click();
  await page.locator("[data-winner=ann-2222]").waitFor();
  await page.locator("[data-grant=cup]").waitFor();
  assert.deepEqual(problems, []);
  await server.audit("small-pool");
});

function rewards(rows) {
  return rows.map((row) => row.dataset.grant);
}

/** A local time of the campaign, an hour ahead. */
function inAnHour() {
  return new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 16);
}
