// Reads every code in the default style with jsQR, as pages do that bring a reader of their own.
//
//   node jsqr.mjs FOLDER
//
// FOLDER is what the example `gate` of kfactor-poster wrote. The exit code is 1 unless each code is read.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import jsQR from "jsqr";
import pngjs from "pngjs";

const [folder] = process.argv.slice(2);
const index = Object.entries(JSON.parse(readFileSync(join(folder, "index.json"), "utf8")));
const codes = index.filter(([file]) => file.startsWith("default-"));
const missed = codes.filter(([file, { text }]) => {
  const { data, width, height } = pngjs.PNG.sync.read(readFileSync(join(folder, file)));
  return jsQR(new Uint8ClampedArray(data), width, height)?.data !== text;
});
for (const [file] of missed) console.log(`${file}: jsQR does not read it`);
const isFine = codes.length > 0 && missed.length === 0;
console.log(
  `jsQR          default style  ${codes.length - missed.length} of ${codes.length}  ${isFine ? "ok" : "TOO FEW"}`,
);
process.exitCode = isFine ? 0 : 1;
