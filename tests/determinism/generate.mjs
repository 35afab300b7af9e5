// Writes the command files that every host has to answer with the same bytes: one for each campaign of the
// examples, a few hundred commands of every kind, among them wrong, repeated and late ones.
//
//   node tests/determinism/generate.mjs
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const START = Date.UTC(2026, 11, 1, 2, 0, 0);
const MINUTE = 60_000;
const PEOPLE = [
  "ann",
  "bo",
  "cy",
  "dee",
  "eli",
  "fay",
  "gus",
  "小明",
  "小红",
  'Zoë "Z"',
  "p\\11",
  "12",
  "mia",
  "ned",
];

/** For each campaign: its play, how people take part, the event it waits for, and its prices. */
const CAMPAIGNS = {
  "ten-friends": { play: "ten-friends", part: "help", event: "ticket-bought", prices: [], touchpoint: "sms" },
  "bring-a-friend": {
    play: "friends",
    part: "join",
    event: "first-order",
    prices: [],
    touchpoint: "cup-sleeve",
  },
  "mask-for-two": {
    play: "mask",
    part: "join",
    event: null,
    prices: [4990, 6990, 4991],
    touchpoint: "moments",
  },
};

/** The names of the campaigns that have a file. */
export const NAMES = Object.keys(CAMPAIGNS);

/** Where the commands of a campaign are kept. */
export function fileOf(campaign) {
  return fileURLToPath(new URL(`${campaign}.ndjson`, import.meta.url));
}

/** The commands for a campaign, one JSON object in each line. */
export function commandsFor(campaign) {
  const random = numbers(campaign);
  const world = { ...CAMPAIGNS[campaign], random, loops: [], orders: [], at: START, sent: [] };
  for (let number = 0; number < 320; number++) {
    world.at += random(10) === 0 ? random(600) * MINUTE : random(4 * MINUTE);
    world.sent.push(next(world, number));
  }
  return world.sent.map((command) => JSON.stringify(command)).join("\n") + "\n";
}

function next(world, number) {
  const { random, sent } = world;
  const head = { id: `c${number}`, at: world.at };
  if (number > 20 && random(25) === 0) return { ...sent[random(sent.length)] };
  if (number > 20 && random(40) === 0)
    return { ...act(world, number), id: sent[random(sent.length)].id, at: world.at };
  // Some clocks are behind.
  if (random(20) === 0) head.at -= random(120) * MINUTE;
  return { ...head, ...act(world, number) };
}

function act(world, number) {
  const { random, loops, orders, play, part, event, prices } = world;
  const by = pick(random, PEOPLE);
  const loop =
    loops.length === 0 || random(30) === 0 ? "nowhere" : loops[Math.max(0, loops.length - 1 - random(5))];
  const device = random(4) === 0 ? { device: `d${random(6)}` } : {};
  const order = `o${number}`;
  switch (random(16)) {
    case 0:
    case 1:
      loops.push(`L${number}`);
      return {
        do: "open",
        by,
        play: random(20) === 0 ? "no-such-play" : play,
        loop: `L${number}`,
        ...device,
      };
    case 2:
      return { do: "visit", by, ...(random(2) === 0 ? { touchpoint: world.touchpoint } : {}) };
    case 3:
      return { do: "share", by, ...(random(2) === 0 ? { loop } : {}) };
    case 4:
    case 5:
      if (event === null) return { do: "leave", by, loop };
      orders.push(order);
      return {
        do: "event",
        by,
        name: random(15) === 0 ? "no-such-event" : event,
        order,
        amount: 100 + random(9000),
      };
    case 6:
      return { do: "refund", order: orders.length === 0 ? "none" : pick(random, orders) };
    case 7:
      return { do: pick(random, ["fulfil", "fail", "revoke"]), grant: `${loop}.${1 + random(3)}` };
    case 8:
      return random(2) === 0 ? { do: "tick" } : { do: "help", by: "", loop };
    case 9:
    case 10:
    case 11:
      if (prices.length === 0) return { do: part, by, loop, ...device };
      orders.push(order);
      if (random(8) === 0) return { do: "pay", by, play, order, amount: pick(random, prices) };
      return { do: "pay", by, loop, order, amount: random(10) === 0 ? pick(random, prices) : prices[0] };
    default:
      return { do: random(12) === 0 ? "leave" : part, by, loop, ...device };
  }
}

function pick(random, list) {
  return list[random(list.length)];
}

/** Whole numbers below a bound, always the same ones for the same name. */
export function numbers(name) {
  let state = [...name].reduce(
    (hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619),
    2166136261,
  );
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of NAMES) writeFileSync(fileOf(name), commandsFor(name));
}
