/**
 * Where records wait. Values belong to sessions, one for each run of a page; a session is held by one page at a time, and
 * what nobody holds any more is taken over by another.
 */
export interface ReportStore {
  /** Begins a session, and gives what sessions that nobody holds have left, as keys and values. */
  open(session: string): Promise<[string, string][]>;
  /** Gives what sessions have left that ended since. */
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
    open: async () => [],
    adopt: async () => [],
    put: (_key, _value, done) => done(true),
    delete: () => undefined,
    keep: async () => [],
    release: () => undefined,
  };
}
