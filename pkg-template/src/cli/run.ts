import { type Accepted, Engine, explain, type Params } from "kfactor";
import { ACTS } from "../generated/tables.js";
import { clockOf, inWords, type Place, type Step, steps } from "./log.js";
import { Exit, hexadecimal, isChinese, orProblems, parse, readText, say, Stop, usage } from "./terminal.js";

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
  const named = readText(campaign);
  const time = clockOf(named);
  const log = commands === undefined && isQuestion(values) ? [] : read(commands ?? "-", time);
  // The document a log began with takes the place of the one named.
  const [first] = log;
  const began = first !== undefined && "campaign" in first ? first : undefined;
  const seed = hexadecimal("seed", values.seed ?? began?.seed);
  const at = instant(values.at, time);
  const inChinese = isChinese(values);
  const document = began?.campaign ?? named;
  const load = (): Promise<Engine> => Engine.load(document, seed === undefined ? {} : { seed });
  const engine = await orProblems(campaign, inChinese, load);

  const answered = await orProblems(campaign, inChinese, async () =>
    decide(engine, began ? log.slice(1) : log),
  );
  const answers = answered.map(({ answer }) => answer);
  for (const { answer, place } of answered) {
    if (values.json === true) process.stdout.write(JSON.stringify(answer) + "\n");
    else if (answer.ok) for (const fact of answer.facts) process.stdout.write(JSON.stringify(fact) + "\n");
    if (answer.ok || (values.json === true && answer.id !== null)) continue;
    const { en, zh } = await explain(answer.code, answer.params, document);
    const [hint, hintZh] = answer.code === "COMMAND_MALFORMED" ? hintOf(answer.params.field ?? "") : [];
    const who = answer.id === null ? "" : `${answer.id}: `;
    const sentence = inChinese ? `${zh}${hintZh ?? ""}` : `${en}${hint ? ` ${hint}` : ""}`;
    process.stderr.write(`${inWords(place, inChinese, "command")}: ${who}${answer.code}: ${sentence}\n`);
  }
  if (typeof values.view === "string") {
    const last = answers.flatMap((answer) => (answer.ok ? answer.facts : [])).at(-1)?.at;
    const loop = typeof values.loop === "string" ? { loop: values.loop } : {};
    const view = engine.view(values.view, { at: at ?? last ?? Date.now(), ...loop });
    process.stdout.write(JSON.stringify(view, null, values.json === true ? 0 : 2) + "\n");
  }
  if (values.digest === true) process.stdout.write(`${engine.digest()}\n`);
  engine.free();
  const isWell = answers.every(({ ok, id }) => ok || (id !== null && values.strict !== true));
  return say("", isWell ? Exit.Well : Exit.Findings);
}

/** An answer as the engine wrote it. */
type Written = Accepted | { ok: false; id: string | null; code: string; params: Params };

/** What to do about a field of a command that is wrong; the sentence before names it. */
function hintOf(field: string): [en?: string, zh?: string] {
  const found = HINTS[field];
  if (found !== undefined) return found;
  if (FIELDS.includes(field)) return [];
  return [`Commands have ${FIELDS.join(", ")}.`, `指令可有 ${FIELDS.join("、")}。`];
}

const FIELDS: readonly string[] = [
  ...[
    "id",
    "at",
    "do",
    "by",
    "loop",
    "play",
    "token",
    "touchpoint",
    "code",
    "order",
    "name",
    "grant",
    "reason",
  ],
  ...["device", "hash", "text", "network", "amount", "risk", "count", "price", "when", "clock", "seq"],
];

const HINTS: Readonly<Record<string, [en: string, zh: string]>> = {
  id: ['Every command has an id of its own, as "id":"c1".', '每条指令都要有自己的 id，如 "id":"c1"。'],
  at: [
    "It is Unix milliseconds, or a date as 2026-12-01T11:00 in the campaign's timezone.",
    "应为 Unix 毫秒，或活动时区的日期，如 2026-12-01T11:00。",
  ],
  command: ["It is no JSON object.", "它不是 JSON 对象。"],
  do: [`It is one of ${Object.keys(ACTS).join(", ")}.`, `可为 ${Object.keys(ACTS).join("、")}。`],
  by: ['It is an id in quotes, as "by":"ann".', '应为引号中的编号，如 "by":"ann"。'],
  amount: [
    "It is a whole number of the currency's smallest unit: 4990 is 49.90.",
    "应为货币最小单位的整数：4990 即 49.90。",
  ],
};

function read(file: string, time: (date: string) => number | undefined): Step[] {
  try {
    return steps(readText(file), time);
  } catch (reason) {
    if (!(reason instanceof SyntaxError)) throw reason;
    throw new Stop(Exit.Usage, `${file}: ${reason.message}`, `${file}：不是 JSON：${reason.message}`);
  }
}

/** A moment from the command line. */
function instant(
  text: string | boolean | undefined,
  time: (date: string) => number | undefined,
): number | undefined {
  if (typeof text !== "string") return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : (time(text) ?? NaN);
  if (Number.isSafeInteger(value)) return value;
  throw usage(
    "--at is a date in the campaign's timezone, as 2026-12-01T11:00, or Unix milliseconds",
    "--at 应为活动时区的日期，如 2026-12-01T11:00，或 Unix 毫秒",
  );
}

/** Whether something is asked about the campaign as it is, so that no commands are needed. */
function isQuestion(values: { [name: string]: string | boolean | undefined }): boolean {
  return values.view !== undefined || values.digest === true;
}

/** Decides the commands of a log, and revises the campaign where the log does. */
function decide(engine: Engine, log: readonly Step[]): { answer: Written; place: Place }[] {
  return log.flatMap((step) => {
    if ("commands" in step) {
      const answers = written(engine.submitBatch(step.commands));
      return answers.map((answer, at) => ({ answer, place: step.places[at] ?? { entry: at + 1 } }));
    }
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
