import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./cases/books.js";
import { malformed } from "./cases/format.js";
import { type Json, JsonError, list, member, merged, readJson, text } from "./cases/json.js";
import { type Case, runCase } from "./cases/run.js";
import { Exit, parse, readText, say, Stop, unusable, usage } from "./terminal.js";

/** What became of a case, or of a file that is no case file. */
interface Verdict {
  file: string;
  case: string | null;
  place: string;
  failure?: Failure;
}

/** `kfactor conformance DIR` */
export async function conformance(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, {});
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0)
    throw usage("name one folder of case files", "请指定一个用例文件夹");
  const verdicts = [];
  for (const name of caseFiles(folder)) verdicts.push(...(await runFile(folder, name)));

  for (const verdict of verdicts) {
    if (values.json === true) say(inJson(verdict) + "\n", Exit.Well);
    else if (verdict.failure !== undefined) say(`${described(verdict, verdict.failure)}\n\n`, Exit.Well);
  }
  const failed = verdicts.filter(({ failure }) => failure !== undefined).length;
  const end = `${verdicts.length - failed} passed, ${failed} failed\n`;
  if (values.json === true) process.stderr.write(end);
  else process.stdout.write(end);
  return failed > 0 ? Exit.Findings : Exit.Well;
}

/** The case files of a folder, in the order of their names. */
function caseFiles(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (reason) {
    throw unusable(folder, reason);
  }
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const files = names.filter((name) => name.endsWith(".json")).sort();
  if (files.length > 0) return files;
  throw new Stop(
    Exit.Usage,
    `${folder}: there is no case file (*.json) in this folder`,
    `${folder}：该文件夹中没有用例文件（*.json）`,
  );
}

async function runFile(folder: string, file: string): Promise<Verdict[]> {
  const unreadable = (what: string): Verdict[] => {
    const place = what.slice(0, what.indexOf(": "));
    return [{ file, case: null, place, failure: new Failure(what) }];
  };
  let content: Json;
  try {
    content = readJson(readText(join(folder, file)));
  } catch (reason) {
    return unreadable(
      reason instanceof JsonError || reason instanceof Stop ? reason.message : String(reason),
    );
  }
  const problems = malformed(content);
  if (problems.length > 0) return unreadable(problems.join("\n  "));

  const verdicts: Verdict[] = [];
  for (const [number, entry] of list(member(content, "cases")).entries()) {
    const name = text(member(entry, "name")) ?? "";
    const verdict: Verdict = { file, case: name, place: `/cases/${number}` };
    try {
      await runCase(caseOf(folder, content, entry));
    } catch (reason) {
      if (reason instanceof Failure) verdict.failure = reason;
      else
        verdict.failure = new Failure(
          reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
        );
    }
    const step = verdict.failure?.step;
    if (step !== undefined) verdict.place += `/steps/${step}`;
    verdicts.push(verdict);
  }
  return verdicts;
}

/** A case with its campaign: named, written inline or as text, and changed by its patch. */
function caseOf(folder: string, file: Json, entry: Json): Case {
  const seed = text(member(entry, "seed") ?? member(file, "seed"));
  const steps = member(entry, "steps");
  const rest = {
    seed,
    problems: member(entry, "problems"),
    steps: steps === undefined ? undefined : list(steps),
  };
  const verbatim = text(member(entry, "text"));
  if (verbatim !== undefined) return { document: lenient(verbatim), text: verbatim, ...rest };
  const given = member(entry, "campaign") ?? member(file, "campaign") ?? null;
  let document = typeof given === "string" ? named(folder, given) : given;
  const patch = member(entry, "patch");
  if (patch !== undefined) document = merged(document, patch);
  return { document, text: JSON.stringify(document), ...rest };
}

function named(folder: string, name: string): Json {
  const file = `campaigns/${name}.json`;
  try {
    return readJson(readText(join(folder, file)));
  } catch (reason) {
    throw new Failure(`${file}: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
}

/** What a text that may be no JSON stands for. */
function lenient(source: string): Json {
  try {
    return JSON.parse(source) as Json;
  } catch {
    return null;
  }
}

function described(
  { file, case: name, place }: Verdict,
  { message, step, expected, actual }: Failure,
): string {
  if (name === null) return `${file}: ${message}`;
  const where = step === undefined ? place : `step ${step}, ${place}`;
  const lines = [`${file}: ${name}`, `${where}: ${message}`];
  if (expected !== undefined) lines.push(`expected ${JSON.stringify(expected)}`);
  if (actual !== undefined) lines.push(`actual   ${JSON.stringify(actual)}`);
  return lines.join("\n  ");
}

function inJson({ file, case: name, place, failure }: Verdict): string {
  if (failure === undefined) return JSON.stringify({ file, case: name, ok: true });
  const { step = null, message: what, expected = null, actual = null } = failure;
  return JSON.stringify({ file, case: name, ok: false, step, place, what, expected, actual });
}
