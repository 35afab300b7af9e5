import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type ReportStore, sessionOf } from "./store.js";

/** Records wait in files of a folder, for programs in Node, Deno and Bun. Processes take over from those that ended. */
export function fileStore(folder: string): ReportStore {
  mkdirSync(folder, { recursive: true });
  const held = new Set<string>();
  const place = (key: string): string => join(folder, encodeURIComponent(key));
  const keys = (): string[] =>
    readdirSync(folder)
      .map(decodeURIComponent)
      .filter((key) => key.includes(":") && !key.endsWith(".part"));

  const claim = (session: string): boolean => {
    if (held.has(session)) return true;
    const lock = join(folder, `${encodeURIComponent(session)}.lock`);
    for (;;) {
      try {
        const file = openSync(lock, "wx");
        writeSync(file, String(process.pid));
        closeSync(file);
        held.add(session);
        return true;
      } catch {
        if (lives(lock)) return false;
        rmSync(lock, { force: true });
      }
    }
  };

  const adopt = async (): Promise<[string, string][]> => {
    const found: [string, string][] = [];
    for (const session of new Set(keys().map(sessionOf))) {
      if (held.has(session) || !claim(session)) continue;
      for (const key of keys()) {
        if (sessionOf(key) === session) found.push([key, readFileSync(place(key), "utf8")]);
      }
    }
    return found;
  };

  return {
    begin: (session) => void claim(session),
    adopt,
    put: (key, value, done) => {
      try {
        write(place(key), value);
      } catch {
        return done(false);
      }
      done(true);
    },
    delete: (key) => rmSync(place(key), { force: true }),
    keep: async () => keys().filter((key) => held.has(sessionOf(key))),
    release: () => {
      for (const session of held)
        rmSync(join(folder, `${encodeURIComponent(session)}.lock`), { force: true });
      held.clear();
    },
  };
}

/** Whole or not at all, and on the disk before it counts. */
function write(path: string, text: string): void {
  const part = `${path}.part`;
  const file = openSync(part, "w");
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}

function lives(lock: string): boolean {
  let owner: number;
  try {
    owner = Number(readFileSync(lock, "utf8"));
  } catch {
    return false;
  }
  // Between making the file and writing to it, it is empty.
  if (owner === 0) return true;
  if (owner === process.pid) return false;
  try {
    process.kill(owner, 0);
    return true;
  } catch {
    return false;
  }
}
