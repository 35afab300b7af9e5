// The example in Next.js: rendered by the server, hydrated without a difference, and played in Chromium.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { expected, PLAY } from "../package/projects.mjs";
import {
  answers,
  CAMPAIGN,
  freePort,
  person,
  playThreeFriends,
  press,
  project,
  readQr,
  startBrowser,
  startServer,
  TOOLS,
} from "./support.mjs";

const NEXT = join(TOOLS, "node_modules/next/dist/bin/next");

/** A route that plays a loop in the runtime that Next.js calls edge: no file system, nothing compiled at run time. */
const EDGE = `
import { Engine } from "kfactor";
import { play } from "./play.js";
export const runtime = "edge";
export async function GET() {
  return Response.json(await play(Engine));
}`;

let server;
let browser;
let next;
let url;
let folder;
let env;

before(async () => {
  folder = project("next", {
    example: "next",
    files: { "app/edge/route.js": EDGE, "app/edge/play.js": PLAY },
  });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = await startServer({ campaigns: [CAMPAIGN], publicUrl: url });
  env = { ...process.env, KFACTOR_URL: server.url, NEXT_TELEMETRY_DISABLED: "1" };
  // What it says is in the error, if it fails.
  execFileSync(process.execPath, [NEXT, "build"], { cwd: folder, env, stdio: "pipe" });
  next = await startNext("start", "127.0.0.1", port);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  next?.kill();
  await server?.stop();
});

/** Starts Next.js on a port; it answers when this is over. */
async function startNext(mode, host, port) {
  const words = [NEXT, mode, "--port", String(port), "--hostname", host];
  const started = spawn(process.execPath, words, { cwd: folder, env, stdio: "ignore" });
  await answers(`http://${host}:${port}`);
  return started;
}

/** Shares, and gives the link in the code on the page. */
async function link(page) {
  await press(page, "Share");
  const image = page.locator("figure img");
  await image.waitFor();
  await image.scrollIntoViewIfNeeded();
  const read = readQr(await page.screenshot());
  assert.equal(read, await page.locator("figure a").textContent());
  return read;
}

test("the edge runtime plays a loop", async () => {
  const result = await (await fetch(`${url}/edge`)).json();
  assert.deepEqual(result, expected(result.digest));
});

test("without a script the page shows the campaign and the visitor's progress", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole("heading", { name: /Three friends help/ }).waitFor();
  await page.getByRole("button", { name: "Start" }).waitFor();
  await context.close();
});

test("three friends help, everybody sees it live, and no page has a warning, also not of hydration", async () => {
  const { ann, shared } = await playThreeFriends(browser, url, { link });
  await ann.page.getByText("reserved").waitFor();
  // What the server renders for her now has her progress in it.
  const { cookies } = await ann.context.storageState();
  const { value } = cookies.find(({ name }) => name === "visitor");
  const html = await (await fetch(url, { headers: { Cookie: `visitor=${value}` } })).text();
  assert.match(html, /<b>3<\/b>/);
  assert.match(html, /reserved/);
  assert.ok(shared.startsWith(url));
  await server.audit("three-friends");
});

test("in development, where React mounts twice and tells every difference, there is nothing to tell", async () => {
  const port = await freePort();
  const dev = await startNext("dev", "localhost", port);
  try {
    const { page, problems } = await person(browser);
    page.setDefaultTimeout(30_000);
    await page.addInitScript(() => {
      addEventListener("DOMContentLoaded", () => (globalThis.rendered = document.querySelector("h1")));
    });
    await page.goto(`http://localhost:${port}`);
    await press(page, "Start");
    await page.getByRole("button", { name: "Share" }).waitFor();
    // Node for node the one that the server rendered.
    assert.equal(await page.evaluate(() => globalThis.rendered === document.querySelector("h1")), true);
    assert.deepEqual(problems, []);
  } finally {
    dev.kill();
  }
});
