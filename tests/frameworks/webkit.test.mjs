// The same in WebKit, the engine of every browser and every WeChat on iOS: the elements, the demonstration's page, codes
// that a reader reads from the screen, the back-forward cache, and the engine's digests.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { commandsFor } from "../determinism/generate.mjs";
import { CAMPAIGN, project, readQr, ROOT, startServer } from "./support.mjs";
import { startScreen, startWebKit } from "./webkit.mjs";

const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50(0x18003231) NetType/WIFI Language/zh_CN";

/** Before every other script of the example: what goes wrong, and whether the page was brought back. */
const WATCH = `<head><script>
  globalThis.problems = [];
  globalThis.born = Math.random();
  for (const kind of ["error", "unhandledrejection"])
    addEventListener(kind, (event) => problems.push(String(event.message ?? event.reason)));
  for (const level of ["error", "warn"]) console[level] = (...words) => problems.push(words.join(" "));
  addEventListener("pageshow", ({ persisted }) => (globalThis.persisted = persisted));
</script>`;

let screen;
let server;
const running = [];

/** A person with a WebKit of their own. */
async function person(options) {
  const browser = await startWebKit(screen, options);
  running.push(browser);
  return browser;
}

before(async () => {
  screen = await startScreen();
  const page = readFileSync(join(ROOT, "examples/html/index.html"), "utf8").replace("<head>", WATCH);
  const away = '<!doctype html><link rel="icon" href="data:,"><p>Away</p>';
  const www = project("webkit", { example: "html", files: { "index.html": page, "away.html": away } });
  server = await startServer({ campaigns: [CAMPAIGN], www });
});

after(async () => {
  for (const browser of running) await browser.stop();
  await server?.stop();
  screen?.stop();
});

/** In the page: how many have helped. */
const have = (wanted) =>
  document.querySelector("kf-loop").shadowRoot.querySelector("[part=have]").textContent === wanted;

/** In the page: the address of the picture on the sheet, once it is drawn. */
async function picture(isCode) {
  const image = document.querySelector(`kf-share > img${isCode ? "[data-code]" : ":not([data-code])"}`);
  await image?.decode();
  // And painted.
  await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted, 100)));
  return image?.src;
}

test("three friends help inside WeChat on a phone: poster and code are pictures, and a reader reads both", async () => {
  const ann = await person({ userAgent: IPHONE });
  await ann.goto(server.url);
  await ann.press("立即发起");
  await ann.until(have, "0");
  await ann.press("分享给好友");
  assert.match(await ann.until(picture, false), /^blob:/);
  const link = readQr(await ann.screenshot());
  await ann.press("二维码");
  assert.match(await ann.until(picture, true), /^blob:/);
  const plain = readQr(await ann.screenshot());
  for (const read of [link, plain]) assert.match(read, new RegExp(`^${server.url}/r/[0-9A-Za-z]{29}$`));
  await ann.press("发送给微信好友");
  const guided = await ann.run(
    () => document.querySelector("kf-share").shadowRoot.querySelector("[part=guide]").hidden,
  );
  assert.equal(guided, false);
  assert.match(await ann.run(() => location.search), /kf=[0-9A-Za-z]{29}/);
  await ann.run(() => document.querySelector("kf-share").hide());

  for (const [number, address] of [link, plain, await ann.run(() => location.href)].entries()) {
    const friend = await person();
    await friend.goto(address);
    await friend.press("帮好友助力");
    await friend.until(have, String(number + 1));
    await ann.until(have, String(number + 1));
    assert.deepEqual(await friend.run(() => globalThis.problems), []);
    await friend.stop();
  }
  assert.deepEqual(await ann.run(() => globalThis.problems), []);
  await server.audit("three-friends");
});

test("a page comes back from WebKit's cache, up to date", async () => {
  const ann = await person();
  await ann.goto(server.url);
  await ann.press("立即发起");
  await ann.until(have, "0");
  const { born, loop } = await ann.run(() => ({
    born: globalThis.born,
    loop: document.querySelector("kf-loop").shown,
  }));
  await ann.goto(`${server.url}/away.html`);
  await server.tell("three-friends", [{ id: "away", do: "help", by: "bo", loop }]);
  await ann.back();
  await ann.until(have, "1");
  assert.deepEqual(await ann.run(() => [globalThis.born, globalThis.persisted]), [born, true]);
  await server.tell("three-friends", [{ id: "back", do: "help", by: "cy", loop }]);
  await ann.until(have, "2");
});

test("the engine answers with the same bytes as in Node", async () => {
  const { Engine } = await import(pathToFileURL(join(ROOT, "pkg/dist/node.js")).href);
  const visitor = await person();
  await visitor.goto(server.url);
  for (const name of ["ten-friends", "mask-for-two", "bring-a-friend"]) {
    const document = readFileSync(join(ROOT, "examples/campaigns", `${name}.json`), "utf8");
    const commands = commandsFor(name);
    const engine = await Engine.load(document);
    const wanted = { answers: engine.submitBatch(commands), digest: engine.digest() };
    const found = await visitor.run(
      async (document, commands) => {
        const engine = await globalThis.kfactor.Engine.load(document);
        return { answers: engine.submitBatch(commands), digest: engine.digest() };
      },
      document,
      commands,
    );
    assert.deepEqual(found, wanted, name);
  }
});

test("the demonstration's page plays a bargain, and its code is read from the screen", async () => {
  const demo = await startServer();
  try {
    const ann = await person();
    await ann.goto(`${demo.url}/?campaign=twenty-cuts`);
    await ann.press("Start a bargain");
    await ann.press("Share with friends");
    await ann.until(() => document.querySelector("[data-qr]")?.naturalWidth > 0);
    await new Promise((opened) => setTimeout(opened, 600));
    assert.equal(
      readQr(await ann.screenshot()),
      await ann.run(() => document.querySelector("[data-url]").textContent),
    );
  } finally {
    await demo.stop();
  }
});

test("the example in Vue plays as Vite built it, and its poster is read from the screen", async () => {
  const folder = project("webkit-vue", { example: "vite-vue" });
  const words = [join(ROOT, "node_modules/vite/bin/vite.js"), "build", "--logLevel=warn"];
  execFileSync(process.execPath, words, { cwd: folder, stdio: "inherit" });
  const site = await startServer({ campaigns: [CAMPAIGN], www: join(folder, "dist") });
  try {
    const ann = await person();
    await ann.goto(site.url);
    await ann.press("Start");
    await ann.press("Share");
    await ann.until(async () => {
      const image = document.querySelector("figure img");
      await image?.decode();
      image?.scrollIntoView({ block: "center" });
      await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted, 100)));
      return image?.complete;
    });
    const friend = await person();
    await friend.goto(readQr(await ann.screenshot()));
    await friend.press("Help");
    for (const each of [ann, friend])
      await each.until(() => document.querySelector(".count b").textContent === "1");
  } finally {
    await site.stop();
  }
});
