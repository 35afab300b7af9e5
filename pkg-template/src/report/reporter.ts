import { hear, KfactorError } from "../errors.js";
import { fnv1a } from "../hash.js";
import type { Host } from "../host/host.js";
import { ready } from "../runtime.js";
import type { Fact } from "../types.js";
import { formOf, type ReportForm } from "./encode.js";
import { keyValueStore } from "./key-value-store.js";
import {
  type Consent,
  Do,
  type Effect,
  type Input,
  noCounts,
  openOutbox,
  type Outbox,
  type ReportCounts,
  Say,
} from "./outbox.js";
import type { Draft, ReportRecord } from "./record.js";
import { checkSink, failure, wrong } from "./sink.js";
import type { ReportStore } from "./store.js";

/** Where reports go, and how. */
export type ReportSink = {
  /** The address they are posted to. */
  to: string;
  /** Headers beside `Content-Type`. */
  headers?: Record<string, string>;
} & (
  | {
      /** `cloudevents` if absent: one record a request, which every receiver of CloudEvents takes. */
      as?: Exclude<ReportForm, "segment" | "custom">;
      key?: never;
      encode?: never;
    }
  | {
      as: "segment";
      /** Segment's write key. */
      key: string;
      encode?: never;
    }
  | {
      as: "custom";
      key?: never;
      /** Makes the body of a request. */
      encode(records: ReportRecord[]): { type: string; body: string };
    }
);

/** How a reporter is made. */
export type ReporterOptions = ReportSink & {
  /** The campaign's id. */
  campaign: string;
  /** Who is reported on: a pseudonym. What looks like a phone number, an openid or a mail address is replaced by one. */
  subject?: string;
  /** `granted` if absent. */
  consent?: Consent;
  /** Where records wait: `localStorage` or the mini-program's storage if absent. */
  store?: ReportStore;
  /** Hears of records that were dropped (`REPORT_DROPPED`) and of a sink that refuses everything (`REPORT_REFUSED`). */
  onError?(error: KfactorError): void;
};

/** Sends what happened to one sink, and loses none of it. */
export interface Reporter {
  /** Reports something by its kind, as `poster-shown`: letters, digits and hyphens. Never throws; `onError` hears of what cannot be reported. */
  track(kind: string, data?: object, about?: { id?: string; time?: number; subject?: string }): void;
  /**
   * Reports a fact under its own id: a receiver counts it once, also if a backend reports it too. It is about the reporter's
   * subject, or else about whom the fact names.
   */
  fact(fact: Fact, about?: { subject?: string }): void;
  /** The participant decided. */
  consent(consent: Consent): void;
  counts(): ReportCounts;
  /** Waits until everything was taken or dropped, or until the sink refuses everything. */
  flush(): Promise<ReportCounts>;
  /** Sends no more. What waits stays in the storage for the next page. */
  close(): void;
}

/** Something to tell the outbox and when it happened; and where it waits meanwhile, so that a page that goes before the engine comes loses nothing. */
type Told = [input: Input, at: number, early?: string];

/** Kinds become part of a type, and identifiers elsewhere. */
const KIND = /^[a-z][a-z0-9-]{0,59}$/i;
const EARLY = /:early-\d+$/;
const LOOK_MS = 20;

/** A page that left others its storage looks again for pages that are gone. */
const LOOK_AGAIN_MS = 40_000;

/** Makes a reporter in any host. It drives an outbox: does what that says, and tells it what came of it. */
export function startReporter(options: ReporterOptions, host: Host): Reporter {
  checkSink(options);
  const { campaign, to, as = "cloudevents", key, headers = {}, encode, consent = "granted" } = options;
  /** One run of one page. It tells records apart, and is no secret. */
  const session = name() + name();
  const store = options.store ?? keyValueStore(host.storage(), `${campaign}:${fnv1a(to).toString(36)}`);
  /** What happened before the engine was there. */
  const waiting: Told[] = [];
  let agreed = consent;
  let isStepping = false;
  /** Whether the page went: another may have taken over what it knows, so it does nothing before it has looked. */
  let isAway = false;
  let isClosed = false;
  /** There once the engine is. */
  let outbox: Outbox | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looking: ReturnType<typeof setTimeout> | undefined;

  const start = async (): Promise<void> => {
    const [glue, form] = await Promise.all([ready(), formOf(as)]);
    if (isClosed) return;
    outbox = openOutbox(glue, { campaign, session, form, key, consent });
    run();
    looking = setTimeout(() => void adopt(), LOOK_AGAIN_MS);
    // A program that has nothing else to do need not wait for that.
    (looking as { unref?: () => void }).unref?.();
    await adopt();
  };

  /** Takes over what pages left that went without a word. */
  const adopt = async (): Promise<void> => {
    const values = await store.adopt();
    if (values.length === 0) return;
    tell([Say.Recovered, values.filter(([key]) => !EARLY.test(key))]);
    for (const [early, value] of values) if (EARLY.test(early)) again(early, value);
  };

  /** Tells again what a page told that went before its engine came. */
  const again = (early: string, value: string): void => {
    try {
      const [draft, at] = JSON.parse(value) as [Draft, number];
      if (KIND.test(draft.kind) && Number.isSafeInteger(at)) {
        waiting.push([[Say.Track, draft], at, early]);
        return run();
      }
    } catch {
      // It was cut off while it was written: the page went before `track` was done.
    }
    store.delete(early);
  };

  const returned = async (): Promise<void> => {
    const keys = outbox && (await store.keep());
    isAway = false;
    waiting.unshift([[Say.Hurry, keys], Date.now()]);
    run();
    if (outbox !== undefined) await adopt();
  };

  const tell = (input: Input): void => {
    if (isClosed) return;
    const told: Told = [input, Date.now()];
    if (outbox === undefined && agreed === "granted" && input[0] === Say.Track) keepEarly(told, input);
    waiting.push(told);
    run();
  };

  const keepEarly = (told: Told, track: [Say.Track, Draft]): void => {
    const place = waiting.length;
    const at = told[1];
    // The same id, whichever page tells it: what is told by two is one record.
    track[1] = { id: `${session}-e${place}`, time: at, ...track[1] };
    told[2] = `${session}:early-${place}`;
    store.put(told[2], JSON.stringify([track[1], at]), () => undefined);
  };

  /** One input after the other: what is done for one may tell of the next. */
  const run = (): void => {
    if (outbox === undefined || isStepping || isAway) return;
    isStepping = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [input, at, early] = next;
        const chance = Math.floor(Math.random() * 2 ** 32);
        outbox.step(input, Math.floor(at), chance).forEach(act);
        if (early !== undefined) store.delete(early);
        clearTimeout(timer);
        const wake = outbox.wake();
        if (wake === undefined || isClosed) continue;
        timer = setTimeout(() => tell([Say.Tick]), Math.min(Math.max(wake - Date.now(), 0), 2 ** 30));
      }
    } finally {
      isStepping = false;
    }
  };

  const act = (effect: Effect): void => {
    switch (effect[0]) {
      case Do.Put: {
        const [, record, key, value] = effect;
        return store.put(key, value, (isStored) => tell([isStored ? Say.Stored : Say.NotStored, record]));
      }
      case Do.Delete:
        return store.delete(effect[1]);
      case Do.Send:
        return void send(effect);
      case Do.Parked:
        return fail(
          failure(
            "REPORT_REFUSED",
            `${to} answers ${effect[1]}; reports wait`,
            `${to} 返回 ${effect[1]}，上报已保留`,
          ),
        );
      case Do.Dropped: {
        // `docs/reports.md` has the reasons.
        const [, key, reason] = effect;
        return fail(
          failure(
            "REPORT_DROPPED",
            `The report ${key} was dropped: ${reason}`,
            `上报 ${key} 被丢弃：${reason}`,
          ),
        );
      }
    }
  };

  const send = async ([, batch, isLeaving, type, body]: Extract<
    Effect,
    [Do.Send, ...unknown[]]
  >): Promise<void> => {
    if (encode !== undefined) {
      try {
        ({ type, body } = encode(JSON.parse(body) as ReportRecord[]));
        if (typeof type !== "string" || typeof body !== "string") throw new Error("no { type, body }");
      } catch (reason) {
        fail(wrong("`encode` failed; reports wait", "`encode` 出错，上报已保留", reason));
        // As a backend that is not what it was configured to be.
        return tell([Say.Answered, batch, { status: 501 }]);
      }
    }
    const post = host.post({ url: to, headers, isLeaving, type, body });
    tell([Say.Answered, batch, await post.catch(() => ({ status: 0 }))]);
  };

  const fail = (error: KfactorError): void => hear((error) => options.onError?.(error), error);

  const counts = (): ReportCounts => {
    const known = outbox?.counts() ?? noCounts();
    for (const [[say]] of waiting) {
      if (say !== Say.Track) continue;
      known.tracked++;
      known.queued++;
    }
    return known;
  };

  const track: Reporter["track"] = (kind, data = {}, about = {}) => {
    const subject = about.subject ?? options.subject;
    let draft: Draft;
    try {
      if (!KIND.test(kind)) throw new Error(`"${kind}" is no kind`);
      // As it is now, whatever becomes of it later; what JSON cannot say is found here, not where it is sent.
      draft = JSON.parse(JSON.stringify({ kind, data, ...about, subject })) as Draft;
    } catch (reason) {
      return fail(failed("REPORT_RECORD", "This cannot be reported", "无法上报", reason));
    }
    tell([Say.Track, draft]);
  };

  store.begin(session);
  const stopWatching = host.watch({
    hidden: () => tell([Say.Hidden]),
    left: () => {
      isAway = true;
      store.release();
    },
    shown: () => void returned(),
    online: () => tell([Say.Hurry]),
  });
  // Without the engine nothing can be sent; what happened stays in memory.
  start().catch((reason: unknown) =>
    fail(
      reason instanceof KfactorError
        ? reason
        : failed("REPORT_NOT_STARTED", "Reports cannot start", "上报无法启动", reason),
    ),
  );

  return {
    track,
    fact: (fact, about = {}) => {
      const { id, kind, at, ...data } = fact;
      const { by, who, to } = data as { by?: unknown; who?: unknown; to?: unknown };
      const named = [about.subject, options.subject, by, who, to].find((text) => typeof text === "string");
      track(kind, data, { id, time: at, subject: named as string });
    },
    consent: (consent) => {
      agreed = consent;
      tell([Say.Consent, consent]);
    },
    counts,
    flush: async () => {
      for (;;) {
        const known = counts();
        if (known.queued === 0 || known.parked !== 0 || isClosed) return known;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      clearTimeout(looking);
      stopWatching();
      store.release();
    },
  };
}

function name(): string {
  return Math.random().toString(36).slice(2, 9);
}

/** What failed, with the reason in both languages. */
function failed(code: string, en: string, zh: string, reason: unknown): KfactorError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return failure(code, `${en}: ${text}`, `${zh}：${text}`, reason);
}
