// Node and Bun have the complete build.
import { provide } from "../runtime.js";
import { beside } from "./beside.js";

provide(beside(import.meta.url), "complete");

export * from "../index.js";
