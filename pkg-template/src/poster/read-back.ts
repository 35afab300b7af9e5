// Whether the code of a poster can be read in the picture that was drawn: by the browser's own reader, or by one that the site brings.
import type { DisplayList } from "./canvas.js";

type Code = NonNullable<DisplayList["code"]>;

/** Reads the code that stands somewhere on a canvas; `null` if it cannot. */
export type CodeReader = (canvas: HTMLCanvasElement, code: Code) => string | null | Promise<string | null>;

/** A decoder of a library: gets pixels, gives the text, or nothing, or throws. */
export type Decoder = (pixels: ImageData) => string | null | undefined;

/**
 * A reader of codes by any decoder in JavaScript, for browsers that have none of their own: almost all but Chrome on Android.
 * It looks at the code and the ground around it alone.
 *
 * ```js
 * import decodeQR from "qr/decode.js"; // npm's `qr`, which reads styled codes well
 * const poster = await loop.poster("invite", { decode: readerOf(decodeQR) });
 * ```
 */
export function readerOf(decoder: Decoder): CodeReader {
  return (canvas, { at }) => {
    const [x, y, width, height] = at;
    const margin = width >> 3;
    const [left, top] = [Math.max(0, x - margin), Math.max(0, y - margin)];
    const right = Math.min(canvas.width, x + width + margin);
    const bottom = Math.min(canvas.height, y + height + margin);
    const pixels = canvas.getContext("2d")?.getImageData(left, top, right - left, bottom - top);
    try {
      return (pixels && decoder(pixels)) ?? null;
    } catch {
      // Decoders throw where they find nothing.
      return null;
    }
  };
}

/** Whether the code says in the picture what it should; `null` where nothing can read it. */
export async function readBack(
  canvas: HTMLCanvasElement,
  { code }: DisplayList,
  decode: CodeReader | undefined,
): Promise<boolean | null> {
  if (code === null || code.unit === 0) return null;
  if (decode !== undefined) return (await decode(canvas, code)) === code.text;
  const Detector = (globalThis as { BarcodeDetector?: new (options: object) => Detector }).BarcodeDetector;
  if (Detector === undefined) return null;
  try {
    const found = await new Detector({ formats: ["qr_code"] }).detect(canvas);
    return found.some(({ rawValue }) => rawValue === code.text);
  } catch {
    // Some systems have the reader without what it reads with.
    return null;
  }
}

interface Detector {
  detect(source: CanvasImageSource): Promise<{ rawValue: string }[]>;
}
