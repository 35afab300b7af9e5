// The package's own UTF-8 beside the platform's: random texts and random bytes, most of them broken.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const source = join(dirname(fileURLToPath(import.meta.url)), "../../pkg-template/src/mini-program/text.ts");
const built = await esbuild.build({ entryPoints: [source], write: false, format: "esm", target: "es2017" });
const ours = await import(
  `data:text/javascript;base64,${Buffer.from(built.outputFiles[0].contents).toString("base64")}`
);
const [encoder, decoder] = [new ours.TextEncoder(), new ours.TextDecoder()];
const [theirEncoder, theirDecoder] = [new TextEncoder(), new TextDecoder("utf-8", { ignoreBOM: true })];

let state = 20261128;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

/** The beginnings and ends of every range that UTF-8 treats in a way of its own. */
const EDGES = [
  0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5,
  0xff,
];
const UNITS = [
  0x41, 0x7f, 0x80, 0x7ff, 0x800, 0x4e2d, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xfffd, 0xffff,
];

test("random bytes are read as the platform reads them", () => {
  for (let round = 0; round < 200_000; round++) {
    const bytes = Uint8Array.from({ length: random(9) }, () =>
      random(2) === 0 ? EDGES[random(EDGES.length)] : random(256),
    );
    assert.equal(decoder.decode(bytes), theirDecoder.decode(bytes), String(bytes));
  }
});

test("random texts are written as the platform writes them, whole and into little room", () => {
  for (let round = 0; round < 100_000; round++) {
    const units = Array.from({ length: random(8) }, () => UNITS[random(UNITS.length)]);
    const text = String.fromCharCode(...units);
    assert.deepEqual(encoder.encode(text), theirEncoder.encode(text), String(units));
    const mine = new Uint8Array(random(12));
    const copy = new Uint8Array(mine.length);
    assert.deepEqual(encoder.encodeInto(text, mine), theirEncoder.encodeInto(text, copy), String(units));
    assert.deepEqual(mine, copy);
  }
});

test("long texts come back", () => {
  for (const piece of ["a", "中", "😀", "é"]) {
    const text = piece.repeat(10_001);
    assert.equal(decoder.decode(encoder.encode(text)), text);
  }
});
