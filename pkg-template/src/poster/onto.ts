// From a template to a drawn canvas, wherever the canvas is.
import { checked } from "../engine.js";
import { CampaignError, KfactorError, type Problem } from "../errors.js";
import { type Glue, ready } from "../runtime.js";
import type { PosterTemplate } from "../types.js";
import { type DisplayList, fontOf, paint } from "./canvas.js";
import type { ImageFault } from "./images.js";
import { asNote, note, type PosterNote } from "./notes.js";
import type { PosterData } from "./poster.js";

/** A picture that a canvas draws. */
export type Drawable = CanvasImageSource & { width: number; height: number };

/** What a poster is drawn on: a page's canvas, or the node of a mini-program's. */
export interface Ground {
  canvas: { width: number; height: number };
  context: CanvasRenderingContext2D;
  /** Loads a picture in time, or says why not. */
  load(src: string, timeout: number): Promise<Drawable | ImageFault>;
  /** The longest side that comes out. */
  longest: number;
}

/** What every canvas bears; larger ones come out empty on phones. */
const MOST_PIXELS = 16_777_216;

/** Draws a poster; gives what was drawn, and what did not go as wanted. */
export async function drawOnto(
  ground: Ground,
  template: PosterTemplate | string,
  data: PosterData,
  { scale: wanted, timeout = 5_000 }: { scale: number; timeout?: number | undefined },
): Promise<{ list: DisplayList; notes: PosterNote[] }> {
  const glue = await ready();
  const { canvas, context } = ground;
  const text = asTemplate(template);
  checkVariant(keysOf(text), data.variant);
  const notes: PosterNote[] = [];
  const scale = fitting(text, wanted, ground);
  if (scale < wanted) notes.push(note("POSTER_TOO_LARGE", String(wanted)));
  await fonts(text, timeout, context, notes);
  const list = displayList(glue, text, { ...data, scale }, context);
  const images = await pictures(list, ground.load, timeout, notes);

  canvas.width = list.width;
  canvas.height = list.height;
  paint(list, { context, image: (src) => images.get(src) });
  notes.push(...list.findings.map(asNote));
  return { list, notes };
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

/** A template as the engine reads it. */
export function asTemplate(template: PosterTemplate | string): string {
  return typeof template === "string" ? template : JSON.stringify(template);
}

/** The data as the engine reads it. */
export function asData({ scale, ...data }: PosterData & { scale: number }): string {
  return JSON.stringify({ ...data, scale: Math.round(scale * 100) });
}

/** What of a template is looked at here; nothing of a text that is none, which the engine will refuse. */
export function keysOf(template: string): Partial<PosterTemplate> {
  try {
    return Object(JSON.parse(template)) as Partial<PosterTemplate>;
  } catch {
    return {};
  }
}

/**
 * Whether a poster has a variant: one that it has not would be drawn without the layers that were meant.
 *
 * @throws {KfactorError} `POSTER_VARIANT`, with those it has.
 */
export function checkVariant({ variants = [] }: Partial<PosterTemplate>, variant: string | undefined): void {
  if (variant === undefined || variants.includes(variant)) return;
  const [en, zh] =
    variants.length === 0
      ? ["the poster has no variants", "该海报没有变体"]
      : [`the poster has ${variants.join(", ")}`, `该海报有 ${variants.join("、")}`];
  throw new KfactorError(
    "POSTER_VARIANT",
    `There is no variant "${variant}": ${en}.`,
    `没有变体“${variant}”：${zh}。`,
  );
}

/** The answer, unless it says what is wrong. */
export function orProblems(answer: unknown): unknown {
  if (Array.isArray(answer)) throw new CampaignError(answer as Problem[]);
  return checked(answer);
}

/** The largest scale up to the wanted one that a canvas bears. */
function fitting(template: string, wanted: number, ground: Ground): number {
  const { size } = keysOf(template) as { size?: [number, number] };
  const [width, height] = size ?? [1, 1];
  const most = Math.min(ground.longest / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
  return Math.min(wanted, Math.floor(most * 100) / 100);
}

/** Waits for the fonts that the template names. */
async function fonts(
  template: string,
  timeout: number,
  context: CanvasRenderingContext2D,
  notes: PosterNote[],
): Promise<void> {
  const { layers } = keysOf(template) as { layers?: { font?: string; text?: string }[] };
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
  load: Ground["load"],
  timeout: number,
  notes: PosterNote[],
): Promise<Map<string, Drawable>> {
  const wanted = new Set(list.ops.flatMap((op) => (op.op === "image" ? [op.src] : [])));
  const images = new Map<string, Drawable>();
  await Promise.all(
    Array.from(wanted, async (src) => {
      const image = await load(src, timeout);
      if (typeof image === "string") notes.push(note(image, src));
      else images.set(src, image);
    }),
  );
  return images;
}
