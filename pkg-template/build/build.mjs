// Builds the npm package: generated tables and types, type declarations, ESM, CommonJS and the classic
// script, from `pkg-template` to `pkg`.
//   build.mjs SCHEMAS ENGINE VERSION
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { brotliCompressSync, constants } from "node:zlib";
import { documents, shipDocuments } from "./docs.mjs";
import { generate } from "./generate.mjs";

const template = join(dirname(fileURLToPath(import.meta.url)), "..");
const root = join(template, "..");
const pkg = join(root, "pkg");
const dist = join(pkg, "dist");

/** iOS 14 is the oldest host. */
const common = {
  absWorkingDir: template,
  target: "es2020",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  tsconfig: join(template, "tsconfig.json"),
};

/** The WebAssembly of pages, and the one of backends, the command line and those who write campaigns. */
const BUILDS = ["engine.wasm", "complete.wasm"];

const [schemas, engine, version] = process.argv.slice(2);
const stamp = join(engine, "package.stamp");
const print = fingerprint();
if (
  existsSync(stamp) &&
  readFileSync(stamp, "utf8") === print &&
  existsSync(join(dist, "kfactor.global.js"))
) {
  console.log("pkg: up to date");
} else {
  rmSync(stamp, { force: true });
  await build();
  writeFileSync(stamp, print);
}

async function build() {
  await generate(schemas, engine, version);
  rmSync(pkg, { recursive: true, force: true });
  mkdirSync(join(dist, "cjs"), { recursive: true });
  tsc(join(dist, "types"));
  await modules();
  await commonJs();
  await Promise.all([classicScripts(), commandLine(), miniProgram()]);
  copies();
  manifest();
  console.log(`pkg: kfactor ${version}, ${sizeOf("dist/browser.js")} (browser entry without shared chunks)`);
}

/** Declarations once; a second copy is read as CommonJS by the compiler, as the format of its folder says. */
function tsc(folder) {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "--project", template, "--outDir", folder], { stdio: "inherit" });
  cpSync(folder, join(dist, "cjs"), { recursive: true });
}

/**
 * The entries, and one file with all that they share: so every entry has the same engine, and Node, which takes almost a
 * millisecond for each file of a program, reads two. What a page does not use of it, its bundler leaves out.
 */
async function modules() {
  const entries = {
    node: "src/entry/node.ts",
    browser: "src/entry/browser.ts",
    worker: "src/entry/worker.ts",
    complete: "src/entry/complete.ts",
    "complete-browser": "src/entry/complete-browser.ts",
    "complete-worker": "src/entry/complete-worker.ts",
    inline: "src/entry/inline.ts",
    slim: "src/slim.ts",
    backend: "src/entry/backend.ts",
    "backend-node": "src/entry/backend-node.ts",
    "backend-worker": "src/entry/backend-worker.ts",
    react: "src/react.ts",
    vue: "src/vue.ts",
    element: "src/element.ts",
    files: "src/report/file-store.ts",
  };
  await esbuild.build({
    ...common,
    entryPoints: entries,
    outdir: dist,
    bundle: true,
    splitting: true,
    plugins: [sharing(Object.values(entries))],
    // The template's manifest names the built files that have effects, not these sources.
    ignoreAnnotations: true,
    format: "esm",
    // The page's framework is its own. The elements' engine is loaded as the page's conditions say.
    external: ["*.wasm?module", "react", "vue", "kfactor", "node:fs", "node:path"],
    chunkNames: "chunks/[name]-[hash]",
    minifySyntax: true,
    minifyWhitespace: true,
  });
}

/** Lets each entry reach all that entries share. esbuild makes a chunk of what the same entries reach, so it makes one. */
function sharing(entries) {
  const paths = new Set(entries.map((entry) => join(template, entry)));
  const shared = JSON.stringify(join(template, "src/entry/shared.ts"));
  return {
    name: "sharing",
    setup: (build) =>
      build.onLoad({ filter: /\.ts$/ }, ({ path }) =>
        paths.has(path)
          ? { contents: `${readFileSync(path, "utf8")}\nimport ${shared};\n`, loader: "ts" }
          : undefined,
      ),
  };
}

/** The same files for `require`: two entries share one engine there too, and Node reads two files instead of sixty. */
async function commonJs() {
  const elsewhere = /(browser|worker)\.js$/;
  await esbuild.build({
    ...common,
    entryPoints: filesIn(dist).filter((file) => file.endsWith(".js") && !elsewhere.test(file)),
    outdir: join(dist, "cjs"),
    outbase: dist,
    format: "cjs",
    minifyWhitespace: true,
    define: { "import.meta.url": "__filename" },
    // By `require`: Node finds no names in what `import()` gives of these files.
    supported: { "dynamic-import": false },
  });
  writeFileSync(join(dist, "cjs/package.json"), '{ "type": "commonjs" }\n');
}

/** The package as a classic script, without and with the elements. */
async function classicScripts() {
  await esbuild.build({
    ...common,
    entryPoints: {
      "kfactor.global": "src/entry/global.ts",
      "kfactor.elements.global": "src/entry/elements-global.ts",
    },
    outdir: dist,
    bundle: true,
    format: "iife",
    globalName: "kfactor",
    alias: { kfactor: "./src/entry/global.ts" },
    // The template's manifest names the built files that have effects, not these sources.
    ignoreAnnotations: true,
    minify: true,
  });
}

/**
 * What WeChat's npm build copies as it is: only files that may be uploaded, and syntax that its parser reads. The engine
 * is there once, compressed: the hosts unpack it, and a mini-program's package has 2 MB. Bundlers for mini-programs, as
 * Taro's, get the same script as a module.
 */
async function miniProgram() {
  const folder = join(pkg, "miniprogram_dist");
  const script = {
    ...common,
    entryPoints: ["src/entry/mini-program.ts"],
    inject: ["src/mini-program/text.ts"],
    bundle: true,
    target: "es2017",
    minify: true,
  };
  await Promise.all([
    esbuild.build({ ...script, outfile: join(folder, "index.js"), format: "cjs" }),
    esbuild.build({ ...script, outfile: join(dist, "mini-program.js"), format: "esm" }),
  ]);
  const settings = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
  };
  const wasm = readFileSync(join(engine, "engine.wasm"));
  writeFileSync(join(folder, "engine.wasm.br"), brotliCompressSync(wasm, { params: settings }));
  // `require("kfactor/mini-program")` is the same, for those who want its types.
  writeFileSync(join(folder, "mini-program.js"), 'module.exports = require("./index.js");\n');
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }\n');
}

async function commandLine() {
  await esbuild.build({
    ...common,
    entryPoints: ["src/cli/cli.ts"],
    outfile: join(dist, "cli.js"),
    bundle: true,
    platform: "node",
    target: "node18",
    format: "esm",
    external: ["kfactor", "kfactor/*"],
  });
}

function copies() {
  for (const build of BUILDS) cpSync(join(engine, build), join(dist, build));
  cpSync(join(template, "bin"), join(pkg, "bin"), { recursive: true });
  chmodSync(join(pkg, "bin/kfactor.js"), 0o755);
  for (const schema of ["campaign.schema.json", "protocol.schema.json"]) {
    cpSync(join(schemas, schema), join(pkg, schema));
  }
  cpSync(join(template, "README.md"), join(pkg, "README.md"));
  for (const license of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    if (existsSync(join(root, license))) cpSync(join(root, license), join(pkg, license));
  }
  shipDocuments(root, pkg);
}

function manifest() {
  const text = readFileSync(join(template, "package.json"), "utf8");
  const manifest = { ...JSON.parse(text), version };
  writeFileSync(join(pkg, "package.json"), JSON.stringify(manifest, null, 2) + "\n");
}

function sizeOf(file) {
  return `${(statSync(join(pkg, file)).size / 1000).toFixed(1)} kB`;
}

/** Everything the package is made from. */
function fingerprint() {
  const generated = join(template, "src/generated");
  const sources = filesIn(template).filter((file) => !file.startsWith(generated));
  const inputs = [
    ...sources,
    ...filesIn(schemas),
    ...BUILDS.map((build) => join(engine, build)),
    ...documents(root).map((file) => join(root, file)),
    join(root, "package-lock.json"),
  ];
  const hash = createHash("sha256").update(version);
  for (const file of inputs) hash.update(relative(root, file)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

function filesIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
