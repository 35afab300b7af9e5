// Workers that forbid compiling at run time: the host hands over a compiled module, for `?module` as Next.js asks for
// it and Wrangler takes it too.
import module from "./engine.wasm?module";
import { provide } from "../runtime.js";

provide((imports) => WebAssembly.instantiate(module, imports), "page");

export * from "../index.js";
