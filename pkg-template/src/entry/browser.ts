// Production bundles: the bundler emits the WebAssembly as a file of its own and rewrites its address.
import { provide } from "../runtime.js";
import { instantiate } from "./fetched.js";

provide((imports) => instantiate(fetch(new URL("./engine.wasm", import.meta.url)), imports), "page");

export * from "../index.js";
