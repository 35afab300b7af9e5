// The native benchmark's binary, built when it is first asked for.

import { lines, ROOT } from "./measure.mjs";

let path;

/** Builds the native benchmark with the release profile and returns its path. */
export async function nativeBinary(note) {
  if (path !== undefined) return path;
  note("building the native benchmark");
  const build = ["cargo", "bench", "--quiet", "--bench", "engine", "--no-run", "--message-format=json"];
  for await (const line of lines(build)) {
    const message = JSON.parse(line);
    if (message.reason === "compiler-artifact" && message.target.name === "engine") path = message.executable;
  }
  if (!path) throw new Error(`cargo built no benchmark named engine in ${ROOT}`);
  return path;
}
