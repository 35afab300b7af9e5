import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, join, resolve } from "node:path";
import { posterSvg, validate, type Campaign, type PosterData, type PosterTemplate } from "kfactor";
import { table } from "./table.js";
import {
  cannotRun,
  Exit,
  isChinese,
  isWebAddress,
  parse,
  readText,
  say,
  Stop,
  unusable,
  usage,
  pictureAt,
} from "./terminal.js";

const OPTIONS = {
  output: { type: "string", short: "o" },
  url: { type: "string" },
  set: { type: "string", multiple: true },
  csv: { type: "string" },
  force: { type: "boolean" },
  variant: { type: "string" },
  scale: { type: "string" },
  images: { type: "string" },
  surface: { type: "string" },
} as const;

const SURFACES = ["mini-program", "h5", "app", "offline"] as const;

/** Columns of a table that are no variables. */
const COLUMNS = ["url", "variant", "file", "touchpoint"];

/** More complaints about a table than these help nobody. */
const MOST_COMPLAINTS = 20;

type Values = Record<string, string | boolean | string[] | undefined>;
type Cells = Readonly<Record<string, string>>;

/** One poster to draw. */
interface Job {
  target: string;
  data: PosterData;
}

/** What keeps a poster from being drawn: in English, and in Chinese. */
class Complaint extends Error {
  readonly messageZh: string;

  constructor(message: string, messageZh: string) {
    super(message);
    this.messageZh = messageZh;
  }
}

/** `kfactor poster CAMPAIGN NAME --url URL -o FILE`: one poster, or one for each line of a table. */
export async function posterCommand(words: string[]): Promise<Exit> {
  const parsed = parse(words, OPTIONS);
  const values = parsed.values as Values;
  const [file, name, ...more] = parsed.positionals;
  if (file === undefined || name === undefined || more.length > 0)
    throw usage("give a campaign and a poster", "请给出一个活动和一张海报");
  const output = text(values.output);
  if (output === undefined)
    throw usage(
      "give a file with -o, or a folder where --csv is given",
      "请用 -o 给出文件；使用 --csv 时给出文件夹",
    );
  const inChinese = isChinese(parsed.values);
  const template = await posterOf(file, name, inChinese);
  const csv = text(values.csv);
  // Everything is looked at before anything is written.
  const jobs =
    csv === undefined
      ? [jobOf(template, values, output, inChinese)]
      : jobsOf(template, values, csv, output, inChinese);
  if (csv !== undefined) mkdirSync(output, { recursive: true });
  for (const [at, { target, data }] of jobs.entries()) {
    const svg = await posterSvg(template, data, {
      scale: Number(text(values.scale) ?? 100) / 100,
      source: pictures(text(values.images)),
    });
    write(target, extname(target) === ".png" ? rasterised(svg) : svg);
    if (jobs.length > 1 && (at % 100 === 99 || at === jobs.length - 1))
      process.stderr.write(`${at + 1}/${jobs.length}\n`);
  }
  const done = { posters: jobs.length, output };
  return say(values.json === true ? `${JSON.stringify(done)}\n` : `${output}\n`, Exit.Well);
}

/** The poster of a campaign without errors. */
async function posterOf(file: string, name: string, inChinese: boolean): Promise<PosterTemplate> {
  const document = readText(file);
  const errors = (await validate(document)).filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw cannotRun(file, errors, inChinese);
  const { posters = {} } = JSON.parse(document) as Campaign;
  const template = Object.prototype.hasOwnProperty.call(posters, name) ? posters[name] : undefined;
  if (template !== undefined) return template;
  const names = Object.keys(posters);
  if (names.length === 0)
    throw usage("the campaign has no posters; add `posters` to it", "活动中没有海报，请先填写 `posters`");
  throw usage(
    `the campaign has no poster \`${name}\`; it has: ${names.join(", ")}`,
    `活动中没有海报 \`${name}\`；现有：${names.join("、")}`,
  );
}

/** The poster of the command line alone. */
function jobOf(template: PosterTemplate, values: Values, output: string, inChinese: boolean): Job {
  const set = settings(values);
  remark(Object.keys(set), template, inChinese);
  try {
    return { target: fileName(output), data: dataOf(template, values, set, {}) };
  } catch (reason) {
    if (reason instanceof Complaint) throw usage(reason.message, reason.messageZh);
    throw reason;
  }
}

/** A poster for each line of a table; what is wrong with any line is said at once. */
function jobsOf(
  template: PosterTemplate,
  values: Values,
  csv: string,
  folder: string,
  inChinese: boolean,
): Job[] {
  const { columns, rows } = table(csv, readText(csv));
  const set = settings(values);
  remark([...Object.keys(set), ...columns.filter((name) => !COLUMNS.includes(name))], template, inChinese);
  const jobs: Job[] = [];
  const complaints: { line: number; message: string; messageZh: string }[] = [];
  const lines = new Map<string, number>();
  for (const [at, { line, cells }] of rows.entries()) {
    try {
      const { file = `${String(at + 1).padStart(5, "0")}.svg` } = cells;
      if (/[/\\]/.test(file))
        throw new Complaint(`\`${file}\` is a path, not a name`, `\`${file}\` 是路径而不是文件名`);
      // Systems that do not tell letter cases apart would write one over the other.
      const before = lines.get(file.toLowerCase());
      if (before !== undefined)
        throw new Complaint(
          `line ${before} has the file \`${file}\` already`,
          `第 ${before} 行已使用文件名 \`${file}\``,
        );
      lines.set(file.toLowerCase(), line);
      const target = join(folder, fileName(file));
      if (cells.file === undefined && values.force !== true && existsSync(target))
        throw new Complaint(
          `${target} is there already: give another folder, a column \`file\`, or --force`,
          `${target} 已存在：请换一个文件夹、增加 \`file\` 列，或使用 --force`,
        );
      jobs.push({ target, data: dataOf(template, values, set, cells) });
    } catch (reason) {
      if (!(reason instanceof Complaint)) throw reason;
      complaints.push({ line, message: reason.message, messageZh: reason.messageZh });
    }
  }
  if (complaints.length === 0) return jobs;
  const shown = complaints.slice(0, MOST_COMPLAINTS);
  const left = complaints.length - shown.length;
  const en = shown.map(({ line, message }) => `${csv}:${line}: ${message}`);
  const zh = shown.map(({ line, messageZh }) => `${csv}:${line}：${messageZh}`);
  if (left > 0) {
    en.push(`and ${left} more`);
    zh.push(`另有 ${left} 处`);
  }
  throw new Stop(
    Exit.Usage,
    `nothing was drawn, because of the table\n${en.join("\n")}`,
    `表格有误，未绘制任何海报\n${zh.join("\n")}`,
  );
}

/** What a poster is filled with, by the command line and by a line of a table. */
function dataOf(template: PosterTemplate, values: Values, set: Cells, cells: Cells): PosterData {
  const url = cells.url || text(values.url) || "";
  if (url === "") throw new Complaint("give --url, or a column `url`", "请给出 --url 或 `url` 列");
  if (!isWebAddress(url))
    throw new Complaint(
      `the url is an address, as https://example.com/r/…, not \`${url}\``,
      `url 应为网址，如 https://example.com/r/…，而不是 \`${url}\``,
    );
  const variant = variantOf(template, cells.variant || text(values.variant));
  const surface = SURFACES.find((surface) => surface === values.surface);
  if (values.surface !== undefined && surface === undefined)
    throw usage(
      "--surface is mini-program, h5, app or offline",
      "--surface 可为 mini-program、h5、app 或 offline",
    );
  return {
    url,
    values: { ...set, ...cells },
    ...(variant === undefined ? {} : { variant }),
    ...(surface === undefined ? {} : { surface }),
  };
}

/** The variant that is meant, which has to be said where there are some. */
function variantOf({ variants = [] }: PosterTemplate, variant = ""): string | undefined {
  if (variants.length === 0 && variant === "") return undefined;
  if (variants.includes(variant)) return variant;
  if (variants.length === 0)
    throw new Complaint(
      `the poster has no variants, so not \`${variant}\` either`,
      `该海报没有变体 \`${variant}\``,
    );
  const [names, namesZh] = [variants.join(", "), variants.join("、")];
  if (variant === "")
    throw new Complaint(
      `say which variant with --variant or a column \`variant\`: ${names}`,
      `请用 --variant 或 \`variant\` 列指明变体：${namesZh}`,
    );
  throw new Complaint(
    `POSTER_VARIANT: there is no variant \`${variant}\`: the poster has ${names}`,
    `POSTER_VARIANT：没有变体 \`${variant}\`：该海报有 ${namesZh}`,
  );
}

/** The values of `--set`. */
function settings({ set = [] }: Values): Cells {
  const pairs = (set as string[]).map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1)
      throw usage(`--set needs NAME=VALUE, not \`${pair}\``, `--set 的形式为 NAME=VALUE，而不是 \`${pair}\``);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** Says which values nothing of the poster takes up: a misspelt name leaves a hole in every print. */
function remark(given: readonly string[], { layers }: PosterTemplate, inChinese: boolean): void {
  const texts = layers.flatMap(({ text = "", src = "" }) => [text, src]).join("\n");
  const known = new Set(Array.from(texts.matchAll(/\{([^{}|]*)[^{}]*\}/g), ([, name = ""]) => name));
  for (const name of given.filter((name) => !known.has(name))) {
    const names = [...known];
    process.stderr.write(
      inChinese
        ? `kfactor: 海报没有变量 \`${name}\`，已忽略；可用：${names.join("、")}\n`
        : `kfactor: the poster has no variable \`${name}\`, which is left out; it has: ${names.join(", ")}\n`,
    );
  }
}

/** Pictures of a folder as `data:` addresses; nothing is fetched. */
function pictures(folder: string | undefined): (src: string) => string | undefined {
  return (src) => {
    if (src.startsWith("data:image/")) return src;
    if (folder === undefined || !resolve(folder, src).startsWith(resolve(folder) + "/")) return undefined;
    try {
      return pictureAt(join(folder, src));
    } catch {
      return undefined;
    }
  };
}

interface Resvg {
  Resvg: new (svg: string, options: object) => { render(): { asPng(): Uint8Array } };
}

/** PNG, by a package that whoever wants pixels installs. */
function rasterised(svg: string): Uint8Array {
  let resvg: Resvg;
  try {
    // Looked for where the command runs, because it is the customer's own.
    resvg = createRequire(join(process.cwd(), "x.js"))("@resvg/resvg-js") as Resvg;
  } catch {
    throw new Stop(
      Exit.Usage,
      "PNG needs a rasteriser: `npm install @resvg/resvg-js`, or write .svg, or use kfactor-poster",
      "PNG 需要栅格化工具：请运行 `npm install @resvg/resvg-js`，或写成 .svg，或使用 kfactor-poster",
    );
  }
  return new resvg.Resvg(svg, { font: { loadSystemFonts: true } }).render().asPng();
}

/** The name of a file whose ending says what is written. */
function fileName(name: string): string {
  if (/\.(svg|png)$/.test(name)) return name;
  throw new Complaint(`\`${name}\` has to end in .svg or .png`, `文件名 \`${name}\` 应以 .svg 或 .png 结尾`);
}

function write(file: string, picture: string | Uint8Array): void {
  try {
    writeFileSync(file, picture);
  } catch (reason) {
    throw unusable(file, reason);
  }
}

function text(value: Values[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}
