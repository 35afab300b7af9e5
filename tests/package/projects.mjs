// Projects of customers: each gets the packed tarball installed, as npm would.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const scratch = needed("KFACTOR_SCRATCH");
const tarball = needed("KFACTOR_TARBALL");

/** Makes a project with files and the installed tarball; gives its folder. */
export function project(name, files, manifest = {}) {
  const folder = join(scratch, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const all = { "package.json": JSON.stringify({ name, private: true, ...manifest }), ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const options = ["--no-audit", "--no-fund", "--offline", "--loglevel=error"];
  execFileSync("npm", ["install", ...options, tarball], { cwd: folder, stdio: "pipe" });
  return folder;
}

/** Runs a file of a project with Node; gives what it printed, as JSON. */
export function runNode(folder, file) {
  const options = { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 28 };
  return JSON.parse(execFileSync(process.execPath, [file], options));
}

/** Opens a project's page in Chromium, from files or from a server that runs already; gives what it put into `globalThis.result`, and what it requested. */
export async function openPage(folder, address) {
  const server = address === undefined ? await serve(folder) : undefined;
  const browser = await chromium.launch({ executablePath: needed("CHROMIUM"), args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    const requests = [];
    const failures = [];
    page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    page.on("pageerror", (error) => failures.push(error.message));
    await page.goto(address ?? `http://127.0.0.1:${server.address().port}/index.html`);
    const waiting = page.waitForFunction(() => globalThis.result, undefined, { timeout: 20_000 });
    const result = await waiting
      .then((handle) => handle.jsonValue())
      .catch((reason) => {
        throw new Error([reason.message, ...failures].join("\n"));
      });
    return { result, requests };
  } finally {
    await browser.close();
    server?.close();
  }
}

/** The files below a folder whose names end so. */
export function filesEnding(folder, ending) {
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(ending));
}

/** The example campaign that every project runs. */
export const CAMPAIGN = readFileSync(join(root, "examples/campaigns/ten-friends.json"), "utf8");

/** A module that plays the campaign with `Engine` and gives what happened. */
export const PLAY = `
const campaign = ${CAMPAIGN};
const at = Date.parse("2026-12-01T12:00:00+08:00");
export async function play(Engine) {
  const engine = await Engine.load(campaign);
  const submit = (command) => engine.submit({ at, ...command });
  submit({ id: "t", do: "event", by: "ann", name: "ticket-bought", order: "o1" });
  submit({ id: "o", do: "open", by: "ann", play: "ten-friends", loop: "L1" });
  const answers = [];
  for (let i = 0; i < 11; i++) answers.push(submit({ id: "h" + i, do: "help", by: "f" + i, loop: "L1" }));
  return {
    accepted: answers.filter((answer) => answer.ok).length,
    refused: answers.filter((answer) => !answer.ok).map((answer) => answer.code),
    message: answers[10].message,
    digest: engine.digest(),
  };
}
`;

/** What every runtime must find, whatever it is. */
export function expected(digest) {
  return { accepted: 10, refused: ["LOOP_COMPLETE"], message: "This one is complete already.", digest };
}

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves a folder on a free port. */
function serve(folder) {
  const server = createServer((request, response) => {
    const file = join(folder, new URL(request.url, "http://localhost").pathname);
    if (!file.startsWith(folder) || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** An environment variable that `cargo xtask test tarball` sets. */
export function needed(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run \`cargo xtask test tarball\``);
  return value;
}
