// Whoever compiles against these types need not name the library that has `Symbol.dispose`.
/// <reference lib="esnext.disposable" preserve="true" />
import { CampaignError, KfactorError, type Problem, text } from "./errors.js";
import { asAnswer, read } from "./answer.js";
import type { Group } from "./insight.js";
import { encode, type Fields } from "./generated/encode.js";
import type { Names } from "./generated/decode.js";
import type { Answer, Audit, Campaign, Command, Fact, LiveCodeView, View } from "./types.js";
import { complete, engineMemory, type Glue, isTrap, ready } from "./runtime.js";
import { position, seek } from "./wire.js";

/** How an engine is loaded. */
export interface EngineOptions {
  /**
   * 32 bytes that share handles, codes and draws derive from. The keeper of the log chooses them once, at
   * random, and keeps them secret. Without them the seed derives from the campaign's id, as in previews.
   */
  seed?: Uint8Array;
}

/** Which moment and which loop a view is of. */
export interface ViewOptions {
  /** Unix milliseconds; now if absent. */
  at?: number;
  /** A loop the participant may not be part of yet: the one they were invited to. */
  loop?: string;
}

/**
 * One campaign with everything that happened in it so far.
 *
 * ```js
 * const engine = await Engine.load(campaign);
 * const answer = engine.submit({ id: "c1", at: Date.now(), do: "help", by: "bo", loop: "L1" });
 * if (answer.ok) console.log(answer.facts);
 * else console.log(answer.message, answer.messageZh);
 * ```
 */
export class Engine {
  private glue: Glue;
  private memory: WebAssembly.Memory;
  private handle: number;
  private tables: Names;

  private constructor(glue: Glue, handle: number) {
    if (handle === 0) throw new CampaignError(glue.problems() as Problem[]);
    this.glue = glue;
    this.memory = engineMemory();
    this.handle = handle;
    this.tables = glue.names(handle) as Names;
  }

  /**
   * Loads a campaign document, given as an object or as JSON text (whose problems then carry useful
   * line numbers). The WebAssembly is loaded with the first campaign.
   *
   * @throws {CampaignError} with every problem of the document.
   */
  static async load(campaign: Campaign | string, options: EngineOptions = {}): Promise<Engine> {
    const glue = await ready();
    return new Engine(glue, glue.load(asText(campaign), seedOf(options)));
  }

  /**
   * Loads a campaign together with the state that `snapshot` gave.
   *
   * @throws {CampaignError} with every problem of the document, or of the snapshot.
   */
  static async restore(
    campaign: Campaign | string,
    snapshot: Uint8Array,
    options: EngineOptions = {},
  ): Promise<Engine> {
    const glue = await ready();
    return new Engine(glue, glue.restore(asText(campaign), seedOf(options), snapshot ?? NO_BYTES));
  }

  /**
   * Decides one command and records what happened. A refusal is an answer, not an exception. Keys that no command has are
   * passed over, which TypeScript does not; `submitBatch` refuses them.
   */
  submit(command: Command): Answer {
    const given = (command ?? {}) as Command;
    if (buffers.input === 0) buffers.input = this.glue.scratch();
    seek(this.memory, buffers.input);
    encode(given as Fields);
    try {
      // Other values would be turned into numbers on the way, "" into 1970.
      const at = typeof given.at === "number" ? given.at : NaN;
      const size = this.glue.submit(this.handle, at, position() - buffers.input);
      if (size === 0) throw freed();
      if (size > buffers.room) {
        buffers.room = size;
        buffers.output = this.glue.output();
      }
      seek(this.memory, buffers.output);
      return read(given, this.tables);
    } catch (reason) {
      buffers.room = 0;
      throw fault(reason);
    }
  }

  /**
   * Decides many commands at once: UTF-8 JSON, JSON text (an array, or one object per line), or objects.
   * The answers come back in the same form and order. `at` overrules the commands' own times.
   *
   * @throws {KfactorError} `COMMANDS_EXPECTED` for anything else.
   */
  submitBatch(commands: Uint8Array, at?: number): Uint8Array;
  submitBatch(commands: string, at?: number): string;
  submitBatch(commands: readonly Command[], at?: number): Answer[];
  submitBatch(commands: Uint8Array | string | readonly Command[], at = NaN): Uint8Array | string | Answer[] {
    if (typeof commands !== "string" && !Array.isArray(commands) && !(commands instanceof Uint8Array)) {
      const message = "Commands are an array of objects, JSON text, or its UTF-8.";
      throw new KfactorError("COMMANDS_EXPECTED", message, "指令应为对象数组、JSON 文本或其 UTF-8 字节。");
    }
    if (this.handle === 0) throw freed();
    try {
      if (commands instanceof Uint8Array) return this.glue.submitJson(this.handle, commands, at);
      const text = typeof commands === "string" ? commands : JSON.stringify(commands);
      const answers = decoder.decode(this.glue.submitJson(this.handle, encoder.encode(text), at));
      if (typeof commands === "string") return answers;
      return (JSON.parse(answers) as Answer[]).map(asAnswer);
    } catch (reason) {
      throw fault(reason);
    }
  }

  /** All a page needs for one participant. */
  view(participant: string, options: ViewOptions = {}): View {
    return this.call(() =>
      this.glue.view(this.handle, text(participant, "participant"), moment(options), options.loop),
    ) as View;
  }

  /**
   * The live codes of the campaign: their targets, loads, and where the next newcomer is led.
   *
   * @throws {KfactorError} `COMPLETE_ONLY` in a page, unless it imports "kfactor/complete".
   */
  liveCodes(options: { at?: number } = {}): LiveCodeView[] {
    return this.call(() => complete().liveCodes(this.handle, moment(options))) as LiveCodeView[];
  }

  /**
   * Who is in which segment of the document, by the main ids of people.
   *
   * @throws {KfactorError} `COMPLETE_ONLY` in a page, unless it imports "kfactor/complete".
   */
  segments(options: { at?: number } = {}): Group[] {
    return this.call(() => complete().segments(this.handle, moment(options))) as Group[];
  }

  /**
   * What the account answers to a `message` that was accepted: the `reply` of the trigger that fits, if it has one.
   *
   * @throws {KfactorError} `COMPLETE_ONLY` in a page, unless it imports "kfactor/complete".
   */
  replyTo(message: string): string | null {
    return this.call(() => complete().replyTo(this.handle, text(message, "message"))) as string | null;
  }

  /** When the next `tick` has something to settle, in Unix milliseconds; `null` if nothing is waiting. */
  due(): number | null {
    return this.call(() => this.glue.due(this.handle) ?? null) as number | null;
  }

  /**
   * Re-decides a log from the beginning: commands, alone or as `{ command, answer }`, and the documents that
   * revised the campaign as `{ campaign }`, in a JSON array or one per line.
   *
   * @throws {KfactorError} `COMPLETE_ONLY` in a page, unless it imports "kfactor/complete".
   */
  audit(log: Uint8Array | string): Audit {
    const bytes = log instanceof Uint8Array ? log : encoder.encode(text(log, "log"));
    return this.call(() => complete().audit(this.handle, bytes)) as Audit;
  }

  /** A hash of the whole state: equal wherever the same commands were decided. */
  digest(): string {
    return this.call(() => this.glue.digest(this.handle)) as string;
  }

  /** The whole state, for `Engine.restore`. */
  snapshot(): Uint8Array {
    return this.call(() => this.glue.snapshot(this.handle)) as Uint8Array;
  }

  /**
   * Continues with an edited document; loops that are running keep the rules they were opened under.
   *
   * @throws {CampaignError} with every problem; the old document then stays.
   */
  revise(campaign: Campaign | string): void {
    const done = this.call(() => this.glue.revise(this.handle, asText(campaign)));
    if (done === 0) throw new CampaignError(this.glue.problems() as Problem[]);
    this.tables = this.glue.names(this.handle) as Names;
  }

  /** Takes over facts that another engine decided, such as those of one loop; nothing is decided again. Says how many. */
  apply(facts: readonly Fact[]): number {
    return this.call(() =>
      this.glue.apply(this.handle, encoder.encode(JSON.stringify(facts ?? null))),
    ) as number;
  }

  /** A copy with the same state, to try commands on. */
  fork(): Engine {
    return new Engine(this.glue, this.call(() => this.glue.fork(this.handle)) as number);
  }

  /** Gives the engine's memory back. */
  free(): void {
    if (this.handle !== 0) this.glue.unload(this.handle);
    this.handle = 0;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  private call(run: () => unknown): unknown {
    if (this.handle === 0) throw freed();
    let value: unknown;
    try {
      value = run();
    } catch (reason) {
      throw fault(reason);
    }
    return checked(value);
  }
}

/**
 * Where commands are written and answers are read, by address. The engine moves the buffer of answers only when
 * one is larger than every answer before it, so its address is asked for again only then.
 */
const buffers = { input: 0, output: 0, room: 0 };

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NO_BYTES = new Uint8Array(0);

/** Passes a rare call's result on, or throws the error it stands for. */
export function checked(value: unknown): unknown {
  if (typeof value === "object" && value !== null && "messageZh" in value && "code" in value) {
    const { code, message, messageZh } = value as unknown as KfactorError;
    throw new KfactorError(code, message, messageZh);
  }
  return value;
}

/** The document as text. */
export function asText(campaign: Campaign | string): string {
  if (typeof campaign !== "string" && (typeof campaign !== "object" || campaign === null)) {
    throw new KfactorError(
      "CAMPAIGN_INVALID",
      "A campaign is a document, as text or as an object.",
      "活动应为文档：文本或对象。",
    );
  }
  return typeof campaign === "string" ? campaign : JSON.stringify(campaign, null, 2);
}

function seedOf(options: EngineOptions): Uint8Array {
  const seed = options?.seed ?? NO_BYTES;
  if (seed === NO_BYTES || seed.length === 32) return seed;
  throw new KfactorError("SEED_LENGTH", "The seed must be 32 bytes long.", "种子必须为 32 字节。");
}

/** The moment that is asked about: now if none is given. */
function moment({ at = Date.now() }: { at?: number | undefined }): number {
  if (Number.isSafeInteger(at)) return at;
  throw new KfactorError("TIME_EXPECTED", "`at` has to be Unix milliseconds.", "`at` 应为 Unix 毫秒时间。");
}

function freed(): KfactorError {
  return new KfactorError("ENGINE_FREED", "This engine was freed.", "该引擎已释放。");
}

function fault(reason: unknown): unknown {
  if (!isTrap(reason)) return reason;
  return new KfactorError("ENGINE_FAULT", "The engine met a fault of its own.", "引擎内部错误。", reason);
}
