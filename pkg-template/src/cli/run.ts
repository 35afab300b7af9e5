import { type Accepted, Engine, explain, type Params } from "kfactor";
import { type Step, steps } from "./log.js";
import {
  Exit,
  hexadecimal,
  isChinese,
  orProblems,
  parse,
  readText,
  say,
  usage,
  wholeNumber,
} from "./terminal.js";

const OPTIONS = {
  view: { type: "string" },
  loop: { type: "string" },
  at: { type: "string" },
  digest: { type: "boolean" },
  seed: { type: "string" },
  strict: { type: "boolean" },
} as const;

/** `kfactor run CAMPAIGN [COMMANDS|-]` */
export async function run(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [campaign, commands, ...more] = positionals;
  if (campaign === undefined || more.length > 0)
    throw usage("name one campaign and at most one file of commands", "请指定一个活动，以及至多一个指令文件");
  const log = commands === undefined && isQuestion(values) ? [] : steps(readText(commands ?? "-"));
  // The document a log began with takes the place of the one named.
  const [first] = log;
  const began = first !== undefined && "campaign" in first ? first : undefined;
  const seed = hexadecimal("seed", values.seed ?? began?.seed);
  const at = wholeNumber("at", values.at);
  const inChinese = isChinese(values);
  const document = began?.campaign ?? readText(campaign);
  const load = (): Promise<Engine> => Engine.load(document, seed === undefined ? {} : { seed });
  const engine = await orProblems(campaign, inChinese, load);

  const answers = await orProblems(campaign, inChinese, async () =>
    decide(engine, began ? log.slice(1) : log),
  );
  const refused = answers.filter((answer) => !answer.ok).length;
  for (const answer of answers) {
    if (values.json === true) process.stdout.write(JSON.stringify(answer) + "\n");
    else if (answer.ok) for (const fact of answer.facts) process.stdout.write(JSON.stringify(fact) + "\n");
    else {
      const { en, zh } = await explain(answer.code, answer.params);
      process.stderr.write(`${answer.id}: ${answer.code}: ${inChinese ? zh : en}\n`);
    }
  }
  if (typeof values.view === "string") {
    const last = answers.flatMap((answer) => (answer.ok ? answer.facts : [])).at(-1)?.at;
    const loop = typeof values.loop === "string" ? { loop: values.loop } : {};
    const view = engine.view(values.view, { at: at ?? last ?? Date.now(), ...loop });
    process.stdout.write(JSON.stringify(view, null, values.json === true ? 0 : 2) + "\n");
  }
  if (values.digest === true) process.stdout.write(`${engine.digest()}\n`);
  engine.free();
  return say("", values.strict === true && refused > 0 ? Exit.Findings : Exit.Well);
}

/** An answer as the engine wrote it. */
type Written = Accepted | { ok: false; id: string; code: string; params: Params };

/** Whether something is asked about the campaign as it is, so that no commands are needed. */
function isQuestion(values: { [name: string]: string | boolean | undefined }): boolean {
  return values.view !== undefined || values.digest === true;
}

/** Decides the commands of a log, and revises the campaign where the log does. */
function decide(engine: Engine, log: readonly Step[]): Written[] {
  return log.flatMap((step) => {
    if ("commands" in step) return written(engine.submitBatch(step.commands));
    engine.revise(step.campaign);
    return [];
  });
}

/** Reads answers: a JSON array, or one per line. */
function written(answers: string): Written[] {
  if (answers.startsWith("[")) return JSON.parse(answers) as Written[];
  const lines = answers.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Written);
}
