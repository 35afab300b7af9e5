import { checked } from "./engine.js";
import { complete, ready } from "./runtime.js";
import type { Report } from "./types.js";

/** How facts are looked at. */
export interface InsightOptions {
  /** How long after someone's arrival those they bring count for K, in milliseconds; seven days if absent. */
  window?: number;
  /** How far local days are from UTC, in minutes; 480 (China) if absent. */
  offset?: number;
  /** The moment of looking, in Unix milliseconds; that of the last fact if absent. */
  now?: number;
  /** How far back a touch can lie and still be given credit, in milliseconds; thirty days if absent. */
  lookBack?: number;
  /** With `timeDecay`, a touch weighs half as much for each of these spans, in milliseconds; seven days if absent. */
  halfLife?: number;
  /** How paths are shortened before credit is given: see `CreditOptions`. */
  transform?: "none" | "exposure" | "first" | "without-direct";
  /** Who is in which segment, as `engine.segments()` says; their stages are `segments` of the report then. */
  segments?: readonly Group[];
}

/** Who is in a segment of a campaign. */
export interface Group {
  /** The segment. */
  segment: string;
  /** Everybody in it, by the main id of those with several. */
  people: string[];
}

/**
 * What the facts of a campaign say about how it spreads: funnel, K with its interval, cohorts, cycle time, the tree of who
 * brought whom, touchpoints and posters side by side, credit by eight models, cost, RFM. Facts come as JSON, one for each
 * line or in an array; answers, logs, and reports that a backend received will do as well. What comes again counts once.
 *
 * ```js
 * const report = await insight(await readFile("facts.jsonl"));
 * console.log(report.k.value, report.funnel);
 * ```
 *
 * @throws {KfactorError} `COMPLETE_ONLY` in a page, unless it imports "kfactor/complete".
 */
export async function insight(facts: Uint8Array | string, options: InsightOptions = {}): Promise<Report> {
  const bytes = typeof facts === "string" ? new TextEncoder().encode(facts) : facts;
  const {
    window = NaN,
    offset = NaN,
    now = NaN,
    lookBack = NaN,
    halfLife = NaN,
    transform = "none",
    segments = [],
  } = options;
  await ready();
  const groups = JSON.stringify(segments);
  const answer = complete().insight(bytes, window, offset, now, lookBack, halfLife, transform, groups);
  return checked(answer) as Report;
}

/** The tables of a report as CSV (RFC 4180, with a header), by name. */
export function insightTables(report: Report): Record<string, string> {
  const { widths, growth } = report.tree;
  const credit = report.credit.flatMap(({ model, channels }) =>
    Object.entries(channels).map(([channel, thousandths = 0]) => ({
      model,
      channel,
      conversions: thousandths / 1000,
    })),
  );
  return {
    funnel: csv(report.funnel),
    touchpoints: csv(report.touchpoints),
    posters: csv(report.posters),
    generations: csv(report.generations),
    cohorts: csv(report.cohorts),
    days: csv(report.days),
    credit: csv(credit),
    rewards: csv(report.rewards),
    spreaders: csv(report.spreaders),
    segments: csv(report.segments),
    doubles: csv(report.doubles),
    liveCodes: csv(report.liveCodes),
    classes: csv(report.classes),
    waves: csv(
      report.waves.map(({ from, until, arrived }) => ({
        from,
        until,
        ...Object.fromEntries(arrived.map((people, generation) => [`generation ${generation}`, people])),
      })),
    ),
    tree: csv(widths.map((people, generation) => ({ generation, people, growth: growth[generation] }))),
  };
}

/** Rows as CSV; objects within a row become columns of their own, as `k.low`. */
function csv(rows: readonly object[]): string {
  const flat = rows.map((row) => Object.fromEntries(cells(row, "")));
  const columns = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  const lines = [columns, ...flat.map((row) => columns.map((column) => row[column]))];
  return lines.map((line) => line.map(quoted).join(",") + "\r\n").join("");
}

function cells(row: object, prefix: string): [string, unknown][] {
  return Object.entries(row).flatMap(([key, value]): [string, unknown][] => {
    const isObject = typeof value === "object" && value !== null;
    return isObject ? cells(value as object, `${prefix}${key}.`) : [[prefix + key, value]];
  });
}

function quoted(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value as string | number | boolean);
  // A spreadsheet would take these for formulas.
  const plain = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
