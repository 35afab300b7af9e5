import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { CampaignError, KfactorError, type Problem } from "kfactor";

/** What the process ends with. */
export enum Exit {
  Well = 0,
  Findings = 1,
  Usage = 2,
}

/** Ends the command with a message. */
export class Stop extends Error {
  readonly exit: Exit;
  readonly messageZh: string;

  constructor(exit: Exit, message: string, messageZh: string = message) {
    super(message);
    this.exit = exit;
    this.messageZh = messageZh;
  }

  /** What to say about any error. */
  static from(reason: unknown): Stop {
    if (reason instanceof Stop) return reason;
    if (reason instanceof KfactorError) {
      const { code, message, messageZh } = reason;
      return new Stop(Exit.Findings, `${code}: ${message}`, `${code}: ${messageZh}`);
    }
    return new Stop(
      Exit.Findings,
      reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
    );
  }
}

/** The command line is wrong. */
export function usage(message: string, messageZh: string = message): Stop {
  return new Stop(
    Exit.Usage,
    `${message}\nTry \`kfactor --help\`.`,
    `${messageZh}\n用法见 \`kfactor --help\`。`,
  );
}

/** Options every command knows. */
export const COMMON = { json: { type: "boolean" }, lang: { type: "string" } } as const;

/** Splits the command line into options and words. */
export function parse<O extends NonNullable<ParseArgsConfig["options"]>>(
  words: string[],
  options: O,
): { values: { [name: string]: string | boolean | undefined }; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: words,
      options: { ...COMMON, ...options },
      allowPositionals: true,
    });
    return { values: values as { [name: string]: string | boolean | undefined }, positionals };
  } catch (reason) {
    const message = reason instanceof Error ? reason.message : String(reason);
    throw usage(message, `选项有误：${message}`);
  }
}

/** Prints, and gives the exit code on. */
export function say(text: string, exit: Exit): Exit {
  process.stdout.write(text);
  return exit;
}

/** Reads a file, or the standard input for `-`: UTF-8, without the mark that some editors put at its beginning. */
export function readText(file: string): string {
  return new TextDecoder().decode(readBytes(file));
}

/** The same as bytes of UTF-8, for files that may be larger than a text can be. */
export function readBytes(file: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file === "-" ? 0 : file);
  } catch (reason) {
    throw unusable(file, reason);
  }
  if (isUtf8(bytes)) return bytes.subarray(MARK.every((byte, at) => bytes[at] === byte) ? MARK.length : 0);
  throw new Stop(
    Exit.Usage,
    `${file}: this is not UTF-8 text; save it as UTF-8 (Excel: “CSV UTF-8”, Notepad: “Save as”, encoding UTF-8)`,
    `${file}：不是 UTF-8 文本，可能是 GBK 或 UTF-16。请另存为 UTF-8 编码（Excel 选“CSV UTF-8”，记事本在“另存为”中选编码 UTF-8）`,
  );
}

/** The byte order mark in UTF-8. */
const MARK = [0xef, 0xbb, 0xbf];

/** Whether bytes are text in UTF-8; UTF-16 of Latin letters would be, but for its zeros. */
function isUtf8(bytes: Uint8Array): boolean {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for (let at = 0; at < bytes.length; at += PART)
      decoder.decode(bytes.subarray(at, at + PART), { stream: true });
    decoder.decode();
    return !bytes.includes(0);
  } catch {
    return false;
  }
}

/** Bytes that are decoded at a time. */
const PART = 1 << 20;

/** A picture in a file as a `data:` address. */
export function pictureAt(file: string): string {
  const kind = extname(file).slice(1).replace("jpg", "jpeg").replace("svg", "svg+xml");
  return `data:image/${kind};base64,${readFileSync(file).toString("base64")}`;
}

/** A file that cannot be read or written. */
export function unusable(file: string, reason: unknown): Stop {
  return new Stop(Exit.Usage, `${file}: ${(reason as NodeJS.ErrnoException).code ?? String(reason)}`);
}

/** An address that a code may lead to. */
export function isWebAddress(text: string): boolean {
  try {
    return /^https?:\/\//i.test(text) && new URL(text).hostname !== "";
  } catch {
    return false;
  }
}

/** Whether messages are in Chinese. */
export function isChinese(values: { [name: string]: string | boolean | undefined }): boolean {
  const chosen = values.lang ?? process.env.LC_ALL ?? process.env.LC_MESSAGES ?? process.env.LANG ?? "";
  return String(chosen).startsWith("zh");
}

/** A problem as compilers print it: `file:line:column: error CODE: sentence`. */
export function describe(file: string, problem: Problem, inChinese: boolean): string {
  const { line, column, severity, code, message, messageZh, suggestion } = problem;
  const hint = suggestion != null && suggestion !== "" ? ` [${suggestion}]` : "";
  return `${file}:${line}:${column}: ${severity} ${code}: ${inChinese ? messageZh : message}${hint}\n`;
}

/** Loads what a file describes; its problems are printed with their places. */
export async function orProblems<T>(file: string, inChinese: boolean, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (reason) {
    if (!(reason instanceof CampaignError)) throw reason;
    throw cannotRun(file, reason.problems, inChinese);
  }
}

/** A campaign with problems, each in a line. */
export function cannotRun(file: string, problems: readonly Problem[], inChinese: boolean): Stop {
  const lines = problems
    .map((problem) => describe(file, problem, inChinese))
    .join("")
    .trimEnd();
  return new Stop(Exit.Findings, `the campaign cannot run\n${lines}`, `活动无法运行\n${lines}`);
}

/** A whole number from the command line. */
export function wholeNumber(name: string, text: string | boolean | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = typeof text === "string" && /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw usage(`--${name} must be a whole number`, `--${name} 应为整数`);
  return value;
}

/** Bytes written in hexadecimal digits. */
export function hexadecimal(name: string, text: string | boolean | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (typeof text !== "string" || !/^([0-9a-f]{2})+$/i.test(text))
    throw usage(`--${name} must be hexadecimal`, `--${name} 应为十六进制`);
  return new Uint8Array(Buffer.from(text, "hex"));
}
