import { ready } from "../runtime.js";
import type { PosterTemplate } from "../types.js";
import { type DisplayList, fontOf } from "./canvas.js";
import { loadImage } from "./images.js";
import { failure, note, type PosterNote } from "./notes.js";
import { asData, asTemplate, checkVariant, drawOnto, keysOf, orProblems } from "./onto.js";
import { type CodeReader, readBack } from "./read-back.js";

/** What a poster is filled with. */
export interface PosterData {
  /** The tracked link that the code carries. */
  url: string;
  /** The address of a picture of the platform's own code, instead of a code of the link. */
  code?: string;
  /** The values of variables in texts and addresses of pictures. */
  values?: Record<string, string | number>;
  /** The variant, where the poster has some; the layers of none if absent. */
  variant?: string;
  /** Which layers are drawn, where some are not for every surface. */
  surface?: "mini-program" | "h5" | "app" | "offline";
}

/** How a poster is drawn. */
export interface PosterOptions {
  /** Pixels of the picture for one of the template; as many as make it sharp on this screen, up to 2, if absent. */
  scale?: number;
  /** `jpeg` if absent: PNG takes ten times the time and the bytes. */
  format?: "jpeg" | "png" | "webp";
  /** 0 to 1; 0.85 if absent. */
  quality?: number;
  /** Milliseconds that pictures and fonts may take; 5000 if absent. */
  timeout?: number;
  /** The canvas to draw on; one that is not shown if absent. */
  canvas?: HTMLCanvasElement;
  /** Reads the code in a picture, such as `readerOf(decodeQR)`; the browser's own reader if absent, where there is one. */
  decode?: CodeReader;
}

/** A poster that was drawn. */
export interface PosterPicture {
  /** An address for `<img>`; give it to `URL.revokeObjectURL` when it is not shown any more. */
  src: string;
  blob: Blob;
  width: number;
  height: number;
  /** Where the code stands; `unit` is the side of a module in pixels. */
  code: DisplayList["code"];
  /** Whether the code was read back from the picture; `null` where nothing could read it. */
  isRead: boolean | null;
  /** What did not go as wanted, and what was done instead. */
  notes: PosterNote[];
}

/** The longest side that every browser's canvas bears. */
const LONGEST_SIDE = 4_096;

/**
 * Draws a poster in a page.
 *
 * ```js
 * const poster = await drawPoster(campaign.posters.main, { url, values: { nickname: "Ann" } });
 * image.src = poster.src; // an <img>, because hosts save and read only those on a long press
 * ```
 *
 * @throws {CampaignError} with every problem of the template.
 * @throws {KfactorError} `QR_…` if the code would not be read, `POSTER_CANVAS` if there is no canvas, `POSTER_VARIANT`.
 */
export async function drawPoster(
  template: PosterTemplate | string,
  data: PosterData,
  options: PosterOptions = {},
): Promise<PosterPicture> {
  const canvas = options.canvas ?? globalThis.document?.createElement("canvas");
  const context = canvas?.getContext("2d");
  if (context == null) throw failure("POSTER_CANVAS", "");
  const ground = { canvas, context, load: loadImage, longest: LONGEST_SIDE };
  const sharp = Math.min(2, Math.max(1, globalThis.devicePixelRatio ?? 1));
  const how = { scale: options.scale ?? sharp, timeout: options.timeout };
  const { list, notes } = await drawOnto(ground, template, data, how);
  const blob = await asBlob(canvas, options, notes);
  const isRead = await readBack(canvas, list, options.decode);
  if (isRead === false) notes.push(note("POSTER_UNREAD", list.code?.text ?? ""));
  const { width, height, code } = list;
  return { src: URL.createObjectURL(blob), blob, width, height, code, isRead, notes };
}

/**
 * A poster as SVG, without a canvas: for backends, and where a canvas is not to be had. `source` gives each picture as
 * a `data:` address; one without is left out. Without `measure`, lines end where they do in most fonts.
 */
export async function posterSvg(
  template: PosterTemplate | string,
  data: PosterData,
  options: {
    scale?: number;
    source?: (src: string) => string | undefined;
    measure?: (font: string, text: string) => number;
  } = {},
): Promise<string> {
  const glue = await ready();
  const measure = options.measure ?? roughly;
  const text = asTemplate(template);
  checkVariant(keysOf(text), data.variant);
  const answer = glue.posterSvg(
    text,
    asData({ ...data, scale: options.scale ?? 1 }),
    (family, size, weight, units) => {
      const font = fontOf(family, size, weight);
      return units.split("\u{1}").map((unit) => Math.round(measure(font, unit) * 100));
    },
    options.source ?? (() => undefined),
  );
  return orProblems(answer) as string;
}

/** Chinese characters and emoji, of however many characters one is made, fill a square, and Latin letters half of one. */
function roughly(font: string, text: string): number {
  const size = Number(/(\d+)px/.exec(font)?.[1] ?? 0);
  // eslint-disable-next-line no-control-regex
  const single = text
    .replace(/\u200d.|[\ufe0f\u{1f3fb}-\u{1f3ff}]/gu, "")
    .replace(/[\u{1f1e6}-\u{1f1ff}]{2}/gu, "中");
  return Array.from(single).reduce((sum, letter) => sum + (letter > "\u{2e7f}" ? 1 : 0.56), 0) * size;
}

async function asBlob(
  canvas: HTMLCanvasElement,
  { format = "jpeg", quality = 0.85 }: PosterOptions,
  notes: PosterNote[],
): Promise<Blob> {
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, `image/${format}`, quality));
  if (blob === null) throw failure("POSTER_CANVAS", "");
  // A browser that does not write a format gives PNG without a word.
  if (blob.type !== `image/${format}`) notes.push(note("POSTER_FORMAT", blob.type));
  return blob;
}
