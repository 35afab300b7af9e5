import { hear, KfactorError } from "../errors.js";
import { fnv1a } from "../hash.js";
import type { Host } from "../host/host.js";
import { ready } from "../runtime.js";
import type { Fact } from "../types.js";
import { formOf } from "./encode.js";
import { keyValueStore } from "./key-value-store.js";
import {
  type Consent,
  type Effect,
  type Input,
  noCounts,
  openOutbox,
  type Outbox,
  type ReportCounts,
} from "./outbox.js";
import type { ReportRecord } from "./record.js";
import { checkSink, dropped, parked, type ReportForm, wrong } from "./sink.js";
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

/** Makes a reporter in any host. */
export function startReporter(options: ReporterOptions, host: Host): Reporter {
  return new Driver(options, host);
}

/** Something to tell the outbox, and where it waits meanwhile, so that a page that goes before the engine comes loses nothing. */
interface Told {
  input: Input;
  at: number;
  early?: string;
}

/** Kinds become part of a type, and identifiers elsewhere. */
const KIND = /^[a-z][a-z0-9-]{0,59}$/i;
const LOOK_MS = 20;

/** A page that left others its storage looks again for pages that are gone. */
const LOOK_AGAIN_MS = 40_000;

/** Drives an outbox: does what it says, and tells it what came of that. */
class Driver implements Reporter {
  private readonly options: ReporterOptions;
  private readonly host: Host;
  private readonly store: ReportStore;
  private readonly stopWatching: () => void;
  /** What happened before the engine was there. */
  private waiting: Told[] = [];
  /** One run of one page. It tells records apart, and is no secret. */
  private readonly session = name() + name();
  private agreed: Consent;
  private isStepping = false;
  /** Whether the page went: another may have taken over what it knows, so it does nothing before it has looked. */
  private isAway = false;
  private isClosed = false;
  /** There once the engine is. */
  private outbox: Outbox | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private looking: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ReporterOptions, host: Host) {
    checkSink(options);
    this.options = options;
    this.host = host;
    this.agreed = options.consent ?? "granted";
    this.store =
      options.store ?? keyValueStore(host.storage(), `${options.campaign}:${fnv1a(options.to).toString(36)}`);
    this.store.begin(this.session);
    this.stopWatching = host.watch({
      hidden: () => this.tell({ in: "hidden" }),
      left: () => {
        this.isAway = true;
        this.store.release();
      },
      shown: () => void this.returned(),
      online: () => this.tell({ in: "online" }),
    });
    this.start().catch((reason: unknown) => this.fail(reason));
  }

  track(kind: string, data: object = {}, about: { id?: string; time?: number; subject?: string } = {}): void {
    const subject = about.subject ?? this.options.subject;
    let input: Input;
    try {
      if (!KIND.test(kind)) throw new Error(`"${kind}" is no kind`);
      // As it is now, whatever becomes of it later; what JSON cannot say is found here, not where it is sent.
      input = JSON.parse(JSON.stringify({ in: "track", kind, data, ...about, subject })) as Input;
    } catch (reason) {
      const text = reason instanceof Error ? reason.message : String(reason);
      return this.hear(
        new KfactorError("REPORT_RECORD", `This cannot be reported: ${text}.`, `无法上报：${text}。`, reason),
      );
    }
    this.tell(input);
  }

  fact(fact: Fact, about: { subject?: string } = {}): void {
    const { id, kind, at, ...data } = fact;
    const { by, who, to } = data as { by?: unknown; who?: unknown; to?: unknown };
    const named = [about.subject, this.options.subject, by, who, to].find((text) => typeof text === "string");
    this.track(kind, data, { id, time: at, subject: named as string });
  }

  async flush(): Promise<ReportCounts> {
    for (;;) {
      const { queued, parked } = this.counts();
      if (queued === 0 || parked !== 0 || this.isClosed) return this.counts();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  consent(consent: Consent): void {
    this.agreed = consent;
    this.tell({ in: "consent", consent });
  }

  counts(): ReportCounts {
    const early = this.waiting.filter(({ input }) => input.in === "track").length;
    const known = this.outbox?.counts() ?? noCounts();
    return { ...known, tracked: known.tracked + early, queued: known.queued + early };
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    clearTimeout(this.looking);
    this.stopWatching();
    this.store.release();
  }

  private async start(): Promise<void> {
    const { campaign, as = "cloudevents", key, consent = "granted" } = this.options;
    const [glue, form] = await Promise.all([ready(), formOf(as)]);
    if (this.isClosed) return;
    this.outbox = openOutbox(glue, { campaign, session: this.session, form, key, consent });
    this.run();
    this.looking = setTimeout(() => void this.adopt(), LOOK_AGAIN_MS);
    // A program that has nothing else to do need not wait for that.
    (this.looking as { unref?: () => void }).unref?.();
    await this.adopt();
  }

  /** Takes over what pages left that went without a word. */
  private async adopt(): Promise<void> {
    const values = await this.store.adopt();
    if (values.length === 0) return;
    this.tell({ in: "recovered", values: values.filter(([key]) => !EARLY.test(key)) });
    for (const [early, value] of values) if (EARLY.test(early)) this.again(early, value);
  }

  /** Tells again what a page told that went before its engine came. */
  private again(early: string, value: string): void {
    try {
      const { input, at } = JSON.parse(value) as Told;
      if (input.in !== "track" || !KIND.test(input.kind) || !Number.isSafeInteger(at)) throw new Error(early);
      this.waiting.push({ input, at, early });
      this.run();
    } catch {
      // It was cut off while it was written: the page went before `track` was done.
      this.store.delete(early);
    }
  }

  private async returned(): Promise<void> {
    const keys = this.outbox === undefined ? undefined : await this.store.keep();
    this.isAway = false;
    this.waiting.unshift({ input: { in: "shown", keys }, at: Date.now() });
    this.run();
    if (this.outbox !== undefined) await this.adopt();
  }

  private tell(input: Input): void {
    if (this.isClosed) return;
    const told: Told = { input, at: Date.now() };
    if (this.outbox === undefined && input.in === "track") this.keepEarly(told, input);
    this.waiting.push(told);
    this.run();
  }

  private keepEarly(told: Told, input: Extract<Input, { in: "track" }>): void {
    if (this.agreed !== "granted") return;
    const place = this.waiting.length;
    // The same id, whichever page tells it: what is told by two is one record.
    told.input = { id: `${this.session}-e${place}`, time: told.at, ...input };
    told.early = `${this.session}:early-${place}`;
    this.store.put(told.early, JSON.stringify(told), () => undefined);
  }

  /** One input after the other: what is done for one may tell of the next. */
  private run(): void {
    if (this.outbox === undefined || this.isStepping || this.isAway) return;
    this.isStepping = true;
    try {
      for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
        const chance = Math.floor(Math.random() * 2 ** 32);
        for (const effect of this.outbox.step(next.input, Math.floor(next.at), chance)) this.do(effect);
        if (next.early !== undefined) this.store.delete(next.early);
        clearTimeout(this.timer);
        const wake = this.outbox.wake();
        if (wake === undefined || this.isClosed) continue;
        const wait = Math.min(Math.max(wake - Date.now(), 0), 2 ** 30);
        this.timer = setTimeout(() => this.tell({ in: "tick" }), wait);
      }
    } finally {
      this.isStepping = false;
    }
  }

  private do(effect: Effect): void {
    switch (effect.do) {
      case "put": {
        const { record, key, value } = effect;
        return this.store.put(key, value, (isStored) =>
          this.tell({ in: isStored ? "stored" : "not-stored", record }),
        );
      }
      case "delete":
        return this.store.delete(effect.key);
      case "dropped":
        return this.hear(dropped(effect.key, effect.reason));
      case "parked":
        return this.hear(parked(effect.status, this.options.to));
      default:
        void this.send(effect);
    }
  }

  private async send({ isLeaving, batch, type, body }: Extract<Effect, { batch: number }>): Promise<void> {
    const { to, headers = {}, encode } = this.options;
    const request = { type, body };
    if (encode !== undefined) {
      try {
        const made = encode(JSON.parse(body) as ReportRecord[]);
        if (typeof made?.type !== "string" || typeof made.body !== "string")
          throw new Error("no { type, body }");
        Object.assign(request, made);
      } catch (reason) {
        this.hear(wrong("`encode` failed; records wait", "`encode` 出错，数据已保留", reason));
        // As a backend that is not what it was configured to be.
        return this.tell({ in: "answered", batch, status: 501 });
      }
    }
    const reply = await this.host
      .post({ url: to, headers, isLeaving, ...request })
      .catch(() => ({ status: 0 }));
    this.tell({ in: "answered", batch, ...reply });
  }

  /** Without the engine nothing can be sent; what happened stays in memory. */
  private fail(reason: unknown): void {
    const text = `Reports cannot start: ${String(reason)}`;
    const error = new KfactorError("REPORT_NOT_STARTED", text, "上报无法启动。", reason);
    this.hear(reason instanceof KfactorError ? reason : error);
  }

  private hear(error: KfactorError): void {
    hear((error) => this.options.onError?.(error), error);
  }
}

const EARLY = /:early-\d+$/;

function name(): string {
  return Math.random().toString(36).slice(2, 9);
}
