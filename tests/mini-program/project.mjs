// The example's project as a developer has it: the packed package installed, and the npm build of Tencent's own packer.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");

/** Where these tests' own packages are, and where projects are made. */
export const scratch = needed("KFACTOR_MINI");
/** `require` of the tests' own packages. */
export const tool = createRequire(join(scratch, "package.json"));

/** Makes the project with the installed package, and builds its npm packages; gives its folder. */
export async function project(name = "project") {
  const folder = join(scratch, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(root, "examples/miniprogram"), folder, {
    recursive: true,
    filter: (path) => !/node_modules|miniprogram_npm/.test(path),
  });
  const options = [
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--offline",
    "--ignore-scripts",
    "--loglevel=error",
  ];
  execFileSync("npm", ["install", ...options, needed("KFACTOR_TARBALL")], { cwd: folder, stdio: "pipe" });
  await packNpm(folder);
  return folder;
}

/** What the button 构建 npm of the developer tools does, offline. The packer signs nothing here but wants a key. */
async function packNpm(folder) {
  const ci = quietly(() => tool("miniprogram-ci"));
  const key = join(scratch, "private.key");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(key, privateKey.export({ type: "pkcs1", format: "pem" }));
  const project = new ci.Project({
    appid: "wx0123456789abcdef",
    type: "miniProgram",
    projectPath: folder,
    privateKeyPath: key,
    ignores: ["node_modules/**/*"],
  });
  const warnings = await ci.packNpm(project, { reporter: () => undefined });
  if (warnings.length > 0) throw new Error(JSON.stringify(warnings));
}

/** The packer greets on the console when it is loaded. */
function quietly(run) {
  const { log } = console;
  console.log = () => undefined;
  try {
    return run();
  } finally {
    console.log = log;
  }
}

/** The code package's files, as the host sees them. */
export function codePackage(folder) {
  const read = (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path)) : null);
  return {
    code: (path) => read(path)?.toString("utf8") ?? null,
    wasm: (path) => {
      const bytes = read(path);
      return bytes !== null && path.endsWith(".br") ? brotliDecompressSync(bytes) : bytes;
    },
  };
}

/** The files of a folder, by their paths in it. */
export function filesIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();
}

/** A file of a campaign of the examples. */
export function campaign(name) {
  return readFileSync(join(root, "examples/campaigns", `${name}.json`), "utf8");
}

/** A script beside this file. */
export function script(name) {
  return readFileSync(join(here, name), "utf8");
}

export function needed(name) {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: run these tests with \`cargo xtask test mini\``);
  mkdirSync(dirname(value), { recursive: true });
  return value;
}
