// The poster that everyone draws: a photograph, a card with a shadow, a round face, words that wrap and end with an
// ellipsis, a price and a code. Another name and another link for each number, as each participant has.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCanvas } from "@napi-rs/canvas";
import qrcode from "qrcode";

export const SIZE = [750, 1334];
export const FAMILY = "Noto Sans CJK SC";
export const QUALITY = 80;
/** Dark modules as the page of a peer would have them: without the quiet zone. */
export const CODE = { at: [440, 980, 240, 240], quiet: 2 };
export const CARD = { at: [40, 640, 670, 640], radius: 36, tint: "#00000059", down: 16, blur: 40 };
export const FACE = { at: [72, 676, 104, 104], radius: 52 };
const TITLE =
  "春日限定草莓生巧礼盒，三人成团立减四十元，全国包邮，今天下单明天发货，送完为止，错过再等一年，先到先得，售罄不补";

/** The words of a poster: `top` is where the line begins, `leading` its height. */
export function words(n) {
  const word = (text, at, size, fill, more = {}) => ({ text, at, size, fill, leading: size * 1.4, ...more });
  return [
    word(`小七 ${n} 号邀请你一起拼`, [200, 680, 480], 34, "#1c1c1e", { bold: true }),
    word("已有 2 人参团，只差你一个", [200, 734, 480], 26, "#8a8a8e"),
    word(TITLE, [72, 816, 606], 36, "#1c1c1e", { lines: 3 }),
    word("¥59.00", [72, 1030, 340], 72, "#e1251b", { bold: true }),
    word("长按识别二维码", [72, 1150, 340], 28, "#6a6a6e"),
  ];
}

export function link(n) {
  const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let state = (n + 1) * 2654435761;
  const token = Array.from({ length: 29 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return letters[(state >>> 8) % 62];
  });
  return `https://k.example.com/r/${token.join("")}`;
}

/** The poster as a template of kfactor's, whose first word has the variable `n`. */
export const template = {
  size: SIZE,
  layers: [
    { draw: "image", at: [0, 0, ...SIZE], src: "ground.jpg" },
    { draw: "rect", ...pick(CARD, "at", "radius"), fill: "#fff", shadow: pick(CARD, "tint", "down", "blur") },
    { draw: "image", ...FACE, src: "face.png" },
    ...words("{n}").map((word) => ({ draw: "text", ...word, leading: 140 })),
    { draw: "qr", at: CODE.at, quiet: CODE.quiet },
  ],
};

/** A peer's code: the SVG of npm's `qrcode` with the same margin. */
export function codeSvg(n) {
  const [, , width] = CODE.at;
  return qrcode.toString(link(n), { type: "svg", errorCorrectionLevel: "M", margin: CODE.quiet, width });
}

/** Writes the pictures and fonts into a folder; gives the bytes of each. */
export function assets(folder) {
  const files = {
    "ground.jpg": photograph(),
    "face.png": face(),
    ...Object.fromEntries(["Regular", "Bold"].map((weight) => [`${weight}.otf`, font(weight)])),
    "template.json": JSON.stringify(template),
    "data.json": JSON.stringify({ url: link(0), values: { n: "0" } }),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return files;
}

/** Soft shapes and grain, so that it is as hard to encode as a photograph. */
function photograph() {
  const canvas = createCanvas(...SIZE);
  const context = canvas.getContext("2d");
  const random = randomly(7);
  const sky = context.createLinearGradient(0, 0, 0, SIZE[1]);
  sky.addColorStop(0, "#ff9a8b");
  sky.addColorStop(1, "#5b3a8c");
  context.fillStyle = sky;
  context.fillRect(0, 0, ...SIZE);
  for (let blob = 0; blob < 160; blob++) {
    const [x, y, radius] = [random() * SIZE[0], random() * SIZE[1], 20 + random() * 140];
    const glow = context.createRadialGradient(x, y, 0, x, y, radius);
    const tint = `${(random() * 255) | 0},${(random() * 255) | 0},${(random() * 255) | 0}`;
    glow.addColorStop(0, `rgba(${tint},0.5)`);
    glow.addColorStop(1, `rgba(${tint},0)`);
    context.fillStyle = glow;
    context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
  }
  const pixels = context.getImageData(0, 0, ...SIZE);
  for (let at = 0; at < pixels.data.length; at += 4) {
    const grain = (random() - 0.5) * 14;
    for (const part of [0, 1, 2]) pixels.data[at + part] += grain;
  }
  context.putImageData(pixels, 0, 0);
  return canvas.toBuffer("image/jpeg", 90);
}

function face() {
  const canvas = createCanvas(208, 208);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffd7a8";
  context.fillRect(0, 0, 208, 208);
  context.fillStyle = "#5b3a2e";
  for (const [x, y, radius] of [
    [104, 60, 70],
    [70, 120, 12],
    [138, 120, 12],
  ]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.fill();
  }
  return canvas.toBuffer("image/png");
}

/** One face of the system's collection as a font of its own, because some peers read no collections. */
function font(weight) {
  const wanted = `${FAMILY}:style=${weight}`;
  const [file, index] = execFileSync("fc-match", ["-f", "%{file}|%{index}", wanted], {
    encoding: "utf8",
  }).split("|");
  const bytes = readFileSync(file);
  if (bytes.toString("latin1", 0, 4) !== "ttcf") return bytes;
  const head = bytes.readUInt32BE(12 + 4 * Number(index));
  const count = bytes.readUInt16BE(head + 4);
  const directory = Buffer.from(bytes.subarray(head, head + 12 + 16 * count));
  const tables = [directory];
  let end = directory.length;
  for (let entry = 12; entry < directory.length; entry += 16) {
    const [from, length] = [directory.readUInt32BE(entry + 8), directory.readUInt32BE(entry + 12)];
    directory.writeUInt32BE(end, entry + 8);
    const padded = Buffer.alloc((length + 3) & ~3);
    bytes.copy(padded, 0, from, from + length);
    tables.push(padded);
    end += padded.length;
  }
  return Buffer.concat(tables);
}

function randomly(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function pick(object, ...names) {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}
