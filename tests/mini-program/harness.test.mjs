// The host that stands for a phone is as strict as it says: each fault that once broke somebody's mini-program is planted.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import binaryen from "binaryen";
import { plain, vmHost } from "./engines.mjs";
import { codePackage, project } from "./project.mjs";

let folder;
before(async () => {
  folder = await project("harness");
});

const INDEX = "/miniprogram_npm/kfactor/index.js";

/** A host whose package has other files than the built one. */
function hostWith(files, options = {}) {
  const built = codePackage(folder);
  const parts = {
    code: (path) => (path in files ? files[path] : built.code(path)),
    wasm: (path) => (path in files ? files[path] : built.wasm(path)),
  };
  return vmHost(folder, { ...options, ...parts, request: () => Promise.reject(new Error("no network")) })
    .host;
}

const LACKING = [
  ["TextEncoder", "new TextEncoder()"],
  ["TextDecoder", "new TextDecoder()"],
  ["URL", "new URL('https://example.com/')"],
  ["URLSearchParams", "new URLSearchParams('a=b')"],
  ["crypto", "crypto.getRandomValues(new Uint8Array(1))"],
  ["performance", "performance.now()"],
  ["structuredClone", "structuredClone({})"],
  ["queueMicrotask", "queueMicrotask(() => {})"],
  ["fetch", "fetch('/')"],
  ["XMLHttpRequest", "new XMLHttpRequest()"],
  ["WebAssembly", "WebAssembly.compile"],
  ["BigInt", "BigInt(1)"],
  ["atob", "atob('')"],
  ["localStorage", "localStorage.length"],
  ["document", "document.title"],
];

test("what a phone lacks ends the package where it is used at the top", () => {
  const text = codePackage(folder).code(INDEX);
  for (const [name, use] of LACKING) {
    const host = hostWith({ [INDEX]: `${use};\n${text}` });
    assert.throws(() => host.require("kfactor"), new RegExp(`ReferenceError: ${name} is not defined`), name);
  }
  hostWith({ [INDEX]: text }).require("kfactor");
});

test("younger methods are missing too", () => {
  for (const use of [
    "[1].at(0)",
    "Object.hasOwn({}, 'a')",
    "[1].findLast(Boolean)",
    "Promise.withResolvers()",
  ]) {
    assert.throws(
      () => hostWith({ "/probe.js": use }).require("./probe"),
      /TypeError.*is not a function/,
      use,
    );
  }
});

test("pages of Douyin do not see globalThis", () => {
  const files = { "/probe.js": "module.exports = typeof globalThis" };
  assert.equal(hostWith(files, { kind: "douyin" }).require("./probe"), "undefined");
  assert.equal(hostWith(files).require("./probe"), "object");
});

test("WebAssembly comes from a path of the package, with plain functions, and shows no globals", async () => {
  const module = binaryen.parseText(`(module
    (import "env" "f" (func $f)) (global $g (export "g") (mut i32) (i32.const 1)) (func (export "run") (call $f)))`);
  const bytes = module.emitBinary();
  const host = hostWith({ "/a.wasm": bytes, "/a.wasm.br": bytes });
  const { WXWebAssembly } = host.realm;
  const good = { env: { f() {} } };
  const exports = async (path, imports) => {
    const { instance } = await WXWebAssembly.instantiate(path, imports);
    return Object.keys(instance.exports);
  };
  assert.deepEqual(await exports("/a.wasm", good), ["run"]);
  assert.deepEqual(await exports("/a.wasm.br", good), ["run"]);
  const getter = { env: Object.defineProperty({}, "f", { enumerable: true, get: () => () => undefined }) };
  const refused = [
    [bytes, good, /in the place of a path/],
    ["a.wasm", good, /path a\.wasm/],
    ["https://example.com/a.wasm", good, /path https/],
    ["/b.wasm", good, /no file/],
    ["/a.wasm", {}, /import f/],
    ["/a.wasm", getter, /no plain value/],
  ];
  for (const [path, imports, words] of refused) {
    await assert.rejects(WXWebAssembly.instantiate(path, imports), words);
  }
  assert.equal(plain(host.faults).length, refused.length);
});

test("an engine that was put elsewhere is found by its path, and one that is nowhere is named", async () => {
  const wasm = codePackage(folder).wasm("/miniprogram_npm/kfactor/engine.wasm.br");
  const moved = hostWith({
    "/packages/campaign/engine.wasm": wasm,
    "/miniprogram_npm/kfactor/engine.wasm.br": null,
  });
  const { init, qr } = moved.require("kfactor");
  await init("/packages/campaign/engine.wasm");
  assert.match(await qr("a"), /^<svg/);
  const lost = hostWith({}).require("kfactor");
  await assert.rejects(lost.init("/nowhere.wasm"), {
    code: "ENGINE_NOT_LOADED",
    message: /no file \/nowhere\.wasm/,
  });
  // What failed is tried again.
  await lost.init();
  assert.match(await lost.qr("a"), /^<svg/);
});
