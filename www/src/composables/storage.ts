import type { KeyValue } from "kfactor";

/** The browser's storage with a part of its own for each person, as several play in one browser here. */
export function ownStorage(person: string): KeyValue {
  const own = (key: string): string => `${key}@${person}`;
  return {
    getItem: (key) => attempt(() => localStorage.getItem(own(key))) ?? null,
    setItem: (key, value) => void attempt(() => localStorage.setItem(own(key), value)),
    removeItem: (key) => void attempt(() => localStorage.removeItem(own(key))),
  };
}

function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    // A window without storage forgets on reload.
    return undefined;
  }
}
