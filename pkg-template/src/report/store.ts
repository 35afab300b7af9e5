/**
 * Where records wait. Values belong to sessions, one for each run of a page; a session is held by one page at a time, and
 * what nobody holds any more is taken over by another.
 */
export interface ReportStore {
  /** Begins a session of this page. */
  begin(session: string): void;
  /** Holds the sessions that nobody holds any more, and gives what they have left, as keys and values. */
  adopt(): Promise<[string, string][]>;
  /** Writes a value; says whether it is there for good. Operations take effect in the order of their calls. */
  put(key: string, value: string, done: (isStored: boolean) => void): void;
  delete(key: string): void;
  /** Holds the sessions again after `release`, and gives the keys that are still this page's. */
  keep(): Promise<string[]>;
  /** Holds them no more: the page goes. */
  release(): void;
}

/** The session of a key: all before the last colon. */
export function sessionOf(key: string): string {
  return key.slice(0, key.lastIndexOf(":"));
}

/** Records wait in memory, and are gone with the page. */
export function memoryStore(): ReportStore {
  return {
    begin: () => undefined,
    adopt: async () => [],
    put: (_key, _value, done) => done(true),
    delete: () => undefined,
    keep: async () => [],
    release: () => undefined,
  };
}
