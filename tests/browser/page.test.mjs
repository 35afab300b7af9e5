// The page itself: languages, links that do not work, other people, and lost connections.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { person, startBrowser, startServer } from "./support.mjs";

const CHINESE = /[\u4e00-\u9fff]/;
/** What is a name in every language. */
const NAMES = /kfactor|Demo|mothers-\d|silver|gold/g;

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

test("the language follows the browser, can be switched, and is remembered", async () => {
  const { page, problems } = await person(browser, { locale: "zh-CN" });
  await page.goto(server.url);
  await page.getByRole("heading", { name: "活动", exact: true }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await page.locator("[data-language]").click();
  await page.getByRole("heading", { name: "Campaigns", exact: true }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Campaigns", exact: true }).waitFor();
  const { campaigns } = await server.ask("/demo/campaigns");
  for (const campaign of campaigns) {
    await page.goto(`${server.url}/?campaign=${campaign}`);
    await page.locator("[data-mechanic] .content .card").first().waitFor();
    await page.locator("[data-mechanic][data-status=ready]").waitFor();
    const english = (await page.locator("main").innerText()).replace("中文", "");
    assert.doesNotMatch(english, CHINESE, `no Chinese is left on the English page of ${campaign}`);
    await page.locator("[data-language]").click();
    const chinese = (await page.locator("main").innerText()).replace("English", "");
    assert.doesNotMatch(
      chinese.replace(NAMES, ""),
      /[A-Za-z]{2,}/,
      `no English is left on the Chinese page of ${campaign}`,
    );
    await page.locator("[data-language]").click();
  }
  assert.deepEqual(problems, []);
});

test("a damaged or forged token is told in words, and the page works", async () => {
  const { page } = await person(browser);
  await page.goto(`${server.url}/?campaign=ten-friends&kf=0AbC`);
  await page.getByRole("alert").getByText("This link is not valid").waitFor();
  await page.locator("[data-main=start]").waitFor();

  await page.goto(`${server.url}/?campaign=bring-a-friend&kf=${"1".repeat(29)}`);
  await page.getByRole("alert").getByText("This link is not valid").waitFor();
  await page.locator("[data-main=start]").click();
  await page.locator("[data-loop][data-role=initiator]").waitFor();

  const response = await page.goto(`${server.url}/r/${"1".repeat(29)}`);
  assert.equal(response.status(), 404);
  assert.match(await page.locator("body").innerText(), /无效/);
});

test("an unknown campaign or loop is told in words", async () => {
  const { page } = await person(browser);
  await page.goto(`${server.url}/?campaign=nowhere`);
  await page.getByRole("alert").getByText("There is no such campaign here.").waitFor();
  await page.getByText("All campaigns").click();
  await page.locator("[data-campaign]").first().waitFor();
  await page.goto(`${server.url}/?campaign=ten-friends&loop=nowhere`);
  await page.locator("[data-main=start]").waitFor();
});

test("the control panel makes one person another in one click", async () => {
  const { page, problems } = await person(browser, { viewport: { width: 1280, height: 900 } });
  await page.goto(`${server.url}/?campaign=mask-for-two&as=ann-2222`);
  await page.locator("[data-panel] [data-me]").getByText("Ann").waitFor();
  await page.locator("[data-main=start]").click();
  await page.locator("[data-main=pay]").waitFor();
  await page.locator("[data-friend-opens]").click();
  await page.locator("[data-loop][data-role=visitor]").waitFor();
  assert.notEqual(await page.locator("[data-me]").textContent(), "Ann");
  assert.match(page.url(), /kf=[0-9A-Za-z]{29}/);
  await page.locator("[data-main=take-part]").click();
  await page.locator("[data-loop][data-role=member]").waitFor();
  await page.locator("[data-become=ann-2222]").click();
  await page.locator("[data-loop][data-role=leader]").waitFor();
  assert.equal(await page.locator("[data-me]").textContent(), "Ann");
  await page.reload();
  await page.locator("[data-loop][data-role=leader]").waitFor();
  await page.locator("[data-somebody-new]").click();
  await page.locator("[data-main=start]").waitFor();
  assert.equal(await page.locator("[data-loop]").count(), 0);
  assert.deepEqual(problems, []);
});

test("a click without a connection is kept and goes through afterwards, once", async () => {
  const [ann, bo] = [await person(browser), await person(browser)];
  await ann.page.goto(`${server.url}/?campaign=ten-friends`);
  await ann.page.locator("[data-missing] button").click();
  await ann.page.locator("[data-main=start]:not(.barred)").click();
  await ann.page.locator("[data-main=share]").click();
  await bo.page.goto(await ann.page.locator("[data-url]").textContent());
  await bo.page.locator("[data-main=take-part]").waitFor();
  await bo.page.waitForTimeout(500);
  await bo.context.setOffline(true);
  await bo.page.locator("[data-main=take-part]").click();
  // The page already shows what the click will do; the reward waits for the authority.
  await bo.page.locator("[data-have]").getByText("1", { exact: true }).waitFor();
  assert.equal(await bo.page.locator("[data-grant]").count(), 0);
  assert.equal(await ann.page.locator("[data-have]").textContent(), "0");
  await bo.context.setOffline(false);
  await ann.page.locator("[data-have]").getByText("1", { exact: true }).waitFor();
  await bo.page.locator("[data-grant=popcorn]").waitFor({ timeout: 20_000 });
});
