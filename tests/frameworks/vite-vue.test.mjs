// The example in Vue: built by Vite, played against the server in Chromium, and rendered on a server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  CAMPAIGN,
  playThreeFriends,
  press,
  project,
  readQr,
  ROOT,
  startBrowser,
  startServer,
} from "./support.mjs";

let server;
let browser;
let folder;

before(async () => {
  folder = project("vite-vue", { example: "vite-vue" });
  execFileSync(process.execPath, [join(ROOT, "node_modules/vite/bin/vite.js"), "build", "--logLevel=warn"], {
    cwd: folder,
    stdio: "inherit",
  });
  server = await startServer({ campaigns: [CAMPAIGN], www: join(folder, "dist") });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the built page has one WebAssembly, fetched", () => {
  const built = readdirSync(join(folder, "dist/assets"));
  assert.equal(built.filter((name) => name.endsWith(".wasm")).length, 1, built.join());
});

test("three friends help by the code on a poster, and everybody sees it live", async () => {
  const link = async (page) => {
    await press(page, "Share");
    const image = page.locator("figure img");
    await image.waitFor();
    await image.evaluate((element) => element.decode());
    await image.scrollIntoViewIfNeeded();
    assert.match(await image.getAttribute("src"), /^blob:/);
    return readQr(await page.screenshot());
  };
  const { ann } = await playThreeFriends(browser, server.url, { link });
  await ann.page.getByText("reserved").waitFor();
  await server.audit("three-friends");
});
