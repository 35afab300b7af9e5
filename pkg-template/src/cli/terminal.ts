import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { CampaignError, KfactorError, type Problem } from "kfactor";
import type { Lang } from "../format.js";

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
  /** What the package said, if it was the package. */
  readonly reason: KfactorError | undefined;

  constructor(exit: Exit, message: string, messageZh: string = message, reason?: KfactorError) {
    super(message);
    this.exit = exit;
    this.messageZh = messageZh;
    this.reason = reason;
  }

  /** For `--json`: the error of the package, or else what is wrong with the command line or a file. */
  toJSON(): object {
    const { code, message, messageZh } = this.reason ?? { code: CODES[this.exit], ...this.sentences() };
    const problems = this.reason instanceof CampaignError ? { problems: this.reason.problems } : {};
    return { ok: false, code, message, messageZh, ...problems };
  }

  /** Without the line that only says where to find help. */
  private sentences(): { message: string; messageZh: string } {
    const [message = "", messageZh = ""] = [this.message, this.messageZh].map((text) => text.split("\n")[0]);
    return { message, messageZh };
  }

  /** What to say about any error. */
  static from(reason: unknown): Stop {
    if (reason instanceof Stop) return reason;
    if (reason instanceof KfactorError) {
      const { code, message, messageZh } = reason;
      return new Stop(Exit.Findings, `${code}: ${message}`, `${code}: ${messageZh}`, reason);
    }
    // The system's own errors name the file.
    if (reason instanceof Error && "path" in reason) return unusable(String(reason.path), reason);
    return new Stop(
      Exit.Findings,
      reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
    );
  }
}

/** What `--json` calls an end that is no error of the package. */
const CODES = { [Exit.Well]: "", [Exit.Findings]: "FAILED", [Exit.Usage]: "USAGE" };

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
  let parsed: { values: object; positionals: string[] };
  try {
    parsed = parseArgs({ args: words, options: { ...COMMON, ...options }, allowPositionals: true });
  } catch (reason) {
    throw wrongOption(words, reason as NodeJS.ErrnoException);
  }
  const values = parsed.values as { [name: string]: string | boolean | undefined };
  if (values.lang !== undefined && !/^(en|zh)\b/.test(String(values.lang)))
    throw usage("--lang is en or zh", "--lang 可为 en 或 zh");
  return { values, positionals: parsed.positionals };
}

/** What Node says of an option, in words of our own. */
function wrongOption(words: readonly string[], { code, message }: NodeJS.ErrnoException): Stop {
  const [, name = ""] = /'(--?[^' ]+)/.exec(message) ?? [];
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION")
    return usage(`there is no option \`${name}\` here`, `这里没有选项 \`${name}\``);
  if (words.some((word) => word.startsWith(`${name}=`)))
    return usage(`\`${name}\` takes no value`, `\`${name}\` 不带值`);
  return usage(`\`${name}\` needs a value behind it`, `\`${name}\` 后面需要一个值`);
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
  const code = (reason as NodeJS.ErrnoException).code ?? String(reason);
  const [en = code, zh = code] = FILE_ERRORS[code] ?? [];
  return new Stop(Exit.Usage, `${file}: ${en}`, `${file}：${zh}`);
}

/** What the system says of a file, in words. */
const FILE_ERRORS: Readonly<Record<string, [en: string, zh: string]>> = {
  ENOENT: ["there is no such file or folder", "没有这个文件或文件夹"],
  ENOTDIR: ["this is no folder", "这不是文件夹"],
  EISDIR: ["this is a folder, not a file", "这是文件夹，不是文件"],
  EEXIST: ["this is there already", "已经存在"],
  EACCES: ["you may not open it", "没有权限"],
  EPERM: ["you may not open it", "没有权限"],
  ENOSPC: ["the disk is full", "磁盘已满"],
};

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
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const chosen = [values.lang, LC_ALL, LC_MESSAGES, LANG].find((name) => name !== undefined && name !== "");
  return String(chosen).startsWith("zh");
}

/** The language of a command line that may be wrong: nothing else is read of it. */
export function langOf(words: readonly string[]): Lang {
  const { lang } = parseArgs({ args: [...words], options: COMMON, strict: false }).values;
  return isChinese({ lang }) ? "zh" : "en";
}

/** A problem as compilers print it: `file:line:column: error CODE: sentence`. */
export function describe(file: string, problem: Problem, inChinese: boolean): string {
  const { line, column, severity, code, message, messageZh, suggestion } = problem;
  const hint = suggestion != null && suggestion !== "" ? ` [${suggestion}]` : "";
  const weight = inChinese ? (severity === "error" ? "错误" : "警告") : severity;
  return `${file}:${line}:${column}: ${weight} ${code}: ${inChinese ? messageZh : message}${hint}\n`;
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
  const reason = new CampaignError([...problems]);
  return new Stop(Exit.Findings, `the campaign cannot run\n${lines}`, `活动无法运行\n${lines}`, reason);
}

/** A text with blanks behind it up to a width, of which a Chinese character takes two. */
export function padded(text: string, width: number): string {
  const wide = text.match(/[\u2e80-\u9fff\uff00-\uffef]/g)?.length ?? 0;
  return text.padEnd(width - wide);
}

/** A text as a cell of a table (RFC 4180). */
export function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
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
