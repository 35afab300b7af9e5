import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of an example campaign. */
export function campaign(name: string): string {
  return readFileSync(join(process.cwd(), "examples/campaigns", `${name}.json`), "utf8");
}

/** A moment at which the example campaigns run. */
export const NOON = Date.parse("2026-12-01T12:00:00+08:00");

/** Reproducible numbers below `n`. */
export function chance(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * n);
  };
}

/** Runs the command line of the built package. */
export function kfactor(
  words: string[],
  input: string | Uint8Array = "",
): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, LANG: "C", LC_ALL: "C" };
  return spawnSync(process.execPath, ["pkg/bin/kfactor.js", ...words], { input, encoding: "utf8", env });
}
