import { readFileSync } from "node:fs";
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

  constructor(exit: Exit, message: string) {
    super(message);
    this.exit = exit;
  }

  /** What to say about any error. */
  static from(reason: unknown, inChinese: boolean): Stop {
    if (reason instanceof Stop) return reason;
    if (reason instanceof KfactorError) {
      const sentence = inChinese ? reason.messageZh : reason.message;
      return new Stop(Exit.Findings, `${reason.code}: ${sentence}`);
    }
    return new Stop(
      Exit.Findings,
      reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
    );
  }
}

/** The command line is wrong. */
export function usage(message: string): Stop {
  return new Stop(Exit.Usage, `${message}\nTry \`kfactor --help\`.`);
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
    throw usage(reason instanceof Error ? reason.message : String(reason));
  }
}

/** Prints, and gives the exit code on. */
export function say(text: string, exit: Exit): Exit {
  process.stdout.write(text);
  return exit;
}

/** Reads a file, or the standard input for `-`. */
export function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (reason) {
    throw new Stop(Exit.Usage, `${file}: ${(reason as NodeJS.ErrnoException).code ?? String(reason)}`);
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
    const lines = reason.problems.map((problem) => describe(file, problem, inChinese)).join("");
    throw new Stop(Exit.Findings, `the campaign cannot run\n${lines.trimEnd()}`);
  }
}

/** A whole number from the command line. */
export function wholeNumber(name: string, text: string | boolean | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = typeof text === "string" && /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw usage(`--${name} must be a whole number`);
  return value;
}

/** Bytes written in hexadecimal digits. */
export function hexadecimal(name: string, text: string | boolean | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (typeof text !== "string" || !/^([0-9a-f]{2})+$/i.test(text))
    throw usage(`--${name} must be hexadecimal`);
  return new Uint8Array(Buffer.from(text, "hex"));
}
