import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import binaryen from "binaryen";
import { playInJsc, playInVm } from "./engines.mjs";
import { codePackage, filesIn, project, tool } from "./project.mjs";

let folder;
before(async () => {
  folder = await project();
});

test("the npm build takes the package over as it is, and every file may be uploaded", async () => {
  const built = join(folder, "miniprogram_npm/kfactor");
  const shipped = filesIn(join(folder, "node_modules/kfactor/miniprogram_dist"));
  assert.deepEqual(filesIn(built), shipped);
  assert.deepEqual(shipped, ["engine.wasm.br", "index.js", "mini-program.js", "package.json"]);
  for (const file of shipped) assert.match(file, UPLOADED);
  const whole = shipped.reduce((sum, file) => sum + statSync(join(built, file)).size, 0);
  assert.ok(whole < 400_000, `${whole} bytes of the two megabytes that a package may have`);
});

/** What may be uploaded; all else is left out without a word. */
const UPLOADED =
  /\.(wxml|wxss|wxs|png|jpe?g|gif|svg|js|json|cer|mp3|aac|m4a|mp4|wav|ogg|silk|wasm|br|cur|ico|skel|crt|cert)$/;

test("the parser of the npm build reads every script", () => {
  const acorn = tool("acorn");
  assert.equal(acorn.version, "6.4.2");
  for (const file of filesIn(join(folder, "miniprogram_npm")).filter((name) => name.endsWith(".js"))) {
    acorn.parse(readFileSync(join(folder, "miniprogram_npm", file), "utf8"));
  }
});

test("the engine is of WebAssembly's first version, and no 64-bit integer crosses to JavaScript", () => {
  const bytes = codePackage(folder).wasm("/miniprogram_npm/kfactor/engine.wasm.br");
  const module = binaryen.readBinary(bytes);
  module.setFeatures(binaryen.Features.MVP | binaryen.Features.MutableGlobals);
  assert.ok(module.validate());
  const compiled = new WebAssembly.Module(bytes);
  assert.ok(
    WebAssembly.Module.exports(compiled).every(({ kind }) => kind === "function" || kind === "memory"),
  );
  assert.ok(WebAssembly.Module.imports(compiled).every(({ kind }) => kind === "function"));
  const typesOf = (name) => {
    const { params, results } = binaryen.getFunctionInfo(module.getFunction(name));
    return [...binaryen.expandType(params), ...binaryen.expandType(results)];
  };
  for (let at = 0; at < module.getNumExports(); at++) {
    const { kind, value } = binaryen.getExportInfo(module.getExportByIndex(at));
    if (kind === binaryen.ExternalFunction) assert.ok(!typesOf(value).includes(binaryen.i64), value);
  }
  for (let at = 0; at < module.getNumFunctions(); at++) {
    const { name, module: from } = binaryen.getFunctionInfo(module.getFunctionByIndex(at));
    if (from !== "") assert.ok(!typesOf(name).includes(binaryen.i64), name);
  }
});

const EXPECTED = {
  refused: ["EVENT_REQUIRED"],
  opened: true,
  complete: ["complete", 10, 800],
  svg: true,
  peeked: [true, "TOKEN_MALFORMED"],
};

for (const promises of ["own", "timers"]) {
  for (const result of ["source", "instance"]) {
    test(`a campaign in V8 with ${promises} promises and the result as ${result}`, async () => {
      agree(await playInVm(folder, { promises, result }));
    });
    for (const jit of [true, false]) {
      test(`a campaign in JavaScriptCore ${jit ? "with" : "without"} JIT, ${promises} promises, ${result}`, () => {
        agree(playInJsc(folder, { promises, result, jit }));
      });
    }
  }
}

let first;
/** What was seen is as expected, and the same everywhere. */
function agree({ seen, faults }) {
  assert.deepEqual(faults, []);
  first ??= seen;
  assert.deepEqual(seen, first);
  assert.equal(seen.refused[0], EXPECTED.refused[0]);
  assert.deepEqual(seen.complete, EXPECTED.complete);
  assert.ok(seen.opened && seen.svg);
  assert.deepEqual(seen.peeked.slice(0, 2), EXPECTED.peeked);
  assert.match(seen.card[1], /^\/pages\/campaign\/campaign\?campaign=ten-friends&loop=…&code=CODE$/);
  assert.match(seen.digest, /^[0-9a-f]{16,}$/);
}
