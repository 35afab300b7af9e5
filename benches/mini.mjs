// What a mini-program costs before its first view, in an interpreter: JavaScriptCore without its compilers, as on iPhones.

import { cpSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE } from "./implementations.mjs";
import { quantile, report, ROOT } from "./measure.mjs";

const STARTS = 15;

export async function mini({ folder, note }) {
  const shipped = `${PACKAGE}miniprogram_dist`;
  if (!existsSync(shipped)) throw new Error("the package is not built: run `cargo xtask pkg` first");
  const place = join(folder, "mini");
  const built = join(place, "miniprogram_npm/kfactor");
  rmSync(place, { recursive: true, force: true });
  mkdirSync(built, { recursive: true });
  // The npm build of the developer tools copies it as it is; the shell does not read Brotli.
  cpSync(shipped, built, { recursive: true });
  cpSync(`${PACKAGE}dist/engine.wasm`, join(built, "engine.wasm.br"));
  note(`${STARTS} cold starts in JavaScriptCore, with and without JIT`);
  const seen = { interpreted: [], compiled: [] };
  for (let round = 0; round < STARTS; round++) {
    seen.interpreted.push(await start(place, ["--useJIT=false"]));
    seen.compiled.push(await start(place, []));
  }
  const median = (how, part) =>
    quantile(
      seen[how].map((one) => one[part]),
      0.5,
    );
  const milliseconds = (name, how, part) => ({ name: `mini/${name}`, value: median(how, part), unit: "ms" });
  return [
    ...["index.js", "engine.wasm.br"].map((file) => ({
      name: `mini/${file}`,
      value: statSync(join(shipped, file)).size,
      unit: "bytes",
    })),
    milliseconds("first-view", "interpreted", "firstView"),
    milliseconds("first-view/script", "interpreted", "script"),
    milliseconds("first-view/wasm", "interpreted", "wasm"),
    milliseconds("first-view/document", "interpreted", "document"),
    milliseconds("help-with-preview", "interpreted", "firstHelp"),
    milliseconds("help", "interpreted", "help"),
    milliseconds("view", "interpreted", "view"),
    milliseconds("first-view-with-jit", "compiled", "firstView"),
    milliseconds("help-with-preview-with-jit", "compiled", "firstHelp"),
  ];
}

async function start(place, flags) {
  const scripts = join(ROOT, "tests/mini-program");
  const document = join(ROOT, "examples/campaigns/ten-friends.json");
  const at = String(Date.parse("2026-12-01T12:00:00+08:00"));
  const given = ["wechat", "own", "source", place, place, document, at, scripts, "measure"];
  const { seen, faults } = await report([
    process.env.JSC ?? "jsc",
    ...flags,
    join(scripts, "jsc.js"),
    "--",
    ...given,
  ]);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return seen;
}
