import { asText, checked } from "./engine.js";
import { KfactorError, type Problem, text as checkedText } from "./errors.js";
import { complete, engineMemory, ready } from "./runtime.js";
import { namesOf, sentences, type Sentences } from "./sentences.js";
import type { Campaign, Params, Token } from "./types.js";

/** How a QR symbol is drawn. */
export interface QrOptions {
  /** How much damage it survives: about 7, 15, 25 or 30 %. More where it costs no larger symbol. */
  level?: "L" | "M" | "Q" | "H";
  /**
   * A Micro QR symbol, for a few characters on small things: at most 15, or 35 digits. Scanners of industry read it;
   * WeChat and most phones do not. Without a level it is as small as it can be. Pages have it from "kfactor/complete".
   */
  micro?: boolean;
  /** The quiet zone in modules; 4 if absent, which readers expect, or 2 for Micro QR. */
  quiet?: number;
  /** Pixels for one module; 8 if absent. */
  scale?: number;
  /** `#rgb` or `#rrggbb`. */
  dark?: string;
  /** `#rgb` or `#rrggbb`. */
  light?: string;
}

/** A QR symbol as its modules. */
export interface QrMatrix {
  /** Modules in a row, without the quiet zone. */
  width: number;
  /** The rows, each padded to whole bytes, most significant bit first; 1 is dark. */
  rows: Uint8Array;
  /** Whether a module is dark; outside the symbol everything is light. */
  isDark(x: number, y: number): boolean;
}

/**
 * Everything that is wrong or worth a warning in a campaign document; nothing for a sound one. In Node and from
 * "kfactor/complete" with sentences, suggestions and warnings; the page's build has the errors by code and pointer.
 */
export async function validate(campaign: Campaign | string): Promise<Problem[]> {
  return checked((await ready()).validate(asText(campaign))) as Problem[];
}

/**
 * Reads a token's fields without a key. They may route and be shown; only a backend can prove them.
 *
 * @throws {KfactorError} `TOKEN_MALFORMED` if the text is not a token.
 */
export async function peek(token: string): Promise<Token> {
  return checked((await ready()).peek(checkedText(token, "token"))) as Token;
}

/**
 * Reads a referral code as a person typed it, and gives its proper spelling.
 *
 * @throws {KfactorError} if it has a typing error.
 */
export async function referralCode(text: string): Promise<string> {
  return (checked((await ready()).referralCode(checkedText(text, "text"))) as { code: string }).code;
}

/**
 * Draws a text as a QR symbol: SVG, PNG, or the modules for a canvas of your own.
 *
 * ```js
 * element.innerHTML = await qr("https://example.com/r/3k…");
 * ```
 *
 * @throws {KfactorError} `QR_EMPTY`, `QR_TOO_LONG`, `QR_NOT_MICRO`, `QR_LEVEL` or `QR_COLOUR`; `COMPLETE_ONLY` for a Micro QR
 * symbol in a page, unless it imports "kfactor/complete".
 */
export async function qr(text: string, options?: QrOptions & { format?: "svg" }): Promise<string>;
export async function qr(text: string, options: QrOptions & { format: "png" }): Promise<Uint8Array>;
export async function qr(text: string, options: QrOptions & { format: "matrix" }): Promise<QrMatrix>;
export async function qr(
  text: string,
  options: QrOptions & { format?: "svg" | "png" | "matrix" } = {},
): Promise<string | Uint8Array | QrMatrix> {
  checkedText(text, "text");
  const glue = await ready();
  const { level, micro = false, format = "svg", ...look } = options;
  if (micro) complete();
  const kind = kindOf(level, micro);
  if (format === "svg" && Object.keys(look).length === 0) {
    // The default look crosses without an object, which takes as long as the drawing.
    const svg = glue.qrSvg(text, kind);
    if (svg !== "") return svg;
  }
  // A Micro QR symbol needs half the margin.
  const all = { quiet: micro ? 2 : 4, format, ...look };
  if (format !== "matrix") return checked(glue.qrPicture(text, kind, all)) as string | Uint8Array;
  const length = glue.qrMatrix(text, kind);
  // What has no modules cannot be drawn either, and the drawing says why.
  if (length === 0) checked(glue.qrPicture(text, kind, all));
  return matrix(bytes(glue.output(), length), 0);
}

/**
 * The modules of many texts at once: one call for ten thousand codes. `null` for a text that does not fit.
 *
 * A text must not have line feeds.
 */
export async function qrAll(
  texts: readonly string[],
  level: "L" | "M" | "Q" | "H" = "M",
): Promise<(QrMatrix | null)[]> {
  if (texts.length === 0) return [];
  const glue = await ready();
  const length = glue.qrMatrices(
    texts.map((text) => text.replaceAll("\n", " ")).join("\n"),
    LEVELS.indexOf(level),
  );
  const packed = bytes(glue.output(), length);
  let at = 0;
  return texts.map(() => {
    const width = packed[at] ?? 0;
    const symbol = width === 0 ? null : matrix(packed, at);
    at += 1 + width * ((width + 7) >> 3);
    return symbol;
  });
}

/**
 * The sentences for a rejection code, in English and Chinese; times are those where this runs. With the campaign, amounts
 * are in its currency instead of minor units, and things are called by their titles.
 */
export async function explain(
  code: string,
  params: Params = {},
  campaign?: Campaign | string,
): Promise<Sentences> {
  if (campaign === undefined) return sentences(code, params);
  return sentences(code, params, namesOf(campaign));
}

/** In the engine's order. */
const LEVELS = ["L", "M", "Q", "H"];

/** What the engine calls a kind: the place of the level, and four more for Micro QR; 8 is Micro QR of any level. */
function kindOf(level: QrOptions["level"], micro: boolean): number {
  if (micro && level === undefined) return 8;
  const place = LEVELS.indexOf(level ?? "M");
  if (place < 0) {
    throw new KfactorError("QR_LEVEL", "`level` is L, M, Q or H.", "`level` 应为 L、M、Q 或 H。");
  }
  return (micro ? 4 : 0) + place;
}

/** A copy of what the engine has put into its output. */
function bytes(at: number, length: number): Uint8Array {
  return new Uint8Array(engineMemory().buffer, at, length).slice();
}

/** The width in one byte, then the rows, each padded to whole bytes, most significant bit first. */
function matrix(packed: Uint8Array, at: number): QrMatrix {
  const width = packed[at] ?? 0;
  const stride = (width + 7) >> 3;
  const rows = packed.subarray(at + 1, at + 1 + stride * width);
  return {
    width,
    rows,
    isDark(x, y) {
      if (x < 0 || y < 0 || x >= width || y >= width) return false;
      return ((rows[y * stride + (x >> 3)] ?? 0) & (0x80 >> (x & 7))) !== 0;
    },
  };
}
