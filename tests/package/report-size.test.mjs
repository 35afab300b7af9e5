// Reports add at most eight kilobytes to a page: its bundles, and its WebAssembly, with and without what is in
// `pkg-template/src/report` and `src/report`. What else is in a bundle changes how well they compress, so there are several.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import binaryen from "binaryen";
import * as esbuild from "esbuild";

const MOST = 8_000;
const SOURCES = fileURLToPath(new URL("../../pkg-template/src/", import.meta.url));
const WASM = new URL("../../pkg/dist/engine.wasm", import.meta.url);
const EXPORTS = ["openOutbox", "stepOutbox", "pseudonym"];

const PAGES = {
  loop: 'import { createLoop, http, init } from "./slim.ts"; globalThis.used = [createLoop, http, init];',
  "loop and codes":
    'import { createLoop, http, qr, init } from "./slim.ts"; globalThis.used = [createLoop, http, qr, init];',
  everything: 'import * as used from "./slim.ts"; globalThis.used = used;',
};

test("reports add at most eight kilobytes to a page", async (t) => {
  const wasm = sizeOfWasm([]) - sizeOfWasm(EXPORTS);
  assert.ok(wasm > 1_000, "the exports of reports have other names");
  for (const [page, code] of Object.entries(PAGES)) {
    for (const target of ["es2017", "es2020", "es2022"]) {
      const script = (await sizeOfPage(code, target, [])) - (await sizeOfPage(code, target, [WITHOUT]));
      t.diagnostic(`${page}, ${target}: ${wasm} bytes of WebAssembly, ${script} of JavaScript`);
      assert.ok(wasm + script <= MOST, `${page}, ${target}: ${wasm + script} bytes`);
      assert.ok(script > 1_000, "the files of reports lie elsewhere");
    }
  }
});

/** Every file of reports, as one that does nothing. */
const WITHOUT = {
  name: "without reports",
  setup(build) {
    build.onLoad({ filter: /src\/report\/[\w-]+\.ts$/ }, ({ path }) => {
      const names = readFileSync(path, "utf8").matchAll(/^export (?:async )?(?:function|const) (\w+)/gm);
      const contents = Array.from(names, ([, name]) => `export const ${name} = () => 0;`).join("\n");
      const again = path.endsWith("/index.ts") ? 'export { memoryStore } from "./store.js";' : "";
      return { contents: `${contents}\n${again}\nexport {};`, loader: "js" };
    });
  },
};

async function sizeOfPage(code, target, plugins) {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: code, resolveDir: SOURCES, loader: "ts" },
    bundle: true,
    charset: "utf8",
    format: "esm",
    logLevel: "error",
    minify: true,
    outdir: SOURCES,
    plugins,
    splitting: true,
    target,
    write: false,
  });
  return brotli(outputFiles.find(({ path }) => path.endsWith("stdin.js")).contents);
}

function sizeOfWasm(without) {
  const module = binaryen.readBinary(readFileSync(WASM));
  module.setFeatures(binaryen.Features.MVP | binaryen.Features.MutableGlobals);
  for (const name of without) module.removeExport(name);
  module.runPasses(["remove-unused-module-elements"]);
  const bytes = module.emitBinary();
  module.dispose();
  return brotli(bytes);
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
}
