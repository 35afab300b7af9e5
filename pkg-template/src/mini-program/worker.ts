// The engine in a worker of a mini-program, for hosts whose pages have no WebAssembly, as Alipay's.
import { KfactorError, type Problem } from "../errors.js";
import { peek, qr, type QrOptions, referralCode, validate } from "../tools.js";
import type { Campaign, Token } from "../types.js";

/** One end of the way between a page and its worker: `my.createWorker(…)` in the page, `worker` in the worker. */
export interface WorkerEnd {
  postMessage(message: object): void;
  onMessage(listener: (message: object) => void): void;
}

/** A QR symbol that came from a worker: the rows as numbers, each padded to whole bytes, most significant bit first. */
export interface PackedSymbol {
  width: number;
  rows: number[];
}

/** What a page may ask of the engine in its worker. */
export interface WorkerTools {
  /** A text as a QR symbol in SVG. */
  qr(text: string, options?: QrOptions): Promise<string>;
  /** A text as the modules of a QR symbol, for a canvas. */
  qrModules(text: string, options?: QrOptions): Promise<PackedSymbol>;
  peek(token: string): Promise<Token>;
  referralCode(text: string): Promise<string>;
  validate(campaign: Campaign | string): Promise<Problem[]>;
}

interface Question {
  kfactor: number;
  ask: keyof WorkerTools;
  given: never[];
}

interface Reply {
  kfactor: number;
  value?: unknown;
  error?: { code: string; message: string; messageZh: string };
}

/**
 * In a worker: answers what its page asks.
 *
 * ```js
 * const { answerPage } = require("./kfactor/index.js"); // a copy of miniprogram_dist in the workers' folder
 * answerPage(worker);
 * ```
 */
export function answerPage(end: WorkerEnd): void {
  const tools: WorkerTools = {
    qr: (text, options) => qr(text, { ...options, format: "svg" }),
    qrModules: async (text, options) => {
      const { width, rows } = await qr(text, { ...options, format: "matrix" });
      return { width, rows: Array.from(rows) };
    },
    peek,
    referralCode,
    validate,
  };
  end.onMessage((message) => {
    const { kfactor, ask, given } = message as Question;
    if (typeof kfactor !== "number" || !Object.prototype.hasOwnProperty.call(tools, ask)) return;
    const call = tools[ask] as (...given: never[]) => Promise<unknown>;
    call(...given).then(
      (value) => end.postMessage({ kfactor, value }),
      (reason: unknown) => end.postMessage({ kfactor, error: inParts(reason) }),
    );
  });
}

/**
 * In a page: asks the engine in its worker. Other messages of the worker stay the page's own.
 *
 * ```js
 * const tools = askWorker(my.createWorker("workers/index.js"));
 * const svg = await tools.qr((await loop.share()).url);
 * ```
 */
export function askWorker(end: WorkerEnd): WorkerTools {
  const waiting = new Map<number, (reply: Reply) => void>();
  let last = 0;
  end.onMessage((message) => {
    const reply = message as Reply;
    waiting.get(reply.kfactor)?.(reply);
    waiting.delete(reply.kfactor);
  });
  const ask =
    (name: keyof WorkerTools) =>
    (...given: unknown[]): Promise<never> =>
      new Promise((done, failed) => {
        const number = ++last;
        waiting.set(number, ({ value, error }) => {
          if (error === undefined) done(value as never);
          else failed(new KfactorError(error.code, error.message, error.messageZh));
        });
        end.postMessage({ kfactor: number, ask: name, given });
      });
  return {
    qr: ask("qr"),
    qrModules: ask("qrModules"),
    peek: ask("peek"),
    referralCode: ask("referralCode"),
    validate: ask("validate"),
  };
}

function inParts(reason: unknown): { code: string; message: string; messageZh: string } {
  const error = reason instanceof KfactorError ? reason : new KfactorError("ENGINE_FAULT", String(reason));
  const { code, message, messageZh } = error;
  return { code, message, messageZh };
}
