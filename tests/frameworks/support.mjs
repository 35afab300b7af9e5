// What the tests of this folder need: the examples as their readers would have them, with the packed tarball installed,
// and people who play them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { person, ROOT } from "../browser/support.mjs";

export { EXAMPLES, person, readQr, ROOT, SOON, startBrowser, startServer } from "../browser/support.mjs";

/** The campaign of the examples. */
export const CAMPAIGN = join(ROOT, "examples/three-friends.json");

/** The folder in whose `node_modules` the frameworks and runtimes are that the repository does not need otherwise. */
export const TOOLS = needed("KFACTOR_FRAMEWORKS");

/** A copy of an example, or a new folder with files, with the packed tarball installed; gives the folder. */
export function project(name, { example, files = {} } = {}) {
  // Below the tools and the repository, so that frameworks are found; the package lies in the project, where npm puts it.
  const folder = join(TOOLS, "projects", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "node_modules/kfactor"), { recursive: true });
  if (example !== undefined) cpSync(join(ROOT, "examples", example), folder, { recursive: true });
  const unpack = ["-xzf", needed("KFACTOR_TARBALL"), "--strip-components=1", "-C"];
  execFileSync("tar", [...unpack, join(folder, "node_modules/kfactor")]);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** A port that nobody uses at the moment, for a server that has to know it beforehand. */
export async function freePort() {
  const probe = createServer();
  await new Promise((listening) => probe.listen(0, "127.0.0.1", listening));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}

/** Waits until a server answers. */
export async function answers(url) {
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await fetch(url).catch(() => null)) !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`nobody answers at ${url}`);
}

/**
 * One opens a loop of the examples' campaign and shares it, three friends come by the link and help, and everybody sees
 * it happen. `link` shares on the page of the first and gives the link. No page may have a problem of its own.
 */
export async function playThreeFriends(browser, url, { link, words = { start: "Start", help: "Help" } }) {
  const ann = await person(browser);
  await ann.page.goto(url);
  await press(ann.page, words.start);
  const shared = await link(ann.page);
  const friends = [];
  for (let number = 1; number <= 3; number++) {
    const friend = await person(browser);
    friends.push(friend);
    await friend.page.goto(shared);
    await shows(friend.page, number - 1);
    await press(friend.page, words.help);
    await shows(friend.page, number);
    // Live, without a click of hers.
    await shows(ann.page, number);
  }
  for (const { problems } of [ann, ...friends]) assert.deepEqual(problems, []);
  return { ann, friends, shared };
}

/** Waits until a page shows how many have helped. */
export async function shows(page, have) {
  await page.locator("b, [part=have]").getByText(String(have), { exact: true }).first().waitFor();
}

/** Presses the button with these words. */
export async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).click();
}

/** A setting that `cargo xtask test frameworks` gives. */
export function needed(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is missing: run \`cargo xtask test frameworks\``);
  return value;
}
