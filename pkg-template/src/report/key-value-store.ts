import type { KeyValue } from "../loop/storage.js";
import { claims, noClaims } from "./claims.js";
import { heldStore } from "./held-store.js";
import { memoryStore, type ReportStore } from "./store.js";

/** Records wait in `localStorage`, or in a mini-program's storage: one value each, so that a write is short. */
export function keyValueStore(storage: KeyValue, name: string): ReportStore {
  const { keys } = storage;
  // Without a list of keys nothing could be found again.
  if (keys === undefined) return memoryStore();
  const prefix = `kfactor:reports:${name}:`;
  return heldStore(storage.isShared === true ? claims(storage, prefix) : noClaims(), {
    keys: () =>
      keys()
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length))
        .filter((key) => !key.startsWith("alive:")),
    get: (key) => storage.getItem(prefix + key),
    put: (key, value, done) => {
      try {
        storage.setItem(prefix + key, value);
      } catch {
        return done(false);
      }
      done(true);
    },
    delete: (key) => storage.removeItem(prefix + key),
  });
}
