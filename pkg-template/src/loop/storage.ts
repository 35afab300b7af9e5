/** A place that outlives the page: `localStorage`, or anything with these three methods. */
export interface KeyValue {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The browser's storage where it may be used, else memory. */
export function defaultStorage(): KeyValue {
  try {
    const probe = "kfactor:probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    // Private windows and other hosts have none, or forbid it.
    return memoryStorage();
  }
}

/** Storage that lives as long as the page. */
export function memoryStorage(): KeyValue {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

/** Reads JSON that an earlier visit stored; what cannot be read is as good as absent. */
export function recall<T>(storage: KeyValue, key: string): T | null {
  try {
    const text = storage.getItem(key);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

/** Stores JSON. A full storage is no reason to stop: the page then only forgets on reload. */
export function remember(storage: KeyValue, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    return;
  }
}
