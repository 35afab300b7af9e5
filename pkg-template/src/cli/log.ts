import type { Campaign } from "kfactor";
import { moment, offsetOf } from "./cases/instant.js";

/** A step of a log: a document that is in force from here on, or commands as JSON text. */
export type Step = { campaign: Campaign; seed?: string } | Commands;

/** Commands, an array or one in each line, and where each of them stands; those of an array by their number. */
export interface Commands {
  commands: string;
  places: Place[];
}

/** The line of a file, or the number of an entry in an array; from 1. */
export type Place = { line: number } | { entry: number };

/** Reads commands, an array or one per line, with the documents between them; `time` reads dates as Unix milliseconds. */
export function steps(text: string, time: (date: string) => number | undefined): Step[] {
  // Commands alone are the engine's to read, with whatever is wrong with them.
  const isPlain = !/"(campaign|command)"\s*:|"at"\s*:\s*"/.test(text);
  if (isPlain && isArray(text)) return [{ commands: text, places: [] }];
  const steps: Step[] = [];
  for (const { json, place } of placed(text)) {
    const value = isPlain ? undefined : parsed(json);
    const { campaign, seed, command } = Object(value) as Members;
    if (campaign !== undefined) {
      steps.push(seed === undefined ? { campaign } : { campaign, seed });
      continue;
    }
    const at = timeOf(command ?? value, time);
    const same = command === undefined ? json : JSON.stringify(command);
    const commands = at === undefined ? same : JSON.stringify({ ...Object(command ?? value), at });
    const last = steps.at(-1);
    if (last !== undefined && "commands" in last) {
      last.commands += `\n${commands}`;
      last.places.push(place);
    } else steps.push({ commands, places: [place] });
  }
  return steps;
}

/** The entries of an array, or the lines that are not empty, as JSON text each. */
export function entries(text: string): string[] {
  return placed(text).map(({ json }) => json);
}

/** A log with the times of its commands in milliseconds, where `time` reads dates that stand in their place. */
export function stamped(text: string, time: (date: string) => number | undefined): string {
  if (!/"at"\s*:\s*"/.test(text)) return text;
  const lines = placed(text).map(({ json }) => {
    const value = parsed(json);
    const { command } = Object(value) as Members;
    const at = timeOf(command ?? value, time);
    if (at === undefined) return json;
    return JSON.stringify(
      command === undefined ? { ...Object(value), at } : { ...Object(value), command: { ...command, at } },
    );
  });
  return lines.join("\n");
}

/** What reads dates as a document's timezone has them. */
export function clockOf(document: string): (date: string) => number | undefined {
  const zone = zoneOf(document);
  return (date) => moment(date, zone);
}

/** The distance of a document's timezone from UTC, in milliseconds; that of China where it says none, or is none. */
function zoneOf(document: string): number {
  try {
    const { timezone = "+08:00" } = Object(JSON.parse(document)) as Partial<Campaign>;
    return offsetOf(timezone);
  } catch {
    // The engine says what is wrong with it.
    return offsetOf("+08:00");
  }
}

/** Where the entries of a log stand. */
export function placesOf(text: string): Place[] {
  try {
    return placed(text).map(({ place }) => place);
  } catch {
    // An array that is not JSON: its entries have only their number.
    return [];
  }
}

/** A place as a person reads it; `entries` is what an array is a list of. */
export function inWords(place: Place, inChinese: boolean, entries: "entry" | "command"): string {
  if ("line" in place) return inChinese ? `第 ${place.line} 行` : `line ${place.line}`;
  const count = entries === "command" ? "条指令" : "条";
  return inChinese ? `第 ${place.entry} ${count}` : `${entries} ${place.entry}`;
}

interface Members {
  campaign?: Campaign;
  seed?: string;
  command?: object;
}

function isArray(text: string): boolean {
  return text.trimStart().startsWith("[");
}

function placed(text: string): { json: string; place: Place }[] {
  if (isArray(text)) {
    const values = JSON.parse(text) as unknown[];
    return values.map((value, at) => ({ json: JSON.stringify(value), place: { entry: at + 1 } }));
  }
  const lines = text.split("\n").map((json, at) => ({ json, place: { line: at + 1 } }));
  return lines.filter(({ json }) => json.trim() !== "");
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The time of a command that is written as a date. */
function timeOf(command: unknown, time: (date: string) => number | undefined): number | undefined {
  const { at } = Object(command) as { at?: unknown };
  return typeof at === "string" ? time(at) : undefined;
}
