// The workload every engine benchmark runs: one campaign of eight assist plays, 20,000 loops and 180,000
// helps by 60,000 participants over about three days. It is derived from a fixed seed by integer arithmetic
// only, so every machine, and every implementation on it, reads identical bytes.
//
// Files, in a cache folder: `campaign.json`, the campaign document, and `batches.jsonl`, in which each line
// is a JSON array of 1000 commands. The small workload has a tenth of the loops and participants.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Bumped whenever the bytes change, so that a stale cache is never measured. */
const VERSION = 2;
const HOUR = 3_600_000;
const PLAYS = 8;
const BATCH = 1000;
/** 2026-12-01T10:00 in the campaign's timezone, +08:00. */
const START = 1_796_090_400_000;

export const SIZES = {
  full: { loops: 20_000, helps: 180_000, participants: 60_000 },
  small: { loops: 2_000, helps: 18_000, participants: 6_000 },
};

/** Writes the workload's files if they are not there yet and returns their paths. */
export function prepare(folder, size) {
  const home = join(folder, `workload-${size}-v${VERSION}`);
  const campaign = join(home, "campaign.json");
  const batches = join(home, "batches.jsonl");
  if (!existsSync(batches)) {
    mkdirSync(home, { recursive: true });
    writeFileSync(campaign, JSON.stringify(document(SIZES[size]), null, 2) + "\n");
    // Renamed into place, so that an interrupted run leaves nothing that looks complete.
    writeFileSync(batches + ".part", lines(commands(SIZES[size])));
    renameSync(batches + ".part", batches);
  }
  return { campaign, batches };
}

/** Reads the batches as one buffer per batch, each of them a JSON array. */
export function readBatches(path) {
  const bytes = readFileSync(path);
  const batches = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(10, from);
    batches.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return batches;
}

/** The campaign: stocks are set so that some plays run out of each reward before the end. */
function document({ loops }) {
  const rewards = {};
  const plays = {};
  for (let n = 1; n <= PLAYS; n++) {
    const stock = (perLoop) => Math.floor((loops * perLoop) / 1000);
    rewards[`back-${n}`] = { kind: "cash", title: `Back ${n}`, amount: "6.00", stock: stock(35) };
    rewards[`thanks-${n}`] = { kind: "cash", title: `Thanks ${n}`, amount: "1.00", stock: stock(728) };
    plays[`play-${n}`] = {
      mechanic: "assist",
      title: `Ten helpers, play ${n}`,
      helpers: 10,
      within: "24h",
      give: [`back-${n}`],
      giveHelper: [`thanks-${n}`],
      limits: [{ per: "helper", every: "campaign", most: 1 }],
    };
  }
  return {
    id: "benchmark",
    title: "Benchmark",
    currency: "CNY",
    timezone: "+08:00",
    runs: { from: "2026-12-01T00:00", until: "2026-12-31T00:00" },
    surfaces: ["mini-program"],
    rewards,
    plays,
    limits: [{ per: "helper", every: "day", most: 3 }],
  };
}

/**
 * The commands in order of time. Four habits of real campaigns shape the outcome: popular loops draw helpers
 * after they are complete, a few participants help everywhere, some click twice or on their own loop, and a
 * few arrive after the deadline.
 */
function commands({ loops, helps, participants }) {
  const random = generator(0x6b666163);
  const people = ids(random, participants, 28, "o");
  // No loop that a participant opens begins with `_`.
  const names = ids(random, loops, 12, "l");
  const timeline = [];
  const opened = [];
  for (let n = 0; n < loops; n++) {
    const at = START + random(48 * HOUR);
    // Nobody opens two loops, so that rules about a participant's own loops cannot change the outcome.
    const by = 3 * n + random(3);
    opened.push({ at, by, helpers: [] });
    timeline.push({ at, do: "open", by: people[by], play: `play-${random(PLAYS) + 1}`, loop: names[n] });
  }
  for (let n = 0; n < helps; n++) {
    // The largest of two or three draws favours high numbers, which loops hold in no order of time.
    const number = Math.max(random(loops), random(loops), random(10) < 1 ? random(loops) : 0);
    const loop = opened[number];
    const at = loop.at + delay(random);
    timeline.push({ at, do: "help", by: people[helper(random, loop, participants)], loop: names[number] });
  }
  timeline.sort((a, b) => a.at - b.at);
  return timeline.map((command, n) => ({ id: `c${n + 1}`, ...command }));
}

/** Mostly within hours of the opening, seldom after the deadline of 24 h; at least one second. */
function delay(random) {
  const late = random(1000) < 15;
  return 1000 + (late ? 24 * HOUR + random(4 * HOUR) : Math.min(random(22 * HOUR), random(22 * HOUR)));
}

function helper(random, loop, participants) {
  const habit = random(1000);
  if (habit < 17) return loop.by;
  if (habit < 66 && loop.helpers.length > 0) return loop.helpers[random(loop.helpers.length)];
  const busy = habit < 215 ? Math.floor(participants / 7) : participants;
  const who = random(busy);
  loop.helpers.push(who);
  return who;
}

function lines(all) {
  let text = "";
  for (let from = 0; from < all.length; from += BATCH) {
    text += JSON.stringify(all.slice(from, from + BATCH)) + "\n";
  }
  return text;
}

function ids(random, count, length, prefix) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  const taken = new Set();
  while (taken.size < count) {
    let id = prefix;
    while (id.length < length) id += letters[random(64)];
    taken.add(id);
  }
  return [...taken];
}

/** A 64-bit multiply-and-xorshift sequence (SplitMix64's constants); `random(n)` is an integer below n. */
function generator(seed) {
  const mask = (1n << 64n) - 1n;
  let state = BigInt(seed);
  return (below) => {
    state = (state + 0x9e3779b97f4a7c15n) & mask;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return Number((z ^ (z >> 31n)) % BigInt(below));
  };
}
