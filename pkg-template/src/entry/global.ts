// The classic script: `<script src="kfactor.global.js">` gives a global `kfactor`.
import { provide } from "../runtime.js";
import { instantiate } from "./fetched.js";

// Only known while the script runs.
const here = (document.currentScript as HTMLScriptElement | null)?.src ?? document.baseURI;

provide((imports) => instantiate(fetch(new URL("engine.wasm", here)), imports), "page");

export * from "../index.js";
