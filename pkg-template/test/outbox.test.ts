// The outbox of reports under everything that can happen to it: a world of one storage, one backend and pages that crash.
//
// Each seed is a script of its own. A crash may come at every write to the storage, with the value torn at any byte, and
// again while the next page recovers. Whatever was written is in the end at the backend or counted as dropped, and a
// record that arrives twice has the same id. `KFACTOR_SEEDS=100000` runs more scripts. Texts are the package's own
// TypeScript, the state machine is the page's WebAssembly; `tests/outbox.rs` tries the machine alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as glue from "../src/generated/engine_bg.js";
import {
  Do,
  type Effect,
  type Input,
  openOutbox,
  type Outbox,
  Say,
  seal,
  total,
} from "../src/report/outbox.js";
import type { ReportRecord } from "../src/report/record.js";
import { type Form, formOf, type ReportForm } from "../src/report/encode.js";

const SEEDS = Number(process.env["KFACTOR_SEEDS"] ?? 10_000);
const NOON = 1_796_090_400_000;
const DAY = 86_400_000;
const FORMS = await named(["cloudevents", "cloudevents-batch", "ndjson", "json"]);
const TOOLS = await named(["segment", "sensors", "ga4", "json"]);

function named(names: readonly ReportForm[]): Promise<(readonly [ReportForm, Form])[]> {
  return Promise.all(names.map(async (name) => [name, await formOf(name)] as const));
}

const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync("pkg/dist/engine.wasm")), {
  "./engine_bg.js": glue,
} as unknown as WebAssembly.Imports);
glue.__wbg_set_wasm(instance.exports);

/** Mulberry32: any fixed, well mixed sequence will do. */
class Dice {
  constructor(private state: number) {}

  roll(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  below(limit: number): number {
    return this.roll() % limit;
  }

  oneIn(limit: number): boolean {
    return this.below(limit) === 0;
  }

  of<T>(some: readonly T[]): T {
    return some[this.below(some.length)] as T;
  }
}

/** The page is gone in the middle of a write. */
class Crash extends Error {}

interface Page {
  outbox: Outbox;
  /** Requests without an answer: number, and the ids in them. */
  requests: { batch: number; ids: string[] }[];
}

const read = (text: string): ReportRecord => JSON.parse(text) as ReportRecord;

/** The drops that a record tells of; none if it tells of something else. */
function losses(text: string): number | undefined {
  const { type, data } = read(text);
  return type === "io.kfactor.reports-lost.v1" ? total(data as Record<string, number>) : undefined;
}

class World {
  readonly dice: Dice;
  readonly form: ReportForm;
  private readonly settled: Form;
  now = NOON;
  readonly storage = new Map<string, string>();
  /** How often each record came to the backend. */
  readonly received = new Map<string, number>();
  readonly refuses = new Set<string>();
  readonly pages: Page[] = [];
  sessions = 0;
  tracked = 0;
  /** Every record by its id, and ids by the key they are stored under. */
  readonly records = new Map<string, string>();
  readonly ids = new Map<string, string>();
  /** Ids whose write was confirmed to the page, and ids that were dropped with a reason. */
  readonly written = new Set<string>();
  readonly dropped = new Set<string>();
  /** Drops of all pages, as they were counted. */
  drops = 0;
  crashes = 0;
  /** Counts of drops that the storage would not take. */
  uncounted = 0;
  /** How many writes until the next crash. */
  fuse: number;
  faults = true;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    const [form, settled] = this.dice.of(FORMS);
    this.form = form;
    this.settled = settled;
    this.fuse = 1 + this.dice.below(40);
    this.begin();
  }

  /** A page opens and recovers what others left, unless it crashes over that. */
  begin(): void {
    for (let isOpen = false; !isOpen;) {
      const session = `s${++this.sessions}`;
      const settings = { campaign: "tea", session, form: this.settled, consent: "granted" } as const;
      const page: Page = { outbox: openOutbox(glue, settings), requests: [] };
      this.pages.push(page);
      isOpen = this.survives(() => this.step(page, [Say.Recovered, [...this.storage]]));
    }
  }

  survives(what: () => void): boolean {
    try {
      what();
      return true;
    } catch (reason) {
      if (!(reason instanceof Crash)) throw reason;
      return false;
    }
  }

  step(page: Page, input: Input): void {
    const effects = page.outbox.step(input, this.now, this.dice.roll());
    const { tracked, recovered, acked, queued, moved, dropped } = page.outbox.counts();
    assert.equal(tracked + recovered, acked + queued + moved + total(dropped));
    const written: [number, string, boolean][] = [];
    for (const effect of effects) {
      switch (effect[0]) {
        case Do.Put: {
          const [, record, key, value] = effect;
          const isCount = key.includes(":losses");
          if (!isCount) {
            const text = value.slice(8);
            this.ids.set(key, read(text).id);
            this.records.set(read(text).id, text);
          }
          const fails = this.faults && this.dice.oneIn(20);
          if (fails) this.uncounted += isCount ? 1 : 0;
          else this.write(page, key, value);
          written.push([record, key, fails]);
          break;
        }
        case Do.Delete:
          this.write(page, effect[1]);
          break;
        case Do.Send: {
          const [, batch, , , body] = effect;
          page.requests.push({ batch, ids: this.sent(body) });
          break;
        }
        case Do.Dropped: {
          const id = this.ids.get(effect[1]);
          // The drop of what tells of drops is told by nothing.
          if (id === undefined || losses(this.records.get(id)!) === undefined) this.drops++;
          if (id !== undefined) this.dropped.add(id);
        }
      }
    }
    for (const [record, key, fails] of written) {
      if (!fails && !key.includes(":losses")) this.written.add(this.ids.get(key)!);
      this.step(page, [fails ? Say.NotStored : Say.Stored, record]);
    }
  }

  /** One write; the fuse may end here, before it, after it, or in the middle of it. */
  write(page: Page, key: string, value?: string): void {
    this.fuse--;
    const crashes = this.faults && this.fuse <= 0;
    if (value === undefined) {
      if (!crashes || !this.dice.oneIn(2)) this.storage.delete(key);
    } else if (!crashes) this.storage.set(key, value);
    else if (!this.dice.oneIn(4)) this.storage.set(key, value.slice(0, this.dice.below(value.length + 1)));
    if (!crashes) return;
    this.crash(page);
    throw new Crash();
  }

  crash(page: Page): void {
    this.crashes++;
    this.fuse = 1 + this.dice.below(60);
    this.pages.splice(this.pages.indexOf(page), 1);
    // What was under way may have arrived.
    for (const { ids } of page.requests) if (this.dice.oneIn(2)) this.arrive(ids);
  }

  arrive(ids: readonly string[]): void {
    for (const id of ids) this.received.set(id, (this.received.get(id) ?? 0) + 1);
  }

  /** The ids of the records in a body; what was sent under an id is always the same. */
  sent(body: string): string[] {
    const parts =
      this.form === "cloudevents"
        ? [read(body)]
        : this.form === "ndjson"
          ? body.trimEnd().split("\n").map(read)
          : (JSON.parse(body) as ReportRecord[]);
    return parts.map(({ sentat, ...record }) => {
      assert.ok(sentat);
      assert.equal(JSON.stringify(record), this.records.get(record.id), "two records with one id");
      return record.id;
    });
  }

  /** Something happens. */
  happen(): void {
    const page = this.dice.of(this.pages);
    this.now += this.dice.below(3_000);
    const what = this.dice.below(30);
    if (what < 10) {
      const id = `e${++this.tracked}`;
      if (this.dice.oneIn(30)) this.refuses.add(id);
      // Some are so large that not all of them fit into a request.
      const note = "x".repeat(this.dice.oneIn(6) ? this.dice.below(30_000) : 0);
      return this.step(page, [Say.Track, { kind: "helped", id, data: { n: this.tracked, note } }]);
    }
    if (what < 20) return this.answer(page);
    if (what === 20) return this.step(page, [Say.Hidden]);
    if (what === 21) return this.step(page, [Say.Hurry, [...this.storage.keys()]]);
    if (what === 22) return this.step(page, [Say.Hurry]);
    // A second page takes over what the first has, though the first still lives.
    if (what === 24 && this.pages.length < 3) return this.begin();
    if (what === 25 && this.pages.length > 1) return this.crash(page);
    this.now += what === 23 ? (this.dice.oneIn(2) ? DAY : -DAY) : this.dice.below(400_000);
    this.step(page, [Say.Tick]);
  }

  answer(page: Page): void {
    if (page.requests.length === 0) return this.step(page, [Say.Tick]);
    const [request] = page.requests.splice(this.dice.below(page.requests.length), 1);
    const { batch, ids } = request!;
    const isPoison = ids.some((id) => this.refuses.has(id));
    const usual = [200, 200, 204, 0, 500, 503, 429, 401, 404, 413, 301, 408];
    const status = isPoison ? this.dice.of([400, 422]) : this.faults ? this.dice.of(usual) : 200;
    // What was not taken may have arrived all the same: the answer was lost, not the request.
    if ((status >= 200 && status < 300) || (status === 0 && this.dice.oneIn(2))) this.arrive(ids);
    const asked = this.dice.of([
      { retryAfter: "7" },
      { retryAfter: "Sun, 06 Nov 1994 08:50:07 GMT", date: "Sun, 06 Nov 1994 08:49:37 GMT" },
      {},
    ]);
    this.step(page, [Say.Answered, batch, { status, ...asked }]);
  }

  /** Nothing fails any more; everything has to come to rest. */
  heal(): void {
    this.faults = false;
    this.pages.length = 0;
    this.begin();
    const page = this.pages[0]!;
    for (let steps = 0; steps < 20_000; steps++) {
      if (page.outbox.counts().queued === 0 && total(page.outbox.untold()) === 0) return;
      if (page.requests.length > 0) this.answer(page);
      else {
        this.now = Math.max(page.outbox.wake() ?? this.now + 1_000, this.now);
        this.step(page, [Say.Tick]);
      }
    }
    assert.fail(`records do not leave: ${JSON.stringify(page.outbox.counts())}`);
  }

  judge(seed: number): void {
    for (const id of this.written) {
      const isKnown = this.received.has(id) || this.dropped.has(id);
      assert.ok(
        isKnown,
        `seed ${seed}: ${id} was written, and is neither at the backend nor counted as dropped`,
      );
    }
    let told = 0;
    for (const id of this.received.keys()) told += losses(this.records.get(id)!) ?? 0;
    // A drop is told of at least once, but for one whose count could not be written before the page crashed.
    assert.ok(
      told + this.crashes + this.uncounted >= this.drops,
      `seed ${seed}: ${this.drops} drops, ${told} told`,
    );
  }
}

test("crashes at every write lose nothing that was written", (t) => {
  let [crashes, records, twice] = [0, 0, 0];
  for (let seed = 0; seed < SEEDS; seed++) {
    const world = new World(seed);
    for (let turn = 0; turn < 60; turn++)
      if (!world.survives(() => world.happen()) && world.pages.length === 0) world.begin();
    world.heal();
    world.judge(seed);
    crashes += world.crashes;
    records += world.tracked;
    twice += [...world.received.values()].filter((times) => times > 1).length;
  }
  t.diagnostic(
    `${SEEDS} scripts, ${records} records, ${crashes} crashes, ${twice} records came more than once`,
  );
  assert.ok(crashes > SEEDS, "the scripts crash too seldom to show anything");
});

test("a destination that refuses everything is not asked without end", async () => {
  const settings = {
    campaign: "tea",
    session: "s",
    form: await formOf("cloudevents"),
    consent: "granted",
  } as const;
  const outbox = openOutbox(glue, settings);
  let [now, requests] = [NOON, 0];
  let effects: Effect[] = outbox.step([Say.Track, { kind: "helped" }], now, 0);
  // An hour of it.
  for (let second = 0; second < 3_600; second++) {
    for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) {
      if (effect[0] === Do.Put) effects.push(...outbox.step([Say.Stored, effect[1]], now, 0));
      if (effect[0] !== Do.Send) continue;
      requests++;
      effects.push(...outbox.step([Say.Answered, effect[1], { status: 400 }], now, 0));
    }
    now += 1_000;
    effects = outbox.step([Say.Tick], now, 0);
  }
  // The record, and what tells of its drop once every ten minutes.
  assert.ok(requests >= 2 && requests <= 8, `${requests} requests`);
  assert.equal(total(outbox.untold()), 1);
});

test("whatever the storage holds is taken over or counted", () => {
  const dice = new Dice(7);
  const contents = [
    '{"specversion":"1.0","id":"e1","type":"io.kfactor.reports-lost.v1","time":"2026-12-01T04:00:00.000Z","data":{"expired":3}}',
    '{"time":"+275760-09-13T00:00:00.000Z","data":7,"type":5,"subject":{}}',
    '{"recordedtime":{},"data":null,"write":-1}',
    "null",
    "[]",
    "7",
    '"',
  ];
  for (let turn = 0; turn < 5_000; turn++) {
    const values = Array.from({ length: dice.below(6) }, (_, at): [string, string] => {
      const sequence = String(dice.below(4)).padStart(12, "0");
      const place = dice.of(["losses-0", "losses-1", "early-3", "", ":", "é", sequence]);
      const bytes = Buffer.from(seal(dice.of(contents)));
      for (let changes = dice.below(4); changes > 0; changes--)
        bytes[dice.below(bytes.length)] = dice.below(256);
      const length = dice.oneIn(2) ? bytes.length : dice.below(bytes.length + 1);
      return [`s${at}:${place}`, bytes.subarray(0, length).toString()];
    });
    const settings = { campaign: "tea", session: "me", form: dice.of(TOOLS)[1], consent: "granted" } as const;
    const outbox = openOutbox(glue, settings);
    outbox.step([Say.Recovered, values], NOON, 0);
    outbox.step([Say.Track, { kind: "seen" }], NOON, 0);
    outbox.step([Say.Hidden], NOON + 100_000, 0);
    const { tracked, recovered, acked, queued, moved, dropped } = outbox.counts();
    assert.equal(tracked + recovered, acked + queued + moved + total(dropped));
  }
});
