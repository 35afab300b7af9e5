// The one place that holds the WebAssembly: every entry of the package says here how to load it.
import { KfactorError } from "./errors.js";
import * as glue from "./generated/engine_bg.js";

/** A way to get the engine: its imports go in, an instance comes out. */
export type Loader = (imports: WebAssembly.Imports) => Promise<WebAssembly.Instance>;

/** The engine's own functions. */
export type Glue = typeof glue;

interface EngineExports {
  memory: WebAssembly.Memory;
  __wbindgen_start?: () => void;
}

const IMPORTS = { "./engine_bg.js": glue } as unknown as WebAssembly.Imports;

let loader: Loader | undefined;
let loading: Promise<Glue> | undefined;
let memory: WebAssembly.Memory | undefined;

/** Says how to load the engine. Nothing is loaded before it is needed; the first way stays. */
export function provide(load: Loader): void {
  loader ??= load;
}

/** Loads the engine once; a load that failed is tried again by the next call. */
export function ready(): Promise<Glue> {
  loading ??= load().catch((reason: unknown) => {
    loading = undefined;
    throw reason;
  });
  return loading;
}

/** Loads the engine from `load`, unless it is there already. */
export function loadFrom(load: Loader): Promise<void> {
  if (memory === undefined) {
    loader = load;
    loading = undefined;
  }
  return ready().then(() => undefined);
}

/** The engine's memory. */
export function engineMemory(): WebAssembly.Memory {
  if (memory === undefined) throw notLoaded();
  return memory;
}

/** The engine's functions, for code that only runs after loading. */
export function loaded(): Glue {
  if (memory === undefined) throw notLoaded();
  return glue;
}

async function load(): Promise<Glue> {
  if (loader === undefined) throw notLoaded();
  let instance: WebAssembly.Instance;
  try {
    instance = await loader(IMPORTS);
  } catch (reason) {
    throw new KfactorError(
      "ENGINE_NOT_LOADED",
      `The engine could not be loaded: ${reason instanceof Error ? reason.message : String(reason)}`,
      "引擎加载失败。",
      reason,
    );
  }
  const exports = instance.exports as unknown as EngineExports;
  glue.__wbg_set_wasm(exports);
  exports.__wbindgen_start?.();
  memory = exports.memory;
  return glue;
}

function notLoaded(): KfactorError {
  return new KfactorError(
    "ENGINE_NOT_LOADED",
    "The engine is not loaded: call init() with its WebAssembly first.",
    "引擎尚未加载:请先调用 init()。",
  );
}
