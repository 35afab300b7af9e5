// Writes the pictures of docs/frameworks.md, taken from the plain example:
// KFACTOR_FRAMEWORKS=target/frameworks KFACTOR_TARBALL=… node tests/frameworks/screenshots.mjs
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toPalette } from "../browser/palette.mjs";
import { CAMPAIGN, person, press, project, ROOT, shows, startBrowser, startServer } from "./support.mjs";

const PHONE = { viewport: { width: 390, height: 760 } };

const server = await startServer({ campaigns: [CAMPAIGN], www: project("pictures", { example: "html" }) });
const browser = await startBrowser();
try {
  const { page } = await person(browser, { ...PHONE, locale: "zh-CN" });
  await page.goto(server.url);
  await press(page, "立即发起");
  await shows(page, 0);
  const url = await page.evaluate(async () => (await document.querySelector("kf-loop").loop.share()).url);
  for (let number = 1; number <= 2; number++) {
    const friend = await person(browser, PHONE);
    await friend.page.goto(url);
    await press(friend.page, "帮好友助力");
    await shows(friend.page, number);
    await friend.context.close();
  }
  await shows(page, 2);
  await write("elements", page);
  await press(page, "分享给好友");
  await page.locator("kf-share > img").evaluate((image) => image.decode());
  await write("elements-share", page);
} finally {
  await browser.close();
  await server.stop();
}

async function write(name, page) {
  await page.waitForTimeout(500);
  writeFileSync(join(ROOT, "docs/images", `${name}.png`), toPalette(await page.screenshot()));
}
