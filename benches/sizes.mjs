// What the engine costs before its first decision: bytes to download, and time to start.

import { existsSync, readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { PACKAGE } from "./implementations.mjs";
import { quantile, report, worker } from "./measure.mjs";
import { prepare } from "./workload.mjs";

const STARTS = 15;

export async function sizes({ folder, note }) {
  const build = (name) => {
    const path = `${PACKAGE}dist/${name}.wasm`;
    if (!existsSync(path)) throw new Error("the package is not built: run `cargo xtask pkg` first");
    return readFileSync(path);
  };
  const [page, complete] = [build("engine"), build("complete")];
  prepare(folder, "small");
  note(`${STARTS} cold starts of each build`);
  const starts = { page: [], complete: [] };
  for (let n = 0; n < STARTS; n++) {
    for (const [build, times] of Object.entries(starts)) {
      const { seconds } = await report(worker("cold", build, folder, "small"));
      times.push(seconds * 1000);
    }
  }
  return [
    { name: "sizes/wasm-raw", value: page.length, unit: "bytes" },
    { name: "sizes/wasm-gzip", value: gzipSync(page, { level: 9 }).length, unit: "bytes" },
    { name: "sizes/wasm-brotli", value: brotli(page), unit: "bytes" },
    { name: "sizes/complete-brotli", value: brotli(complete), unit: "bytes" },
    { name: "sizes/cold-start", value: quantile(starts.page, 0.5), unit: "ms" },
    { name: "sizes/cold-start-complete", value: quantile(starts.complete, 0.5), unit: "ms" },
  ];
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
}
