import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Engine, insight, insightTables } from "kfactor";
import type { Campaign, Fact, Group, Report } from "kfactor";
import { titleIn } from "../format.js";
import { transformOf } from "./credit.js";
import { entries } from "./log.js";
import { Exit, isChinese, orProblems, padded, parse, readBytes, readText, say, usage } from "./terminal.js";

const TEXT = { type: "string" } as const;
const OPTIONS = {
  window: TEXT,
  offset: TEXT,
  csv: TEXT,
  campaign: TEXT,
  transform: TEXT,
  "look-back": TEXT,
  "half-life": TEXT,
} as const;

/** `kfactor insight [FACTS|-]` */
export async function insightCommand(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [file = "-", ...more] = positionals;
  if (more.length > 0) throw usage("name at most one file of facts", "至多指定一个事实文件");
  const window = span("window", values.window);
  const offset = minutes(values.offset);
  const lookBack = span("look-back", values["look-back"]);
  const halfLife = span("half-life", values["half-life"]);
  const bytes = readBytes(file);
  const document = values.campaign;
  const segments =
    typeof document === "string" ? await groups(document, bytes.toString(), isChinese(values)) : undefined;
  const report = await insight(bytes, {
    transform: transformOf(values.transform),
    ...(lookBack === undefined ? {} : { lookBack }),
    ...(halfLife === undefined ? {} : { halfLife }),
    ...(segments === undefined ? {} : { segments }),
    ...(window === undefined ? {} : { window }),
    ...(offset === undefined ? {} : { offset }),
  });
  if (typeof values.csv === "string") {
    mkdirSync(values.csv, { recursive: true });
    for (const [name, text] of Object.entries(insightTables(report)))
      writeFileSync(join(values.csv, `${name}.csv`), text);
  }
  if (report.facts === 0)
    process.stderr.write(isChinese(values) ? "kfactor: 没有读到事实\n" : "kfactor: no facts were read\n");
  const exit = report.facts === 0 ? Exit.Findings : Exit.Well;
  if (values.json === true) return say(JSON.stringify(report, null, 2) + "\n", exit);
  const titles = typeof document === "string" ? titlesOf(readText(document), isChinese(values)) : {};
  return say(isChinese(values) ? text(report, ZH, titles) : text(report, EN, titles), exit);
}

/** What a document calls its touchpoints. */
function titlesOf(document: string, inChinese: boolean): Titles {
  const { touchpoints = {} } = JSON.parse(document) as Campaign;
  const lang = inChinese ? "zh" : "en";
  const titled = Object.entries(touchpoints).map(
    ([name, touchpoint]) => [name, touchpoint?.title ?? ""] as const,
  );
  return Object.fromEntries(titled.map(([name, title]) => [name, titleIn(lang, title)]));
}

type Titles = Readonly<Record<string, string>>;

/** Who is in which segment of a document, by what the facts say until the last of them. */
async function groups(file: string, text: string, inChinese: boolean): Promise<Group[]> {
  const engine = await orProblems(file, inChinese, () => Engine.load(readText(file)));
  try {
    const facts = entries(text).flatMap((entry) => factsOf(JSON.parse(entry) as Entry));
    engine.apply(facts);
    return engine.segments({ at: facts.at(-1)?.at ?? 0 });
  } catch (reason) {
    const { message, messageZh = message } = reason as Error & { messageZh?: string };
    throw usage(`the facts are not those of ${file}: ${message}`, `这些事实不属于 ${file}：${messageZh}`);
  } finally {
    engine.free();
  }
}

/** A fact, an answer, or an entry of a log that holds one. */
type Entry = Partial<Fact> & { facts?: Fact[]; answer?: Entry };

function factsOf(entry: Entry): Fact[] {
  if (entry.answer !== undefined) return factsOf(entry.answer);
  return entry.facts ?? (entry.kind === undefined ? [] : [entry as Fact]);
}

const EN = {
  read: (facts: number, people: number) => `${facts} facts, ${people} people`,
  stages: {
    seen: "saw a page",
    arrived: "arrived",
    tookPart: "took part",
    converted: "converted",
    shared: "shared",
    brought: "brought others",
  },
  k: "K",
  within: "within",
  days: "d",
  cycle: "cycle time, median",
  hours: "h",
  tree: "tree",
  generations: "generations",
  virality: "structural virality",
  touchpoint: "touchpoint",
  rate: "converted",
  credit: "credit (markov)",
  skipped: "lines that are no facts",
  posters: "poster",
  drawn: "drawn",
  scanned: "scanned",
  arrived: "arrived",
  rewards: "reward",
  given: "given",
  each: "for each customer who was brought",
  late: "adds without a place kept",
  segment: "segment",
  merged: (ids: number) => `${ids} ids are other names of somebody`,
  doubles: {
    "helped-self": "helped their own",
    "helped-twice": "helped twice",
    "invited-self": "came by their own share",
  },
};
const ZH: typeof EN = {
  read: (facts, people) => `${facts} 条事实，${people} 人`,
  stages: {
    seen: "看到页面",
    arrived: "到访",
    tookPart: "参与",
    converted: "转化",
    shared: "分享",
    brought: "带来新人",
  },
  k: "K 因子",
  within: "窗口",
  days: "天",
  cycle: "裂变周期中位数",
  hours: "小时",
  tree: "传播树",
  generations: "代",
  virality: "结构传播度",
  touchpoint: "触点",
  rate: "转化率",
  credit: "归因（马尔可夫）",
  skipped: "行不是事实",
  posters: "海报",
  drawn: "生成",
  scanned: "扫码",
  arrived: "到访",
  rewards: "奖励",
  given: "发放",
  each: "每位裂变新客",
  late: "未占名额的添加",
  segment: "人群",
  merged: (ids) => `${ids} 个编号已合并`,
  doubles: { "helped-self": "为自己助力", "helped-twice": "重复助力", "invited-self": "自己邀请自己" },
};

function text(report: Report, words: typeof EN, titles: Titles): string {
  const percent = (rate: number) => `${(rate * 100).toFixed(1)} %`;
  const rateOf = ({ arrived, converted }: { arrived: number; converted: number }) =>
    percent(arrived === 0 ? 0 : converted / arrived);
  const { k, tree, cycle } = report;
  const lines = [words.read(report.facts, report.people)];
  if (report.skipped > 0) lines.push(`${report.skipped} ${words.skipped}`);
  for (const { stage, people, rate } of report.funnel) {
    const name = words.stages[stage as keyof typeof words.stages];
    lines.push(`  ${padded(name, 16)} ${String(people).padStart(8)}  ${percent(rate).padStart(8)}`);
  }
  const days = report.window / 86_400_000;
  lines.push(
    `${words.k} ${k.value.toFixed(3)} [${k.low.toFixed(3)}, ${k.high.toFixed(3)}] (${words.within} ${days} ${words.days})`,
  );
  lines.push(`${words.cycle} ${(cycle.median / 3_600_000).toFixed(1)} ${words.hours}`);
  lines.push(`${words.tree}: ${tree.widths.join(" > ")}, ${words.virality} ${tree.virality.toFixed(2)}`);
  lines.push(`${words.touchpoint}:`);
  const markov = report.credit.find(({ model }) => model === "markov")?.channels ?? {};
  for (const slice of report.touchpoints) {
    const { name, arrived } = slice;
    const credit = ((markov[name] ?? 0) / 1000).toFixed(2);
    lines.push(
      `  ${name.padEnd(16)} ${String(arrived).padStart(8)}  ${words.rate} ${rateOf(slice)}, ${words.credit} ${credit}${titles[name] ? `  ${titles[name]}` : ""}`,
    );
  }
  if (report.posters.length > 0) lines.push(`${words.posters}:`);
  for (const slice of report.posters) {
    const { name, drawn, scanned, arrived } = slice;
    const came = `${words.drawn} ${drawn ?? 0} > ${words.scanned} ${scanned ?? 0} > ${words.arrived} ${arrived}`;
    lines.push(`  ${name.padEnd(16)} ${came}, ${words.rate} ${rateOf(slice)}`);
  }
  if (report.rewards.length > 0) lines.push(`${words.rewards}:`);
  for (const { reward, count, spent, perNewCustomer } of report.rewards) {
    const each = perNewCustomer == null ? "" : `, ${(perNewCustomer / 100).toFixed(2)} ${words.each}`;
    lines.push(`  ${reward.padEnd(16)} ${words.given} ${count} (${(spent / 100).toFixed(2)})${each}`);
  }
  const late = report.liveCodes.reduce((sum, row) => sum + row.late, 0);
  if (late > 0) lines.push(`${words.late}: ${late}`);
  for (const slice of report.segments) {
    const counted = `${slice.name.padEnd(16)} ${String(slice.arrived).padStart(8)}`;
    lines.push(`  ${words.segment} ${counted}  ${words.rate} ${rateOf(slice)}`);
  }
  if (report.merged > 0) lines.push(words.merged(report.merged));
  for (const { who, what, loop } of report.doubles) {
    lines.push(`  ${who}: ${words.doubles[what as keyof typeof words.doubles]} ${loop ?? ""}`.trimEnd());
  }
  return lines.join("\n") + "\n";
}

/** A span such as `7d` or `12h`, in milliseconds. */
export function span(name: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const [, number = "", unit = ""] = /^([1-9][0-9]{0,3})([dh])$/.exec(String(text)) ?? [];
  if (unit === "") throw usage(`--${name} is a span such as 7d or 12h`, `--${name} 应为时长，如 7d 或 12h`);
  return Number(number) * (unit === "d" ? 86_400_000 : 3_600_000);
}

function minutes(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const [, sign, hours, rest] = /^([+-])([01][0-9]):([0-5][0-9])$/.exec(String(text)) ?? [];
  if (sign === undefined)
    throw usage("--offset is a distance from UTC such as +08:00", "--offset 应为与 UTC 的时差，如 +08:00");
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(rest));
}
