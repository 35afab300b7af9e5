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
import type { Claims } from "./claims.js";
import { heldStore } from "./held-store.js";
import type { ReportStore } from "./store.js";

/** Records wait in files of a folder, for programs in Node, Deno and Bun. Processes take over from those that ended. */
export function fileStore(folder: string): ReportStore {
  mkdirSync(folder, { recursive: true });
  const place = (key: string): string => join(folder, encodeURIComponent(key));
  return heldStore(fileClaims(folder), {
    keys: () =>
      readdirSync(folder)
        .map(decodeURIComponent)
        .filter((key) => key.includes(":") && !key.endsWith(".part")),
    get: (key) => readFileSync(place(key), "utf8"),
    put: (key, value, done) => {
      try {
        write(place(key), value);
      } catch {
        return done(false);
      }
      done(true);
    },
    delete: (key) => rmSync(place(key), { force: true }),
  });
}

/** Claims by files that name the process. */
function fileClaims(folder: string): Claims {
  const held = new Set<string>();
  const lockOf = (session: string): string => join(folder, `${encodeURIComponent(session)}.lock`);
  const claim = (session: string): boolean => {
    if (held.has(session)) return true;
    const lock = lockOf(session);
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
  return {
    begin: (session) => void claim(session),
    claim: async (session) => claim(session),
    release: () => {
      for (const session of held) rmSync(lockOf(session), { force: true });
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
