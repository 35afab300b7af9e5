// The engine's functions as the rest of the package sees them (src/wasm.rs).
export function __wbg_set_wasm(exports: unknown): void;

export function load(text: string, seed: Uint8Array): number;
export function problems(): unknown;
export function unload(handle: number): void;
export function fork(handle: number): number;
export function validate(text: string): unknown;
export function revise(handle: number, text: string): number;
export function names(handle: number): unknown;
export function scratch(): number;
export function output(): number;
export function submit(handle: number, at: number, length: number): number;
export function submitJson(handle: number, bytes: Uint8Array, at: number): Uint8Array;
export function apply(handle: number, bytes: Uint8Array): unknown;
export function view(handle: number, who: string, at: number, loop?: string): unknown;
export function due(handle: number): unknown;
export function audit(handle: number, bytes: Uint8Array): unknown;
export function digest(handle: number): string;
export function snapshot(handle: number): Uint8Array;
export function restore(text: string, seed: Uint8Array, bytes: Uint8Array): number;
export function peek(token: string): unknown;
export function mint(fields: unknown, key: Uint8Array): unknown;
export function verify(token: string, keys: unknown): unknown;
export function referralCode(text: string): unknown;
export function insight(
  facts: Uint8Array,
  window: number,
  offset: number,
  now: number,
  lookBack: number,
  halfLife: number,
  paths: string,
  segments: string,
): unknown;
export function credit(
  channels: number,
  touches: Uint32Array,
  times: Float64Array,
  lengths: Uint32Array,
  ends: Float64Array,
  converted: Uint32Array,
  lost: Uint32Array,
  worth: Float64Array,
  model: string,
  first: number,
  last: number,
  halfLife: number,
  direct: number,
  howFar: number,
  paths: string,
): unknown;
export function costs(campaign: string): unknown;
export function compareArms(people: Uint32Array, converted: Uint32Array, weights: Uint32Array): unknown;
export function segments(handle: number, at: number): unknown;
export function bindings(
  events: Uint8Array,
  lock: string,
  rebind: string,
  protection: number,
  eligible: string,
  renewOn: string,
): unknown;
export function liveCodes(handle: number, at: number): unknown;
export function replyTo(handle: number, message: string): unknown;
export function qrPicture(text: string, kind: number, options: unknown): unknown;
export function qrSvg(text: string, level: number): string;
export function qrMatrix(text: string, level: number): number;
export function qrMatrices(lines: string, level: number): number;
export function posterList(template: string, data: string, measure: PosterMeasure): unknown;
export function posterSvg(
  template: string,
  data: string,
  measure: PosterMeasure,
  source: (src: string) => string | undefined,
): unknown;

export function openOutbox(most: number, consent: number): number;
export function stepOutbox(
  outbox: number,
  input: number,
  number: number,
  size: number,
  time: number,
  now: number,
  chance: number,
): Uint32Array;
export function pseudonym(campaign: string, text: string): number;

type PosterMeasure = (family: string, size: number, weight: number, units: string) => number[];

/** All of them. */
declare const glue: Omit<typeof import("./engine_bg.js"), "default">;
export default glue;
