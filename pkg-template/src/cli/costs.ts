import { costs, type RewardCost } from "kfactor";
import { type Lang, money, titleIn } from "../format.js";
import { Exit, isChinese, orProblems, parse, readText, say, usage } from "./terminal.js";

/** `kfactor costs FILE`: what the rewards of a campaign can cost at most. */
export async function costsCommand(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, {});
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw usage("name one campaign document", "请指定一份活动文档");
  const lang = isChinese(values) ? "zh" : "en";
  const found = await orProblems(file, lang === "zh", () => costs(readText(file)));
  if (values.json === true) return say(JSON.stringify(found, null, 2) + "\n", Exit.Well);
  const lines = found.rewards.map((reward) => lineOf(reward, lang, found.currency));
  const all = money(lang, found.most, found.currency);
  lines.push(found.whole ? WORDS[lang].all(all) : WORDS[lang].atLeast(all));
  return say(lines.join("\n") + "\n", Exit.Well);
}

const WORDS = {
  en: {
    of: (stock: number, each: string) => `${stock} of ${each}`,
    stock: (stock: number) => `${stock} of them`,
    budget: (budget: string) => `a budget of ${budget}`,
    unbounded: "neither `stock` nor `budget`: nothing bounds it",
    unknown: "no `worth`: what it costs is not known",
    all: (most: string) => `In all at most ${most}`,
    atLeast: (most: string) => `In all ${most}, and what is not known above`,
  },
  zh: {
    of: (stock: number, each: string) => `${stock} 份，每份 ${each}`,
    stock: (stock: number) => `${stock} 份`,
    budget: (budget: string) => `预算 ${budget}`,
    unbounded: "既无 `stock` 也无 `budget`：没有上限",
    unknown: "没有 `worth`：成本未知",
    all: (most: string) => `合计最多 ${most}`,
    atLeast: (most: string) => `合计 ${most}，另加以上未知部分`,
  },
};

function lineOf(
  { reward, title, each, stock, budget, most }: RewardCost,
  lang: Lang,
  currency: string,
): string {
  const words = WORDS[lang];
  const amount = (value: number): string => money(lang, value, currency);
  const bounds = [];
  if (stock !== null) bounds.push(each === null ? words.stock(stock) : words.of(stock, amount(each)));
  if (budget !== null) bounds.push(words.budget(amount(budget)));
  if (most === null) bounds.push(stock === null ? words.unbounded : words.unknown);
  const sum = most === null ? "?" : amount(most);
  const why = lang === "zh" ? `（${bounds.join("，")}）` : ` (${bounds.join(", ")})`;
  return `${reward.padEnd(16)} ${sum.padStart(16)}  ${titleIn(lang, title)}${why}`;
}
