// Bring a friend: both sides are rewarded for the first order, and lose it when the order is refunded.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, startBrowser, startServer } from "./support.mjs";

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a first order rewards both, and its refund takes both rewards back", async () => {
  const [ann, bo, cy] = [await person(browser), await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=bring-a-friend`);
  await ann.page.locator("[data-main=start]").click();
  await ann.page.locator("[data-main=share]").click();
  const link = await ann.page.locator("[data-url]").textContent();
  await ann.page.locator(".van-popup__close-icon:visible").click();

  await bo.page.goto(link);
  await bo.page.locator("[data-main=take-part]").click();
  await bo.page.locator("[data-loop][data-role=invitee]").waitFor();
  await bo.page
    .getByText(/Place the first order/)
    .first()
    .waitFor();
  await ann.page.locator("[data-person]").getByText("accepted").waitFor();
  assert.equal(await ann.page.locator("[data-grant]").count(), 0);

  // Who is invited already stays with the first inviter.
  await cy.page.goto(`${server.url}/?campaign=bring-a-friend`);
  await cy.page.locator("[data-main=start]").click();
  await cy.page.locator("[data-main=share]").click();
  const other = await cy.page.locator("[data-url]").textContent();
  await bo.page.goto(other);
  await bo.page.locator("[data-main=take-part]").click();
  await bo.page.getByRole("alert").getByText("You were invited by someone else already.").waitFor();
  await bo.page.goto(link);

  await happen(bo.page, "first-order");
  await grant(bo.page, "coffee", "reserved");
  await grant(ann.page, "cash20", "held");
  await ann.page
    .locator("[data-grant=cash20]")
    .getByText(/On hold until/)
    .waitFor();
  await ann.page.locator("[data-person]").getByText("qualified").waitFor();
  await ann.page.locator("[data-earned]").getByText("¥20.00").waitFor();

  await bo.page.locator("[data-open-panel]").click();
  await bo.page.locator("[data-refund-order]").first().click();
  await grant(bo.page, "coffee", "revoked");
  await grant(ann.page, "cash20", "revoked");
  await ann.page.locator("[data-person]").getByText("refunded").waitFor();
  await ann.page.locator("[data-earned]").getByText("¥0.00").waitFor();

  for (const { problems } of [ann, bo, cy]) assert.deepEqual(problems, []);
  await server.audit("bring-a-friend");
});

test("after the hold the reward is the inviter's", async () => {
  const [ann, bo] = [await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=bring-a-friend`);
  await ann.page.locator("[data-main=start]").click();
  await ann.page.locator("[data-main=share]").click();
  await bo.page.goto(await ann.page.locator("[data-url]").textContent());
  await ann.page.locator(".van-popup__close-icon:visible").click();
  await bo.page.locator("[data-main=take-part]").click();
  await bo.page.locator("[data-loop][data-role=invitee]").waitFor();
  await happen(bo.page, "first-order");
  await grant(ann.page, "cash20", "held");
  await ann.page.locator("[data-open-panel]").click();
  await ann.page.locator(`[data-leap="${15 * 24 * 3_600_000}"]`).click();
  await grant(ann.page, "cash20", "reserved");
});

async function happen(page, name) {
  await page.locator("[data-open-panel]").click();
  await page.locator(`[data-panel] [data-event=${name}]`).click();
  await page.locator("[data-log] [data-kind=happened]").first().waitFor();
  await page.locator(".van-popup__close-icon:visible").click();
}

function grant(page, reward, status) {
  return page.locator(`[data-grant=${reward}][data-status=${status}]`).waitFor({ state: "attached" });
}
