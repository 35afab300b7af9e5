// A page that comes back from the back-forward cache, as every page does in WeChat on iOS: here in Chromium.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CAMPAIGN, person, press, project, shows, startServer } from "./support.mjs";

let server;
let browser;

before(async () => {
  const files = { "away.html": '<!doctype html><link rel="icon" href="data:,"><p>Away</p>' };
  server = await startServer({ campaigns: [CAMPAIGN], www: project("bfcache", { example: "html", files }) });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu"],
    // Which Playwright switches off.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A page that remembers whether it was brought back, and which page it is. */
async function opened(url, first = () => undefined) {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  page.setDefaultTimeout(5_000);
  await page.addInitScript(first);
  await page.addInitScript(() => {
    globalThis.born ??= Math.random();
    addEventListener("pageshow", ({ persisted }) => (globalThis.persisted = persisted));
  });
  await page.goto(url);
  return page;
}

/** Leaves for another page, does something there, and returns to the page as it was. */
async function awayAndBack(page, meanwhile) {
  const born = await page.evaluate(() => globalThis.born);
  await page.goto(`${server.url}/away.html`);
  await meanwhile(page);
  await page.goBack({ waitUntil: "commit" });
  await page.waitForFunction(() => globalThis.persisted !== undefined);
  const now = await page.evaluate(() => ({ born: globalThis.born, persisted: globalThis.persisted }));
  assert.deepEqual(now, { born, persisted: true }, "the browser kept the page: nothing held it");
}

/** The link of the loop on a page. */
const linkOf = (page) =>
  page.evaluate(async () => (await document.querySelector("kf-loop").loop.share()).url);

/** How many pages listen at the server; waits a moment for `wanted`. */
async function listeners(wanted) {
  let count;
  for (let attempt = 0; attempt < 20; attempt++) {
    count = Number(/^kfactor_listeners (\d+)/m.exec(await metrics())[1]);
    if (wanted === undefined || count === wanted) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return count;
}

const metrics = async () => {
  const headers = { Authorization: `Bearer ${server.key}` };
  return (await fetch(`${server.url}/metrics`, { headers })).text();
};

/** A new friend helps. */
async function helped(url) {
  const friend = await person(browser);
  await friend.page.goto(url);
  await press(friend.page, "帮好友助力");
  await friend.page.getByText("已到手").waitFor();
  await friend.context.close();
}

test("a page with a live stream is kept, shows on its return what it missed, and is live again", async () => {
  const page = await opened(server.url);
  await press(page, "立即发起");
  await shows(page, 0);
  const link = await linkOf(page);
  assert.equal(await listeners(), 1);
  await awayAndBack(page, async () => {
    // While it is away it holds no connection: WebKit keeps no page that does.
    assert.equal(await listeners(0), 0);
    await helped(link);
  });
  await shows(page, 1);
  assert.equal(await listeners(1), 1);
  await helped(link);
  await shows(page, 2);
});

test("what had no answer is sent at once when the page returns", async () => {
  const ann = await opened(server.url);
  await press(ann, "立即发起");
  await shows(ann, 0);
  // A page in which long pauses never end, so that only the return can send.
  const page = await opened(await linkOf(ann), () => {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (work, pause, ...rest) => (pause >= 1_000 ? 0 : setTimeout(work, pause, ...rest));
  });
  await page.getByRole("button", { name: "帮好友助力" }).waitFor();
  await page.route("**/commands", (route) => route.abort());
  const failed = [];
  page.on("requestfailed", (request) => failed.push(request));
  await press(page, "帮好友助力");
  while (failed.length < 2) await page.waitForEvent("requestfailed");
  await page.locator("kf-loop").getByText("网络不可用").waitFor();
  await awayAndBack(page, () => page.unroute("**/commands"));
  await page.getByText("已到手").waitFor();
  await shows(ann, 1);
});

test("an arrival that another page of the visit has stored is read again, and told", async () => {
  const ann = await opened(server.url);
  await press(ann, "立即发起");
  await shows(ann, 0);
  const token = (await linkOf(ann)).split("/r/")[1];
  const page = await opened(server.url);
  await page.getByRole("button", { name: "立即发起" }).waitFor();
  const told = page.waitForRequest((request) => request.url().endsWith("/commands"));
  await awayAndBack(page, () =>
    page.evaluate(
      (arrival) => localStorage.setItem("kfactor:three-friends:arrival", arrival),
      JSON.stringify({ token }),
    ),
  );
  const { do: act, token: sent } = (await told).postDataJSON();
  assert.deepEqual([act, sent], ["visit", token]);
});

test("a tab that was hidden for a while asks again when it is seen", async () => {
  const ann = await opened(server.url);
  await press(ann, "立即发起");
  await shows(ann, 0);
  await ann.evaluate(() => {
    // As a phone's tab in the background: hidden, and its clock has gone on.
    let state = "hidden";
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
    const now = Date.now();
    Date.now = () => now + 6_000;
    state = "visible";
  });
  const asked = ann.waitForRequest((request) => request.url().includes("/view"));
  await ann.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await asked;
});
