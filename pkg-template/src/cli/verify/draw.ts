// `kfactor-draw-1` a second time, without the engine: SHA-256 for the key, ChaCha8 for the numbers.
import { createHash } from "node:crypto";

/** The commitment to a seed, in hexadecimal digits. */
export function commitment(seed: Uint8Array): string {
  return createHash("sha256").update("kfactor-seed-commitment-1").update(seed).digest("hex");
}

/** The numbers of one draw. */
export class Draw {
  readonly #key: Uint32Array;
  #counter = 0;
  #words: number[] = [];

  constructor(seed: Uint8Array, purpose: string, key: string) {
    const hash = createHash("sha256").update("kfactor-draw-1").update(seed);
    for (const part of [purpose, key]) {
      const bytes = Buffer.from(part, "utf8");
      const length = Buffer.alloc(8);
      length.writeBigUInt64BE(BigInt(bytes.length));
      hash.update(length).update(bytes);
    }
    const digest = hash.digest();
    this.#key = Uint32Array.from({ length: 8 }, (_, at) => digest.readUInt32LE(at * 4));
  }

  /** Uniform below `n`; no number is used up where there is no choice. */
  below(n: bigint): bigint {
    if (n <= 1n) return 0n;
    const bits = (n - 1n).toString(2).length;
    for (;;) {
      const number = BigInt.asUintN(bits, this.#next());
      if (number < n) return number;
    }
  }

  #next(): bigint {
    if (this.#words.length === 0) this.#words = this.#block();
    const [low = 0, high = 0] = this.#words.splice(0, 2);
    return (BigInt(high) << 32n) | BigInt(low);
  }

  #block(): number[] {
    const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
    const start = Uint32Array.from([...constants, ...this.#key, this.#counter++, 0, 0, 0]);
    const words = start.slice();
    for (let round = 0; round < 4; round++) for (const quarter of QUARTERS) mix(words, quarter);
    return Array.from(words, (word, at) => (word + (start[at] ?? 0)) >>> 0);
  }
}

const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

function mix(words: Uint32Array, [a, b, c, d]: (typeof QUARTERS)[number]): void {
  const step = (to: number, from: number, turned: number, by: number): void => {
    words[to] = (words[to] ?? 0) + (words[from] ?? 0);
    const value = (words[turned] ?? 0) ^ (words[to] ?? 0);
    words[turned] = (value << by) | (value >>> (32 - by));
  };
  step(a, b, d, 16);
  step(c, d, b, 12);
  step(a, b, d, 8);
  step(c, d, b, 7);
}
