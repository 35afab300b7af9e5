// Runs the host and a script in one of the engines that stand for phones: Node's V8 for Android, JavaScriptCore for iOS.
import { execFileSync } from "node:child_process";
import { webcrypto } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { campaign, codePackage, needed, script } from "./project.mjs";

const here = dirname(fileURLToPath(import.meta.url));

/** A host in a realm of its own, as strict as asked. */
export function vmHost(folder, options = {}) {
  const realm = vm.createContext({});
  vm.runInContext(script("runtime.js"), realm, { filename: "runtime.js" });
  const start = vm.runInContext("startHost", realm);
  const after = (wait, run) => void setTimeout(run, wait);
  const usual = { kind: "wechat", promises: "own", result: "source", random: randomly };
  const host = start({ ...usual, after, ...codePackage(folder), ...options });
  return { host, realm };
}

/** Plays the scenario in Node's `vm`. */
export async function playInVm(folder, options) {
  const store = { current: null };
  const { host, realm } = vmHost(folder, {
    ...options,
    request: (asked) => Promise.resolve(store.current.handle(asked)),
  });
  vm.runInContext(script("scenario.js"), realm, { filename: "scenario.js" });
  store.current = vm.runInContext("createStore", realm)(AT);
  const play = vm.runInContext("playScenario", realm);
  const seen = await play({ host, store: store.current, campaign: campaign("ten-friends") });
  return plain({ seen, faults: host.faults });
}

/** Plays the same in JavaScriptCore's shell, with its compilers or without. */
export function playInJsc(
  folder,
  { kind = "wechat", promises = "own", result = "source", jit = true, measure = false },
) {
  const flags = jit ? [] : ["--useJIT=false"];
  const unpacked = join(folder, "../unpacked");
  const wasm = "/miniprogram_npm/kfactor/engine.wasm.br";
  // The shell does not read Brotli.
  mkdirSync(join(unpacked, dirname(wasm)), { recursive: true });
  writeFileSync(join(unpacked, wasm), codePackage(folder).wasm(wasm));
  const document = join(here, "../../examples/campaigns/ten-friends.json");
  const given = [
    kind,
    promises,
    result,
    folder,
    unpacked,
    document,
    String(AT),
    here,
    measure ? "measure" : "play",
  ];
  const options = { encoding: "utf8", maxBuffer: 2 ** 26, timeout: 120_000, stdio: "pipe" };
  return JSON.parse(execFileSync(needed("JSC"), [...flags, join(here, "jsc.js"), "--", ...given], options));
}

const AT = Date.parse("2026-12-01T12:00:00+08:00");

/** Objects of another realm as ones of this. */
export function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

function randomly(bytes) {
  bytes.set(webcrypto.getRandomValues(new Uint8Array(bytes.length)));
  return bytes;
}
