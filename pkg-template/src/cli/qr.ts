import { writeFileSync } from "node:fs";
import { qr, type QrMatrix, type QrOptions } from "kfactor";
import { Exit, parse, say, Stop, usage } from "./terminal.js";

const LEVELS = ["L", "M", "Q", "H"] as const;
const OPTIONS = {
  output: { type: "string", short: "o" },
  terminal: { type: "boolean" },
  level: { type: "string" },
  micro: { type: "boolean" },
} as const;

/** `kfactor qr TEXT` */
export async function qrCommand(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [text, ...more] = positionals;
  if (text === undefined || more.length > 0) throw usage("give one text; quote it if it has spaces");
  const level = LEVELS.find((level) => level === values.level);
  if (values.level !== undefined && level === undefined) throw usage("--level is L, M, Q or H");
  const micro = values.micro === true;
  const options: QrOptions = { ...(level === undefined ? {} : { level }), ...(micro ? { micro } : {}) };
  if (values.terminal === true)
    return say(blocks(await qr(text, { ...options, format: "matrix" }), micro ? 2 : 4), Exit.Well);
  const svg = await qr(text, options);
  if (typeof values.output !== "string") return say(svg + "\n", Exit.Well);
  const isPng = values.output.endsWith(".png");
  if (!isPng && !values.output.endsWith(".svg")) throw usage("-o names a file that ends in .svg or .png");
  const picture = isPng ? await qr(text, { ...options, format: "png" }) : svg;
  try {
    writeFileSync(values.output, picture);
  } catch (reason) {
    throw new Stop(
      Exit.Usage,
      `${values.output}: ${(reason as NodeJS.ErrnoException).code ?? String(reason)}`,
    );
  }
  return say(
    values.json === true ? `${JSON.stringify({ file: values.output })}\n` : `${values.output}\n`,
    Exit.Well,
  );
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
