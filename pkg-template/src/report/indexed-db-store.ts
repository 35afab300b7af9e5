import { memoryStorage } from "../loop/storage.js";
import { claims } from "./claims.js";
import { heldStore } from "./held-store.js";
import type { ReportStore } from "./store.js";

/** Records wait in IndexedDB, which workers have too. */
export function indexedDbStore(name: string): ReportStore {
  const prefix = `kfactor:reports:${name}:`;
  const opened = open(prefix);
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

  // Every browser whose workers matter has locks; elsewhere pages do not take over from each other.
  return heldStore(claims(memoryStorage(), prefix), {
    keys: async () => {
      await last;
      return (await ask("readonly", (records) => records.getAllKeys())) as string[];
    },
    get: async (key) => {
      const value: unknown = await ask("readonly", (records) => records.get(key));
      return typeof value === "string" ? value : null;
    },
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
  });
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("records");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}
