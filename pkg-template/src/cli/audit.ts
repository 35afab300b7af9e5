import { type Audit, Engine } from "kfactor";
import { clockOf, inWords, type Place, placesOf, stamped } from "./log.js";
import { Exit, hexadecimal, isChinese, orProblems, parse, readText, say, usage } from "./terminal.js";

/** `kfactor audit CAMPAIGN [LOG|-]` */
export async function audit(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, { seed: { type: "string" } });
  const [campaign, file, ...more] = positionals;
  if (campaign === undefined || more.length > 0)
    throw usage("name one campaign and at most one log", "请指定一个活动，以及至多一份日志");
  const seed = hexadecimal("seed", values.seed);
  const inChinese = isChinese(values);
  const document = readText(campaign);
  const load = (): Promise<Engine> => Engine.load(document, seed === undefined ? {} : { seed });
  const engine = await orProblems(campaign, inChinese, load);
  const log = readText(file ?? "-");
  const found = engine.audit(stamped(log, clockOf(document)));
  engine.free();
  const exit = found.count > 0 ? Exit.Findings : Exit.Well;
  if (values.json === true) return say(JSON.stringify(found, null, 2) + "\n", exit);
  const places = found.count > 0 ? placesOf(log) : [];
  const lines = found.findings.map((finding) => described(finding, places, inChinese));
  const { commands, accepted, facts, count, digest } = found;
  const sum = inChinese
    ? `${commands} 条指令，接受 ${accepted} 条，${facts} 条事实，${count} 处不成立`
    : `${commands} commands, ${accepted} accepted, ${facts} facts, ${count} findings`;
  return say(`${lines.join("")}${sum}\n${digest}\n`, exit);
}

type Finding = Audit["findings"][number];
type Objection = Finding["why"][number];

/** A finding in words: where, what, why, and what should stand there. */
function described(finding: Finding, places: readonly Place[], inChinese: boolean): string {
  const { position, code, id, expected, claimed, why } = finding;
  const place = inWords(places[position] ?? { entry: position + 1 }, inChinese, "entry");
  const words = (both: readonly [en: string, zh: string] | undefined): string =>
    both === undefined ? "" : `: ${both[inChinese ? 1 : 0]}`;
  const reasons = why.map((objection) => {
    const { fact, kind } = objection;
    const which =
      fact == null ? "" : ` ${inChinese ? "事实" : "fact"} ${fact}${kind == null ? "" : ` (${kind})`}`;
    return `  ${objection.code}${which}${words(OBJECTIONS[objection.code]?.(objection.detail ?? ""))}\n`;
  });
  const said = [
    [inChinese ? "应为" : "expected", expected],
    [inChinese ? "声称" : "claimed", claimed],
  ].filter(([, text]) => text != null);
  const details = said.map(([name, text]) => `  ${name}: ${text}\n`);
  const head = `${place}: ${code}${id == null ? "" : ` ${id}`}${words(FINDINGS[code])}\n`;
  return head + reasons.join("") + details.join("");
}

/** What each finding means. */
const FINDINGS: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  LINE_MALFORMED: ["this is no entry of a log", "这不是日志条目"],
  CAMPAIGN_INVALID: ["this campaign cannot follow the one before", "该活动文档不能接续之前的文档"],
  TIME_BACKWARDS: ["it is earlier than the command before", "时间早于前一条指令"],
  ID_REPEATED: ["this command was sent before", "该指令此前已发送过"],
  ID_REUSED: ["its id was used for something else before", "其 id 此前用于另一条指令"],
  SENDER_DIFFERS: ["it acts in the name of someone else", "以他人名义发出"],
  FACT_WITHOUT_COMMAND: ["no command led to it", "没有对应的指令"],
  ANSWER_DIFFERS: ["the answer is not what the rules say", "回答与规则判定不符"],
  DIGEST_DIFFERS: ["the state is not the one that was claimed", "状态与声称的不符"],
};

/** What each objection means; `detail` is a rejection code, a field or a command's id. */
const OBJECTIONS: Readonly<
  Record<Objection["code"], ((detail: string) => readonly [en: string, zh: string]) | undefined>
> = {
  COMMAND_MALFORMED: (field) => [
    `the command is not valid: look at \`${field}\``,
    `指令无效：请检查 \`${field}\``,
  ],
  NOT_ACCEPTED: (code) => [`the rules refuse it with ${code}`, `规则会以 ${code} 拒绝`],
  NOT_REFUSED: (code) => [
    `the rules accept it, the log refuses it with ${code}`,
    `规则接受它，日志却以 ${code} 拒绝`,
  ],
  OTHER_REFUSAL: (code) => [`the rules refuse it with ${code}`, `规则会以 ${code} 拒绝`],
  FACT_FORGED: () => ["this did not happen", "没有发生过"],
  FACT_CHANGED: (field) => [`\`${field}\` is another`, `\`${field}\` 与实际不同`],
  FACT_REPEATED: () => ["this happened once and is claimed again", "只发生过一次，却重复声称"],
  FACT_MISSING: () => ["this happened and is left out", "发生过，却被遗漏"],
  FACT_ORDER: () => [
    "the right facts in the wrong order or under the wrong ids",
    "事实正确，但顺序或 id 有误",
  ],
  OTHER_COMMAND: (id) => [`this answers the command ${id}`, `这是对指令 ${id} 的回答`],
  OTHER_FORM: () => ["this is not what an answer looks like", "不是回答的格式"],
};
