// What did not go as wanted with a poster, in words.
import { KfactorError } from "../errors.js";
import type { PosterFinding } from "./canvas.js";
import type { ImageFault } from "./images.js";

/** Something that did not go as wanted. */
export interface PosterNote {
  code: string;
  /** The address, family or number that it is about. */
  about: string;
  message: string;
  messageZh: string;
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

/** A note, about an address, a family or a number. */
export function note(code: keyof typeof SENTENCES, about: string): PosterNote {
  const [message, messageZh] = SENTENCES[code];
  return { code, about, message, messageZh };
}

/** The same as an error, where nothing can be drawn. */
export function failure(code: keyof typeof SENTENCES, about: string): KfactorError {
  const { message, messageZh } = note(code, about);
  return new KfactorError(code, message, messageZh);
}

/** What may keep the code from being read, as a note: with what was measured and the limit in place of their unit. */
export function asNote({ code, message, messageZh, measured, limit }: PosterFinding): PosterNote {
  const about = String(measured);
  const [parts, unit, unitZh] = UNITS[code] ?? [];
  if (parts === undefined) return { code, about, message, messageZh };
  const [is, bound] = [measured / parts, limit / parts];
  const words = measured > limit ? ["at most", "至多"] : ["at least", "至少"];
  return {
    code,
    about,
    message: message.replace(/ \([^)]*\)/, ` (${is}${unit}, ${words[0]} ${bound})`),
    messageZh: messageZh.replace(/（[^）]*）/, `（${is}${unitZh}，${words[1]} ${bound}）`),
  };
}

/** How many of what the engine counts are one of what people read, and what that is called. */
const UNITS: Readonly<Record<string, [parts: number, unit: string, unitZh: string]>> = {
  QR_CONTRAST: [100, " : 1", " : 1"],
  QR_DOTS: [1, " % of a module", "% 模块宽"],
  QR_FINDER: [100, " modules", " 个模块"],
  QR_LOGO: [1, " % of a block", "% 单块"],
  QR_MODULE: [1, " pixels", " 像素"],
  QR_QUIET: [1, " modules", " 个模块"],
};
