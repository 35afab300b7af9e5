import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import * as esbuild from "esbuild";
import { ROOT } from "../measure.mjs";

/** The page of a driver as one script, with the SDK that is installed in a folder of packages. */
export async function bundled(driver, peers) {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: driver.source, resolveDir: peers, loader: "js" },
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2020",
    logLevel: "error",
  });
  return new vm.Script(outputFiles[0].text, { filename: `${driver.name}.js` });
}

/** The version of a driver's package, which is one of the peers or of this repository. */
export function version(driver, peers) {
  const manifests = [peers, ROOT].map((folder) =>
    join(folder, "node_modules", driver.package, "package.json"),
  );
  return JSON.parse(readFileSync(manifests.find(existsSync), "utf8")).version;
}
