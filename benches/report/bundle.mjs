import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import vm from "node:vm";
import * as esbuild from "esbuild";
import { ROOT } from "../measure.mjs";

/** The page of a driver as one script, with the SDK that is installed in a folder of packages. */
export async function bundled(driver, peers) {
  const { outputFiles } = await esbuild.build({
    stdin: {
      contents: driver.source,
      resolveDir: existsSync(placeOf(driver, peers)) ? peers : ROOT,
      loader: "js",
    },
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
  const place = [peers, ROOT].map((folder) => placeOf(driver, folder)).find(existsSync);
  return JSON.parse(readFileSync(join(place, "package.json"), "utf8")).version;
}

const placeOf = (driver, folder) => join(folder, "node_modules", driver.package);
