// "kfactor/backend" in Node, Deno and Bun.
import { ENGINE } from "../generated/complete-bytes.js";
import { provide } from "../runtime.js";
import { bytesOf } from "./bytes.js";

provide(
  (imports) => WebAssembly.instantiate(bytesOf(ENGINE), imports).then((source) => source.instance),
  "complete",
);

export * from "../backend.js";
