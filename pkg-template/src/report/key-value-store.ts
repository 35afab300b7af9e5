import type { KeyValue } from "../loop/storage.js";
import { claims, type Claims, noClaims } from "./claims.js";
import { memoryStore, type ReportStore, sessionOf } from "./store.js";

/** Records wait in `localStorage`, or in a mini-program's storage: one value each, so that a write is short. */
export function keyValueStore(storage: KeyValue, name: string): ReportStore {
  const { keys } = storage;
  // Without a list of keys nothing could be found again.
  if (keys === undefined) return memoryStore();
  const prefix = `kfactor:reports:${name}:`;
  const holds: Claims = storage.isShared === true ? claims(storage, prefix) : noClaims();
  let mine = new Set<string>();

  const all = (): string[] =>
    keys()
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
      .filter((key) => !key.startsWith("alive:"));

  const adopt = async (): Promise<[string, string][]> => {
    const found: [string, string][] = [];
    for (const session of new Set(all().map(sessionOf))) {
      if (mine.has(session) || !(await holds.claim(session))) continue;
      mine.add(session);
      // Read after the claim: another page may have sent some of it until then.
      for (const key of all()) {
        const value = sessionOf(key) === session ? storage.getItem(prefix + key) : null;
        if (value !== null) found.push([key, value]);
      }
    }
    return found;
  };

  return {
    begin: (session) => {
      holds.begin(session);
      mine.add(session);
    },
    adopt,
    put: (key, value, done) => {
      try {
        storage.setItem(prefix + key, value);
      } catch {
        return done(false);
      }
      done(true);
    },
    delete: (key) => storage.removeItem(prefix + key),
    keep: async () => {
      const kept = new Set<string>();
      for (const session of mine) if (await holds.claim(session)) kept.add(session);
      mine = kept;
      return all().filter((key) => kept.has(sessionOf(key)));
    },
    release: () => holds.release(),
  };
}
