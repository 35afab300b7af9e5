// The packed tarball in the hands of its customers: every project runs the same loop and must find the same.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import * as esbuild from "esbuild";
import * as vite from "vite";
import webpack from "webpack";
import { CAMPAIGN, expected, filesEnding, openPage, PLAY, project, runNode } from "./projects.mjs";

const MAIN = `
import { Engine } from "kfactor";
import { play } from "./play.js";
play(Engine).then((result) => (globalThis.result = result), (reason) => (globalThis.result = String(reason)));
`;
const INDEX = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="./main.js"></script>`;

const README = readFileSync(new URL("../../pkg-template/README.md", import.meta.url), "utf8");

let digest;

before(() => {
  const folder = project("esm", {
    "main.mjs": `import { Engine } from "kfactor"; import { play } from "./play.mjs"; console.log(JSON.stringify(await play(Engine)));`,
    "play.mjs": PLAY,
  });
  const result = runNode(folder, "main.mjs");
  digest = result.digest;
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(result, expected(digest));
});

test("Node, CommonJS: two entries share one engine", () => {
  const folder = project("cjs", {
    "main.cjs": `
      const { Engine, KfactorError } = require("kfactor");
      const backend = require("kfactor/backend");
      const slim = require("kfactor/slim");
      if (slim.Engine !== Engine || backend.KfactorError !== KfactorError) throw new Error("two copies");
      import("./play.mjs").then(({ play }) => play(Engine)).then((result) => console.log(JSON.stringify(result)));`,
    "play.mjs": PLAY,
  });
  assert.deepEqual(runNode(folder, "main.cjs"), expected(digest));
});

test("Node reads the engine from its file, and from the script where the file is another or none", () => {
  const folder = project("files", {
    "page.mjs": `import { Engine } from "kfactor"; import { play } from "./play.mjs"; console.log(JSON.stringify(await play(Engine)));`,
    "page.cjs": `const { Engine } = require("kfactor"); import("./play.mjs").then(({ play }) => play(Engine)).then((result) => console.log(JSON.stringify(result)));`,
    "key.mjs": `import { mint } from "kfactor/backend"; console.log(JSON.stringify(await mint({}, new Uint8Array(16))));`,
    "play.mjs": PLAY,
  });
  const run = () =>
    ["page.mjs", "page.cjs"].forEach((file) => assert.deepEqual(runNode(folder, file), expected(digest)));
  const dist = join(folder, "node_modules/kfactor/dist");
  const file = join(dist, "complete.wasm");
  const token = runNode(folder, "key.mjs");
  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(0, -1));
  run();
  assert.equal(runNode(folder, "key.mjs"), token);
  rmSync(file);
  run();
  // Without the scripts that have the bytes inside, only the file is left.
  writeFileSync(file, whole);
  const scripts = filesEnding(dist, ".js")
    .map((name) => join(dist, name))
    .filter((path) => readFileSync(path, "utf8").includes("AGFzbQ"));
  assert.ok(scripts.length >= 2);
  scripts.forEach((path) => rmSync(path));
  run();
  assert.equal(runNode(folder, "key.mjs"), token);
});

test("Node, slim: the engine's bytes are brought along", () => {
  const folder = project("slim", {
    "main.mjs": `
      import { readFileSync } from "node:fs";
      import { Engine, init } from "kfactor/slim";
      import { play } from "./play.mjs";
      const early = await Engine.load("{}").catch((reason) => reason.code);
      if (early !== "ENGINE_NOT_LOADED") throw new Error(early);
      await init(readFileSync(new URL(import.meta.resolve("kfactor/engine.wasm"))));
      console.log(JSON.stringify(await play(Engine)));`,
    "play.mjs": PLAY,
  });
  assert.deepEqual(runNode(folder, "main.mjs"), expected(digest));
});

test("Node, bundled by esbuild: no path to a file is left", async () => {
  const folder = project("node-bundle", {
    "main.js": MAIN + "setTimeout(() => console.log(JSON.stringify(globalThis.result)), 500);",
    "play.js": PLAY,
  });
  await esbuild.build({
    entryPoints: [join(folder, "main.js")],
    outfile: join(folder, "elsewhere/out.cjs"),
    bundle: true,
    platform: "node",
    logLevel: "error",
  });
  assert.deepEqual(runNode(join(folder, "elsewhere"), "out.cjs"), expected(digest));
});

test("Vite, built: one WebAssembly, fetched", async () => {
  const root = project("vite", { "index.html": INDEX, "main.js": MAIN, "play.js": PLAY }, { type: "module" });
  await vite.build({ root, configFile: false, base: "./", logLevel: "error", build: { target: "es2020" } });
  assert.equal(filesEnding(join(root, "dist"), ".wasm").length, 1);
  const { result, requests } = await openPage(join(root, "dist"));
  assert.deepEqual(result, expected(digest));
  assert.equal(requests.filter((path) => path.endsWith(".wasm")).length, 1);
});

test("Vite, development server: no plugin and no configuration", async () => {
  const root = project(
    "vite-dev",
    { "index.html": INDEX, "main.js": MAIN, "play.js": PLAY },
    { type: "module" },
  );
  const server = await vite.createServer({ root, configFile: false, logLevel: "error", server: { port: 0 } });
  try {
    await server.listen();
    const { result } = await openPage(root, server.resolvedUrls.local[0]);
    assert.deepEqual(result, expected(digest));
  } finally {
    await server.close();
  }
});

test("webpack, built: one WebAssembly, fetched", async () => {
  const folder = project("webpack", {
    "index.html": INDEX.replace("./main.js", "./dist/main.js"),
    "main.js": MAIN,
    "play.js": PLAY,
  });
  const stats = await new Promise((resolve, reject) => {
    const output = { path: join(folder, "dist"), filename: "main.js", publicPath: "auto" };
    webpack({ mode: "production", context: folder, entry: "./main.js", output }, (error, stats) =>
      error ? reject(error) : resolve(stats),
    );
  });
  assert.equal(stats.hasErrors(), false, stats.toString());
  assert.equal(filesEnding(join(folder, "dist"), ".wasm").length, 1);
  const { result } = await openPage(folder);
  assert.deepEqual(result, expected(digest));
});

test("esbuild for browsers: inline by default, one WebAssembly with slim", async () => {
  const slim = MAIN.replace('"kfactor"', '"kfactor/slim"')
    .replace("play(Engine)", "init(wasm).then(() => play(Engine))")
    .replace("{ Engine }", "{ Engine, init }");
  const files = {
    "index.html": INDEX,
    "main.js": MAIN,
    "slim.js": `import wasm from "kfactor/engine.wasm";${slim}`,
    "play.js": PLAY,
  };
  const folder = project("esbuild", files);
  for (const [entry, count] of [
    ["main.js", 0],
    ["slim.js", 1],
  ]) {
    const outdir = join(folder, `dist-${entry}`);
    const loader = { ".wasm": "file" };
    await esbuild.build({
      entryPoints: { main: join(folder, entry) },
      outdir,
      bundle: true,
      format: "esm",
      minify: true,
      loader,
      logLevel: "error",
    });
    assert.equal(filesEnding(outdir, ".wasm").length, count);
    execFileSync("cp", [join(folder, "index.html"), outdir]);
    const { result } = await openPage(outdir);
    assert.deepEqual(result, expected(digest));
  }
});

test("a classic script: a global and one WebAssembly beside it", async () => {
  const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
    <script src="node_modules/kfactor/dist/kfactor.global.js"></script>
    <script>${PLAY.replace("export ", "")}
    play(kfactor.Engine).then((result) => { globalThis.result = result; });</script>`;
  const folder = project("classic", { "index.html": page });
  const { result, requests } = await openPage(folder);
  assert.deepEqual(result, expected(digest));
  assert.equal(requests.filter((path) => path.endsWith(".wasm")).length, 1);
});

test("a module script straight from the package, without any tool", async () => {
  const page = INDEX.replace(
    ' src="./main.js">',
    `>${MAIN.replace('"kfactor"', '"./node_modules/kfactor/dist/browser.js"')}`,
  );
  const folder = project("plain", { "index.html": page, "play.js": PLAY });
  assert.deepEqual((await openPage(folder)).result, expected(digest));
});

test("the command line is installed", () => {
  const folder = project("cli", { "campaign.json": CAMPAIGN });
  const run = (...words) =>
    execFileSync(join(folder, "node_modules/.bin/kfactor"), words, { cwd: folder, encoding: "utf8" });
  assert.match(run("validate", "campaign.json"), /0 errors/);
  assert.match(run("qr", "https://example.com/"), /^<svg/);
});

test("the README's program prints what the README says", () => {
  const { 1: code } = README.match(/```js\n(import \{ Engine \}[\s\S]*?)```/);
  const folder = project("readme", { "main.mjs": code });
  const wanted = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map((match) => match[1]).join("\n");
  assert.equal(
    execFileSync(process.execPath, ["main.mjs"], { cwd: folder, encoding: "utf8" }),
    `${wanted}\n`,
  );
});

test("strict TypeScript: good programs compile, wrong ones do not", () => {
  const source = (play) => `
    import { Engine, createLoop, local, type Answer, type Command } from "kfactor";
    import { mint } from "kfactor/backend";
    import { useLoop, useLoopSnapshot } from "kfactor/react";
    import "kfactor/element";
    const engine = await Engine.load({ id: "c", title: "C", runs: { from: "2026-01-01", until: "2027-01-01" },
      plays: { p: { mechanic: "assist", title: "P", helpers: 1, within: "24h" } } });
    const command: Command = { id: "o", at: 1, do: "open", by: "ann", play: ${play} };
    const answer: Answer = engine.submit(command);
    if (answer.ok) for (const fact of answer.facts) { if (fact.kind === "granted") fact.to.length; }
    else answer.messageZh.length;
    const loop = createLoop({ campaign: "{}", participant: { id: "a" }, backend: local() });
    await loop.act({ do: "help", loop: "L" });
    useLoopSnapshot(useLoop({ campaign: "{}", participant: { id: "a" }, backend: local() })).view?.loops.length;
    document.querySelector("kf-loop")?.state?.notice?.length;
    (await mint({ campaign: 1 }, new Uint8Array(16))).length;
  `;
  for (const [name, settings] of [
    ["bundler", { module: "esnext", moduleResolution: "bundler" }],
    ["nodenext", { module: "nodenext", moduleResolution: "nodenext" }],
  ]) {
    const compilerOptions = {
      ...settings,
      strict: true,
      noEmit: true,
      target: "es2022",
      lib: ["es2023", "dom", "esnext.disposable"],
      types: [],
    };
    const files = {
      "good.ts": source('"p"'),
      "bad.ts": source("7"),
      "good.json": JSON.stringify({ compilerOptions, files: ["good.ts"] }),
      "bad.json": JSON.stringify({ compilerOptions, files: ["bad.ts"] }),
    };
    const folder = project(`types-${name}`, files, { type: "module" });
    const compiler = join(process.cwd(), "node_modules/typescript/bin/tsc");
    const compile = (config) =>
      execFileSync(process.execPath, [compiler, "-p", config], { cwd: folder, encoding: "utf8" });
    assert.equal(compile("good.json"), "");
    assert.throws(
      () => compile("bad.json"),
      (error) => /bad\.ts.*TS2322/.test(error.stdout),
    );
  }
});

test("the package carries what it promises, and each engine once", () => {
  const folder = join(project("contents", {}), "node_modules/kfactor");
  assert.deepEqual(filesEnding(folder, ".wasm").sort(), ["dist/complete.wasm", "dist/engine.wasm"]);
  for (const file of ["campaign.schema.json", "protocol.schema.json", "README.md"]) {
    assert.ok(existsSync(join(folder, file)), file);
  }
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const targets = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry).flatMap(targets));
  for (const path of targets(exports)) assert.ok(existsSync(join(folder, path)), path);
  // Node takes a millisecond for each file.
  for (const entry of ["node", "slim", "backend-node", "react"]) {
    const files = (text, call) => new Set(Array.from(text.matchAll(call), ([, path]) => path));
    const esm = files(readFileSync(join(folder, `dist/${entry}.js`), "utf8"), /(?:from|import)"(\.[^"]+)"/g);
    const cjs = files(readFileSync(join(folder, `dist/cjs/${entry}.js`), "utf8"), /=require\("(\.[^"]+)"\)/g);
    assert.deepEqual([esm.size, cjs.size], [1, 1], `${entry}: ${[...esm, ...cjs].join(", ")}`);
  }
});
