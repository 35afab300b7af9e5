// The module that bundlers for mini-programs take, bundled as they do, and the types of mini-programs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import * as esbuild from "esbuild";
import { build as vite } from "vite";
import webpack from "webpack";
import { plain, vmHost } from "./engines.mjs";
import { campaign, codePackage, project, tool } from "./project.mjs";

const MAIN = `
import { createLoop, Engine, init, local, qr } from "kfactor/mini-program";
export async function play(campaign, at) {
  await init("/assets/engine.wasm.br");
  const engine = await Engine.load(campaign);
  engine.submit({ id: "t", at, do: "event", by: "安", name: "ticket-bought", order: "o1" });
  const answer = engine.submit({ id: "o", at, do: "open", by: "安", play: "ten-friends", loop: "L1" });
  const loop = createLoop({ campaign, participant: { id: "b" }, backend: local({ now: () => at }), address: {} });
  const visited = await loop.visit();
  loop.close();
  return [answer.ok, visited.ok, (await qr("a")).slice(0, 4)];
}
`;

let folder;
before(async () => {
  folder = await project("bundlers");
  writeFileSync(join(folder, "main.js"), MAIN);
});

const BUNDLERS = {
  // Taro's webpack runner leaves what it compiles as it is and writes ES5 around it.
  async webpack() {
    const output = {
      path: folder,
      filename: "webpack.bundle.js",
      library: { type: "commonjs2" },
      globalObject: "wx",
    };
    const options = {
      mode: "production",
      target: ["web", "es5"],
      context: folder,
      entry: "./main.js",
      output,
    };
    const stats = await promisify(webpack)(options);
    assert.ok(!stats.hasErrors(), stats.toString());
  },
  // Taro's Vite runner builds for ES6.
  async vite() {
    const lib = { entry: join(folder, "main.js"), formats: ["cjs"], fileName: () => "vite.bundle.js" };
    const build = {
      lib,
      outDir: folder,
      emptyOutDir: false,
      target: "es2015",
      minify: false,
      copyPublicDir: false,
    };
    await vite({ root: folder, configFile: false, logLevel: "error", build });
  },
  async esbuild() {
    const outfile = join(folder, "esbuild.bundle.js");
    const entryPoints = [join(folder, "main.js")];
    await esbuild.build({
      entryPoints,
      outfile,
      bundle: true,
      format: "cjs",
      target: "es2017",
      absWorkingDir: folder,
    });
  },
};

for (const [name, bundle] of Object.entries(BUNDLERS)) {
  test(`bundled by ${name}, with the engine where the bundle says`, async () => {
    await bundle();
    const files = codePackage(folder);
    tool("acorn").parse(readFileSync(join(folder, `${name}.bundle.js`), "utf8"));
    // Copied to where the bundler puts its assets.
    const wasm = (path) =>
      path === "/assets/engine.wasm.br"
        ? files.wasm("/node_modules/kfactor/miniprogram_dist/engine.wasm.br")
        : null;
    for (const kind of ["wechat", "douyin"]) {
      const { host } = vmHost(folder, { kind, wasm, request: () => Promise.reject(new Error("no network")) });
      const { play } = host.require(`./${name}.bundle`);
      const seen = await play(campaign("ten-friends"), Date.parse("2026-12-01T12:00:00+08:00"));
      assert.deepEqual(plain(seen), [true, true, "<svg"]);
      assert.deepEqual(plain(host.faults), []);
    }
  });
}

test("TypeScript knows what mini-programs have, and what they do not", () => {
  const lines = [
    'import { createLoop, http, init, shareCard, type CanvasNode, type MiniLoop } from "kfactor/mini-program";',
    "declare const canvas: CanvasNode;",
    'const backend = http("https://k.example", { key: "pk_1" });',
    "declare const query: Record<string, string | undefined>;",
    'const loop: MiniLoop = createLoop({ campaign: "{}", participant: { id: "a" }, backend, address: query });',
    "export async function share(): Promise<string> {",
    '  await init("/assets/engine.wasm.br");',
    '  const { src, share } = await loop.poster("invite", { canvas, values: { nickname: "安" } });',
    '  return src + shareCard(share, { title: "t", page: "/pages/a/a" }).path;',
    "}",
  ];
  const good = lines.join("\n");
  const compiler = join(process.cwd(), "node_modules/typescript/bin/tsc");
  const check = (name, text, settings) => {
    writeFileSync(join(folder, `${name}.ts`), text);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2020",
      lib: ["es2020", "dom", "esnext.disposable"],
      types: [],
      ...settings,
    };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
    const options = { cwd: folder, encoding: "utf8", stdio: "pipe" };
    return execFileSync(process.execPath, [compiler, "-p", `${name}.json`], options);
  };
  const settings = { module: "esnext", moduleResolution: "bundler" };
  assert.equal(check("good", good, settings), "");
  const withoutCanvas = good.replace("{ canvas, values", "{ values");
  assert.throws(
    () => check("bad", withoutCanvas, settings),
    (error) => /bad\.ts.*TS2345/.test(error.stdout),
  );
});
