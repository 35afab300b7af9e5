// The same poster looks the same: Canvas 2D and SVG, pixel by pixel, in one browser with one set of fonts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { EXAMPLES, person, ROOT, startBrowser } from "./support.mjs";

/** What may differ: edges of letters and round corners, which painters smooth in their own ways, and shadows. */
const MOST_DIFFERENT = 0.012;
const CLEARLY = 48;

const browser = await startBrowser();
const { page, problems } = await person(browser);
await page.route("http://posters.test/**", (route) => {
  const { pathname } = new URL(route.request().url());
  if (pathname === "/missing.png") return route.fulfill({ status: 404 });
  if (pathname.startsWith("/qr/")) return route.fulfill({ path: join(ROOT, "node_modules", pathname) });
  return pathname === "/"
    ? route.fulfill({ contentType: "text/html", body: "<script src=/kfactor.global.js></script>" })
    : route.fulfill({ path: join(ROOT, "pkg/dist", pathname) });
});
// A picture of another site, which only lets a third one draw it, and one that never comes.
const DOT =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
await page.route("http://elsewhere.test/**", (route) => {
  if (route.request().url().endsWith("/late.png")) return undefined;
  const headers = { "content-type": "image/png", "access-control-allow-origin": "http://third.test" };
  return route.fulfill({ headers, body: Buffer.from(DOT, "base64") });
});
await page.goto("http://posters.test/");
test.after(() => browser.close());

for (const name of [
  "ten-friends",
  "mask-for-two",
  "follow-and-unlock",
  "bring-a-friend",
  "your-post-for-tea",
]) {
  test(`the poster of ${name} looks the same on canvas and as SVG`, async () => {
    const { posters } = JSON.parse(readFileSync(join(EXAMPLES, `${name}.json`), "utf8"));
    const [template] = Object.values(posters);
    const { canvas, different, code } = await page.evaluate(compare, { template, clearly: CLEARLY });
    assert.deepEqual(problems, []);
    assert.deepEqual(canvas.notes, []);
    assert.ok(different < MOST_DIFFERENT, `${(different * 100).toFixed(2)} % of the pixels differ`);
    assert.equal(code, 0, "the modules of a code are drawn on whole pixels");
  });
}

test("what a page cannot get is named, and something is drawn in its place", async () => {
  const result = await page.evaluate(async () => {
    const layers = [
      { draw: "image", at: [0, 0, 100, 100], src: "http://posters.test/missing.png" },
      { draw: "text", at: [0, 200, 300], text: "words", font: "A font that nobody has" },
      { draw: "qr", at: [0, 300, 300, 300] },
    ];
    const url = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";
    const drawn = await kfactor.drawPoster({ size: [3000, 3000], layers }, { url }, { scale: 4 });
    return { notes: drawn.notes.map(({ code }) => code).sort(), width: drawn.width, type: drawn.blob.type };
  });
  assert.deepEqual(result.notes, ["POSTER_FONT", "POSTER_IMAGE_BROKEN", "POSTER_TOO_LARGE"]);
  assert.ok(result.width <= 4096);
  assert.equal(result.type, "image/jpeg");
});

test("a decoder that the page brings reads every example's code in the picture, and says when one cannot be read", async () => {
  const examples = [
    "ten-friends",
    "mask-for-two",
    "follow-and-unlock",
    "bring-a-friend",
    "your-post-for-tea",
  ];
  const templates = examples.flatMap((name) =>
    Object.values(JSON.parse(readFileSync(join(EXAMPLES, `${name}.json`), "utf8")).posters),
  );
  const { read, spoilt } = await page.evaluate(async (templates) => {
    const { default: decodeQR } = await import("/qr/decode.js");
    const decode = kfactor.readerOf(decodeQR);
    const url = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";
    const read = [];
    for (const template of templates) {
      const data = { url, ...(template.variants && { variant: template.variants[0] }) };
      read.push((await kfactor.drawPoster(template, data, { decode })).isRead);
    }
    const cover = (canvas, code) => {
      canvas.getContext("2d").fillRect(...code.at);
      return decode(canvas, code);
    };
    const spoilt = await kfactor.drawPoster(templates[0], { url }, { decode: cover });
    return { read, spoilt: { isRead: spoilt.isRead, notes: spoilt.notes.map(({ code }) => code) } };
  }, templates);
  assert.ok(read.length >= examples.length);
  assert.deepEqual(read, Array(read.length).fill(true));
  assert.deepEqual(spoilt, { isRead: false, notes: ["POSTER_UNREAD"] });
});

test("pictures that others forbid to draw, or that do not come in time, do not lock or hold up the poster", async () => {
  const result = await page.evaluate(async () => {
    const layers = [
      { draw: "image", at: [0, 0, 100, 100], src: "http://elsewhere.test/blocked.png" },
      { draw: "image", at: [100, 0, 100, 100], src: "http://elsewhere.test/late.png" },
      { draw: "qr", at: [0, 300, 300, 300] },
    ];
    const url = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";
    const template = { size: [300, 600], layers };
    const drawn = await kfactor.drawPoster(template, { url }, { timeout: 500, format: "webp" });
    return { notes: drawn.notes, type: drawn.blob.type, size: drawn.blob.size };
  });
  const codes = result.notes.map(({ code, about }) => `${code} ${about}`).sort();
  assert.deepEqual(codes, [
    "POSTER_IMAGE_BLOCKED http://elsewhere.test/blocked.png",
    "POSTER_IMAGE_LATE http://elsewhere.test/late.png",
  ]);
  assert.ok(result.notes.every(({ message, messageZh }) => message !== "" && messageZh !== ""));
  assert.equal(result.type, "image/webp");
  assert.ok(result.size > 500);
});

/** Runs in the page: draws both, and counts pixels that clearly differ, and those of the code's middle. */
async function compare({ template, clearly }) {
  const url = "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi";
  const values = { nickname: "小七", title: "A poster 海报", code: "K7M2-P9QX", reward: "一份好礼" };
  const data = { url, values, ...(template.variants && { variant: template.variants[0] }) };
  const picture = await kfactor.drawPoster(template, data, { scale: 1, format: "png" });
  const context = document.createElement("canvas").getContext("2d");
  const measure = (font, text) => ((context.font = font), context.measureText(text).width);
  const svg = await kfactor.posterSvg(template, data, { measure });
  const sources = [picture.src, URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }))];
  const [a, b] = await Promise.all(
    sources.map(async (src) => {
      const image = new Image();
      image.src = src;
      await image.decode();
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
      const target = canvas.getContext("2d");
      target.drawImage(image, 0, 0);
      return target.getImageData(0, 0, canvas.width, canvas.height);
    }),
  );
  let [different, code] = [0, 0];
  const { at, unit } = picture.code;
  const isSquare = template.layers.every(({ modules = "square" }) => modules === "square");
  for (let i = 0; i < a.data.length; i += 4) {
    const most = Math.max(...[0, 1, 2].map((part) => Math.abs(a.data[i + part] - b.data[i + part])));
    if (most <= clearly) continue;
    different++;
    // The middle of every module is far from any edge.
    const [x, y] = [(i / 4) % a.width, Math.floor(i / 4 / a.width)];
    const [left, top] = [x - at[0], y - at[1]];
    const isInside = left >= 0 && top >= 0 && left < at[2] && top < at[3];
    const middle = unit >> 1;
    if (isInside && (isSquare || (left % unit === middle && top % unit === middle))) code++;
  }
  return { canvas: { notes: picture.notes }, different: different / (a.width * a.height), code };
}
