import { open } from "node:fs/promises";

/** Keeps records in a file, one a line, and returns when the disk has them. Whoever reads it counts each `source` and `id` once. */
export async function ndjson(path) {
  const file = await open(path, "a");
  let last = Promise.resolve();
  // One after the other, so that lines do not mix.
  const keep = (records) => (last = last.catch(() => {}).then(() => write(file, records)));
  return { keep, close: () => file.close() };
}

async function write(file, records) {
  await file.appendFile(records.map((record) => JSON.stringify(record) + "\n").join(""));
  await file.datasync();
}
