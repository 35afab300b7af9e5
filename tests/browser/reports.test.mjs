// Reports of real pages: what waits in the browser's storages, what tabs take over from each other, and what a page sends
// that goes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { chromium } from "playwright-core";
import { ROOT } from "./support.mjs";

const DIST = join(ROOT, "node_modules/kfactor/dist");
const PAGE = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><p>A page</p>';

/** What the backend answers, and which records it has: how often each came, by its id. */
let status;
let received;
let server;
let browser;
let url;

before(async () => {
  server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname.startsWith("/dist/")) {
      response.writeHead(200, { "Content-Type": "text/javascript" });
      return response.end(readFileSync(join(DIST, pathname.slice("/dist/".length))));
    }
    if (pathname !== "/events") return response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
    const body = Buffer.concat(await request.toArray()).toString();
    if (status === 204) {
      for (const { id, data } of JSON.parse(body)) {
        const before = received.get(id) ?? { n: data.n, times: 0 };
        received.set(id, { ...before, times: before.times + 1 });
      }
    }
    response.writeHead(status).end();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${server.address().port}/`;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu"],
    // Which Playwright switches off.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

beforeEach(() => {
  status = 204;
  received = new Map();
});

/** Starts a reporter in a page. */
function report(page, store = "localStorage") {
  return page.evaluate(async (store) => {
    const kfactor = await import("/dist/inline.js");
    // What the storage is called differs between the tests.
    const given = store === "indexedDB" ? { store: kfactor.indexedDbStore("test") } : {};
    globalThis.reporter = kfactor.createReporter({ campaign: "tea", to: "/events", as: "json", ...given });
  }, store);
}

const track = (page, ...numbers) =>
  page.evaluate((numbers) => numbers.forEach((n) => globalThis.reporter.track("seen", { n })), numbers);

async function until(what, is) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${what} does not come; ${JSON.stringify([...received.values()])}`);
}

const numbers = () => [...received.values()].map(({ n }) => n).sort((a, b) => a - b);

for (const store of ["localStorage", "indexedDB"]) {
  test(`${store}: what could not be sent waits there for the next page`, async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    status = 503;
    await report(page, store);
    await track(page, 1, 2, 3);
    await until("a failed request", () => page.evaluate(() => globalThis.reporter.counts().queued === 3));
    await page.waitForTimeout(300);
    await page.reload();
    status = 204;
    await report(page, store);
    await until("what waited", () => numbers().length === 3);
    assert.deepEqual(numbers(), [1, 2, 3]);
    await until("the end", () => page.evaluate(() => globalThis.reporter.counts().queued === 0));
    const { recovered, acked } = await page.evaluate(() => globalThis.reporter.counts());
    assert.deepEqual([recovered, acked], [3, 3]);
    await context.close();
  });
}

test("a tab takes nothing from a tab that lives, and everything from one that is closed", async () => {
  const context = await browser.newContext();
  status = 503;
  const [first, second] = [await context.newPage(), await context.newPage()];
  for (const page of [first, second]) {
    await page.goto(url);
    await report(page);
  }
  await track(first, 1, 2);
  await track(second, 3);
  const third = await context.newPage();
  await third.goto(url);
  await report(third);
  await third.waitForTimeout(500);
  assert.equal(await third.evaluate(() => globalThis.reporter.counts().recovered), 0);
  await first.close();
  const fourth = await context.newPage();
  await fourth.goto(url);
  await report(fourth);
  await until("what the closed tab left", () =>
    fourth.evaluate(() => globalThis.reporter.counts().recovered === 2),
  );
  status = 204;
  await until("all of it", () => numbers().length === 3);
  assert.deepEqual(numbers(), [1, 2, 3]);
  await context.close();
});

test("a page that goes sends what it has at once", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await report(page);
  await track(page, 0);
  await until("the first", () => numbers().length === 1);
  await track(page, 1, 2);
  // Within the second that records wait for company.
  await page.goto("about:blank");
  await until("what it had", () => numbers().length === 3);
  await context.close();
});

test("a page from the back-forward cache goes on, and gives up what another has taken over", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() =>
    addEventListener("pageshow", (event) => (globalThis.isBack = event.persisted)),
  );
  await page.goto(url);
  status = 503;
  await report(page);
  await track(page, 1, 2);
  await until("the storage", () => page.evaluate(() => globalThis.reporter.counts().queued === 2));
  await page.goto(`${url}other`);
  await report(page);
  await until("what the other took", () => page.evaluate(() => globalThis.reporter.counts().recovered === 2));
  status = 204;
  await until("all of it", () => page.evaluate(() => globalThis.reporter.counts().queued === 0));
  await page.goBack({ waitUntil: "commit" });
  await page.waitForFunction(() => globalThis.isBack === true);
  await until("the end", () => page.evaluate(() => globalThis.reporter.counts().queued === 0));
  assert.deepEqual(numbers(), [1, 2]);
  const counts = await page.evaluate(() => globalThis.reporter.counts());
  assert.equal(counts.tracked + counts.recovered, counts.acked + counts.moved);
  await track(page, 3);
  await until("what came after", () => numbers().length === 3);
  assert.ok([...received.values()].every(({ times }) => times === 1));
  await context.close();
});
