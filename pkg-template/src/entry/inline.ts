// The engine travels inside the JavaScript: works wherever nothing can be fetched, at a third more bytes.
import { provide } from "../runtime.js";
import { engineBytes } from "./bytes.js";

provide((imports) => WebAssembly.instantiate(engineBytes(), imports).then((source) => source.instance));

export * from "../index.js";
