import { CampaignError, KfactorError, type Problem } from "../errors.js";
import { checked } from "../engine.js";
import { type Glue, ready } from "../runtime.js";
import type { PosterTemplate } from "../types.js";
import { type DisplayList, fontOf, paint } from "./canvas.js";
import { type ImageFault, loadImage } from "./images.js";

/** What a poster is filled with. */
export interface PosterData {
  /** The tracked link that the code carries. */
  url: string;
  /** The address of a picture of the platform's own code, instead of a code of the link. */
  code?: string;
  /** The values of variables in texts and addresses of pictures. */
  values?: Record<string, string | number>;
  /** The variant, where the poster has some. */
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
  /** Reads the code in a picture; the browser's own reader if absent, where there is one. */
  decode?: (canvas: HTMLCanvasElement) => Promise<string | null>;
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

/** Something that did not go as wanted. */
export interface PosterNote {
  code: string;
  /** The address, family or number that it is about. */
  about: string;
  message: string;
  messageZh: string;
}

/** What every browser's canvas bears; larger ones come out empty on phones. */
const MOST_PIXELS = 16_777_216;
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
 * @throws {KfactorError} `QR_…` if the code would not be read, `POSTER_CANVAS` if there is no canvas.
 */
export async function drawPoster(
  template: PosterTemplate | string,
  data: PosterData,
  options: PosterOptions = {},
): Promise<PosterPicture> {
  const glue = await ready();
  const canvas = options.canvas ?? document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (context === null) throw failure("POSTER_CANVAS", "");
  const text = asTemplate(template);
  const notes: PosterNote[] = [];
  const timeout = options.timeout ?? 5_000;
  const wanted = options.scale ?? Math.min(2, Math.max(1, globalThis.devicePixelRatio ?? 1));
  const scale = fitting(text, wanted);
  if (scale < wanted) notes.push(note("POSTER_TOO_LARGE", String(wanted)));
  await fonts(text, timeout, context, notes);
  const list = displayList(glue, text, { ...data, scale }, context);
  const images = await pictures(list, timeout, notes);

  canvas.width = list.width;
  canvas.height = list.height;
  paint(list, { context, image: (src) => images.get(src) });
  for (const { code, message, messageZh, measured } of list.findings)
    notes.push({ code, about: String(measured), message, messageZh });
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
  const answer = glue.posterSvg(
    asTemplate(template),
    asData({ ...data, scale: options.scale ?? 1 }),
    (family, size, weight, units) => {
      const font = fontOf(family, size, weight);
      return units.split("\u{1}").map((unit) => Math.round(measure(font, unit) * 100));
    },
    options.source ?? (() => undefined),
  );
  return orProblems(answer) as string;
}

/** Chinese characters fill a square, and Latin letters half of one. */
function roughly(font: string, text: string): number {
  const size = Number(/(\d+)px/.exec(font)?.[1] ?? 0);
  // eslint-disable-next-line no-control-regex
  return Array.from(text).reduce((sum, letter) => sum + (letter > "\u{2e7f}" ? 1 : 0.56), 0) * size;
}

function displayList(
  glue: Glue,
  template: string,
  data: PosterData & { scale: number },
  context: CanvasRenderingContext2D,
): DisplayList {
  let current = "";
  const answer = glue.posterList(template, asData(data), (family, size, weight, units) => {
    const font = fontOf(family, size, weight);
    if (font !== current) context.font = current = font;
    return units.split("\u{1}").map((unit) => Math.round(context.measureText(unit).width * 100));
  });
  return JSON.parse(orProblems(answer) as string) as DisplayList;
}

function asTemplate(template: PosterTemplate | string): string {
  return typeof template === "string" ? template : JSON.stringify(template);
}

function asData({ scale, ...data }: PosterData & { scale: number }): string {
  return JSON.stringify({ ...data, scale: Math.round(scale * 100) });
}

function orProblems(answer: unknown): unknown {
  if (Array.isArray(answer)) throw new CampaignError(answer as Problem[]);
  return checked(answer);
}

/** The largest scale up to the wanted one that a canvas bears. */
function fitting(template: string, wanted: number): number {
  const { size } = JSON.parse(template) as { size?: [number, number] };
  const [width, height] = size ?? [1, 1];
  const most = Math.min(LONGEST_SIDE / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
  return Math.min(wanted, Math.floor(most * 100) / 100);
}

/** Waits for the fonts that the template names. */
async function fonts(
  template: string,
  timeout: number,
  context: CanvasRenderingContext2D,
  notes: PosterNote[],
): Promise<void> {
  const { layers } = JSON.parse(template) as { layers?: { font?: string; text?: string }[] };
  const late = new Promise<void>((done) => setTimeout(done, timeout));
  const families = new Map((layers ?? []).map(({ font, text }) => [font, text]));
  families.delete(undefined);
  await Promise.all(
    Array.from(families, async ([family = "", text]) => {
      if (typeof document === "object" && document.fonts !== undefined) {
        const loaded = document.fonts.load(`32px ${family}`, text).then(
          () => undefined,
          () => undefined,
        );
        await Promise.race([loaded, late]);
      }
      if (!isThere(family, context)) notes.push(note("POSTER_FONT", family));
    }),
  );
}

/** Whether a family is drawn with. `document.fonts.check` is also true of families that nobody has. */
function isThere(family: string, context: CanvasRenderingContext2D): boolean {
  const width = (font: string): number => {
    context.font = `72px ${font}`;
    return context.measureText("mmMwLli 0123").width;
  };
  return ["monospace", "serif"].some((other) => width(`${family},${other}`) !== width(other));
}

async function pictures(
  list: DisplayList,
  timeout: number,
  notes: PosterNote[],
): Promise<Map<string, HTMLImageElement>> {
  const wanted = new Set(list.ops.flatMap((op) => (op.op === "image" ? [op.src] : [])));
  const images = new Map<string, HTMLImageElement>();
  await Promise.all(
    Array.from(wanted, async (src) => {
      const image = await loadImage(src, timeout);
      if (typeof image === "string") notes.push(note(image, src));
      else images.set(src, image);
    }),
  );
  return images;
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

interface Reader {
  detect(source: CanvasImageSource): Promise<{ rawValue: string }[]>;
}

/** Whether the code says in the picture what it should. */
async function readBack(
  canvas: HTMLCanvasElement,
  { code }: DisplayList,
  decode: PosterOptions["decode"],
): Promise<boolean | null> {
  if (code === null || code.unit === 0) return null;
  if (decode !== undefined) return (await decode(canvas)) === code.text;
  const Detector = (globalThis as { BarcodeDetector?: new (options: object) => Reader }).BarcodeDetector;
  if (Detector === undefined) return null;
  try {
    const found = await new Detector({ formats: ["qr_code"] }).detect(canvas);
    return found.some(({ rawValue }) => rawValue === code.text);
  } catch {
    // Some systems have the reader without what it reads with.
    return null;
  }
}

const SENTENCES: Record<
  ImageFault | "POSTER_FONT" | "POSTER_TOO_LARGE" | "POSTER_FORMAT" | "POSTER_CANVAS" | "POSTER_UNREAD",
  [string, string]
> = {
  POSTER_IMAGE_BLOCKED: [
    "The picture's server does not allow it to be drawn (CORS); its place stays empty.",
    "图片服务器不允许跨域绘制，已留空。",
  ],
  POSTER_IMAGE_LATE: ["The picture did not arrive in time; its place stays empty.", "图片加载超时，已留空。"],
  POSTER_IMAGE_BROKEN: ["The picture could not be loaded; its place stays empty.", "图片无法加载，已留空。"],
  POSTER_FONT: ["The font is missing; the host's own is used.", "字体缺失，已改用系统字体。"],
  POSTER_TOO_LARGE: ["The canvas would be too large; the poster is drawn smaller.", "画布过大，已缩小绘制。"],
  POSTER_FORMAT: [
    "The browser does not write this format; it wrote another.",
    "浏览器不支持该格式，已改用其他格式。",
  ],
  POSTER_CANVAS: ["There is no canvas to draw on; use posterSvg.", "无法使用画布，请改用 posterSvg。"],
  POSTER_UNREAD: ["The code could not be read back from the picture.", "未能从图片中识别出二维码。"],
};

function note(code: keyof typeof SENTENCES, about: string): PosterNote {
  const [message, messageZh] = SENTENCES[code];
  return { code, about, message, messageZh };
}

function failure(code: keyof typeof SENTENCES, about: string): KfactorError {
  const { message, messageZh } = note(code, about);
  return new KfactorError(code, message, messageZh);
}
