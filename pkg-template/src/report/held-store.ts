import type { Claims } from "./claims.js";
import { type ReportStore, sessionOf } from "./store.js";

/** A place that keeps values by their keys, at once or later. */
export interface Place extends Pick<ReportStore, "put" | "delete"> {
  keys(): string[] | Promise<string[]>;
  get(key: string): string | null | Promise<string | null>;
}

/** A store over a place that several pages or programs use: each holds sessions by its claims. */
export function heldStore(holds: Claims, place: Place): ReportStore {
  let mine = new Set<string>();
  return {
    begin: (session) => {
      holds.begin(session);
      mine.add(session);
    },
    adopt: async () => {
      const found: [string, string][] = [];
      for (const session of new Set((await place.keys()).map(sessionOf))) {
        if (mine.has(session) || !(await holds.claim(session))) continue;
        mine.add(session);
        // Read after the claim: another page may have sent some of it until then.
        for (const key of await place.keys()) {
          const value = sessionOf(key) === session ? await place.get(key) : null;
          if (value !== null) found.push([key, value]);
        }
      }
      return found;
    },
    put: place.put,
    delete: place.delete,
    keep: async () => {
      const kept = new Set<string>();
      for (const session of mine) if (await holds.claim(session)) kept.add(session);
      mine = kept;
      return (await place.keys()).filter((key) => kept.has(sessionOf(key)));
    },
    release: holds.release,
  };
}
