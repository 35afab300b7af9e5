// "kfactor/complete" in production bundles: the complete build as a file of its own.
import { provide } from "../runtime.js";
import { instantiate } from "./fetched.js";

provide((imports) => instantiate(fetch(new URL("./complete.wasm", import.meta.url)), imports), "complete");

export * from "../index.js";
