import { claims } from "./claims.js";
import { memoryStorage } from "../loop/storage.js";
import { type ReportStore, sessionOf } from "./store.js";

/** Records wait in IndexedDB, which workers have too. */
export function indexedDbStore(name: string): ReportStore {
  const prefix = `kfactor:reports:${name}:`;
  // Every browser whose workers matter has locks; elsewhere pages do not take over from each other.
  const holds = claims(memoryStorage(), prefix);
  const opened = open(prefix);
  let mine = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();

  const ask = async <T>(
    mode: IDBTransactionMode,
    act: (records: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> => {
    const transaction = (await opened).transaction("records", mode);
    const request = act(transaction.objectStore("records"));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("aborted"));
    });
    return request.result;
  };
  const keys = async (): Promise<string[]> =>
    (await ask("readonly", (records) => records.getAllKeys())) as string[];

  const adopt = async (): Promise<[string, string][]> => {
    const found: [string, string][] = [];
    for (const session of new Set((await keys()).map(sessionOf))) {
      if (mine.has(session) || !(await holds.claim(session))) continue;
      mine.add(session);
      for (const key of await keys()) {
        if (sessionOf(key) !== session) continue;
        const value: unknown = await ask("readonly", (records) => records.get(key));
        if (typeof value === "string") found.push([key, value]);
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
      const write = ask("readwrite", (records) => records.put(value, key));
      last = Promise.allSettled([last, write]);
      write.then(
        () => done(true),
        () => done(false),
      );
    },
    delete: (key) => {
      last = Promise.allSettled([last, ask("readwrite", (records) => records.delete(key))]);
    },
    keep: async () => {
      await last;
      const kept = new Set<string>();
      for (const session of mine) if (await holds.claim(session)) kept.add(session);
      mine = kept;
      return (await keys()).filter((key) => kept.has(sessionOf(key)));
    },
    release: () => holds.release(),
  };
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("records");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}
