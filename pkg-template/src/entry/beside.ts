// The complete build in Node and Bun.
import type { readFileSync } from "node:fs";
import { COMPLETE_SIZE } from "../generated/complete-size.js";
import type { Loader } from "../runtime.js";

/** Where the file is from an entry: those of CommonJS lie deeper. */
const PLACES = ["complete.wasm", "../complete.wasm"];

/** What an entry of Node hands in, because this file is shared with those of pages. */
interface Entry {
  /** Its address, or its path in CommonJS. */
  at: string;
  /** Node's own. */
  read: typeof readFileSync;
  /** The script with the bytes inside. */
  inside: () => Promise<{ ENGINE: string }>;
}

/**
 * Loads the complete build from the package's own file. That takes a third less of a cold start than a script with the
 * bytes inside, which is there for bundles: they lie elsewhere.
 */
export function beside({ at, read, inside }: Entry): Loader {
  return async (imports) => {
    const bytes = fileOf(at, read) ?? Buffer.from((await inside()).ENGINE, "base64");
    return (await WebAssembly.instantiate(bytes, imports)).instance;
  };
}

function fileOf(entry: string, read: typeof readFileSync): Buffer<ArrayBuffer> | undefined {
  for (const place of PLACES) {
    try {
      const bytes = read(entry.startsWith("file:") ? new URL(place, entry) : folderOf(entry) + place);
      // What lies beside a bundle may be another version's.
      if (bytes.length === COMPLETE_SIZE) return bytes;
    } catch {
      // It is not there, or may not be read, or a bundler has left no address.
    }
  }
  return undefined;
}

function folderOf(path: string): string {
  return path.replace(/[^/\\]*$/, "");
}
