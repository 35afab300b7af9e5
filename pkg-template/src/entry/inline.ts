// The engine travels inside the JavaScript: works wherever nothing can be fetched, at a third more bytes.
import { ENGINE } from "../generated/bytes.js";
import { provide } from "../runtime.js";
import { bytesOf } from "./bytes.js";

provide(
  (imports) => WebAssembly.instantiate(bytesOf(ENGINE), imports).then((source) => source.instance),
  "page",
);

export * from "../index.js";
