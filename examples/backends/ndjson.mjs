import { open } from "node:fs/promises";

/** Keeps records in a file, one a line, and returns when the disk has them. Whoever reads it counts each `source` and `id` once. */
export async function ndjson(path) {
  const file = await open(path, "a");
  const keep = async (records) => {
    await file.appendFile(records.map((record) => JSON.stringify(record) + "\n").join(""));
    await file.datasync();
  };
  return { keep, close: () => file.close() };
}
