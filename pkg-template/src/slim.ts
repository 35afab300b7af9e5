// The whole package without its WebAssembly: bring it yourself. For libraries, and for hosts with
// their own way to load.
import { instantiate } from "./entry/fetched.js";
import { loadFrom } from "./runtime.js";

/** What the engine can be loaded from. */
export type EngineSource =
  | BufferSource
  | WebAssembly.Module
  | Response
  | URL
  | string
  | ((imports: WebAssembly.Imports) => Promise<WebAssembly.Instance>);

/**
 * Loads the engine from its bytes, a compiled module, a response, an address, or a function that
 * instantiates it. Further calls do nothing.
 *
 * ```js
 * import wasm from "kfactor/engine.wasm"; // with a bundler that gives the address of a file
 * await init(wasm);
 * ```
 */
export function init(source: EngineSource | PromiseLike<EngineSource>): Promise<void> {
  return loadFrom(async (imports) => {
    const given = await source;
    if (typeof given === "function") return given(imports);
    if (given instanceof WebAssembly.Module) return WebAssembly.instantiate(given, imports);
    if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) {
      return (await WebAssembly.instantiate(given, imports)).instance;
    }
    if (typeof given === "string" || given instanceof URL) return instantiate(fetch(given), imports);
    return instantiate(given, imports);
  });
}

export * from "./index.js";
