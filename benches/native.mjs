// The binaries of the native benchmarks, built when they are first asked for.

import { lines, ROOT } from "./measure.mjs";

/** Builds the benchmark of the engine with a profile for its compiler, and returns its path. */
export async function guidedBinary(note) {
  note("building the native benchmark guided by a profile");
  let path;
  for await (const line of lines(["cargo", "--quiet", "xtask", "guided"])) path = line;
  return path;
}

const paths = new Map();

/** Builds a native benchmark with the release profile and returns its path. */
export async function nativeBinary(note, name = "engine") {
  if (paths.has(name)) return paths.get(name);
  note("building the native benchmark");
  const build = ["cargo", "bench", "--quiet", "--bench", name, "--no-run", "--message-format=json"];
  for await (const line of lines(build)) {
    const message = JSON.parse(line);
    if (message.reason === "compiler-artifact" && message.target.name === name)
      paths.set(name, message.executable);
  }
  if (!paths.get(name)) throw new Error(`cargo built no benchmark named ${name} in ${ROOT}`);
  return paths.get(name);
}
