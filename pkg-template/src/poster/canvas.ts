// The painter for Canvas 2D: it draws a display list and decides nothing. The same for pages and mini-programs.

/** What the engine says a painter has to draw, in pixels of the picture. */
export interface DisplayList {
  width: number;
  height: number;
  ops: Op[];
  code: { at: Box; unit: number; share: number; text: string } | null;
  findings: PosterFinding[];
}

/** A limit that the code comes near to. */
export interface PosterFinding {
  code: string;
  severity: "error" | "warning";
  measured: number;
  limit: number;
  message: string;
  messageZh: string;
}

/** Left, top, width, height. */
export type Box = [number, number, number, number];

interface Fill {
  fill: string;
  to?: string;
  turn?: "down" | "right" | "diagonal";
  within?: Box;
  shadow?: string;
  down?: number;
  blur?: number;
}

export type Op =
  | ({ op: "rects"; rects: Box[] } & Fill)
  | ({ op: "path"; path: number[] } & Fill)
  | { op: "image"; src: string; at: Box; fit: "cover" | "contain"; radius: number }
  | ({
      op: "text";
      family: string;
      size: number;
      bold: boolean;
      spacing: number;
      align: "left" | "center" | "right";
      lines: { text: string; x: number; baseline: number }[];
    } & Fill);

/** What a painter needs of its host: a context, and pictures by their address. */
export interface PaintHost {
  context: CanvasRenderingContext2D;
  /** A loaded picture; nothing if it could not be had, which leaves a quiet ground in its place. */
  image(src: string): (CanvasImageSource & { width: number; height: number }) | undefined;
}

/** Fonts that Chinese, Latin and emoji are drawn with, where a template names none. */
const FAMILIES = "'PingFang SC','Noto Sans SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif";

/** The font of a text as a canvas reads it. */
export function fontOf(family: string, size: number, weight: number): string {
  return `${weight} ${size}px ${family === "" ? "" : `${family},`}${FAMILIES}`;
}

/** Draws a display list. */
export function paint(list: DisplayList, host: PaintHost): void {
  const { context } = host;
  for (const op of list.ops) {
    context.save();
    if (op.op === "image") image(op, host);
    else {
      fill(context, op);
      if (op.op === "rects")
        for (const [x, y, width, height] of op.rects) context.fillRect(x, y, width, height);
      else if (op.op === "path") {
        trace(context, op.path);
        context.fill();
      } else text(context, op);
    }
    context.restore();
  }
}

function fill(context: CanvasRenderingContext2D, { fill, to, turn, within, shadow, down, blur }: Fill): void {
  context.fillStyle = fill;
  if (to !== undefined && within !== undefined) {
    const [x, y, width, height] = within;
    const right = turn === "down" ? x : x + width;
    const bottom = turn === "right" ? y : y + height;
    const gradient = context.createLinearGradient(x, y, right, bottom);
    gradient.addColorStop(0, fill);
    gradient.addColorStop(1, to);
    context.fillStyle = gradient;
  }
  if (shadow !== undefined) {
    context.shadowColor = shadow;
    context.shadowOffsetY = down ?? 0;
    context.shadowBlur = blur ?? 0;
  }
}

/** An outline in hundredths of a pixel: 0 begins, 1 is a line, 2 a curve, 3 closes. */
function trace(context: CanvasRenderingContext2D, path: readonly number[]): void {
  let at = 0;
  const next = (): number => (path[at++] ?? 0) / 100;
  context.beginPath();
  while (at < path.length) {
    const step = path[at++];
    if (step === 0) context.moveTo(next(), next());
    else if (step === 1) context.lineTo(next(), next());
    else if (step === 2) context.bezierCurveTo(next(), next(), next(), next(), next(), next());
    else context.closePath();
  }
}

function image({ src, at, fit, radius }: Op & { op: "image" }, { context, image }: PaintHost): void {
  const [x, y, width, height] = at;
  context.beginPath();
  if (radius > 0) {
    // `roundRect` is younger than the phones that posters are drawn on.
    context.moveTo(x + radius, y);
    context.arcTo(x + width, y, x + width, y + height, radius);
    context.arcTo(x + width, y + height, x, y + height, radius);
    context.arcTo(x, y + height, x, y, radius);
    context.arcTo(x, y, x + width, y, radius);
    context.closePath();
  } else {
    context.rect(x, y, width, height);
  }
  context.clip();
  const picture = image(src);
  if (picture === undefined || picture.width === 0 || picture.height === 0) {
    context.fillStyle = "#00000014";
    context.fillRect(x, y, width, height);
    return;
  }
  const ratios = [width / picture.width, height / picture.height] as const;
  const scale = fit === "cover" ? Math.max(...ratios) : Math.min(...ratios);
  const [drawn, high] = [picture.width * scale, picture.height * scale];
  context.drawImage(picture, x + (width - drawn) / 2, y + (height - high) / 2, drawn, high);
}

function text(
  context: CanvasRenderingContext2D,
  { family, size, bold, spacing, align, lines }: Op & { op: "text" },
): void {
  context.font = fontOf(family, size, bold ? 700 : 400);
  context.textBaseline = "alphabetic";
  context.textAlign = align;
  for (const { text, x, baseline } of lines) {
    if (spacing === 0) {
      context.fillText(text, x, baseline);
      continue;
    }
    // `letterSpacing` is younger than the phones that posters are drawn on.
    const letters = Array.from(text);
    const widths = letters.map((letter) => context.measureText(letter).width + spacing);
    const whole = widths.reduce((sum, width) => sum + width, -spacing);
    let left = align === "left" ? x : align === "center" ? x - whole / 2 : x - whole;
    context.textAlign = "left";
    letters.forEach((letter, at) => {
      context.fillText(letter, left, baseline);
      left += widths[at] ?? 0;
    });
  }
}
