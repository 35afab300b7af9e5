import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, join, resolve } from "node:path";
import { posterSvg, validate, type Campaign, type PosterData } from "kfactor";
import { describe, Exit, isChinese, parse, readText, say, Stop, usage } from "./terminal.js";

const OPTIONS = {
  output: { type: "string", short: "o" },
  url: { type: "string" },
  set: { type: "string", multiple: true },
  csv: { type: "string" },
  variant: { type: "string" },
  scale: { type: "string" },
  images: { type: "string" },
  surface: { type: "string" },
} as const;

const SURFACES = ["mini-program", "h5", "app", "offline"] as const;

type Values = Record<string, string | boolean | string[] | undefined>;
type Row = Record<string, string>;

/** `kfactor poster CAMPAIGN NAME --url URL -o FILE`: one poster, or one for each line of a table. */
export async function posterCommand(words: string[]): Promise<Exit> {
  const parsed = parse(words, OPTIONS);
  const values = parsed.values as Values;
  const [file, name, ...more] = parsed.positionals;
  if (file === undefined || name === undefined || more.length > 0)
    throw usage("give a campaign and a poster");
  const output = text(values.output);
  if (output === undefined) throw usage("give a file with -o, or a folder where --csv is given");
  const template = await posterOf(file, name, isChinese(parsed.values));
  const rows = values.csv === undefined ? [{}] : table(readText(String(values.csv)));
  if (values.csv !== undefined) mkdirSync(output, { recursive: true });

  for (const [at, row] of rows.entries()) {
    const target = values.csv === undefined ? output : join(output, fileName(row, at));
    const svg = await posterSvg(template, data(values, row), {
      scale: Number(text(values.scale) ?? 100) / 100,
      source: pictures(text(values.images)),
    });
    writeFileSync(target, extname(target) === ".png" ? rasterised(svg) : svg);
    if (rows.length > 1 && (at % 100 === 99 || at === rows.length - 1))
      process.stderr.write(`${at + 1} of ${rows.length}\n`);
  }
  const done = { posters: rows.length, output };
  return say(values.json === true ? `${JSON.stringify(done)}\n` : `${output}\n`, Exit.Well);
}

/** The poster of a campaign without errors. */
async function posterOf(file: string, name: string, inChinese: boolean): Promise<string> {
  const document = readText(file);
  const errors = (await validate(document)).filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    const lines = errors.map((problem) => describe(file, problem, inChinese)).join("");
    throw new Stop(Exit.Findings, `the campaign cannot run\n${lines.trimEnd()}`);
  }
  const { posters = {} } = JSON.parse(document) as Campaign;
  const template = Object.prototype.hasOwnProperty.call(posters, name) ? posters[name] : undefined;
  if (template !== undefined) return JSON.stringify(template);
  throw usage(`the campaign has no poster \`${name}\`; it has: ${Object.keys(posters).join(", ")}`);
}

function data(values: Values, row: Row): PosterData {
  const url = row.url ?? text(values.url);
  if (url === undefined || url === "") throw usage("give --url, or a column `url`");
  const pairs = ((values.set ?? []) as string[]).map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw usage(`--set needs NAME=VALUE, not \`${pair}\``);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  const variant = row.variant ?? text(values.variant);
  const surface = SURFACES.find((surface) => surface === values.surface);
  if (values.surface !== undefined && surface === undefined)
    throw usage("--surface is mini-program, h5, app or offline");
  return {
    url,
    values: { ...Object.fromEntries(pairs), ...row },
    ...(variant === undefined || variant === "" ? {} : { variant }),
    ...(surface === undefined ? {} : { surface }),
  };
}

/** Pictures of a folder as `data:` addresses; nothing is fetched. */
function pictures(folder: string | undefined): (src: string) => string | undefined {
  return (src) => {
    if (src.startsWith("data:image/")) return src;
    if (folder === undefined || !resolve(folder, src).startsWith(resolve(folder) + "/")) return undefined;
    try {
      const kind = extname(src).slice(1).replace("jpg", "jpeg");
      return `data:image/${kind};base64,${readFileSync(join(folder, src)).toString("base64")}`;
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
    );
  }
  return new resvg.Resvg(svg, { font: { loadSystemFonts: true } }).render().asPng();
}

function fileName({ file }: Row, at: number): string {
  const name = file ?? `${String(at + 1).padStart(5, "0")}.svg`;
  if (name === "" || /[/\\]|^\.\.?$/.test(name)) throw usage(`\`${name}\` is not the name of a file`);
  return name;
}

function text(value: Values[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Reads a table (RFC 4180) with a header. */
export function table(csv: string): Row[] {
  const records: string[][] = [];
  let record: string[] = [];
  // A cell: quoted, with doubled quotes inside, or up to the next comma or line feed; then what ends it.
  const cell = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/gy;
  const body = csv.replace(/^\uFEFF/, "");
  for (let found = cell.exec(body); found !== null; found = cell.exec(body)) {
    const [, quoted, plain = "", end] = found;
    record.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    if (record.length > 1 || record[0] !== "") records.push(record);
    record = [];
    if (end === "" || cell.lastIndex >= body.length) break;
  }
  const [header = [], ...rows] = records;
  return rows.map((row) => Object.fromEntries(header.map((name, at) => [name.trim(), row[at] ?? ""])));
}
