// Whole posters, from a template and data to a file: in Node beside those that draw there, and in Chromium beside those
// that draw what a page shows. Everyone draws the same picture in the same pixels and formats; every picture is saved
// in `target/bench/poster`, and its code read, before anything is timed.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inRounds, paired, quantile } from "./measure.mjs";
import { native, nodeJobs } from "./poster/node.mjs";
import { openPage, PAGE_JOBS } from "./poster/page.mjs";
import { assets } from "./poster/picture.mjs";

const FORMATS = ["jpeg", "png"];
/** Posters for a round, so that a warm start counts little. */
const EACH = 5;

export async function poster({ folder: bench, rounds, note }) {
  const folder = join(bench, "poster");
  mkdirSync(folder, { recursive: true });
  const files = assets(folder);
  return [...(await inNode(files, folder, rounds, note)), ...(await inPage(files, folder, rounds, note))];
}

async function inNode(files, folder, rounds, note) {
  const jobs = await nodeJobs(files);
  const painter = await native(folder, note);
  for (const [name, job] of Object.entries(jobs))
    for (const format of FORMATS) check(folder, `node-${name}`, format, await job(0, format));
  const figures = [];
  for (const format of FORMATS) {
    const timed = Object.entries(jobs).map(([name, job]) => [name, () => average(job, format)]);
    const times = await inRounds(
      rounds,
      { kfactor: () => painter.time(format, EACH), ...Object.fromEntries(timed) },
      note,
    );
    figures.push(...beside(times, "kfactor", `poster/node/${format}`));
    const { kfactor: _, ...onCanvas } = times;
    figures.push(...beside(onCanvas, "kfactor on @napi-rs/canvas", `poster/node-canvas/${format}`));
  }
  await painter.end();
  return figures;
}

async function inPage(files, folder, rounds, note) {
  const page = await openPage(files);
  const figures = [];
  for (const format of FORMATS) {
    for (const name of PAGE_JOBS) check(folder, `page-${name}`, format, await page.picture(name, format));
    const jobs = PAGE_JOBS.map((name) => [name, () => page.time(name, format, EACH)]);
    const times = await inRounds(rounds, Object.fromEntries(jobs), note);
    figures.push(...beside(times, "kfactor", `poster/page/${format}`));
  }
  await page.close();
  return figures;
}

/** Ours beside each of the others. */
function beside(times, ours, name) {
  const peers = Object.keys(times).filter((peer) => !peer.startsWith("kfactor"));
  return peers.map((peer) => ({
    name,
    value: quantile(times[ours], 0.5),
    unit: "ms",
    peer: `${peer}: ${quantile(times[peer], 0.5).toFixed(1)} ms`,
    ratio: paired(times[peer], times[ours]),
  }));
}

let number = 0;

async function average(job, format) {
  const start = performance.now();
  for (let drawn = 0; drawn < EACH; drawn++) await job(number++, format);
  return (performance.now() - start) / EACH;
}

/** Keeps a picture, and reads its code. */
function check(folder, name, format, bytes) {
  const file = join(folder, `${name.replace(/\W+/g, "-")}.${format}`);
  writeFileSync(file, bytes);
  execFileSync("zbarimg", ["--quiet", "--raw", file], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}
