// Node, Deno and Bun have the complete build: no path to a file, so that the package also works after bundling.
import { ENGINE } from "../generated/complete-bytes.js";
import { provide } from "../runtime.js";

provide(async (imports) => {
  const source = await WebAssembly.instantiate(Buffer.from(ENGINE, "base64"), imports);
  return source.instance;
}, "complete");

export * from "../index.js";
