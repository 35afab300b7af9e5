// Node, Deno and Bun: no path to a file, so that the package also works after bundling.
import { ENGINE } from "../generated/bytes.js";
import { provide } from "../runtime.js";

provide(async (imports) => {
  const source = await WebAssembly.instantiate(Buffer.from(ENGINE, "base64"), imports);
  return source.instance;
});

export * from "../index.js";
