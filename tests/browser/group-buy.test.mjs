// Mask for two: two people pay and both get the price; a group that does not fill pays back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { confirmPayment, person, startBrowser, startServer } from "./support.mjs";

/** The same mechanic with so little time that a test can wait for its end. */
const SHORT = {
  id: "short-group",
  title: "Short group 短时团",
  currency: "CNY",
  timezone: "+08:00",
  runs: { from: "2026-01-01T00:00", until: "2035-01-01T00:00" },
  plays: {
    pair: {
      mechanic: "group-buy",
      title: "Pair 双人团",
      size: 2,
      price: "49.90",
      alone: "69.90",
      within: "6s",
      payWithin: "6s",
    },
  },
};

let server;
let browser;

before(async () => {
  server = await startServer({ documents: [SHORT] });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("two people pay, and the group is complete on both phones", async () => {
  const [ann, bo, cy] = [await person(browser), await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=mask-for-two`);
  await ann.page.getByText("¥49.90", { exact: true }).waitFor();
  await ann.page.getByText("¥69.90", { exact: true }).waitFor();
  await ann.page.locator("[data-main=start]").click();
  await ann.page.locator("[data-loop][data-role=leader]").waitFor();
  await payHere(ann.page, "¥49.90");
  await ann.page.locator("[data-main=share]").click();
  const link = await ann.page.locator("[data-url]").textContent();
  await ann.page.locator(".van-popup__close-icon:visible").click();

  await bo.page.goto(link);
  await bo.page.locator("[data-headline]").getByText("1 more, and the price is ¥49.90").waitFor();
  await cy.page.goto(link);
  await cy.page.locator("[data-loop][data-role=visitor]").waitFor();
  await bo.page.locator("[data-main=take-part]").click();
  await bo.page.locator("[data-loop][data-role=member]").waitFor();
  // The second place is reserved now, so a third person is told before anybody pays.
  await cy.page.locator("[data-reason]").getByText("The group is full.").waitFor();
  await cy.page.locator("[data-main=take-part]").click();
  await cy.page.getByRole("alert").getByText("The group is full.").waitFor();
  await payHere(bo.page, "¥49.90");

  for (const { page } of [ann, bo]) {
    await page.locator("[data-loop][data-status=complete]").waitFor();
    assert.equal(await page.locator("[data-person]").getByText("paid", { exact: true }).count(), 2);
  }
  for (const { problems } of [ann, bo, cy]) assert.deepEqual(problems, []);
  await server.audit("mask-for-two");
});

test("a group that does not fill in time owes the payment, and pays it back", async () => {
  const { page, problems } = await person(browser);
  await page.goto(`${server.url}/?campaign=short-group`);
  await page.locator("[data-main=start]").click();
  await payHere(page, "¥49.90");
  await page.locator("[data-person]").getByText("paid", { exact: true }).waitFor();
  await page.locator("[data-loop][data-status=expired]").waitFor();
  await page.locator("[data-headline]").getByText("The group did not fill in time").waitFor();
  await page.locator("[data-refund=due]").getByText("¥49.90 goes back to you").waitFor();
  await page.locator("[data-person]").getByText("refund due").waitFor();

  await page.locator("[data-open-panel]").click();
  await page.locator("[data-refund-order]").getByText("Pay back").click();
  await page.locator("[data-refund=refunded]").getByText("¥49.90 was paid back").waitFor();
  await page.locator("[data-person]").getByText("refunded").waitFor();
  assert.deepEqual(problems, []);
  await server.audit("short-group");
});

test("a payment that comes too late revives nothing and goes back", async () => {
  const { page, problems } = await person(browser);
  await page.goto(`${server.url}/?campaign=short-group`);
  await page.locator("[data-main=start]").click();
  await page.locator("[data-main=pay]").click();
  await page.locator("[data-pay-now]").waitFor();
  await page.locator("[data-loop][data-status=expired]").waitFor();
  await page.locator("[data-pay-now]").click();
  await page.locator("[data-refund=due]").getByText("¥49.90 goes back to you").waitFor();
  assert.equal(await page.locator("[data-loop]").getAttribute("data-status"), "expired");

  await page.locator("[data-open-panel]").click();
  await page.locator("[data-log] [data-kind=late]").waitFor();
  await page.locator("[data-refund-order]").getByText("Pay back").click();
  await page.locator("[data-refund=refunded]").waitFor();
  assert.deepEqual(problems, []);
  await server.audit("short-group");
});

test("a mask bought alone costs the full price and starts no group", async () => {
  const { page, problems } = await person(browser);
  await page.goto(`${server.url}/?campaign=mask-for-two`);
  await page.locator("[data-alone]").click();
  await confirmPayment(page, "¥69.90");
  await page.locator(".van-toast").getByText("Bought. Thank you!").waitFor();
  await page.locator("[data-main=start]").waitFor();
  assert.equal(await page.locator("[data-loop]").count(), 0);
  await page.locator("[data-open-panel]").click();
  await page.locator("[data-log] [data-kind=bought]").getByText("¥69.90").waitFor();
  assert.deepEqual(problems, []);
});

async function payHere(page, amount) {
  await page.locator("[data-main=pay]").click();
  await confirmPayment(page, amount);
}
