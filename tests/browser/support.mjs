// What every browser test needs: a server of its own, isolated people, and an independent reader of QR codes.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/** The top of the repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The campaigns of the examples. */
export const EXAMPLES = join(ROOT, "examples/campaigns");

/** How long a test waits for something that has to appear by itself. */
export const SOON = 10_000;

const SECRET_KEY = "sk_browser_tests_0123456789";
const PUBLISHABLE_KEY = "pk_browser_tests_0123456789";

/**
 * Starts the built server on a free port of this machine, with the demonstration and the built pages.
 * `campaigns` are files or folders; `documents` are further campaigns as objects; `www` are other pages, and
 * `publicUrl` is where the world reaches them.
 */
export async function startServer({
  campaigns = [EXAMPLES],
  documents = [],
  www = join(ROOT, "www/dist"),
  publicUrl,
} = {}) {
  const binary = serverBinary();
  assert.ok(existsSync(join(www, "index.html")), `${www} is missing: run \`cargo xtask demo --build-only\``);
  const folder = mkdtempSync(join(tmpdir(), "kfactor-browser-"));
  const files = documents.map((document) => {
    const file = join(folder, `${document.id}.json`);
    writeFileSync(file, JSON.stringify(document));
    return file;
  });
  const words = ["--demo", "--listen", "127.0.0.1:0", "--www", www, "--data", join(folder, "data")];
  if (publicUrl !== undefined) words.push("--public-url", publicUrl);
  const env = { ...process.env, KFACTOR_SECRET_KEY: SECRET_KEY, KFACTOR_PUBLISHABLE_KEY: PUBLISHABLE_KEY };
  const server = spawn(binary, [...words, "--campaigns", ...campaigns, ...files], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await address(server);
  const ask = async (path, body) => {
    const headers = { Authorization: `Bearer ${SECRET_KEY}`, "Content-Type": "application/json" };
    const request =
      body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
    return (await fetch(url + path, request)).json();
  };
  return {
    url,
    key: SECRET_KEY,
    ask,
    /** Sends commands as the site's backend may, and fails unless all are accepted. */
    async tell(campaign, commands) {
      const answers = await ask(`/v1/campaigns/${campaign}/commands`, commands);
      for (const answer of answers) assert.equal(answer.ok, true, JSON.stringify(answer));
    },
    /** Re-decides a campaign's whole log and fails unless every answer and the state are the same. */
    async audit(campaign) {
      const audit = await ask(`/v1/campaigns/${campaign}/audit`);
      assert.equal(audit.ok, true, `the log of ${campaign} does not re-audit: ${JSON.stringify(audit)}`);
      assert.equal(audit.different, 0);
      assert.equal(audit.digest, audit.replayed);
      return audit;
    },
    async stop() {
      const ended = new Promise((done) => server.once("exit", done));
      server.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts Chromium, which says nothing to anybody but the test's server. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A person with a phone and a storage of their own. `problems` collects what went wrong in their page. */
export async function person(
  browser,
  { locale = "en-US", viewport = { width: 390, height: 844 }, scale = 2 } = {},
) {
  const context = await browser.newContext({
    locale,
    viewport,
    deviceScaleFactor: scale,
    timezoneId: "Asia/Shanghai",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(SOON);
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  return { context, page, problems };
}

/** The link that a participant shares for the loop on their screen. */
export async function shareLink(page) {
  await page.locator("[data-main=share], [data-share-on]").first().click();
  const link = await page.locator("[data-url]").textContent();
  await page.locator(".van-popup__close-icon:visible").click();
  return link;
}

/** Pays what the sheet asks for, which says that it is a demonstration. */
export async function confirmPayment(page, amount) {
  await page.locator("[data-demo-payment]").getByText("DEMO PAYMENT - no money moves").waitFor();
  await page.locator("[data-pay-now]").getByText(`Pay ${amount} (demo)`).click();
  await page.locator("[data-pay-now]").waitFor({ state: "hidden" });
}

/** Reads the one QR code in a screenshot with zbar, a decoder that shares nothing with this project. */
export function readQr(screenshot) {
  const folder = mkdtempSync(join(tmpdir(), "kfactor-qr-"));
  const file = join(folder, "screen.png");
  writeFileSync(file, screenshot);
  try {
    return execFileSync("zbarimg", ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file], {
      encoding: "utf8",
    }).trim();
  } catch (reason) {
    if (reason.code === "ENOENT") throw new Error("zbarimg is missing: install the package zbar-tools");
    throw new Error(`zbar found no QR code in the screenshot (exit code ${reason.status})`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function serverBinary() {
  const target = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target");
  const binary = process.env.KFACTOR_SERVER ?? join(target, "release/kfactor-server");
  assert.ok(existsSync(binary), `${binary} is missing: run \`cargo xtask demo --build-only\``);
  return binary;
}

/** Resolves with the address the server says it listens on. */
function address(server) {
  return new Promise((found, failed) => {
    let said = "";
    server.once("exit", (code) => failed(new Error(`the server ended with ${code} before it listened`)));
    server.stdout.on("data", (bytes) => {
      said += bytes;
      const [, url] = /listening on (\S+)\n/.exec(said) ?? [];
      if (url !== undefined) found(url);
    });
  });
}
