// The same commands, the same bytes: native, Node, the command line, Chromium, and JavaScriptCore.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { buildSync } from "esbuild";
import { commandsFor, fileOf, NAMES } from "../determinism/generate.mjs";
import { mixedCampaign, mixedCommands } from "../determinism/mixed.mjs";
import { EXAMPLES, ROOT, startBrowser } from "./support.mjs";

const PACKAGE = join(ROOT, "pkg");
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

let browser;
let page;
let files;

before(async () => {
  files = await serve(PACKAGE);
  browser = await startBrowser();
  page = await browser.newPage();
  await page.goto(files.url);
});

after(async () => {
  await browser?.close();
  files?.server.close();
});

for (const name of NAMES) {
  test(`${name}: answers and digest are the same bytes everywhere`, async () => {
    const document = readFileSync(join(EXAMPLES, `${name}.json`), "utf8");
    const commands = readFileSync(fileOf(name), "utf8");
    assert.equal(commands, commandsFor(name), "the committed commands are those of the script");

    const native = split(cargo(name));
    const node = await inNode(document, commands);
    const chromium = await page.evaluate(inPage, { document, commands });
    const line = split(cli(name));

    const codes = native.answers.split("\n").map((text) => JSON.parse(text).code ?? "ok");
    assert.equal(codes.length, commands.trimEnd().split("\n").length);
    assert.ok(codes.filter((code) => code === "ok").length > 50, "many commands are accepted");
    assert.ok(new Set(codes).size > 8, `many reasons to refuse: ${[...new Set(codes)].join(" ")}`);

    assert.equal(
      node.digestOfSingleCalls,
      native.digest,
      "one call for each command leads to the same state",
    );
    assert.deepEqual(node.singleAnswers, native.answers.split("\n").map(essence), "and to the same answers");
    for (const [host, other] of Object.entries({ node, chromium, line })) {
      assert.equal(other.answers, native.answers, `${host} answers as the native engine does`);
      assert.equal(other.digest, native.digest, `${host} ends in the same state`);
    }
    assert.match(native.digest, /^[0-9a-f]{64}$/);
  });
}

test("a hundred thousand commands of every kind lead to one digest everywhere", async (context) => {
  const document = JSON.stringify(mixedCampaign(EXAMPLES));
  const commands = mixedCommands(JSON.parse(document), 100_000);
  const folder = mkdtempSync(join(tmpdir(), "kfactor-mixed-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const files = { document: join(folder, "mixed.json"), commands: join(folder, "mixed.ndjson") };
  for (const [name, text] of Object.entries({ document, commands })) writeFileSync(files[name], text);

  const native = split(cargoRun(files.document, files.commands));
  const kinds = new Set(native.answers.match(/"kind":"[a-z-]+"/g));
  assert.ok(kinds.size >= 40, `many kinds of facts: ${[...kinds].join(" ")}`);
  const { Engine } = await import(pathToFileURL(join(PACKAGE, "dist/node.js")).href);
  const engine = await Engine.load(document);
  engine.submitBatch(commands);
  assert.equal(engine.digest(), native.digest, "Node");
  const chromium = await page.evaluate(inPage, { document, commands });
  assert.equal(chromium.digest, native.digest, "Chromium");
  if (process.env.JSC === undefined) return context.diagnostic("JavaScriptCore is not here");
  assert.equal(jsc(folder, files).trim(), native.digest, "JavaScriptCore without a compiler");
});

test("one changed command is noticed", async () => {
  const document = readFileSync(join(EXAMPLES, "ten-friends.json"), "utf8");
  const commands = readFileSync(fileOf("ten-friends"), "utf8");
  const other = commands.replace(/"do":"visit"/, '"do":"share"');
  assert.notEqual(other, commands);
  assert.notEqual((await inNode(document, other)).digest, (await inNode(document, commands)).digest);
});

function cargo(name) {
  return cargoRun(join(EXAMPLES, `${name}.json`), fileOf(name));
}

function cargoRun(document, commands) {
  const words = ["run", "--quiet", "--example", "run", "--", document, commands];
  const options = { cwd: ROOT, encoding: "utf8", maxBuffer: 2 ** 30 };
  return execFileSync(process.env.CARGO ?? "cargo", words, options);
}

/** The package without its WebAssembly, as one script, and the commands, in JavaScriptCore's shell. */
function jsc(folder, { document, commands }) {
  const bundle = join(folder, "kfactor.js");
  buildSync({
    entryPoints: [join(PACKAGE, "dist/slim.js")],
    bundle: true,
    format: "iife",
    globalName: "kfactor",
    outfile: bundle,
    logLevel: "error",
  });
  const script = join(ROOT, "tests/determinism/jsc.js");
  const words = [
    "--useJIT=false",
    script,
    "--",
    bundle,
    join(PACKAGE, "dist/engine.wasm"),
    document,
    commands,
  ];
  return execFileSync(process.env.JSC, words, { encoding: "utf8" });
}

function cli(name) {
  const words = ["run", join(EXAMPLES, `${name}.json`), fileOf(name), "--json", "--digest"];
  // Some of the commands are malformed on purpose, which it says and ends with 1.
  return spawnSync(process.execPath, [join(PACKAGE, "bin/kfactor.js"), ...words], { encoding: "utf8" })
    .stdout;
}

async function inNode(document, commands) {
  const { Engine } = await import(pathToFileURL(join(PACKAGE, "dist/node.js")).href);
  const engine = await Engine.load(document);
  const answers = engine.submitBatch(commands).trimEnd();
  const single = await Engine.load(document);
  const lines = commands.trimEnd().split("\n");
  const singleAnswers = lines.map((line) => essence(JSON.stringify(single.submit(JSON.parse(line)))));
  return { answers, digest: engine.digest(), singleAnswers, digestOfSingleCalls: single.digest() };
}

/** An answer without the sentences and steps that only a refusal by a single call spells out. */
function essence(json) {
  const { message, messageZh, missing, ...rest } = JSON.parse(json);
  return rest;
}

/** Runs in Chromium, so it stands alone. */
async function inPage({ document, commands }) {
  const { Engine } = await import("/dist/browser.js");
  const engine = await Engine.load(document);
  return { answers: engine.submitBatch(commands).trimEnd(), digest: engine.digest() };
}

/** The answers, and the digest in the last line. */
function split(printed) {
  const lines = printed.trimEnd().split("\n");
  return { digest: lines.pop(), answers: lines.join("\n") };
}

/** The package's files, and an empty page to import them from. */
async function serve(folder) {
  const server = createServer((request, response) => {
    const file = join(folder, new URL(request.url, "http://localhost").pathname);
    const isKnown = file.startsWith(folder) && extname(file) in TYPES && existsSync(file);
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "text/html");
    if (isKnown) createReadStream(file).pipe(response);
    else response.end("<!doctype html><title>determinism</title>");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}
