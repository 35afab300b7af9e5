import type { MiniApi } from "../host/mini-api.js";
import type { PosterTemplate } from "../types.js";
import type { DisplayList } from "./canvas.js";
import type { ImageFault } from "./images.js";
import { failure, type PosterNote } from "./notes.js";
import { type Drawable, drawOnto } from "./onto.js";
import type { PosterData } from "./poster.js";

/** The node of a mini-program's `<canvas type="2d">`, as `wx.createSelectorQuery()` gives it. */
export interface CanvasNode {
  width: number;
  height: number;
  getContext(kind: "2d"): unknown;
  createImage(): { src: string; width: number; height: number; onload: unknown; onerror: unknown };
}

/** How a poster is drawn on a node. */
export interface NodeOptions {
  /** Pixels of the picture for one of the template; 1 if absent. */
  scale?: number;
  /** Milliseconds that pictures may take; 5000 if absent. */
  timeout?: number;
  /** Gives a picture that the canvas draws, or says why not; by the canvas's own `createImage` if absent. */
  load?: (src: string, timeout: number) => Promise<Drawable | ImageFault>;
}

/** The longest side that mini-programs document; on Android larger ones end the program. */
const LONGEST_SIDE = 1_365;

/**
 * Draws a poster in a mini-program; `wx.canvasToTempFilePath({ canvas, fileType: "jpg", quality: 0.85 })` then makes
 * the picture. Give `data.code` the path of a code that the platform made, because a long press in a mini-program reads
 * no other.
 *
 * It draws on any other canvas as well, such as one of npm's `@napi-rs/canvas` in Node; `load` then gives pictures, which
 * a backend decodes once and keeps.
 *
 * @throws {CampaignError} with every problem of the template.
 * @throws {KfactorError} `QR_…` if the code would not be read, `POSTER_CANVAS` if the node has no context,
 * `POSTER_VARIANT`.
 */
export async function drawOnNode(
  canvas: CanvasNode,
  template: PosterTemplate | string,
  data: PosterData,
  { scale = 1, timeout, load = (src, wait) => loaded(canvas, src, wait) }: NodeOptions = {},
): Promise<{ width: number; height: number; code: DisplayList["code"]; notes: PosterNote[] }> {
  const context = canvas.getContext("2d") as CanvasRenderingContext2D | null;
  if (context === null) throw failure("POSTER_CANVAS", "");
  const ground = { canvas, context, load, longest: LONGEST_SIDE };
  const { list, notes } = await drawOnto(
    ground,
    template,
    { surface: "mini-program", ...data },
    { scale, timeout },
  );
  const { width, height, code } = list;
  return { width, height, code, notes };
}

/** How a poster of a mini-program is drawn. */
export interface MiniPosterOptions {
  /** The node of the page's canvas, as `wx.createSelectorQuery()` gives it. */
  canvas: CanvasNode;
  /** Pixels of the picture for one of the template; as many as the host bears, up to 1, if absent. */
  scale?: number;
  /** `jpg` if absent: PNG takes ten times the time and the bytes. */
  format?: "jpg" | "png";
  /** 0 to 1; 0.85 if absent. For `jpg`. */
  quality?: number;
  /** Milliseconds that pictures may take; 5000 if absent. */
  timeout?: number;
}

/** A poster that was drawn. */
export interface MiniPosterPicture {
  /** The path of a file for `<image>`, `wx.previewImage` and `wx.saveImageToPhotosAlbum`. */
  src: string;
  width: number;
  height: number;
  /** Where the code stands; `unit` is the side of a module in pixels. */
  code: DisplayList["code"];
  notes: PosterNote[];
}

/** Draws a poster, and writes it into a file of the mini-program. */
export async function posterFile(
  api: MiniApi,
  template: PosterTemplate | string,
  data: PosterData,
  { canvas, scale, format = "jpg", quality = 0.85, timeout }: MiniPosterOptions,
): Promise<MiniPosterPicture> {
  const how = { ...(scale === undefined ? {} : { scale }), ...(timeout === undefined ? {} : { timeout }) };
  const drawn = await drawOnNode(canvas, template, data, how);
  const write = api.canvasToTempFilePath;
  const src = await new Promise<string>((done, failed) => {
    if (write === undefined) return failed(failure("POSTER_CANVAS", ""));
    write({
      canvas,
      fileType: format,
      quality,
      success: ({ tempFilePath }) => done(tempFilePath),
      fail: ({ errMsg = "" }) => failed(failure("POSTER_CANVAS", errMsg)),
    });
  });
  return { src, ...drawn };
}

/** Pictures of a mini-program are made by the canvas that draws them. */
function loaded(canvas: CanvasNode, src: string, timeout: number): Promise<Drawable | ImageFault> {
  return new Promise((done) => {
    const image = canvas.createImage();
    setTimeout(() => done("POSTER_IMAGE_LATE"), timeout);
    image.onload = () => done(image as unknown as Drawable);
    image.onerror = () => done("POSTER_IMAGE_BROKEN");
    image.src = src;
  });
}
