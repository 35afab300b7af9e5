// How fast live codes route, and how long insight and credit take: natively, and insight in Node as well.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE } from "./implementations.mjs";
import { inRounds, quantile, report } from "./measure.mjs";
import { nativeBinary } from "./native.mjs";

const ROUNDS = 5;

export async function people({ folder, rounds, note }) {
  const native = await nativeBinary(note, "people");
  const file = join(folder, "facts.jsonl");
  note("a million facts");
  await report([native, "facts", file]);
  const wasm = [process.execPath, new URL("people.mjs", import.meta.url).pathname, file];
  const jobs = {
    routing: () => report([native, "routing"]),
    insight: () => report([native, "insight", file]),
    markov: () => report([native, "markov"]),
    wasm: () => report(wasm),
  };
  const seen = await inRounds(Math.min(rounds, ROUNDS), jobs, note);
  const median = (job, figure) => quantile(seen[job].map(figure), 0.5);
  const millisecond = (name, job, figure) => ({ name, value: median(job, figure) * 1000, unit: "ms" });
  const megabytes = (name, job, figure) => ({ name, value: median(job, figure) / 1e6, unit: "MB" });
  return [
    {
      name: "people/scans and adds, native",
      value: median("routing", ({ commands, seconds }) => commands / seconds),
      unit: "commands/s",
    },
    megabytes("people/their state", "routing", ({ state }) => state),
    millisecond("people/a million facts, native", "insight", ({ read, made }) => read + made),
    millisecond("people/… of it the report", "insight", ({ made }) => made),
    megabytes("people/… memory, with the text", "insight", ({ peak }) => peak),
    millisecond("people/a million facts, package in Node", "wasm", ({ seconds }) => seconds),
    megabytes("people/… memory of the process", "wasm", ({ peak }) => peak),
    millisecond("people/markov on ten thousand paths", "markov", ({ seconds }) => seconds),
  ];
}

/** Reads a file of facts with the package, and prints the seconds that it took the processor. */
async function insightOf(file) {
  const { insight } = await import(`${PACKAGE}dist/node.js`);
  await insight("");
  const facts = readFileSync(file);
  const before = process.cpuUsage();
  const { facts: count, k } = await insight(facts);
  const { user, system } = process.cpuUsage(before);
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ facts: count, k: k.value, seconds: (user + system) / 1e6, peak }));
}

if (process.argv[1] === new URL(import.meta.url).pathname) await insightOf(process.argv[2]);
