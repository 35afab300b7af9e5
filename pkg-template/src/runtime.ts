// The one place that holds the WebAssembly: every entry of the package says here how to load it.
import { KfactorError } from "./errors.js";
import glue from "./generated/engine_bg.js";

/** A way to get the engine: its imports go in, an instance comes out. */
export type Loader = (imports: WebAssembly.Imports) => Promise<WebAssembly.Instance>;

/**
 * The engine is built twice: for pages, and complete. Both decide the same; the complete one also explains
 * documents, audits logs and holds token keys.
 */
export type Build = "page" | "complete";

/** The engine's own functions. */
export type Glue = typeof glue;

interface EngineExports {
  memory: WebAssembly.Memory;
  __wbindgen_start?: () => void;
}

const IMPORTS = { "./engine_bg.js": glue } as unknown as WebAssembly.Imports;

let loader: Loader | undefined;
let build: Build | undefined;
let loading: Promise<Glue> | undefined;
let memory: WebAssembly.Memory | undefined;
let exported: WebAssembly.Exports | undefined;

/**
 * Says how to load the engine. Nothing is loaded before it is needed; the first way stays, unless the complete build
 * comes while nothing is loaded.
 */
export function provide(load: Loader, offered: Build): void {
  const better = offered === "complete" && build === "page" && loading === undefined;
  if (loader !== undefined && !better) return;
  loader = load;
  build = offered;
}

/** Loads the engine once; a load that failed is tried again by the next call. */
export function ready(): Promise<Glue> {
  loading ??= load().catch((reason: unknown) => {
    loading = undefined;
    throw reason;
  });
  return loading;
}

/** Loads the engine from `load`, unless it is there already or on its way. */
export function loadFrom(load: Loader): Promise<void> {
  if (memory === undefined && loading === undefined) loader = load;
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

/**
 * The engine's functions, those of the complete build among them.
 *
 * @throws {KfactorError} `COMPLETE_ONLY` if the page's build is loaded.
 */
export function complete(): Glue {
  if (exported !== undefined && !("audit" in exported)) {
    throw new KfactorError(
      "COMPLETE_ONLY",
      'The engine for pages cannot do this; import "kfactor/complete" where it is needed.',
      "页面版引擎不含此功能，请在需要处改用 kfactor/complete。",
    );
  }
  return loaded();
}

/** Whether the engine itself failed. By its name, because mini-programs have no such class to compare with. */
export function isTrap(reason: unknown): boolean {
  return reason instanceof Error && reason.name === "RuntimeError";
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
  exported = instance.exports;
  return glue;
}

function notLoaded(): KfactorError {
  return new KfactorError(
    "ENGINE_NOT_LOADED",
    "The engine is not loaded: call init() with its WebAssembly first.",
    "引擎尚未加载：请先调用 init()。",
  );
}
