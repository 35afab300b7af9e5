// "kfactor/backend" in Node and Bun.
import { provide } from "../runtime.js";
import { beside } from "./beside.js";

provide(beside(import.meta.url), "complete");

export * from "../backend.js";
