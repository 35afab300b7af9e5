import type { KeyValue } from "../loop/storage.js";

/** Which page holds a session. */
export interface Claims {
  /** Takes a session of this page's own, which nobody else knows yet. */
  begin(session: string): void;
  /** Takes a session, unless a page that lives holds it; whether it is this page's now. */
  claim(session: string): Promise<boolean>;
  /** Gives all of them back. */
  release(): void;
}

/** Claims in this browser: by its locks, which end with the page, or by signs of life where it has none. */
export function claims(storage: KeyValue, prefix: string): Claims {
  const hasLocks = typeof navigator === "object" && navigator.locks !== undefined;
  return hasLocks ? lockClaims(prefix) : lifeClaims(storage, prefix);
}

/** Whoever asks gets it: where there is never a second page, as in a mini-program. */
export function noClaims(): Claims {
  return { begin: () => undefined, claim: async () => true, release: () => undefined };
}

function lockClaims(prefix: string): Claims {
  const releases = new Map<string, () => void>();
  const claim = (session: string): Promise<boolean> => {
    if (releases.has(session)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const hold = (lock: Lock | null): Promise<void> | undefined => {
        resolve(lock !== null);
        if (lock === null) return undefined;
        return new Promise((release) => releases.set(session, release));
      };
      navigator.locks.request(prefix + session, { ifAvailable: true }, hold).catch(() => resolve(false));
    });
  };
  return {
    begin: (session) => void claim(session),
    claim,
    release: () => {
      for (const release of releases.values()) release();
      releases.clear();
    },
  };
}

const ALIVE_EVERY_MS = 5_000;
const DEAD_AFTER_MS = 30_000;
const SETTLE_MS = 60;

/** A page writes when it lived last; another may take what is silent for long, and looks whether a third was quicker. */
function lifeClaims(storage: KeyValue, prefix: string): Claims {
  const held = new Set<string>();
  const me = Math.random().toString(36).slice(2);
  const keyOf = (session: string): string => `${prefix}alive:${session}`;
  const sign = (session: string): void => {
    try {
      storage.setItem(keyOf(session), `${Date.now()} ${me}`);
    } catch {
      // A full storage: another page may then send the same records, with the same ids.
    }
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  const hold = (session: string): void => {
    held.add(session);
    timer ??= setInterval(() => held.forEach(sign), ALIVE_EVERY_MS);
  };
  return {
    begin: (session) => {
      sign(session);
      hold(session);
    },
    claim: async (session) => {
      if (held.has(session)) return true;
      const [time, owner] = (storage.getItem(keyOf(session)) ?? "").split(" ");
      if (owner !== me && Math.abs(Date.now() - Number(time)) < DEAD_AFTER_MS) return false;
      sign(session);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS + Math.random() * SETTLE_MS));
      if (storage.getItem(keyOf(session))?.endsWith(me) === false) return false;
      hold(session);
      return true;
    },
    release: () => {
      clearInterval(timer);
      timer = undefined;
      for (const session of held) storage.removeItem(keyOf(session));
      held.clear();
    },
  };
}
