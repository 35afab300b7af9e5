/** A place that outlives the page: `localStorage`, or anything with these three methods. */
export interface KeyValue {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  /** All keys; without it, reports do not outlive the page. */
  keys?(): string[];
  /** Whether other pages use it at the same time. */
  isShared?: boolean;
}

/** The browser's storage where it may be used, else memory. */
export function defaultStorage(): KeyValue {
  try {
    const probe = "kfactor:probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return {
      getItem: (key) => localStorage.getItem(key),
      setItem: (key, value) => localStorage.setItem(key, value),
      removeItem: (key) => localStorage.removeItem(key),
      keys: () => Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? ""),
      isShared: true,
    };
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
    keys: () => [...values.keys()],
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
