// "kfactor/backend" in workers that forbid compiling at run time.
import module from "./engine.wasm";
import { provide } from "../runtime.js";

provide((imports) => WebAssembly.instantiate(module, imports));

export * from "../backend.js";
