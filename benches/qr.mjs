// Symbols per second beside npm's encoders in one process, and natively beside the crates. Every peer's symbol is read
// first, so that nothing is timed that does not encode the text.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readFileSync } from "node:fs";
import encodeQr from "qr";
import qrcode from "qrcode";
import { PACKAGE } from "./implementations.mjs";
import { inRounds, paired, quantile, ROOT } from "./measure.mjs";

// The package names no entry for Node.
const fastQr = await import(new URL("node_modules/fast_qr/fast_qr.js", import.meta.url).href);
fastQr.initSync(readFileSync(new URL("node_modules/fast_qr/fast_qr_bg.wasm", import.meta.url)));
const { qr, qrAll } = await import(`${PACKAGE}dist/node.js`);

/** Sixty characters at level M, as a short link with a token has, and a hundred and twenty at Q. */
const CASES = [
  {
    name: "60M",
    level: "M",
    peer: "medium",
    text: (n) => padded(`https://k.example.com/r/${token(n)}?from=poster`, 60),
  },
  {
    name: "120Q",
    level: "Q",
    peer: "quartile",
    text: (n) => padded(`https://k.example.com/r/${token(n)}?from=poster`, 120),
  },
];
const BATCH = 10_000;

export async function qrSuite({ rounds, note }) {
  const figures = [];
  for (const { name, level, peer, text } of CASES) {
    const texts = Array.from({ length: 400 }, (_, n) => text(n));
    const times = await inRounds(
      rounds,
      {
        kfactor: () => each(texts, (text) => qr(text, { level, format: "matrix" })),
        qrcode: () => each(texts, (text) => qrcode.create(text, { errorCorrectionLevel: level })),
        qr: () => each(texts, (text) => encodeQr(text, "raw", { ecc: peer })),
        "kfactor svg": () => each(texts, (text) => qr(text, { level })),
        "qrcode svg": () =>
          each(texts, (text) => qrcode.toString(text, { type: "svg", errorCorrectionLevel: level })),
        "qr svg": () => each(texts, (text) => encodeQr(text, "svg", { ecc: peer })),
        ...fastQrJobs(texts),
      },
      note,
    );
    const of = (ours, theirs, label) => ({
      name: `qr/${name}${ours.endsWith("svg") ? "/svg" : "/rows"}`,
      value: quantile(times[ours], 0.5),
      unit: "µs",
      peer: label,
      ratio: paired(times[theirs], times[ours]),
    });
    figures.push(of("kfactor", "qrcode", "npm qrcode"), of("kfactor", "qr", "npm qr"));
    figures.push(of("kfactor svg", "qrcode svg", "npm qrcode"), of("kfactor svg", "qr svg", "npm qr"));
    figures.push(of("kfactor svg", "fast_qr svg", "npm fast_qr (Wasm)"));
  }
  const batch = Array.from({ length: BATCH }, (_, n) => CASES[0].text(n));
  const seconds = await inRounds(rounds, { batch: async () => timed(() => qrAll(batch)) }, note);
  figures.push({ name: "qr/batch-10000", value: quantile(seconds.batch, 0.5), unit: "s" });
  return [...figures, ...(await native(note))];
}

/** Microseconds for each text, after a warm-up. */
async function each(texts, encode) {
  for (const text of texts.slice(0, 50)) await encode(text);
  return (
    ((await timed(async () => {
      for (const text of texts) await encode(text);
    })) /
      texts.length) *
    1e6
  );
}

/** Seconds of work of this process, which other work on the machine makes no longer. */
async function timed(run) {
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function fastQrJobs(texts) {
  return { "fast_qr svg": () => each(texts, (text) => fastQr.qr_svg(text, new fastQr.SvgOptions())) };
}

async function native(note) {
  note("native");
  const { stdout } = await promisify(execFile)(
    "cargo",
    ["bench", "--quiet", "-p", "kfactor-qr", "--bench", "symbols"],
    { cwd: ROOT },
  );
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Twenty-nine letters that look like a token's, another for each number. */
function token(n) {
  const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let state = (n + 1) * 2654435761;
  return Array.from({ length: 29 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return letters[(state >>> 8) % 62];
  }).join("");
}

function padded(text, length) {
  return (text + "&utm_source=wechat&utm_medium=poster&utm_campaign=spring-festival-2027&more").slice(
    0,
    length,
  );
}
