// The receiver: it answers as the script says, and remembers what it has stored.

/** Bodies that "small" refuses: a few records fit, many do not. */
const SMALL = 8_000;
/** Two times of 429, as HTTP has them. */
const AFTER = {
  none: () => ({}),
  seconds: (seconds) => ({ "Retry-After": String(seconds) }),
  date: (seconds, now) => ({ "Retry-After": new Date(now + seconds * 1000).toUTCString() }),
};

export class Sink {
  constructor(driver, poisoned) {
    this.driver = driver;
    this.poisoned = poisoned;
    this.answer = "fine";
    /** Every id that was stored for each number, in order. */
    this.stored = new Map();
    /** Called when a request has arrived. */
    this.arrived = () => {};
  }

  /** Whether a receiver that checks records would refuse this one. */
  isPoison(n) {
    return n > 0 && n % this.poisoned === 0;
  }

  take(request, now) {
    const records = this.driver.read(request);
    const { answer } = this;
    const isCrash = this.arrived();
    const stores = () => {
      for (const { id, n } of records) this.stored.set(n, [...(this.stored.get(n) ?? []), id]);
    };
    if (answer === "reset" || answer === "silence") return answer;
    if (answer === "taken-reset" || answer === "taken-silence") {
      stores();
      return answer.slice("taken-".length);
    }
    if (answer === "poison" && records.some(({ n }) => this.isPoison(n))) return { status: 400 };
    if (answer === "small" && Buffer.byteLength(request.body) > SMALL) return { status: 413 };
    if (typeof answer === "object") {
      const { status, after = "none", seconds } = answer;
      return { status, headers: AFTER[after](seconds, now) };
    }
    stores();
    return isCrash ? "silence" : { status: 200 };
  }
}
