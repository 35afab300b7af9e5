// `sizes.mjs FILE` measures a file raw, with gzip -9 and with brotli -11, writes `sizes.json` beside it,
// and prints one line.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const file = process.argv[2];
const bytes = readFileSync(file);
const sizes = {
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }).length,
};
writeFileSync(join(dirname(file), "sizes.json"), JSON.stringify(sizes) + "\n");
const inKb = (size) => `${(size / 1000).toFixed(1)} kB`;
console.log(
  `${basename(file)}: ${inKb(sizes.raw)} raw, ${inKb(sizes.gzip)} gzip, ${inKb(sizes.brotli)} brotli`,
);
