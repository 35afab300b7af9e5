// What friends make cheaper, open or sell: bargain, unlock, commission.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { confirmPayment, person, shareLink, startBrowser, startServer } from "./support.mjs";

const FRAME = {
  currency: "CNY",
  timezone: "+08:00",
  runs: { from: "2026-01-01T00:00", until: "2035-01-01T00:00" },
};

const BARGAIN = {
  ...FRAME,
  id: "small-bargain",
  title: "Small bargain 小砍价",
  plays: {
    pot: {
      mechanic: "bargain",
      title: "Two friends to 9.00 两位好友砍到 9 元",
      price: "99.00",
      floor: "9.00",
      helpers: 2,
      within: "24h",
      ownCut: false,
    },
  },
};

const UNLOCK = {
  ...FRAME,
  id: "small-unlock",
  title: "Small unlock 小解锁",
  rewards: { lesson: { kind: "content", title: "A lesson 一节课" } },
  plays: {
    lesson: {
      mechanic: "unlock",
      title: "Two people, 1.00 each 两人各付一元",
      price: "1.00",
      payers: 2,
      within: "24h",
      give: ["lesson"],
    },
  },
};

const COMMISSION = {
  ...FRAME,
  id: "small-commission",
  title: "Small commission 小分销",
  rewards: { commission: { kind: "cash", title: "Commission 佣金", budget: "500.00", hold: "15d" } },
  plays: {
    tea: {
      mechanic: "commission",
      title: "10% of each order 每单 10%",
      order: "order-paid",
      base: "paid",
      levels: [{ percent: "10%" }],
      give: "commission",
    },
  },
};

let server;
let browser;

before(async () => {
  server = await startServer({ documents: [BARGAIN, UNLOCK, COMMISSION] });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("two friends cut the price to its floor, and it is paid there", async () => {
  const [ann, bo, cy] = [await person(browser), await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=small-bargain`);
  await ann.page.locator("[data-main=start]").click();
  await ann.page.locator("[data-price]").getByText("¥99.00").waitFor();
  const link = await shareLink(ann.page);
  for (const { page } of [bo, cy]) {
    await page.goto(link);
    await page.locator("[data-main=take-part]").click();
    await page.locator("[data-loop][data-role=helper]").waitFor();
  }
  await ann.page.locator("[data-price]").getByText("¥9.00").waitFor();
  const cuts = await ann.page.locator("[data-cut] .amount").allTextContents();
  assert.equal(cuts.length, 2);
  assert.equal(
    cuts.reduce((sum, text) => sum + Math.round(Number(text.slice(1)) * 100), 0),
    9000,
  );
  await ann.page.locator("[data-main=pay]").click();
  await confirmPayment(ann.page, "¥9.00");
  await ann.page.locator("[data-loop][data-status=complete]").waitFor();
  await ann.page.locator("[data-standing=paid]").waitFor();
  for (const { problems } of [ann, bo, cy]) assert.deepEqual(problems, []);
  await server.audit("small-bargain");
});

test("what two people pay for opens for both, and not before", async () => {
  const [ann, bo] = [await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=small-unlock`);
  await ann.page.locator("[data-main=start]").click();
  await ann.page.locator("[data-main=pay]").click();
  await confirmPayment(ann.page, "¥1.00");
  await ann.page.locator("[data-headline]").getByText("1 more, and it opens").waitFor();
  assert.equal(await ann.page.locator("[data-grant]").count(), 0);
  await bo.page.goto(await shareLink(ann.page));
  await bo.page.locator("[data-main=pay]").click();
  await confirmPayment(bo.page, "¥1.00");
  for (const { page } of [ann, bo]) {
    await page.locator("[data-headline]").getByText("Unlocked for everybody").waitFor();
    await page.locator("[data-grant=lesson]").waitFor();
  }
  for (const { problems } of [ann, bo]) assert.deepEqual(problems, []);
  await server.audit("small-unlock");
});

test("an order of a customer shows its commission to the distributor", async () => {
  const [ann, bo] = [await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=small-commission`);
  await ann.page.locator("[data-main=start]").click();
  await bo.page.goto(await shareLink(ann.page));
  // Coming by the link binds a customer whom nobody had.
  await bo.page.locator("[data-loop][data-role=customer]").waitFor();
  await bo.page.locator("[data-open-panel]").click();
  await bo.page.locator("[data-amount]").fill("99.99");
  await bo.page.locator("[data-event=order-paid]").click();
  await ann.page.locator("[data-order]").getByText("¥9.99").waitFor();
  await ann.page.locator("[data-sum=frozen]").getByText("¥9.99").waitFor();
  await ann.page.locator("[data-grant=commission][data-status=held]").waitFor();
  for (const { problems } of [ann, bo]) assert.deepEqual(problems, []);
  await server.audit("small-commission");
});
