// A page without a framework: the three elements in Chromium, as a visitor of a shop and inside WeChat.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  CAMPAIGN,
  EXAMPLES,
  person,
  playThreeFriends,
  press,
  project,
  readQr,
  shows,
  startBrowser,
  startServer,
} from "./support.mjs";

const WECHAT = {
  ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50(0x18003231) NetType/WIFI Language/zh_CN",
  android:
    "Mozilla/5.0 (Linux; Android 13; V2238A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240404 MicroMessenger/8.0.49.2600(0x28003133) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64",
};
const WORDS = { start: "立即发起", help: "帮好友助力" };

let server;
let browser;
let folder;

before(async () => {
  folder = project("html", { example: "html" });
  server = await startServer({ campaigns: [CAMPAIGN], www: folder });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Shares with the sheet, and gives its link; the sheet is closed again. */
async function link(page) {
  await press(page, "分享给好友");
  const url = page.locator("kf-share [part=url]");
  await url.getByText("/r/").waitFor();
  const text = await url.textContent();
  await press(page, "关闭");
  return text;
}

test("three friends help by the shared link; the fourth is told in words", async () => {
  const { ann, shared } = await playThreeFriends(browser, server.url, { link, words: WORDS });
  await ann.page.getByText("已完成！").waitFor();
  await ann.page.locator("[part~=reward][data-status=granted]").getByText("已到手").waitFor();
  const fourth = await person(browser, { locale: "zh-CN" });
  await fourth.page.goto(shared);
  await fourth.page.locator("[part=reason]:not([hidden])").waitFor();
  assert.equal(await fourth.page.getByRole("button", { name: WORDS.help }).isDisabled(), true);
  await server.audit("three-friends");
});

test("poster and code are pictures of the page itself, one at a time, and a reader reads either from the screen", async () => {
  const { page } = await person(browser);
  await page.goto(server.url);
  await press(page, WORDS.start);
  await press(page, "分享给好友");
  const image = page.locator("kf-share > img[slot=picture]");
  for (const [tab, isCode] of [
    ["海报", false],
    ["二维码", true],
  ]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.locator(isCode ? "img[data-code]" : "img:not([data-code])").waitFor();
    assert.equal(await image.count(), 1);
    assert.match(await image.getAttribute("src"), /^blob:/);
    const box = await placeOf(image);
    assert.ok(
      box.y >= 0 && box.y + box.height <= 844 && box.x >= 0 && box.x + box.width <= 390,
      "all of it is on screen",
    );
    const read = readQr(await page.screenshot());
    assert.match(read, /\/r\/[0-9A-Za-z]{29}$/);
    // The poster is a touchpoint of its own, so its link is another one.
    if (isCode) assert.equal(read, await page.locator("kf-share [part=url]").textContent());
    assert.ok((await image.getAttribute("alt")).endsWith(read) || !isCode);
  }
});

/** Where a picture is, once it is drawn. */
async function placeOf(image) {
  for (let attempt = 0; attempt < 40; attempt++) {
    await image.evaluate((element) => element.decode());
    const box = await image.boundingBox();
    if (box !== null) return box;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("the picture has no place");
}

test("a poster of its own stands in the page, and says what to do with it", async () => {
  const { page, problems } = await person(browser);
  await page.goto(server.url);
  await press(page, WORDS.start);
  await page.locator("[part=have]").waitFor();
  await page.evaluate(() => {
    const poster = Object.assign(document.createElement("kf-poster"), { id: "mine" });
    poster.setAttribute("nickname", "Ann");
    document.querySelector("main").append(poster);
  });
  await page.locator("kf-poster > img").waitFor();
  await page.locator("kf-poster").getByText("长按图片保存或转发").waitFor();
  await page.locator("kf-poster > img").scrollIntoViewIfNeeded();
  assert.match(readQr(await page.screenshot()), /\/r\//);
  await page.evaluate(() => document.querySelector("#mine").setAttribute("name", "absent"));
  await page.locator("kf-poster").getByText("活动中没有海报").waitFor();
  assert.deepEqual(problems, []);
});

test("by keyboard alone: focus stays in the sheet, Escape closes it and gives the focus back", async () => {
  const { page } = await person(browser);
  await page.goto(server.url);
  await page.getByRole("button", { name: WORDS.start }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "分享给好友" }).waitFor();
  // The button that was pressed went; its place has the focus.
  assert.equal(await focused(page), "share");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "分享给好友" }).waitFor();
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.localName), "kf-share");
  }
  await page.getByRole("tab", { name: "海报" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("tab", { name: "二维码", selected: true }).waitFor();
  await page.locator("kf-share > img[data-code]").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal(await focused(page), "share");
  const bar = page.getByRole("progressbar");
  assert.equal(await bar.getAttribute("aria-valuenow"), "0");
  assert.equal(await bar.getAttribute("aria-valuemax"), "3");
});

const focused = (page) =>
  page.evaluate(() => document.querySelector("kf-loop").shadowRoot.activeElement?.dataset.act);

for (const [phone, userAgent] of Object.entries(WECHAT)) {
  test(`inside WeChat on ${phone}, the sheet points at the menu, and the menu would send the tracked address`, async () => {
    const context = await browser.newContext({
      userAgent,
      locale: "zh-CN",
      viewport: { width: 390, height: 760 },
    });
    const page = await context.newPage();
    await page.goto(server.url);
    await press(page, WORDS.start);
    await press(page, "分享给好友");
    await page.locator("kf-share > img").waitFor();
    await press(page, "发送给微信好友");
    await page.getByText("点击右上角 ···，选择「发送给朋友」").waitFor();
    const address = new URL(page.url());
    assert.match(address.searchParams.get("kf"), /^[0-9A-Za-z]{29}$/);
    assert.ok(address.searchParams.get("loop"));
    const friend = await person(browser);
    await friend.page.goto(page.url());
    await press(friend.page, WORDS.help);
    await shows(friend.page, 1);
    await server.audit("three-friends");
    // Her own page, opened again by that address, counts nobody twice and is still hers.
    await page.reload();
    await shows(page, 1);
    await page.getByRole("button", { name: "分享给好友" }).waitFor();
    await context.close();
  });
}

test("it waits for a participant, says what is wrong, and tries again", async () => {
  const { page } = await person(browser, { locale: "en-US" });
  await page.route("**/demo/identity**", (route) => route.abort());
  await page.goto(server.url);
  await page.locator("kf-loop").getByText("请稍候……").waitFor();
  await page.evaluate(async () => {
    const loop = document.querySelector("kf-loop");
    loop.lang = "en";
    loop.setAttribute("campaign", "absent");
    loop.setAttribute("participant", "ann");
  });
  await page
    .locator("kf-loop")
    .getByText(/could not be loaded from .*absent \(40[0-9]\)/)
    .waitFor();
  await page.evaluate(async () => {
    const loop = document.querySelector("kf-loop");
    loop.campaign = {
      id: "x",
      title: "X",
      runs: { from: "2026-01-01", until: "2026-01-02" },
      plays: { p: 7 },
    };
    loop.backend = kfactor.local();
  });
  await page.locator("kf-loop [part=notice]:not([hidden])").waitFor();
  await page.getByRole("button", { name: "Try again" }).waitFor();
  await page.evaluate(() => {
    const plays = { p: { mechanic: "assist", title: "Two help", helpers: 2, within: "24h" } };
    const campaign = { id: "x", title: "X", runs: { from: "2026-01-01", until: "2036-01-01" }, plays };
    Object.assign(document.querySelector("kf-loop"), { campaign, backend: kfactor.local() });
  });
  await press(page, "Start");
  await shows(page, 0);
});

test("a loop of createLoop is shown as any other, and payments are the site's", async () => {
  const { page, problems } = await person(browser, { locale: "en-US" });
  await page.route("**/demo/identity**", (route) => route.abort());
  await page.goto(server.url);
  await page.evaluate(() => {
    const campaign = {
      id: "tea",
      title: "Tea",
      currency: "CNY",
      runs: { from: "2026-01-01", until: "2036-01-01" },
      plays: {
        tea: {
          mechanic: "group-buy",
          title: "Tea for two",
          size: 2,
          price: "9.90",
          alone: "12.00",
          within: "24h",
        },
      },
    };
    const element = document.querySelector("kf-loop");
    element.lang = "en";
    element.addEventListener("kf-pay", ({ detail }) => (globalThis.asked = detail));
    element.loop = kfactor.createLoop({
      campaign,
      participant: { id: "ann" },
      backend: kfactor.local(),
      lang: "en",
    });
  });
  await page.getByRole("heading", { name: "Tea for two" }).waitFor();
  await press(page, "Start");
  await press(page, "Pay ¥9.90");
  assert.equal((await page.evaluate(() => globalThis.asked)).amount, 990);
  assert.deepEqual(
    problems.filter((text) => !/ERR_FAILED|Failed to fetch/.test(text)),
    [],
  );
});

test("two loops on a page each have a sheet of their own, and a friend starts one of theirs", async () => {
  const { page } = await person(browser);
  await page.goto(server.url);
  await press(page, WORDS.start);
  const shared = await link(page);
  const friend = await person(browser);
  await friend.page.goto(shared);
  await press(friend.page, WORDS.help);
  await press(friend.page, "我也要发起");
  await shows(friend.page, 0);
  assert.notEqual(await link(friend.page), shared);
  assert.deepEqual(friend.problems, []);

  await page.evaluate(() => {
    const element = document.createElement("kf-loop");
    const plays = { p: { mechanic: "assist", title: "Another", helpers: 2, within: "24h" } };
    element.campaign = { id: "x", title: "X", runs: { from: "2026-01-01", until: "2036-01-01" }, plays };
    element.backend = kfactor.local({ page: "https://example.com/other" });
    element.setAttribute("participant", "ann");
    element.id = "other";
    document.querySelector("main").append(element);
  });
  const other = page.locator("#other");
  await other.getByRole("button", { name: WORDS.start }).click();
  await other.getByRole("button", { name: "分享给好友" }).click();
  await other.locator("kf-share [part=url]").getByText("https://example.com/other").waitFor();
  await other.locator("kf-share > img[data-code]").waitFor();
  assert.match(readQr(await page.screenshot()), /^https:\/\/example\.com\/other/);
});

test("what was said before the elements were defined counts, and who logs out sees nothing of before", async () => {
  const { page, problems } = await person(browser, { locale: "en-US" });
  await page.route("**/*.global.js", (route) => route.abort());
  await page.route("**/demo/identity**", (route) => route.fulfill({ json: {} }));
  await page.goto(server.url);
  await page.evaluate(() => {
    const plays = { p: { mechanic: "assist", title: "Two help", helpers: 2, within: "24h" } };
    const campaign = { id: "x", title: "X", runs: { from: "2026-01-01", until: "2036-01-01" }, plays };
    Object.assign(document.querySelector("kf-loop"), { campaign, lang: "en" });
  });
  await page.unroute("**/*.global.js");
  await page.addScriptTag({ url: "/node_modules/kfactor/dist/kfactor.elements.global.js" });
  await page.evaluate(() => {
    document.querySelector("kf-loop").setAttribute("participant", "ann");
    document.querySelector("kf-loop").backend = globalThis.kfactor.local();
  });
  await press(page, "Start");
  await shows(page, 0);
  await page.evaluate(() => document.querySelector("kf-loop").removeAttribute("participant"));
  await page.getByText("One moment …").waitFor();
  assert.equal(await page.locator("kf-loop button").count(), 0);
  assert.equal(await page.locator("kf-loop [part=have]").isVisible(), false);
  assert.deepEqual(
    problems.filter((text) => !/ERR_FAILED|401/.test(text)),
    [],
  );
});

test("as a module without a bundler, by an import map", async () => {
  const html = `<!doctype html><html lang="en"><link rel="icon" href="data:,">
    <script type="importmap">{ "imports": { "kfactor": "./node_modules/kfactor/dist/browser.js" } }</script>
    <script type="module" src="./node_modules/kfactor/dist/element.js"></script>
    <kf-loop campaign="three-friends.json" backend="local" participant="ann"></kf-loop>`;
  const files = { "index.html": html, "three-friends.json": readFileSync(CAMPAIGN, "utf8") };
  const modules = await startServer({ campaigns: [CAMPAIGN], www: project("modules", { files }) });
  try {
    const { page, problems } = await person(browser);
    await page.goto(modules.url);
    await press(page, "Start");
    await shows(page, 0);
    assert.deepEqual(problems, []);
  } finally {
    await modules.stop();
  }
});

test("every example campaign shows, and no button asks for what cannot be", async () => {
  // What the campaigns themselves ask for first.
  const refusals = new Set(["EVENT_REQUIRED", "NOT_DISTRIBUTOR", "NOT_ELIGIBLE"]);
  const { page, problems } = await person(browser, { locale: "en-US" });
  await page.route("**/demo/identity**", (route) => route.fulfill({ json: {} }));
  await page.goto(server.url);
  for (const name of readdirSync(EXAMPLES).filter((name) => name.endsWith(".json"))) {
    const campaign = JSON.parse(readFileSync(join(EXAMPLES, name), "utf8"));
    for (const play of Object.keys(campaign.plays)) {
      await page.evaluate(showPlay, [campaign, play]);
      await page.locator("kf-loop [part=card][aria-busy=false]").waitFor();
      const title = await page.locator("kf-loop h2").textContent();
      assert.ok(title !== "" && campaign.plays[play].title.startsWith(title), `${name}: ${title}`);
      const first = page.locator("kf-loop button:not(:disabled)").first();
      const act = (await first.count()) === 0 ? "none" : await first.getAttribute("data-act");
      if (act === "none" || act === "pay") continue;
      const answered = page.evaluate(nextAnswer);
      await first.click();
      const code = await answered;
      assert.ok(code === "ok" || refusals.has(code), `${name}, ${play}: ${act} was answered ${code}`);
    }
  }
  assert.deepEqual(
    problems.filter((text) => !text.includes("401")),
    [],
  );
});

/** In the page: puts a play in the place of the one before, decided in the page. */
function showPlay([campaign, play]) {
  document.querySelector("kf-loop")?.remove();
  const backend = globalThis.kfactor.local();
  const element = Object.assign(document.createElement("kf-loop"), { lang: "en", campaign, backend });
  element.setAttribute("participant", "ann");
  element.setAttribute("play", play);
  document.querySelector("main").append(element);
}

/** In the page: what the next press is answered. */
function nextAnswer() {
  return new Promise((done) => {
    addEventListener("kf-answer", ({ detail }) => done(detail.ok ? "ok" : detail.code), { once: true });
  });
}
