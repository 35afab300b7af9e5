// "kfactor/backend" where no file can be read: the complete build travels inside the JavaScript.
import { ENGINE } from "../generated/complete-bytes.js";
import { provide } from "../runtime.js";
import { bytesOf } from "./bytes.js";

provide(
  (imports) => WebAssembly.instantiate(bytesOf(ENGINE), imports).then((source) => source.instance),
  "complete",
);

export * from "../backend.js";
