// What every suite needs: processes of their own for what is measured, and statistics for paired rounds.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../", import.meta.url));
const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));
const execute = promisify(execFile);

/** The command line of a measurement by `worker.mjs`. */
export function worker(mode, implementation, folder, size) {
  return [process.execPath, "--expose-gc", WORKER, mode, implementation, folder, size];
}

/** Runs a command line to its end and returns the JSON that it prints. */
export async function report([program, ...args]) {
  const { stdout } = await execute(program, args, { cwd: ROOT, maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

/** The lines that a command line prints, as they come; throws if it fails. */
export async function* lines([program, ...args]) {
  const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  yield* createInterface({ input: child.stdout, crlfDelay: Infinity });
  const [code] = await closed;
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}`);
}

/**
 * Runs all jobs `rounds` times, one after the other, every second round backwards, so that a slow minute of
 * the machine meets all of them alike. Returns the results of each job, by round.
 */
export async function inRounds(rounds, jobs, note) {
  const names = Object.keys(jobs);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    note(`round ${round} of ${rounds}: ${names.join(", ")}`);
    for (const name of round % 2 === 1 ? names : names.toReversed()) results[name].push(await jobs[name]());
  }
  return results;
}

/** The median and the quartiles of ours to the peer's, round by round. */
export function paired(ours, peers) {
  const ratios = ours.map((value, round) => value / peers[round]);
  return { median: quantile(ratios, 0.5), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

/** The value below which this part of the values lies. */
export function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}
