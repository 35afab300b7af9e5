// "kfactor/complete" in workers that forbid compiling at run time.
import module from "./complete.wasm?module";
import { provide } from "../runtime.js";

provide((imports) => WebAssembly.instantiate(module, imports), "complete");

export * from "../index.js";
