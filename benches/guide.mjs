// `node guide.mjs PROGRAM FOLDER`: has the native benchmark of the engine do all that it can do, every mechanic alike, so
// that a compiler learns what runs often. What `bench engine` measures is not among it.

import { mkdirSync } from "node:fs";
import { report } from "./measure.mjs";
import { workloads } from "./mechanics.mjs";

const [program, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
for (const paths of Object.values(workloads(folder)))
  for (const form of ["structs", "json"]) await report([program, "time", form, ...paths]);
