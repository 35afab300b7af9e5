// Node and Bun have the complete build.
import { readFileSync } from "node:fs";
import { provide } from "../runtime.js";
import { beside } from "./beside.js";

const inside = () => import("../generated/complete-bytes.js");
provide(beside({ at: import.meta.url, read: readFileSync, inside }), "complete");

export * from "../index.js";
