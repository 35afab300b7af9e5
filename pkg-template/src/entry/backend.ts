// "kfactor/backend" in Node, Deno and Bun.
import { provide } from "../runtime.js";
import { engineBytes } from "./bytes.js";

provide((imports) => WebAssembly.instantiate(engineBytes(), imports).then((source) => source.instance));

export * from "../backend.js";
