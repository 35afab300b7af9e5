// The poster in Chromium: by kfactor from its template, by others from a page that shows it.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ROOT } from "../measure.mjs";
import { CARD, CODE, codeSvg, FACE, FAMILY, link, QUALITY, SIZE, template, words } from "./picture.mjs";

/** What the page loads, by the name it has there. */
const SCRIPTS = {
  "kfactor.js": "pkg/dist/kfactor.global.js",
  "html2canvas.js": "benches/node_modules/html2canvas/dist/html2canvas.min.js",
  "snapdom.js": "benches/node_modules/@zumer/snapdom/dist/snapdom.js",
  "html-to-image.js": "benches/node_modules/html-to-image/dist/html-to-image.js",
};
export const PAGE_JOBS = ["kfactor", "html2canvas", "snapdom", "html-to-image"];
/** Peers' codes are made before anything is timed. */
const CODES = 40;

/** Opens the page; gives what draws in it and what closes it. */
export async function openPage(files) {
  const executablePath =
    process.env.CHROMIUM ?? execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 800, height: 1400 }, deviceScaleFactor: 1 });
  await page.route("http://posters.test/**", (route) => {
    const name = new URL(route.request().url()).pathname.slice(1);
    if (name === "") return route.fulfill({ contentType: "text/html", body: html() });
    if (name in SCRIPTS) return route.fulfill({ path: join(ROOT, SCRIPTS[name]) });
    if (name in files) return route.fulfill({ body: Buffer.from(files[name]) });
    return route.fulfill({ path: join(ROOT, "pkg/dist", name) });
  });
  await page.goto("http://posters.test/");
  const codes = await Promise.all(Array.from({ length: CODES }, (_, n) => codeSvg(n)));
  await page.evaluate(prepare, {
    template,
    quality: QUALITY / 100,
    links: codes.map((_, n) => link(n)),
    codes: codes.map((svg) => `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`),
  });
  return {
    /** Milliseconds for one, of `count` with another name and link each. */
    time: (name, format, count) =>
      page.evaluate((words) => globalThis.timed(...words), [name, format, count]),
    picture: async (name, format) =>
      Buffer.from(await page.evaluate((words) => globalThis.picture(...words), [name, format]), "base64"),
    close: () => browser.close(),
  };
}

function html() {
  const px = ([left, top, width, height]) =>
    `left:${left}px;top:${top}px;width:${width}px;${height ? `height:${height}px;` : ""}`;
  const texts = words(0).map(
    ({ text, at, size, fill, leading, bold, lines = 1 }, number) =>
      `<div ${number === 0 ? "id=name" : ""} style="${px(at)}font-size:${size}px;color:${fill};line-height:${leading}px;` +
      `font-weight:${bold ? 700 : 400};overflow:hidden;display:-webkit-box;-webkit-box-orient:vertical;` +
      `-webkit-line-clamp:${lines}">${text}</div>`,
  );
  const shadow = `box-shadow:0 ${CARD.down}px ${CARD.blur}px ${CARD.tint}`;
  return `<!doctype html><meta charset="utf-8">
    <style>body{margin:0}#poster{position:relative;width:${SIZE[0]}px;height:${SIZE[1]}px;font-family:'${FAMILY}'}
    #poster>*{position:absolute;box-sizing:border-box}</style>
    ${Object.keys(SCRIPTS)
      .map((name) => `<script src="/${name}"></script>`)
      .join("")}
    <div id="poster"><img src="/ground.jpg" style="${px([0, 0, ...SIZE])}">
    <div style="${px(CARD.at)}background:#fff;border-radius:${CARD.radius}px;${shadow}"></div>
    <img src="/face.png" style="${px(FACE.at)}border-radius:${FACE.radius}px">${texts.join("")}
    <img id="code" style="${px(CODE.at)}"></div>`;
}

/** Runs in the page. */
function prepare({ template, quality, links, codes }) {
  const poster = document.getElementById("poster");
  const [name, code] = [document.getElementById("name"), document.getElementById("code")];
  const encoded = (canvas, format) => new Promise((done) => canvas.toBlob(done, `image/${format}`, quality));
  const shown = async (n) => {
    name.textContent = name.textContent.replace(/ \d+ /, ` ${n} `);
    code.src = codes[n];
    await code.decode();
  };
  const jobs = {
    kfactor: async (n, format) => {
      const how = { scale: 1, format, quality };
      const { blob, src } = await kfactor.drawPoster(template, { url: links[n], values: { n } }, how);
      URL.revokeObjectURL(src);
      return blob;
    },
    html2canvas: async (n, format) =>
      encoded(await html2canvas(poster, { scale: 1, logging: false }), format),
    snapdom: async (n, format) => encoded(await snapdom.toCanvas(poster, { scale: 1, dpr: 1 }), format),
    "html-to-image": async (n, format) =>
      encoded(await htmlToImage.toCanvas(poster, { pixelRatio: 1 }), format),
  };
  let next = 0;
  const draw = async (job, format) => {
    const n = next++ % codes.length;
    if (job !== "kfactor") await shown(n);
    const start = performance.now();
    const blob = await jobs[job](n, format);
    return { blob, ms: performance.now() - start };
  };
  globalThis.timed = async (job, format, count) => {
    let sum = 0;
    for (let drawn = 0; drawn < count; drawn++) sum += (await draw(job, format)).ms;
    return sum / count;
  };
  globalThis.picture = async (job, format) => {
    const { blob } = await draw(job, format);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  };
}
