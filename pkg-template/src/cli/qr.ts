import { writeFileSync } from "node:fs";
import { qr, styledQr, type QrMatrix, type QrOptions, type QrStyle } from "kfactor";
import { Exit, isChinese, parse, pictureAt, say, unusable, usage } from "./terminal.js";

const LEVELS = ["L", "M", "Q", "H"] as const;
const OPTIONS = {
  output: { type: "string", short: "o" },
  terminal: { type: "boolean" },
  level: { type: "string" },
  micro: { type: "boolean" },
  modules: { type: "string" },
  finders: { type: "string" },
  dark: { type: "string" },
  light: { type: "string" },
  logo: { type: "string" },
  frame: { type: "string" },
} as const;

type Values = Record<string, string | boolean | undefined>;

/** `kfactor qr TEXT` */
export async function qrCommand(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [text, ...more] = positionals;
  if (text === undefined || more.length > 0)
    throw usage("give one text; quote it if it has spaces", "请给出一段内容；含空格时请加引号");
  const level = LEVELS.find((level) => level === values.level);
  if (values.level !== undefined && level === undefined)
    throw usage("--level is L, M, Q or H", "--level 可为 L、M、Q 或 H");
  const micro = values.micro === true;
  const style = styleOf(values);
  if (style !== undefined)
    return styled(text, { ...style, ...(level === undefined ? {} : { level }) }, values);
  const options: QrOptions = { ...(level === undefined ? {} : { level }), ...(micro ? { micro } : {}) };
  if (values.terminal === true)
    return say(blocks(await qr(text, { ...options, format: "matrix" }), micro ? 2 : 4), Exit.Well);
  const svg = await qr(text, options);
  if (typeof values.output !== "string") return say(svg + "\n", Exit.Well);
  const isPng = values.output.endsWith(".png");
  if (!isPng && !values.output.endsWith(".svg"))
    throw usage("-o names a file that ends in .svg or .png", "-o 的文件名应以 .svg 或 .png 结尾");
  const picture = isPng ? await qr(text, { ...options, format: "png" }) : svg;
  return written(values.output, picture, values.json === true);
}

/** The wishes for a look, if there are any. */
function styleOf({ modules, finders, dark, light, logo, frame }: Values): QrStyle | undefined {
  const [from = "", to] = typeof dark === "string" ? dark.split(":") : [];
  const wishes = {
    modules,
    finders,
    dark: to === undefined ? dark : { from, to },
    light,
    logo: typeof logo === "string" ? pictureOf(logo) : undefined,
    frame,
  };
  const given = Object.entries(wishes).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : (Object.fromEntries(given) as QrStyle);
}

/** A code with a look of its own; what may keep scanners from reading it is said beside it. */
async function styled(text: string, style: QrStyle, values: Values): Promise<Exit> {
  if (values.micro === true || values.terminal === true)
    throw usage(
      "a code with a look of its own is SVG: leave out --micro and --terminal",
      "自定样式的码为 SVG：请去掉 --micro 与 --terminal",
    );
  const { output } = values;
  if (typeof output === "string" && !output.endsWith(".svg"))
    throw usage(
      "a code with a look of its own is SVG: -o names a file that ends in .svg",
      "自定样式的码为 SVG：-o 的文件名应以 .svg 结尾",
    );
  const { svg, notes } = await styledQr(text, style);
  for (const { code, message, messageZh } of notes)
    process.stderr.write(`${code}: ${isChinese(values) ? messageZh : message}\n`);
  return typeof output === "string" ? written(output, svg, values.json === true) : say(svg + "\n", Exit.Well);
}

function pictureOf(file: string): string {
  try {
    return pictureAt(file);
  } catch (reason) {
    throw unusable(file, reason);
  }
}

function written(file: string, picture: string | Uint8Array, asJson: boolean): Exit {
  try {
    writeFileSync(file, picture);
  } catch (reason) {
    throw unusable(file, reason);
  }
  return say(asJson ? `${JSON.stringify({ file })}\n` : `${file}\n`, Exit.Well);
}

/** Two rows of modules in one line, light on the dark ground that most terminals have. */
function blocks({ width, isDark }: QrMatrix, quiet: number): string {
  let text = "";
  for (let y = -quiet; y < width + quiet; y += 2) {
    for (let x = -quiet; x < width + quiet; x++) {
      const upper = !isDark(x, y);
      const lower = !isDark(x, y + 1) && y + 1 < width + quiet;
      text += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
    }
    text += "\n";
  }
  return text;
}
