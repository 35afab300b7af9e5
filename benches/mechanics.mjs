// Native speed of each mechanic beside the assist: the plays of the example campaigns, each mechanic's in a campaign of
// their own, under commands of every kind, most of them what the mechanic offers.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mixedCampaign, mixedCommands } from "../tests/determinism/mixed.mjs";
import { inRounds, paired, quantile, report } from "./measure.mjs";
import { nativeBinary } from "./native.mjs";

const EXAMPLES = fileURLToPath(new URL("../examples/campaigns/", import.meta.url));
const COMMANDS = 40_000;
const BATCH = 1000;
/** A round takes some seconds for all mechanics together. */
const MOST_ROUNDS = 5;

export async function mechanics({ folder, rounds, note }) {
  const native = await nativeBinary(note);
  const ready = workloads(folder);
  const names = Object.keys(ready);
  const job = (paths) => () => report([native, "time", "structs", ...paths]);
  const jobs = Object.fromEntries(names.map((name) => [name, job(ready[name])]));
  const results = await inRounds(Math.min(rounds, MOST_ROUNDS), jobs, note);
  const speeds = (name) => results[name].map(({ seconds }) => COMMANDS / seconds);
  return names.map((name) => ({
    name: `mechanics/${name}`,
    value: quantile(speeds(name), 0.5),
    unit: "commands/s",
    peer: "assist",
    ratio: paired(speeds(name), speeds("assist")),
  }));
}

/** Writes each mechanic's campaign and commands, and gives the paths of both by its name. */
export function workloads(folder) {
  const all = mixedCampaign(EXAMPLES);
  const names = [...new Set(Object.values(all.plays).map((play) => play.mechanic))];
  return Object.fromEntries(names.map((name) => [name, prepare(folder, all, name)]));
}

function prepare(folder, all, mechanic) {
  const home = join(folder, "mechanics", mechanic);
  mkdirSync(home, { recursive: true });
  const own = Object.entries(all.plays).filter(([, play]) => play.mechanic === mechanic);
  // A board ranks what another play counts.
  const text = JSON.stringify(own);
  const plays = Object.fromEntries(Object.entries(all.plays).filter(([name]) => text.includes(`"${name}"`)));
  const rewards = used(all.rewards, JSON.stringify(plays));
  const campaign = { ...all, id: `all-${mechanic}`, title: mechanic, rewards, plays };
  const commands = mixedCommands(campaign, COMMANDS).split("\n");
  let batches = "";
  for (let from = 0; from < commands.length; from += BATCH) {
    batches += `[${commands.slice(from, from + BATCH).join(",")}]\n`;
  }
  const paths = [join(home, "campaign.json"), join(home, "batches.jsonl")];
  writeFileSync(paths[0], JSON.stringify(campaign));
  writeFileSync(paths[1], batches);
  return paths;
}

/** The rewards that a text names, and those that they name: amounts of some rewards come from plays alone. */
function used(rewards, text) {
  const named = Object.fromEntries(Object.entries(rewards).filter(([name]) => text.includes(`"${name}"`)));
  const more = text + JSON.stringify(named);
  const wider = Object.entries(rewards).filter(([name]) => more.includes(`"${name}"`));
  return wider.length === Object.keys(named).length ? named : used(rewards, more);
}
