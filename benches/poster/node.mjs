// The poster in Node: by kfactor on a canvas of @napi-rs and natively, and by peers. Each job takes a number, a format
// and gives the file.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createCanvas, GlobalFonts, ImageData, loadImage } from "@napi-rs/canvas";
import { Resvg } from "@resvg/resvg-js";
import { Renderer } from "@takumi-rs/core";
import qrcode from "qrcode";
import satori from "satori";
import { PACKAGE } from "../implementations.mjs";
import { ROOT } from "../measure.mjs";
import { CARD, CODE, codeSvg, FACE, FAMILY, link, QUALITY, SIZE, template, words } from "./picture.mjs";

const { drawOnNode } = await import(`${PACKAGE}dist/node.js`);

/** The jobs, by name; `files` are the assets. */
export async function nodeJobs(files) {
  GlobalFonts.loadSystemFonts();
  return {
    "kfactor on @napi-rs/canvas": await onCanvas(files),
    "@napi-rs/canvas": await byHand(files),
    takumi: takumi(files),
    "satori + resvg": satoriAndResvg(files),
  };
}

/** Encodes a canvas; all that draw on one do it in the same way. */
function encoded(canvas, format) {
  return format === "png" ? canvas.encode("png") : canvas.encode("jpeg", QUALITY);
}

async function onCanvas(files) {
  const node = createCanvas(...SIZE);
  const images = await pictures(files);
  const load = async (src) => images[src];
  return async (n, format) => {
    await drawOnNode(node, template, { url: link(n), values: { n } }, { load });
    return encoded(node, format);
  };
}

/** As one would write it for this poster and no other. */
async function byHand(files) {
  const canvas = createCanvas(...SIZE);
  const context = canvas.getContext("2d");
  const images = await pictures(files);
  return async (n, format) => {
    context.drawImage(images["ground.jpg"], 0, 0, ...SIZE);
    context.save();
    [context.shadowColor, context.shadowOffsetY, context.shadowBlur] = [CARD.tint, CARD.down, CARD.blur];
    context.fillStyle = "#fff";
    context.beginPath();
    context.roundRect(...CARD.at, CARD.radius);
    context.fill();
    context.restore();
    context.save();
    context.beginPath();
    context.roundRect(...FACE.at, FACE.radius);
    context.clip();
    context.drawImage(images["face.png"], ...FACE.at);
    context.restore();
    for (const word of words(n)) writeWords(context, word);
    drawCode(context, n);
    return encoded(canvas, format);
  };
}

function writeWords(context, { text, at: [left, top, width], size, fill, leading, bold, lines = 1 }) {
  context.font = `${bold ? 700 : 400} ${size}px "${FAMILY}"`;
  context.fillStyle = fill;
  let rest = Array.from(text);
  for (let line = 1; line <= lines && rest.length > 0; line++) {
    let end = rest.length;
    const fits = (tail) => context.measureText(rest.slice(0, end).join("") + tail).width <= width;
    const cut = () => (line === lines && end < rest.length ? "…" : "");
    while (end > 1 && !fits(cut())) end--;
    const tail = cut();
    context.fillText(rest.slice(0, end).join("") + tail, left, top + (line - 1) * leading + size * 1.1);
    rest = rest.slice(end);
  }
}

function drawCode(context, n) {
  const { modules } = qrcode.create(link(n), { errorCorrectionLevel: "M" });
  const [left, top, width] = CODE.at;
  const unit = Math.floor(width / (modules.size + 2 * CODE.quiet));
  context.fillStyle = "#fff";
  context.fillRect(...CODE.at);
  context.fillStyle = "#000";
  const margin = (width - unit * modules.size) >> 1;
  for (let y = 0; y < modules.size; y++)
    for (let x = 0; x < modules.size; x++)
      if (modules.get(y, x)) context.fillRect(left + margin + x * unit, top + margin + y * unit, unit, unit);
}

async function pictures(files) {
  const names = ["ground.jpg", "face.png"];
  const loaded = await Promise.all(names.map((name) => loadImage(files[name])));
  return Object.fromEntries(names.map((name, at) => [name, loaded[at]]));
}

function takumi(files) {
  const renderer = new Renderer();
  const fonts = Promise.all(
    [400, 700].map((weight) =>
      renderer.registerFont({
        name: "Sans",
        weight,
        data: files[weight === 700 ? "Bold.otf" : "Regular.otf"],
      }),
    ),
  );
  const kept = ["ground.jpg", "face.png"].map((src) => ({ src, data: files[src] }));
  return async (n, format) => {
    await fonts;
    const code = { src: `code-${n}.svg`, data: Buffer.from(await codeSvg(n)), cache: "none" };
    const node = {
      type: "container",
      style: { width: SIZE[0], height: SIZE[1], fontFamily: "Sans" },
      children: [
        { type: "image", src: "ground.jpg", style: placed([0, 0, ...SIZE]) },
        { type: "container", style: cardStyle() },
        { type: "image", src: "face.png", style: { ...placed(FACE.at), borderRadius: FACE.radius } },
        ...words(n).map((word) => ({ type: "text", text: word.text, style: wordStyle(word) })),
        { type: "image", src: code.src, style: placed(CODE.at) },
      ],
    };
    const [width, height] = SIZE;
    return renderer.render(node, { width, height, format, quality: QUALITY, images: [...kept, code] });
  };
}

function satoriAndResvg(files) {
  const fonts = [400, 700].map((weight) => ({
    name: "Sans",
    weight,
    data: files[weight === 700 ? "Bold.otf" : "Regular.otf"],
  }));
  const address = (kind, bytes) => `data:image/${kind};base64,${Buffer.from(bytes).toString("base64")}`;
  const [ground, portrait] = [address("jpeg", files["ground.jpg"]), address("png", files["face.png"])];
  const element = (type, props) => ({ type, props, key: null });
  return async (n, format) => {
    const code = address("svg+xml", await codeSvg(n));
    const image = (src, at, more) => {
      const [, , width, height] = at;
      return element("img", { src, width, height, style: { ...placed(at), ...more } });
    };
    const children = [
      image(ground, [0, 0, ...SIZE]),
      element("div", { style: cardStyle() }),
      image(portrait, FACE.at, { borderRadius: FACE.radius }),
      ...words(n).map((word) => element("div", { style: wordStyle(word), children: word.text })),
      image(code, CODE.at),
    ];
    const [width, height] = SIZE;
    const root = element("div", { style: { display: "flex", width, height, fontFamily: "Sans" }, children });
    const svg = await satori(root, { width, height, fonts });
    const drawn = new Resvg(svg, { font: { loadSystemFonts: false } }).render();
    // It writes nothing but PNG; a canvas makes JPEG of its pixels faster than other packages do.
    if (format === "png") return drawn.asPng();
    const canvas = createCanvas(width, height);
    const pixels = new ImageData(new Uint8ClampedArray(drawn.pixels), width, height);
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    return encoded(canvas, format);
  };
}

function placed([left, top, width, height]) {
  return { position: "absolute", left, top, width, ...(height && { height }) };
}

function cardStyle() {
  const { at, radius, tint, down, blur } = CARD;
  return {
    ...placed(at),
    borderRadius: radius,
    backgroundColor: "#fff",
    boxShadow: `0 ${down}px ${blur}px ${tint}`,
  };
}

function wordStyle({ at, size, fill, leading, bold, lines = 1 }) {
  return {
    ...placed(at),
    display: "block",
    fontSize: size,
    color: fill,
    lineHeight: `${leading}px`,
    fontWeight: bold ? 700 : 400,
    lineClamp: lines,
    overflow: "hidden",
  };
}

/** kfactor's own painter of pixels, as the server has it: a process that answers with the milliseconds it took. */
export async function native(folder, note) {
  note("native painter");
  const words = ["bench", "--quiet", "-p", "kfactor-poster", "--bench", "pictures", "--", folder];
  const child = spawn("cargo", words, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line) => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error("the native painter ended");
    return value;
  };
  await ask("save png");
  await ask("save jpeg");
  return {
    time: async (format, count) => Number(await ask(`${format} ${count}`)),
    async end() {
      const ended = once(child, "close");
      child.stdin.end();
      await ended;
    },
  };
}
