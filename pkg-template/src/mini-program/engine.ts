import { loadFrom, type Loader, provide } from "../runtime.js";
import { packagedWasm } from "./host.js";

/** Where the npm build of WeChat's developer tools puts the engine, in the main package. */
const USUAL_PATH = "/miniprogram_npm/kfactor/engine.wasm.br";

/**
 * Loads the engine from a path of the code package, beginning with `/` and ending in `.wasm` or `.wasm.br`. Without this
 * call it is loaded with the first need, from `/miniprogram_npm/kfactor/engine.wasm.br`. Further calls do nothing.
 *
 * ```js
 * init("/packages/campaign/miniprogram_npm/kfactor/engine.wasm.br"); // in a subpackage
 * ```
 *
 * @throws {KfactorError} `ENGINE_NOT_LOADED` with the host's own words.
 */
export function init(wasmPath = USUAL_PATH): Promise<void> {
  return loadFrom(fromPackage(wasmPath));
}

/** Says where the engine is, without loading it yet. */
export function provideEngine(): void {
  provide(fromPackage(USUAL_PATH), "page");
}

function fromPackage(path: string): Loader {
  return async (imports) => {
    const given = await packagedWasm().instantiate(path, plain(imports));
    // The documents say the one, the hosts give the other.
    return "instance" in given ? given.instance : given;
  };
}

/** Functions as plain values: what is a getter elsewhere may not be one for a host's own WebAssembly. */
function plain(imports: WebAssembly.Imports): WebAssembly.Imports {
  return Object.fromEntries(Object.entries(imports).map(([name, module]) => [name, { ...module }]));
}
