// A device with pages, a network and a sink, in virtual time: nothing waits, so a script of an hour takes milliseconds,
// and the same script gives the same run every time.
import vm from "node:vm";

/** 2026-12-01 12:00 in China. */
const BEGIN = 1_796_097_600_000;
/** What browsers take into all requests that outlive a page, in bytes. */
const KEEPALIVE = 64 * 1024;
/** A browser gives a request up after five minutes. */
const PATIENCE = 300_000;

export class World {
  constructor(random, take) {
    this.random = random;
    /** What the sink does with a request: `{ status, headers?, isStored }`, "reset" or "silence". */
    this.take = take;
    this.now = BEGIN;
    /** How far the device's clock is from the true time. */
    this.skew = 0;
    this.storage = new Map();
    this.quota = Infinity;
    this.isOnline = true;
    this.latency = 40;
    this.queue = [];
    this.places = 0;
    this.keepalive = 0;
  }

  /** Calls a function after so many milliseconds, if its page is still there; gives a number to cancel it by. */
  at(delay, call, page = null) {
    const time = this.now + Math.max(0, Number(delay) || 0);
    const entry = { time, place: ++this.places, call, page };
    let low = 0;
    let high = this.queue.length;
    // Latest first, so that the next is at the end.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.queue[middle].time > time) low = middle + 1;
      else high = middle;
    }
    this.queue.splice(low, 0, entry);
    return entry.place;
  }

  cancel(place) {
    const at = this.queue.findIndex((entry) => entry.place === place);
    if (at >= 0) this.queue.splice(at, 1);
  }

  /** Lets so many milliseconds pass. */
  async pass(milliseconds) {
    const end = this.now + milliseconds;
    await settled();
    while (this.queue.length > 0 && this.queue.at(-1).time <= end) {
      const { time, call, page } = this.queue.pop();
      if (page !== null && !page.isThere) continue;
      this.now = Math.max(this.now, time);
      call();
      await settled();
    }
    this.now = end;
  }

  /** Sends a request; calls `answered` with `{ status, headers, isRedirected }`, or with `null` if no answer came. */
  request(page, request, answered) {
    const outlives = request.outlives === true;
    const bytes = Buffer.byteLength(request.body);
    if (outlives && this.keepalive + bytes > KEEPALIVE) return this.at(0, () => answered(null), page);
    if (!this.isOnline) return this.at(5, () => answered(null), page);
    if (outlives) this.keepalive += bytes;
    const end = (delay, answer) => {
      this.at(delay, () => {
        if (outlives) this.keepalive -= bytes;
        if (page.isThere) answered(answer);
      });
    };
    this.at(this.latency / 2, () => {
      // What a page had not sent before it went is not sent, unless it said that it outlives the page.
      if (!page.isThere && !outlives) return;
      const taken = this.isOnline ? this.take(request) : "reset";
      if (taken === "silence") end(request.patience ?? PATIENCE, null);
      else if (taken === "reset") end(this.latency / 2, null);
      else end(this.latency / 2, taken);
    });
  }
}

/** One page, or one run of a mini-program: a realm of its own, with the device's storage and clock. */
export class Page {
  constructor(world, globals) {
    this.world = world;
    this.isThere = true;
    this.listeners = new Map();
    this.context = vm.createContext(globals(this));
    BOOT.runInContext(this.context)(() => world.now + world.skew, world.random);
  }

  run(script) {
    return script.runInContext(this.context);
  }

  /** Calls what listens to an event. */
  tell(name, event = {}) {
    for (const listener of [...(this.listeners.get(name) ?? [])]) listener({ type: name, ...event });
  }

  listen(name, listener) {
    if (typeof listener !== "function") return;
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  }

  unlisten(name, listener) {
    this.listeners.set(
      name,
      (this.listeners.get(name) ?? []).filter((each) => each !== listener),
    );
  }

  /** The functions of time that every realm has. */
  timers() {
    const { world } = this;
    const every = new Map();
    const setInterval = (call, delay, ...words) => {
      const again = () => {
        every.set(id, world.at(Math.max(1, delay), again, this));
        call(...words);
      };
      const id = world.at(Math.max(1, delay), again, this);
      every.set(id, id);
      return id;
    };
    const clear = (id) => {
      world.cancel(every.get(id) ?? id);
      every.delete(id);
    };
    return {
      setTimeout: (call, delay, ...words) => world.at(delay, () => call(...words), this),
      clearTimeout: clear,
      setInterval,
      clearInterval: clear,
    };
  }
}

/** Time and chance of a realm are the world's. */
const BOOT = new vm.Script(`(now, random) => {
  const Real = Date;
  globalThis.Date = new Proxy(Real, {
    construct: (_, words) => (words.length > 0 ? new Real(...words) : new Real(now())),
    apply: () => new Real(now()).toString(),
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
  Math.random = random;
}`);

/** Storage of the device with its quota, as localStorage has it: throws when it is full. */
export function store(world, key, text) {
  const before = world.storage.get(key);
  world.storage.set(key, text);
  let bytes = 0;
  for (const [name, value] of world.storage) bytes += name.length + value.length;
  if (bytes <= world.quota) return;
  if (before === undefined) world.storage.delete(key);
  else world.storage.set(key, before);
  throw Object.assign(new Error("The quota has been exceeded."), { name: "QuotaExceededError", code: 22 });
}

/** A generator of chance by a seed (mulberry32). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** All promises that can go on have gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Random bytes of a realm, by the world's chance. */
export function fill(world, bytes) {
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < view.length; at++) view[at] = Math.floor(world.random() * 256);
  return bytes;
}
