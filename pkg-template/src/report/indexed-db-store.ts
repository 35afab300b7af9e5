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
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    return request.result;
  };

  const write = <T>(act: (records: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const writing = ask("readwrite", act);
    last = Promise.allSettled([last, writing]);
    return writing;
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
      write((records) => records.put(value, key)).then(
        () => done(true),
        () => done(false),
      );
    },
    delete: (key) => void write((records) => records.delete(key)),
  });
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("records");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
