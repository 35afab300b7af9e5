import { type ArmResult, compareArms, variant } from "kfactor";
import { Exit, isChinese, parse, readText, say, usage } from "./terminal.js";

/** `kfactor variant EXPERIMENT ARM[=WEIGHT]…`: the variant of each person of a list. */
export async function variantCommand(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, { people: { type: "string" } });
  const [experiment, ...arms] = positionals;
  if (experiment === undefined || arms.length === 0)
    throw usage("name the experiment and its arms, as a=1 b=3", "请给出实验名和各组，如 a=1 b=3");
  const weights = Object.fromEntries(arms.map(armOf));
  const people = readText(typeof values.people === "string" ? values.people : "-");
  const ids = people.split(/\r?\n/).filter((id) => id !== "");
  const rows = ids.map((who) => ({ who, variant: variant(experiment, who, weights) }));
  if (values.json === true) return say(JSON.stringify(rows, null, 2) + "\n", Exit.Well);
  const lines = ["who,variant", ...rows.map((row) => `${row.who},${row.variant}`)];
  return say(lines.map((line) => line + "\r\n").join(""), Exit.Well);
}

/** `kfactor compare ARM=CONVERTED/PEOPLE[/WEIGHT]…`: which arm of an experiment is better, at any time. */
export async function compareCommand(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, {});
  if (positionals.length < 2)
    throw usage(
      "name two arms or more, as card=31/1000 sms=52/980",
      "请给出至少两组，如 card=31/1000 sms=52/980",
    );
  const found = await compareArms(positionals.map(resultOf));
  const isBroken = found.sampleRatio < 0.001;
  const exit = isBroken ? Exit.Findings : Exit.Well;
  if (values.json === true) return say(JSON.stringify(found, null, 2) + "\n", exit);
  const words_ = isChinese(values) ? ZH : EN;
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
  const lines = found.arms.map(({ name, rate, againstFirst }) => {
    const verdict =
      againstFirst === null
        ? words_.first
        : `${words_.verdict(againstFirst.p, againstFirst.difference)} [${percent(againstFirst.low)}, ${percent(againstFirst.high)}], p ${againstFirst.p.toPrecision(2)}`;
    return `${name.padEnd(16)} ${percent(rate).padStart(9)}  ${verdict}`;
  });
  lines.push(words_.split(found.sampleRatio, isBroken));
  return say(lines.join("\n") + "\n", exit);
}

const EN = {
  first: "the others are compared with this one",
  verdict: (p: number, difference: number): string =>
    p > 0.05 ? "no difference shown yet" : difference > 0 ? "better" : "worse",
  split: (p: number, isBroken: boolean) =>
    isBroken
      ? `the split is broken (p ${p.toPrecision(2)}): people were not assigned as planned, so nothing above means anything`
      : `the split is as planned (p ${p.toPrecision(2)})`,
};
const ZH: typeof EN = {
  first: "对照组",
  verdict: (p, difference) => (p > 0.05 ? "尚无显著差异" : difference > 0 ? "更好" : "更差"),
  split: (p, isBroken) =>
    isBroken
      ? `分流比例异常（p ${p.toPrecision(2)}）：分组未按计划进行，以上结论均不可信`
      : `分流比例正常（p ${p.toPrecision(2)}）`,
};

function armOf(word: string): [string, number] {
  const [, name = "", weight = "1"] = /^([^=]+)(?:=(\d{1,4}))?$/.exec(word) ?? [];
  if (name === "")
    throw usage(
      `\`${word}\` is no arm: write a name, or a name and a weight such as b=3`,
      `\`${word}\` 不是一组：请写名称，或名称和权重，如 b=3`,
    );
  return [name, Number(weight)];
}

function resultOf(word: string): ArmResult {
  const found = /^([^=]+)=(\d+)\/(\d+)(?:\/(\d+))?$/.exec(word);
  if (found === null)
    throw usage(
      `\`${word}\` is no result: write the name, how many converted, and of how many, as card=31/1000`,
      `\`${word}\` 不是结果：请写名称、转化数和人数，如 card=31/1000`,
    );
  const [, name = "", converted, people, weight = "1"] = found;
  return { name, people: Number(people), converted: Number(converted), weight: Number(weight) };
}
