// `sizes.mjs FILE` measures a file raw, with gzip -9 and with brotli -11, and prints one line.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
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
const inKb = (size) => `${(size / 1000).toFixed(1)} kB`;
console.log(
  `${basename(file)}: ${inKb(sizes.raw)} raw, ${inKb(sizes.gzip)} gzip, ${inKb(sizes.brotli)} brotli`,
);
