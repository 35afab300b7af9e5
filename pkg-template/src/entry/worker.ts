// Workers that forbid compiling at run time: the host hands over a compiled module.
import module from "./engine.wasm";
import { provide } from "../runtime.js";

provide((imports) => WebAssembly.instantiate(module, imports), "page");

export * from "../index.js";
