// Where there is no page: Deno, Bun, Cloudflare's workerd, Next.js' edge runtime, and servers that render pages.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import * as esbuild from "esbuild";
import { expected, PLAY } from "../package/projects.mjs";
import { project, TOOLS } from "./support.mjs";

const run = promisify(execFile);

/** Imports every entry that a runtime may use, plays a loop, and prints what came of it. */
const MAIN = `
import * as kfactor from "kfactor";
import * as backend from "kfactor/backend";
import * as complete from "kfactor/complete";
import { createLoop, Engine, local } from "kfactor";
import { play } from "./play.js";
if (complete.Engine !== Engine || backend.KfactorError !== kfactor.KfactorError) throw new Error("two copies");
const token = await backend.mint({ campaign: 1 }, new Uint8Array(16));
if (token.length !== 29) throw new Error(token);
const plays = { p: { mechanic: "assist", title: "P", helpers: 1, within: "24h" } };
const campaign = { id: "c", title: "C", runs: { from: "2026-01-01", until: "2036-01-01" }, plays };
const loop = createLoop({ campaign, participant: { id: "ann" }, backend: local() });
const opened = await loop.open("p");
if (!opened.ok) throw new Error(opened.message);
loop.close();
console.log(JSON.stringify(await play(Engine)));
`;

let digest;

before(() => {
  const folder = project("node", {
    files: { "main.mjs": MAIN, "play.js": PLAY, "package.json": '{"type":"module"}' },
  });
  const result = JSON.parse(execFileSync(process.execPath, ["main.mjs"], { cwd: folder, encoding: "utf8" }));
  digest = result.digest;
  assert.deepEqual(result, expected(digest));
});

for (const [name, words] of [
  [
    "deno",
    [
      "run",
      "--no-remote",
      "--no-prompt",
      "--allow-env",
      "--allow-read",
      "--node-modules-dir=manual",
      "main.mjs",
    ],
  ],
  ["bun", ["run", "--no-install", "main.mjs"]],
]) {
  test(`${name} plays the same loop and finds the same digest`, async () => {
    const manifest = '{"type":"module","dependencies":{"kfactor":"0.1.0"}}';
    const folder = project(name, { files: { "main.mjs": MAIN, "play.js": PLAY, "package.json": manifest } });
    const { stdout } = await run(join(TOOLS, "node_modules/.bin", name), words, { cwd: folder });
    assert.deepEqual(JSON.parse(stdout), expected(digest));
  });
}

test("workerd plays the same loop, in the page's build and in the complete one", async () => {
  const { Miniflare } = await import(join(TOOLS, "node_modules/miniflare/dist/src/index.js"));
  const entry = (name) => `
    import { Engine } from "${name}";
    import { mint } from "kfactor/backend";
    import { play } from "./play.js";
    export default {
      async fetch() {
        const token = await mint({ campaign: 1 }, new Uint8Array(16));
        return Response.json({ ...(await play(Engine)), token: token.length });
      },
    };`;
  const files = { "page.js": entry("kfactor"), "complete.js": entry("kfactor/complete"), "play.js": PLAY };
  const folder = project("workerd", { files });
  for (const [name, wasm] of [
    ["page.js", ["complete.wasm?module", "engine.wasm?module"]],
    ["complete.js", ["complete.wasm?module"]],
  ]) {
    const { outputFiles } = await esbuild.build({
      entryPoints: [join(folder, name)],
      bundle: true,
      write: false,
      format: "esm",
      conditions: ["workerd", "worker", "browser"],
      external: ["*.wasm?module"],
      logLevel: "error",
    });
    const bundle = outputFiles[0].text;
    for (const file of wasm) assert.ok(bundle.includes(`./${file}`), `${name} imports ${file}`);
    const modules = wasm.map((file) => ({
      type: "CompiledWasm",
      path: file,
      contents: readFileSync(join(folder, "node_modules/kfactor/dist", file.replace("?module", ""))),
    }));
    const worker = new Miniflare({
      modules: [{ type: "ESModule", path: "worker.js", contents: bundle }, ...modules],
      compatibilityDate: "2026-07-01",
    });
    try {
      const result = await (await worker.dispatchFetch("http://127.0.0.1/")).json();
      assert.deepEqual(result, { ...expected(digest), token: 29 });
    } finally {
      await worker.dispose();
    }
  }
});

test("a server renders React and Vue pages without touching anything of a page's", async () => {
  // What a page has, and this package must not look for on a server; frameworks may.
  const guard = `
    for (const name of ["window", "document", "localStorage", "location", "addEventListener", "fetch"]) {
      const get = () => {
        const { stack } = new Error();
        if (stack.includes("/node_modules/kfactor/")) throw new Error("looked for " + name + stack);
      };
      Object.defineProperty(globalThis, name, { configurable: true, get });
    }`;
  const main = (importing) => `
    import "./guard.mjs";
    ${importing}
    const campaign = { id: "c", title: "C", runs: { from: "2026-01-01", until: "2036-01-01" }, plays: {} };
    const options = { campaign, participant: { id: "ann" }, backend: { connect: () => { throw new Error("connected"); } } };
    const initial = { title: "as the server saw it" };
    const show = ({ status, view }) => status + " " + (view?.title ?? "nothing");`;
  const react = main(`
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { useLoop, useLoopSnapshot } from "kfactor/react";
    import "kfactor";
    import "kfactor/element";`);
  const vue = main(`
    import { createSSRApp, h } from "vue";
    import { renderToString } from "vue/server-renderer";
    import { useLoop } from "kfactor/vue";
    import "kfactor";`);
  const files = {
    "guard.mjs": guard,
    "react.mjs": `${react}
      const Page = ({ initial }) => show(useLoopSnapshot(useLoop({ ...options, initial })));
      console.log(renderToString(createElement(Page)));
      console.log(renderToString(createElement(Page, { initial })));`,
    "vue.mjs": `${vue}
      const page = (initial) => createSSRApp({ setup: () => {
        const { state } = useLoop({ ...options, initial });
        return () => h("p", show(state.value));
      } });
      console.log((await renderToString(page())).replace(/<.?p>/g, ""));
      console.log((await renderToString(page(initial))).replace(/<.?p>/g, ""));`,
    "react.cjs": `
      const { useLoop } = require("kfactor/react");
      const vue = require("kfactor/vue");
      require("kfactor/element");
      if (require("kfactor").createLoop === undefined) throw new Error("no package");
      console.log(typeof useLoop, typeof vue.useLoop);`,
  };
  const folder = project("rendered", { files });
  const printed = async (file) => (await run(process.execPath, [file], { cwd: folder })).stdout.trim();
  for (const file of ["react.mjs", "vue.mjs"]) {
    assert.equal(await printed(file), "loading nothing\nready as the server saw it", file);
  }
  assert.equal(await printed("react.cjs"), "function function");
});
