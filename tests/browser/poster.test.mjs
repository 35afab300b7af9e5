// Posters as a person meets them: drawn in the page, read by a decoder of others, counted for the poster.
import assert from "node:assert/strict";
import test from "node:test";
import { styledQr } from "kfactor";
import { person, readQr, startBrowser, startServer } from "./support.mjs";

const server = await startServer();
const browser = await startBrowser();
test.after(async () => {
  await browser.close();
  await server.stop();
});

test("the share sheet shows a poster whose code leads to the loop and is counted for the poster", async () => {
  await server.tell("mask-for-two", [
    { id: "p1", do: "open", by: "ann-8m4t", play: "mask", loop: "pair" },
    { id: "p2", do: "pay", by: "ann-8m4t", loop: "pair", order: "P-1", amount: 4990 },
  ]);
  const ann = await person(browser);
  await ann.page.goto(`${server.url}/?campaign=mask-for-two&loop=pair&as=ann-8m4t`);
  await ann.page.locator("[data-main=share], [data-share-on]").first().click();
  const poster = ann.page.locator("img[data-poster]");
  await poster.waitFor();
  const { type, base64, width } = await poster.evaluate(async (image) => {
    await image.decode();
    const blob = await (await fetch(image.src)).blob();
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    return { type: blob.type, base64: btoa(binary), width: image.naturalWidth };
  });
  assert.equal(type, "image/jpeg");
  assert.equal(width, 1500);
  const link = readQr(Buffer.from(base64, "base64"));
  assert.notEqual(link, await ann.page.locator("[data-url]").textContent());
  assert.match(link, new RegExp(`^${server.url}/r/[0-9A-Za-z]{29}$`));
  assert.deepEqual(ann.problems, []);

  const bo = await person(browser);
  await bo.page.goto(link);
  await bo.page.locator("[data-loop][data-role=visitor]").waitFor();
  const { facts } = await server.ask("/v1/campaigns/mask-for-two/facts?after=0");
  const arrived = facts.find(({ kind, who }) => kind === "arrived" && who !== "ann-8m4t");
  assert.equal(arrived.touchpoint, "poster-together");
  assert.equal(arrived.inviter, "ann-8m4t");
  await server.audit("mask-for-two");
});

test("the server draws the same poster, and refuses what it should", async () => {
  await server.tell("ten-friends", [
    { id: "t0", do: "event", by: "cy-2k4m", name: "ticket-bought", order: "T-9", amount: 4500 },
    { id: "t1", do: "open", by: "cy-2k4m", play: "ten-friends", loop: "drawn" },
  ]);
  const ask = (body) =>
    fetch(`${server.url}/v1/campaigns/ten-friends/poster`, {
      method: "POST",
      headers: { Authorization: "Bearer sk_browser_tests_0123456789", "Content-Type": "application/json" },
      body: JSON.stringify({ id: "s1", by: "cy-2k4m", loop: "drawn", poster: "invite", ...body }),
    });
  const response = await ask({ variant: "cash", values: { nickname: "小七", missing: "10" }, format: "png" });
  assert.equal(response.status, 200, await response.clone().text());
  assert.equal(response.headers.get("content-type"), "image/png");
  const link = readQr(Buffer.from(await response.arrayBuffer()));
  assert.equal(link, response.headers.get("x-kfactor-link"));
  const webp = await ask({ variant: "cash", values: { nickname: "小七" }, format: "webp" });
  assert.equal(webp.headers.get("content-type"), "image/webp");
  assert.equal(Buffer.from(await webp.arrayBuffer()).toString("latin1", 8, 12), "WEBP");
  assert.equal((await ask({ format: "gif" })).status, 400);
  assert.equal((await ask({ poster: "nothing" })).status, 404);
  assert.equal((await ask({ variant: "nothing" })).status, 404);
  assert.equal((await ask({ loop: "nowhere" })).status, 200);
});

test("codes with a look of their own are read from what a browser shows", async () => {
  const text = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";
  const dot = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="9" fill="red"/></svg>',
  );
  const logo = `data:image/svg+xml;base64,${dot.toString("base64")}`;
  const ann = await person(browser);
  for (const modules of ["square", "rounded", "dots", "connected"]) {
    for (const further of [{}, { logo, scale: 4 }, { finders: "rounded", light: "#fff4e0", scale: 5 }]) {
      const dark = { from: "#7d0f2c", to: "#2a2f7f" };
      const frame = modules === "dots" ? undefined : "扫码助力 Scan to help";
      const { svg, width, height } = await styledQr(text, {
        modules,
        dark,
        ...further,
        ...(frame && { frame }),
      });
      assert.equal(height > width, frame !== undefined, "a frame has a foot for its words");
      await ann.page.setContent(`<body style="margin:0;background:#999">${svg}`);
      const shown = await ann.page.locator("svg").screenshot();
      assert.equal(readQr(shown), text, JSON.stringify({ modules, ...further }));
    }
  }
});
