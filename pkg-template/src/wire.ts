// Bytes between the caller's objects and the engine: fields of a command go into a scratch area of the
// engine's memory, its answer is read from another. Nothing is allocated on the way in, and only the
// answer's own objects and strings on the way out.
import { KfactorError } from "./errors.js";
import { REASONS } from "./generated/tables.js";

/** More bytes than any field may have, and few enough that their number is one byte. */
const LONGEST = 127;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let memory: WebAssembly.Memory | undefined;
let bytes = new Uint8Array(0);
let doubles = new DataView(bytes.buffer);
let cursor = 0;

/** Whether this host keeps buffers that were replaced; most empty them. */
let keeps = true;

/** Begins at `address`. */
export function seek(source: WebAssembly.Memory, address: number): void {
  // Growth replaces the buffer. Where the old one is empty then, the host need not be asked for it each time.
  if (memory !== source || bytes.length === 0 || (keeps && bytes.buffer !== source.buffer)) open(source);
  cursor = address;
}

function open(source: WebAssembly.Memory): void {
  if (memory === source) keeps = bytes.length !== 0;
  memory = source;
  bytes = new Uint8Array(source.buffer);
  doubles = new DataView(source.buffer);
}

/** Where the next byte goes or comes from. */
export function position(): number {
  return cursor;
}

/** Writes the act. */
export function act(number: number): void {
  bytes[cursor++] = number;
}

/** Writes a text field. What is not text becomes empty text, which the engine refuses by the field's name. */
export function text(tag: number, value: unknown): void {
  bytes[cursor] = tag;
  const start = cursor + 2;
  if (typeof value !== "string") {
    bytes[cursor + 1] = 0;
    cursor = start;
    return;
  }
  const length = value.length;
  if (length > LONGEST) return encoded(value);
  const into = bytes;
  let all = 0;
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i);
    all |= unit;
    into[start + i] = unit;
  }
  if (all > 127) return encoded(value);
  into[cursor + 1] = length;
  cursor = start + length;
}

/** Text that is not ASCII, or longer than any field: cut, it is still too long for the engine. */
function encoded(value: string): void {
  const start = cursor + 2;
  const { written } = encoder.encodeInto(value, bytes.subarray(start, start + LONGEST));
  bytes[cursor + 1] = written;
  cursor = start + written;
}

/** Writes a number field. */
export function double(tag: number, value: unknown): void {
  bytes[cursor] = tag;
  doubles.setFloat64(cursor + 1, typeof value === "number" ? value : NaN, true);
  cursor += 9;
}

/** Reads one byte. */
export function byte(): number {
  return bytes[cursor++]!;
}

/** Reads a variable-length integer. */
export function small(): number {
  const first = bytes[cursor++]!;
  if (first < 128) return first;
  let value = first & 127;
  let scale = 128;
  for (;;) {
    const next = bytes[cursor++]!;
    value += (next & 127) * scale;
    if (next < 128) return value;
    scale *= 128;
  }
}

/** Reads a time, an amount or another number of up to 53 bits. */
export function number(): number {
  const value = doubles.getFloat64(cursor, true);
  cursor += 8;
  return value;
}

/** Reads a boolean. */
export function flag(): boolean {
  return bytes[cursor++] === 1;
}

/** Reads counted text. */
export function string(): string {
  return take(bytes[cursor++]!);
}

/** Reads counted text; no text means the one the caller sent. */
export function known(same: string): string {
  const length = bytes[cursor++]!;
  return length === 0 ? same : take(length);
}

/** Reads counted text; a length that no text has means one that the caller sent. */
export function told(by: string, loop: string): string {
  const length = bytes[cursor++]!;
  return length === 0 ? by : length === 255 ? loop : take(length);
}

/** Reads the name a handle stands for. */
export function name(names: readonly string[]): string {
  return names[small()] ?? "";
}

/** Reads why something was withheld. */
export function reason(): string {
  return REASONS[bytes[cursor++]!] ?? "";
}

/** The package and its WebAssembly are not of one build. */
export function broken(): KfactorError {
  return new KfactorError("ENGINE_MISMATCH", "The engine's answer cannot be read.", "无法读取引擎的应答。");
}

function take(length: number): string {
  const start = cursor;
  cursor += length;
  // Ids are short; a call into the host costs as much as some twenty characters.
  if (length > SHORT) return decoder.decode(bytes.subarray(start, cursor));
  let result = "";
  for (let i = start; i < cursor; i++) {
    const unit = bytes[i]!;
    if (unit > 127) return decoder.decode(bytes.subarray(start, cursor));
    result += String.fromCharCode(unit);
  }
  return result;
}

const SHORT = 24;
