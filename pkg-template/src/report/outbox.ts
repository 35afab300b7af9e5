// The outbox with its texts. The engine's state machine knows records as numbers and decides what happens to them; here they
// have their texts, keys and forms, and what was dropped is counted and told of. Nothing here stores, sends or waits:
// inputs and the time go in, what to do comes out.
import type { PostReply } from "../host/host.js";
import { crc32, utf8 } from "./bytes.js";
import { encode, type Form } from "./encode.js";
import { makeRecord, padded, typeOf, type Draft, type ReportRecord } from "./record.js";
import { CONSENTS, isObject } from "./sink.js";
import { sessionOf } from "./store.js";

/** Whether a participant has agreed to be reported on. `unknown`: 50 records wait in memory, for half an hour. */
export type Consent = "unknown" | "granted" | "denied";

/** What one destination is. */
export interface OutboxSettings {
  campaign: string;
  /** One run of one page on one device: new each time, and unique. */
  session: string;
  form: Form;
  /** Segment's write key. */
  key?: string | undefined;
  consent: Consent;
}

/** What is said to an outbox and to its machine, by the machine's numbers (`src/wasm/report.rs`). */
export const enum Say {
  Track,
  Recovered,
  Told,
  Stored,
  NotStored,
  Moved,
  Fitted,
  Answered,
  Hidden,
  Hurry,
  Consent,
  Tick,
}

/** What happens to an outbox. */
export type Input =
  | [Say.Track, Draft]
  /** What an earlier session, or one that is gone, left in the storage. */
  | [Say.Recovered, values: [string, string][]]
  /** What came of a `Put`, by its record. */
  | [Say.Stored | Say.NotStored, record: number]
  /** The answer to a request. */
  | [Say.Answered, batch: number, reply: PostReply]
  /** The page is about to go: all that fits is sent at once. */
  | [Say.Hidden]
  /**
   * The page is back, or the network: waiting makes no sense. With the keys that the storage still has, if other pages may
   * have taken some.
   */
  | [Say.Hurry, keys?: string[] | undefined]
  | [Say.Consent, Consent]
  /** Time has passed. */
  | [Say.Tick];

/** What an outbox wants done; up to `Send` by the machine's numbers. */
export const enum Do {
  Put,
  /** Of the machine: a record is in the queue no more. */
  Delete,
  Send,
  Dropped,
  Parked,
}

/** What is to be done for an outbox, in this order. */
export type Effect =
  /** Write, then say `Stored` or `NotStored`. */
  | [Do.Put, record: number, key: string, value: string]
  /** Delete; nothing has to be said. */
  | [Do.Delete, key: string]
  /** Send, then say `Answered`. Where `isLeaving`, the page may be gone before the answer. */
  | [Do.Send, batch: number, isLeaving: boolean, type: string, body: string]
  /** The destination refuses everything; the records wait. */
  | [Do.Parked, status: number]
  | [Do.Dropped, key: string, reason: string];

/** What became of everything: `tracked + recovered = acked + queued + moved + Σ dropped`. */
export interface ReportCounts {
  tracked: number;
  /** Taken over from earlier pages. */
  recovered: number;
  acked: number;
  queued: number;
  /** Taken over by another page. */
  moved: number;
  /** Kept in memory only, because the storage was full. */
  unstored: number;
  /** By reason: `overflow`, `too-large`, `refused`, `expired`, `no-consent`, `damaged`. */
  dropped: Record<string, number>;
  /** The status for which the sink is parked; 0 if it is not. */
  parked: number;
}

/** Why records are dropped; all but the last by the machine's numbers, behind `Taken` and `Moved`. */
const REASONS = ["overflow", "too-large", "refused", "expired", "no-consent", "damaged"];

/** Ends of records that are no drops. */
const enum End {
  Taken,
  Moved,
  /** The number of the first reason for a drop. */
  Dropped,
}

/** The milliseconds of a machine that waits for nothing. */
const FOR_EVER = 2 ** 32 - 1;

/** Drops by reason. */
type Drops = Record<string, number>;

/** The kind of the record that tells of drops. */
const LOSS = "reports-lost";
/** The number under which a count of drops is written. */
const COUNT = 0;
/** The body of a request, and of all requests of a page that goes. */
const BODY = 60 * 1024;
/** After a record about drops was itself dropped, the next one waits so long. */
const TELL_AGAIN_MS = 600_000;

/** A record that waits, and the drops it tells of. */
type Waiting = [key: string, text: string, losses: Drops | undefined];

/** A queue in front of one destination. */
export interface Outbox {
  /** Takes an input at a moment and says what to do. `chance` is 32 random bits, which spread the retries of many pages. */
  step(input: Input, now: number, chance: number): Effect[];
  /** When to say `tick` if nothing else happens before. */
  wake(): number | undefined;
  counts(): ReportCounts;
  /** Drops that no delivered record has told of yet. */
  untold(): Drops;
}

/** The state machine, as the engine has it: numbers in, numbers out. */
export interface Machine {
  openOutbox(most: number, consent: number): number;
  stepOutbox(
    outbox: number,
    input: number,
    number: number,
    size: number,
    time: number,
    now: number,
    chance: number,
  ): Uint32Array;
  pseudonym(campaign: string, text: string): number;
}

/** An outbox that knows nothing yet. What earlier sessions left comes by `recovered`. */
export function openOutbox(glue: Machine, settings: OutboxSettings): Outbox {
  const { campaign, session, form, key: writeKey } = settings;
  let { consent } = settings;
  const machine = glue.openOutbox(form.most, CONSENTS.indexOf(consent));
  const waiting = new Map<number, Waiting>();
  const counts = noCounts();
  let numbered = COUNT;
  let sequence = 0;
  let latest = 0;
  let wake: number | undefined;
  // The moment of this step, its random number, and what is to be done in it.
  let now: number;
  let chance: number;
  let effects: Effect[] = [];
  /** What is left of the bodies of a page that goes. */
  let room: number;
  let untold: Drops = {};
  /** When the next record about drops may be made. */
  let tellAfter = 0;
  /** How often their count was written. */
  let writes = 0;
  // Whether drops were counted in this step, and which were told of.
  let hasDropped = false;
  let told: Drops | undefined;
  /** Keys whose content is part of the count; they go once the count is written. */
  let superseded: string[] = [];

  const take = (input: Input): void => {
    switch (input[0]) {
      case Say.Track:
        return track(input[0], input[1]);
      case Say.Recovered:
        return recovered(input[1]);
      case Say.Stored:
        if (input[1] === COUNT) superseded.splice(0).forEach(forget);
        return ask(...input);
      case Say.NotStored:
        if (waiting.has(input[1])) counts.unstored++;
        return ask(...input);
      case Say.Answered: {
        const [say, batch, { status, retryAfter, date }] = input;
        return ask(say, batch, status, waitOf(retryAfter, date));
      }
      case Say.Hidden: {
        room = BODY;
        let sent: number;
        do {
          sent = effects.length;
          ask(Say.Hidden);
        } while (effects.length > sent);
        return;
      }
      case Say.Hurry:
        // Others may have taken over what this page had stored: they have what is gone.
        for (const [number, [key]] of [...waiting])
          if (input[1]?.includes(key) === false) ask(Say.Moved, number);
        return ask(Say.Hurry);
      case Say.Consent:
        return decide(input[1]);
    }
  };

  /** Asks the machine, and does what it says. */
  const ask = (say: Say, number = 0, size = 0, time = 0): void => {
    const said = glue.stepOutbox(machine, say, number, size, time, now, chance);
    const effected = said.length - 2;
    const [sleep = FOR_EVER, parked = 0] = said.subarray(effected);
    wake = sleep === FOR_EVER ? undefined : now + sleep;
    if (parked > 0 && parked !== counts.parked) effects.push([Do.Parked, parked]);
    counts.parked = parked;
    for (let at = 0; at < effected;) {
      const [effect, first = 0, second = 0, third = 0] = said.subarray(at, (at += 4));
      if (effect === Do.Put) put(first, ...waiting.get(first)!);
      else if (effect === Do.Delete) gone(first, second, third);
      else send(first, [...said.subarray(at, (at += third))], second > 0);
    }
  };

  const put = (record: number, key: string, text: string, _losses?: Drops): number =>
    effects.push([Do.Put, record, key, seal(text)]);

  const forget = (key: string): number => effects.push([Do.Delete, key]);

  const track = (input: Say, draft: Draft, losses?: Drops): void => {
    counts.tracked++;
    // Two records of one session never have the same time, so that their order can be told.
    latest = Math.max(now, latest + 1);
    const origin = { campaign, session, sequence: ++sequence, now: latest };
    const text = makeRecord(draft, origin, glue.pseudonym);
    keep(input, [`${session}:${padded(sequence)}`, text, losses], latest);
  };

  const keep = (input: Say, record: Waiting, since: number): void => {
    waiting.set(++numbered, record);
    ask(input, numbered, utf8(record[1]).length, since);
  };

  const gone = (number: number, end: number, isStored: number): void => {
    const [key, , losses] = waiting.get(number)!;
    waiting.delete(number);
    if (end === End.Moved) {
      counts.moved++;
      return;
    }
    if (end >= End.Dropped) drop(key, REASONS[end - End.Dropped]!, losses);
    else {
      counts.acked++;
      if (losses !== undefined) told = sum(told ?? {}, losses);
    }
    if (isStored > 0) forget(key);
  };

  /** Counts a drop. */
  const drop = (key: string, reason: string, losses?: Drops): void => {
    counts.dropped = sum(counts.dropped, { [reason]: 1 });
    effects.push([Do.Dropped, key, reason]);
    if (consent === "denied") return;
    // The drop of a record about drops is told by none of its own: a destination that refuses everything would be asked
    // without end.
    if (losses !== undefined) tellAfter = now + TELL_AGAIN_MS;
    else {
      untold = sum(untold, { [reason]: 1 });
      hasDropped = true;
    }
  };

  /** Makes a request of the records that fit. */
  const send = (batch: number, numbers: number[], isLeaving: boolean): void => {
    const texts = numbers.map((number) => waiting.get(number)![1]);
    const most = isLeaving ? room : BODY;
    const { type, body, count } = encode(form, texts, now, writeKey, most);
    const size = utf8(body).length;
    // One record alone may be larger than what a page that goes can send.
    const fitted = isLeaving && size > most ? 0 : count;
    if (fitted < numbers.length) ask(Say.Fitted, batch, fitted);
    if (fitted === 0) return;
    room -= size;
    effects.push([Do.Send, batch, isLeaving, type, body]);
  };

  const decide = (decided: Consent): void => {
    consent = decided;
    ask(Say.Consent, CONSENTS.indexOf(decided));
    if (decided === "granted") hasDropped ||= hasAny(untold);
    if (decided === "denied") untold = told = {};
  };

  const recovered = (values: [string, string][]): void => {
    /** By session: how often its count was written, and the count. */
    const counted = new Map<string, [write: number, drops: Drops]>();
    const countOf = (key: string): [number, Drops] => counted.get(sessionOf(key)) ?? [0, {}];
    for (const [key, value] of values) {
      if (!/:losses[^:]*$/.test(key)) continue;
      const count = unseal(value);
      const write = wholeOf(count?.["write"]);
      if (write >= countOf(key)[0]) counted.set(sessionOf(key), [write, dropsOf(count)]);
      superseded.push(key);
    }
    const known = new Set([...waiting.values()].map(([key]) => key));
    // Keys of a session sort as its records came.
    for (const [key, value] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!/:\d+$/.test(key) || known.has(key)) continue;
      known.add(key);
      counts.recovered++;
      const record = unseal(value) as Partial<ReportRecord> | undefined;
      if (record === undefined) {
        drop(key, "damaged");
        superseded.push(key);
        continue;
      }
      const losses = record.type === typeOf(LOSS) ? dropsOf(record.data) : undefined;
      if (losses !== undefined) {
        // What a record tells of was counted, even if that count could not be written.
        const [write, drops] = countOf(key);
        counted.set(sessionOf(key), [write, merged(drops, losses, Math.max)]);
      }
      // It was made at `recordedtime`, or at `time` if it happened then.
      const since = Date.parse(record.recordedtime ?? record.time ?? "") || 0;
      latest = Math.max(latest, since);
      keep(Say.Recovered, [key, value.slice(SUM), losses], since);
    }
    for (const [, drops] of counted.values()) untold = sum(untold, drops);
    hasDropped ||= superseded.length > 0;
    if (consent === "denied") decide(consent);
  };

  /** A record that tells how many were dropped, and why. */
  const tellLosses = (): void => {
    tellAfter = Math.min(tellAfter, now + TELL_AGAIN_MS);
    if (consent !== "granted" || now < tellAfter || !hasAny(untold)) return;
    if ([...waiting.values()].some(([, , losses]) => losses !== undefined)) return;
    track(Say.Told, { kind: LOSS, data: untold }, untold);
  };

  /**
   * Writes the count of drops, once a step. In turns to two places, so that a write that is cut off leaves the one before;
   * and before what was dropped is deleted, but after a record that told of drops is: so a crash in between tells of a drop
   * twice, never too seldom.
   */
  const writeLosses = (): void => {
    const [dropped, heard] = [hasDropped, told];
    hasDropped = false;
    told = undefined;
    if (consent === "unknown") return;
    if (dropped) {
      count();
      effects.unshift(effects.pop()!);
    }
    if (heard === undefined) return;
    untold = merged(untold, heard, (have, less) => have - less);
    count();
  };

  const count = (): number =>
    put(COUNT, `${session}:losses-${++writes % 2}`, JSON.stringify({ write: writes, ...untold }));

  return {
    step: (input, at, random) => {
      now = at;
      chance = random;
      effects = [];
      take(input);
      ask(Say.Tick);
      tellLosses();
      writeLosses();
      return effects;
    },
    wake: () => wake,
    counts: () => ({ ...counts, queued: waiting.size }),
    untold: () => untold,
  };
}

/** The counts of an outbox that knows nothing yet. */
export function noCounts(): ReportCounts {
  return { tracked: 0, recovered: 0, acked: 0, queued: 0, moved: 0, unstored: 0, dropped: {}, parked: 0 };
}

/** The letters of a checksum. */
const SUM = 8;

/** A value as it is stored: its checksum in eight letters, then itself. */
export function seal(text: string): string {
  return crc32(text).toString(16).padStart(SUM, "0") + text;
}

/** The object that was sealed; none if the value is not whole. */
function unseal(value: string): Record<string, unknown> | undefined {
  const text = value.slice(SUM);
  try {
    const content: unknown = seal(text) === value && JSON.parse(text);
    if (isObject(content)) return content as Record<string, unknown>;
  } catch {
    // What is no JSON was not written here.
  }
  return undefined;
}

/** The drops in an object of a storage, whatever else is in it. */
function dropsOf(from: object | undefined): Drops {
  const drops: Drops = {};
  for (const reason of REASONS) {
    const number = wholeOf((from as Drops | undefined)?.[reason]);
    if (number > 0) drops[reason] = number;
  }
  return drops;
}

function wholeOf(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}

function merged(some: Drops, others: Drops, both: (a: number, b: number) => number): Drops {
  const all: Drops = {};
  for (const reason of Object.keys({ ...some, ...others })) {
    const number = both(some[reason] ?? 0, others[reason] ?? 0);
    if (number > 0) all[reason] = number;
  }
  return all;
}

function sum(some: Drops, others: Drops): Drops {
  return merged(some, others, (a, b) => a + b);
}

function hasAny(drops: Drops): boolean {
  return Object.keys(drops).length > 0;
}

/** All of them together. */
export function total(drops: Drops): number {
  return Object.values(drops).reduce((all, number) => all + number, 0);
}

/**
 * How many milliseconds `Retry-After` says to wait: seconds, or a date, which is read against the sender's own `Date`. Of the
 * latter without a `Date`, and of what is neither, nothing is known.
 *
 * Source: RFC 9110, sections 10.2.3 and 5.6.7.
 */
export function waitOf(retryAfter = "", date = ""): number {
  if (/^\s*\d+\s*$/.test(retryAfter)) return Math.min(Number(retryAfter) * 1_000, 2 ** 40);
  // Engines take much else for a date, as "-1".
  const instantOf = (text: string): number => (/GMT\s*$/.test(text) ? Date.parse(text) : NaN);
  return Math.max(instantOf(retryAfter) - instantOf(date), 0) || 0;
}
