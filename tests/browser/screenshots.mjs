// Writes the pictures of the documentation, taken from the real page: node tests/browser/screenshots.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toPalette } from "./palette.mjs";
import { person, ROOT, startBrowser, startServer } from "./support.mjs";

const FOLDER = join(ROOT, "docs/images");
const MOST_BYTES = 200_000;
const FRIENDS = [
  "maple-9k2c",
  "juniper-4hs7",
  "river-8tq2",
  "poppy-6dvm",
  "olive-3xkz",
  "robin-7pwa",
  "indigo-5rce",
];
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1240, height: 860 };

mkdirSync(FOLDER, { recursive: true });
const server = await startServer();
const browser = await startBrowser();
try {
  await tellTheStories();
  await picture("campaigns", "");
  await picture("assist", "?campaign=ten-friends&loop=ten&as=ann-8m4t");
  await picture("assist-zh", "?campaign=ten-friends&loop=ten&as=ann-8m4t", { locale: "zh-CN" });
  await picture("help", await link("ten-friends", "ann-8m4t", "ten"));
  await picture("invite", "?campaign=bring-a-friend&loop=both&as=ann-8m4t");
  await picture("group-buy", await link("mask-for-two", "juniper-4hs7", "two"));
  await picture("share", "?campaign=ten-friends&loop=ten&as=ann-8m4t", { act: share });
  await posters();
  await picture("payment", "?campaign=mask-for-two&loop=three&as=ann-8m4t", { act: pay });
  await picture("panel", "?campaign=ten-friends&loop=ten&as=ann-8m4t", { viewport: DESK, scale: 1.5 });
  await picture("panel-zh", "?campaign=ten-friends&loop=ten&as=ann-8m4t", {
    viewport: DESK,
    scale: 1.5,
    locale: "zh-CN",
  });
} finally {
  await browser.close();
  await server.stop();
}

/** Everything that happened before the pictures were taken. */
async function tellTheStories() {
  const event = (by, name, order, amount) => ({ do: "event", by, name, order, amount });
  const numbered = (commands) => commands.map((command, number) => ({ id: `story-${number}`, ...command }));
  await server.tell(
    "ten-friends",
    numbered([
      event("ann-8m4t", "ticket-bought", "T-20417", 4500),
      { do: "open", by: "ann-8m4t", play: "ten-friends", loop: "ten" },
      ...FRIENDS.map((by) => ({ do: "help", by, loop: "ten" })),
    ]),
  );
  await server.tell(
    "bring-a-friend",
    numbered([
      { do: "open", by: "ann-8m4t", play: "friends", loop: "both" },
      ...FRIENDS.slice(0, 4).map((by) => ({ do: "join", by, loop: "both" })),
      ...FRIENDS.slice(0, 3).map((by, number) => event(by, "first-order", `F-${number}`, 2600)),
    ]),
  );
  await server.tell(
    "mask-for-two",
    numbered([
      { do: "open", by: "juniper-4hs7", play: "mask", loop: "two" },
      { do: "pay", by: "juniper-4hs7", loop: "two", order: "M-1", amount: 4990 },
      { do: "open", by: "ann-8m4t", play: "mask", loop: "three" },
    ]),
  );
}

/** The address to which a participant's share link leads. */
async function link(campaign, by, loop) {
  const { url } = await server.ask(`/v1/campaigns/${campaign}/share`, { id: `share-${by}`, by, loop });
  return url.replace(`${server.url}/`, "");
}

async function picture(name, address, { locale, viewport = PHONE, scale = 2, act } = {}) {
  const { context, page } = await person(browser, { locale, viewport, scale });
  await page.goto(`${server.url}/${address}`);
  await page
    .locator(address === "" ? "[data-campaign]" : "[data-main]")
    .first()
    .waitFor();
  await act?.(page);
  await page.waitForTimeout(900);
  const png = toPalette(await page.screenshot());
  await context.close();
  writeFileSync(join(FOLDER, `${name}.png`), png);
  console.log(`docs/images/${name}.png  ${(png.length / 1000).toFixed(0)} kB`);
  if (png.length > MOST_BYTES) throw new Error(`docs/images/${name}.png is larger than ${MOST_BYTES} bytes`);
}

/** The posters of the examples, as the server draws them, beside each other. */
async function posters() {
  const wanted = [
    ["ten-friends", "invite", "friend"],
    ["mask-for-two", "together"],
    ["follow-and-unlock", "unlock"],
    ["bring-a-friend", "letter"],
    ["your-post-for-tea", "counter"],
  ];
  const values = { nickname: "小七", missing: "3", reward: "一份好礼" };
  const images = [];
  for (const [campaign, poster, variant] of wanted) {
    const body = JSON.stringify({ id: `poster-${poster}`, by: "ann-8m4t", poster, variant, values });
    const headers = { Authorization: `Bearer ${server.key}`, "Content-Type": "application/json" };
    const path = `${server.url}/v1/campaigns/${campaign}/poster`;
    const answer = await fetch(path, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(`${campaign}: ${await answer.text()}`);
    const base64 = Buffer.from(await answer.arrayBuffer()).toString("base64");
    images.push(`<img height="520" src="data:image/jpeg;base64,${base64}">`);
  }
  const { context, page } = await person(browser, { viewport: { width: 1640, height: 560 }, scale: 1 });
  await page.setContent(
    `<body style="margin:20px;display:flex;gap:16px;background:#fff">${images.join("")}</body>`,
  );
  await page.waitForFunction(() => Array.from(document.images).every((image) => image.complete));
  // Gradients of five posters need more colours than a palette has.
  const jpeg = await page.screenshot({ type: "jpeg", quality: 82 });
  await context.close();
  writeFileSync(join(FOLDER, "posters.jpg"), jpeg);
  console.log(`docs/images/posters.jpg  ${(jpeg.length / 1000).toFixed(0)} kB`);
}

async function share(page) {
  await page.locator("[data-main=share]").click();
  await page.locator("[data-poster]").waitFor();
}

async function pay(page) {
  await page.locator("[data-main=pay]").click();
  await page.locator("[data-pay-now]").waitFor();
}
