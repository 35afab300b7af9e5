// One campaign with the plays of all examples, and commands of every kind for it: more than fit a repository, so
// they are made when they are needed, the same every time.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { numbers } from "./generate.mjs";

const START = Date.UTC(2026, 11, 1, 2, 0, 0);
const SECOND = 1000;
/** Keys whose values are words of the format, whatever a play or reward is called. */
const WORDS = ["kind", "mechanic", "every", "title"];
const PEOPLE = Array.from({ length: 400 }, (_, number) => `p${number}`);

/** The plays and rewards of all campaigns in a folder in one document; each name gets its campaign's in front. */
export function mixedCampaign(folder) {
  const mixed = {
    id: "mixed",
    title: "Mixed",
    currency: "CNY",
    timezone: "+08:00",
    runs: { from: "2026-12-01T00:00", until: "2026-12-29T00:00" },
    rewards: {},
    plays: {},
  };
  for (const file of readdirSync(folder).sort()) {
    const document = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const short = basename(file, ".json").slice(0, 12);
    const renamed = (value) => {
      if (typeof value === "string") {
        const isName = value in (document.rewards ?? {}) || value in document.plays;
        return isName ? `${short}-${value}`.slice(0, 40) : value;
      }
      if (Array.isArray(value)) return value.map(renamed);
      if (value === null || typeof value !== "object") return value;
      const members = Object.entries(value);
      return Object.fromEntries(
        members.map(([key, inner]) => [key, WORDS.includes(key) ? inner : renamed(inner)]),
      );
    };
    for (const part of ["rewards", "plays"])
      for (const [name, rules] of Object.entries(document[part] ?? {}))
        mixed[part][renamed(name)] = renamed(rules);
  }
  return mixed;
}

/** As many commands for it, one JSON object each. */
export function mixedCommands(campaign, count) {
  const random = numbers("mixed");
  const pick = (list) => list[random(list.length)];
  const plays = Object.keys(campaign.plays);
  const words = [...textsIn(campaign.plays), "approve", "reject", "1", "2"];
  const amounts = [...new Set(words.filter((word) => /^\d+\.\d\d$/.test(word)))].map((word) =>
    Math.round(Number(word) * 100),
  );
  const loops = Object.fromEntries(plays.map((play) => [play, []]));
  let at = START;
  const commands = [];
  for (let number = 0; number < count; number++) {
    // About three weeks for a hundred thousand commands.
    at += random(36 * SECOND);
    const play = pick(plays);
    const known = loops[play];
    // Mostly the latest loops: the old ones are over.
    const loop = known.length === 0 ? `L${number}` : known[Math.max(0, known.length - 1 - random(6))];
    // Mostly what the play offers, sometimes anything.
    const act = random(8) === 0 ? pick(ACTS) : pick(OFFERED[campaign.plays[play].mechanic] ?? ACTS);
    const command = { id: `c${number}`, at, do: act, by: pick(PEOPLE) };
    const isShared = PERSONAL.includes(campaign.plays[play].mechanic);
    const of = random(8) === 0 || isShared ? { play } : { loop };
    if (act === "open") {
      Object.assign(command, { play, loop: `L${number}` });
      known.push(`L${number}`);
    } else if (act === "event") {
      Object.assign(command, {
        name: pick(words),
        order: `o${number}`,
        amount: pick(amounts),
        count: 1 + random(3),
      });
    } else if (act === "pay") {
      Object.assign(command, of, { order: `o${number}`, amount: pick(amounts) });
    } else if (act === "refund") {
      Object.assign(command, { order: `o${number - random(200)}` });
      delete command.by;
    } else if (["fulfil", "fail", "revoke", "use", "activate"].includes(act)) {
      command.grant = `${loop}.${1 + random(3)}`;
      if (act !== "activate") delete command.by;
    } else if (act === "tick") {
      delete command.by;
    } else if (act !== "visit" && act !== "message") {
      Object.assign(command, of);
    }
    if (act === "submit") Object.assign(command, { name: pick(words), hash: `h${random(500)}` });
    if (["review", "claim", "redeem", "enter", "exit"].includes(act)) command.name = pick(words);
    if (act === "message") command.text = pick(words);
    if (random(4) === 0 && command.by !== undefined && act !== "event") command.device = `d${random(50)}`;
    commands.push(JSON.stringify(trimmed(command)));
  }
  return commands.join("\n");
}

/** What can be done in the loops of a mechanic, the likelier the more often. */
const OFFERED = {
  assist: ["open", "event", "help", "help", "help", "help", "fulfil", "refund"],
  bargain: ["open", "help", "help", "help", "help", "pay", "pay", "refund"],
  "check-in": ["check-in"],
  commission: ["join", "join", "event", "event", "refund", "fulfil", "open"],
  "group-buy": ["open", "join", "join", "pay", "pay", "pay", "leave", "refund"],
  "group-fission": ["enter", "enter", "enter", "exit", "claim", "open"],
  invite: ["open", "join", "join", "event", "event", "refund", "fulfil"],
  leaderboard: ["claim", "tick"],
  lottery: ["draw", "draw", "claim", "visit"],
  points: ["redeem", "redeem", "claim", "fulfil", "fail", "use"],
  raffle: ["join", "draw", "tick"],
  "red-packet": ["open", "help", "help", "claim", "claim"],
  screenshot: ["submit", "submit", "review", "review"],
  share: ["open", "share", "visit", "visit"],
  "task-unlock": ["open", "join", "submit", "review", "check-in", "event", "claim", "leave"],
  unlock: ["open", "pay", "pay", "help", "refund"],
};

/** Mechanics with one loop for each participant or for all. */
const PERSONAL = ["check-in", "lottery", "points", "raffle", "screenshot", "leaderboard"];

const ACTS = [
  ...Array(6).fill("open"),
  ...Array(14).fill("help"),
  ...Array(10).fill("join"),
  ...Array(6).fill("pay"),
  ...Array(6).fill("event"),
  ...[
    "check-in",
    "check-in",
    "draw",
    "draw",
    "claim",
    "claim",
    "redeem",
    "submit",
    "review",
    "enter",
    "enter",
  ],
  ...[
    "exit",
    "leave",
    "refund",
    "fulfil",
    "fail",
    "revoke",
    "use",
    "activate",
    "visit",
    "share",
    "message",
    "tick",
  ],
];

/** What no command of this act carries would only be refused as malformed. */
function trimmed(command) {
  if (typeof command.name === "string") command.name = command.name.slice(0, 20);
  if (typeof command.text === "string") command.text = command.text.slice(0, 40);
  return command;
}

function textsIn(value) {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(textsIn);
}
