// Compiles the tests beside this file and runs them with Node's own runner against the built package.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
// Beside the package's own manifest, so that `kfactor` means the built package.
const out = join(here, "../../pkg/.tests");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await esbuild.build({
  entryPoints: names.map((name) => join(here, name)),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  target: "node18",
  format: "esm",
  external: ["kfactor", "kfactor/*", "vue"],
  logLevel: "warning",
});
const files = names.map((name) => join(out, name.replace(/\.ts$/, ".mjs")));
// A test that hangs fails, and one that leaves something open does not keep the rest from ending.
const options = ["--test", "--test-reporter=spec", "--test-timeout=300000", "--test-force-exit"];
const run = spawnSync(process.execPath, [...options, ...files], { stdio: "inherit" });
rmSync(out, { recursive: true, force: true });
process.exitCode = run.status ?? 1;
