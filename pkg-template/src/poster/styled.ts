import { checked } from "../engine.js";
import { KfactorError, type Problem, text as checkedText } from "../errors.js";
import { ready } from "../runtime.js";
import type { PosterTemplate } from "../types.js";
import type { DisplayList } from "./canvas.js";
import { asNote, type PosterNote } from "./notes.js";
import { asData, asTemplate } from "./onto.js";
import { posterSvg } from "./poster.js";

type Layer = PosterTemplate["layers"][number];

/** How a code looks. Whatever comes near a limit of what scanners read is a note; whatever breaks one is refused. */
export interface QrStyle {
  /** The shape of dark modules; `square` if absent. */
  modules?: NonNullable<Layer["modules"]>;
  /** The corners of the three finders; `square` if absent. */
  finders?: NonNullable<Layer["finders"]>;
  /** The dark colour, `#rgb` or `#rrggbb`, or one that goes over into another from corner to corner. */
  dark?: string | { from: string; to: string };
  /** The light colour, `#rgb` or `#rrggbb`. */
  light?: string;
  /** A picture in the middle, as a `data:` address; the level and the size rise until the code bears it. */
  logo?: string;
  /** The side of the logo in per cent of the code's, 5 to 40; 18 if absent. */
  logoPercent?: number;
  /** Words below the code, such as “Scan to help”, on a frame around it. */
  frame?: string;
  /** How much damage it survives at least; `M` if absent, and `Q` with a logo. */
  level?: NonNullable<Layer["level"]>;
  /** The quiet zone in modules; 4 if absent. */
  quiet?: number;
  /** Pixels for one module, 2 to 40; 8 if absent. */
  scale?: number;
}

/** A styled code. */
export interface StyledQr {
  svg: string;
  /** In pixels, with quiet zone and frame. */
  width: number;
  height: number;
  /** What the logo takes of the error correction, in per cent of the block that is worst off. */
  share: number;
  /** What may keep some scanners from reading it, and what to do about it. */
  notes: PosterNote[];
}

/** Pixels of a template for one module; a template is at most 4000 pixels wide, and the largest symbol has 185 modules. */
const UNIT = 10;

/** A box in which every symbol has room. */
const ROOM = 200 * UNIT;

/**
 * Draws a text as a QR symbol with a look of its own, inside the limits of what scanners read.
 *
 * ```js
 * const { svg, notes } = await styledQr(link, { modules: "rounded", dark: "#7d0f2c", frame: "Scan to help" });
 * ```
 *
 * @throws {KfactorError} `QR_STYLE` if there is no such key, or if a value cannot be or would not be read, as too little contrast;
 * `QR_LOGO` if the logo is too large for this text; `QR_EMPTY`, `QR_TOO_LONG`, `QR_SCALE`.
 */
export async function styledQr(text: string, style: QrStyle = {}): Promise<StyledQr> {
  checkKeys(style);
  const { scale = 8 } = style;
  if (!Number.isInteger(scale) || scale < 2 || scale > 40) {
    const zh = "`scale` 应为 2 至 40 的整数。";
    throw new KfactorError("QR_SCALE", "`scale` is a whole number from 2 to 40.", zh);
  }
  const data = { url: checkedText(text, "text"), scale: scale / UNIT };
  // How many modules it has depends on the text and on the logo, so it is laid out in a large box first.
  const rough = await laidOut({ size: [ROOM, ROOM], layers: [code(style, 0, 0, ROOM)] }, data);
  const modules = Math.round(rough.code.at[2] / rough.code.unit);
  const template = framed(style, modules * UNIT);
  const { code: drawn, findings, width, height } = await laidOut(template, data);
  const svg = await posterSvg(template, data, { scale: data.scale, source: () => style.logo });
  return { svg, width, height, share: drawn.share, notes: findings.map(asNote) };
}

const STYLE_KEYS: Record<keyof QrStyle, true> = {
  modules: true,
  finders: true,
  dark: true,
  light: true,
  logo: true,
  logoPercent: true,
  frame: true,
  level: true,
  quiet: true,
  scale: true,
};

/** A wish that is misspelt would be left out without a word. */
function checkKeys(style: QrStyle): void {
  const unknown = Object.keys(style).find((key) => !Object.prototype.hasOwnProperty.call(STYLE_KEYS, key));
  if (unknown === undefined) return;
  const keys = Object.keys(STYLE_KEYS);
  throw new KfactorError(
    "QR_STYLE",
    `A style has no \`${unknown}\`; it has ${keys.join(", ")}.`,
    `样式中没有 \`${unknown}\`；可用：${keys.join("、")}。`,
  );
}

/** The code alone, or in a frame: a card in its dark colour with the words below. */
function framed(style: QrStyle, side: number): PosterTemplate {
  const { frame, dark = "#000", light = "#fff" } = style;
  if (frame === undefined) return { size: [side, side], layers: [code(style, 0, 0, side)] };
  const edge = 2 * UNIT;
  const foot = Math.round(side * 0.2);
  const [width, height] = [side + 2 * edge, side + edge + foot];
  // As large as the foot allows; letters of Chinese are as wide as they are high, and others little more than half.
  const breadth = Array.from(frame).reduce((sum, letter) => sum + (letter > "\u{2e7f}" ? 1 : 0.62), 0);
  const size = Math.max(8, Math.floor(Math.min(foot * 0.52, side / breadth)));
  const top = side + edge + Math.round((foot - size * 1.4) / 2);
  return {
    size: [width, height],
    ground: "#ffffff00",
    layers: [
      { draw: "rect", at: [0, 0, width, height], fill: inkOf(dark), radius: 2 * edge },
      { ...code(style, edge, edge, side), radius: edge },
      { draw: "text", at: [edge, top, side], text: frame, size, bold: true, align: "center", fill: light },
    ],
  };
}

function code(style: QrStyle, left: number, top: number, side: number): Layer {
  const { dark = "#000", light = "#fff", modules, finders, logo, logoPercent, level, quiet } = style;
  const wishes = { modules, finders, level, quiet, src: logo && "logo", logo: logoPercent };
  const given = Object.entries(wishes).filter(([, value]) => value !== undefined);
  const layer: Layer = { draw: "qr", at: [left, top, side, side], fill: inkOf(dark), light };
  return Object.assign(layer, Object.fromEntries(given));
}

function inkOf(dark: NonNullable<QrStyle["dark"]>): NonNullable<Layer["fill"]> {
  return typeof dark === "string" ? dark : { ...dark, turn: "diagonal" };
}

/** Where a template's code stands, and what may keep it from being read. */
async function laidOut(
  template: PosterTemplate,
  data: { url: string; scale: number },
): Promise<DisplayList & { code: NonNullable<DisplayList["code"]> }> {
  const glue = await ready();
  // Words are measured when they are drawn.
  const answer = glue.posterList(asTemplate(template), asData(data), (_family, _size, _weight, units) =>
    units.split("\u{1}").map(() => 0),
  );
  const list = JSON.parse(answered(answer)) as DisplayList;
  const { code } = list;
  if (code === null) throw new KfactorError("QR_EMPTY", "There is no text to encode.", "没有可编码的内容。");
  return { ...list, code };
}

/** What keys of the style are called in a template. */
const KEYS: Record<string, string> = { fill: "dark", src: "logo", logo: "logoPercent", text: "frame" };

/** The answer; problems of the template become one of the style that it was made of. */
function answered(answer: unknown): string {
  const [problem] = Array.isArray(answer) ? (answer as Problem[]) : [];
  if (problem === undefined) return checked(answer) as string;
  const { code, message, messageZh, pointer } = problem;
  // `/layers/0/fill`, or `/layers/0/fill/from`; what is about the whole code stops before.
  const [, , , key = ""] = pointer.split("/");
  const named = (sentence: string): string => sentence.replace(`\`${key}\``, `\`${KEYS[key] ?? key}\``);
  throw new KfactorError(code.startsWith("QR_") ? code : "QR_STYLE", named(message), named(messageZh));
}
