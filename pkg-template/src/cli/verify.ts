import type { Campaign, Fact } from "./verify/books.js";
import { check, type Revision } from "./verify/check.js";
import { commitment } from "./verify/draw.js";
import { Exit, hexadecimal, isChinese, parse, readText, say, Stop, usage } from "./terminal.js";

const TEXT = { type: "string" } as const;
const OPTIONS = { seed: TEXT, facts: TEXT, commitment: TEXT } as const;

/** `kfactor verify CAMPAIGN --seed HEX --facts FILE` */
export async function verifyDraws(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [campaign, ...more] = positionals;
  if (campaign === undefined || more.length > 0) throw usage("name one campaign", "请指定一个活动");
  const seed = hexadecimal("seed", values.seed);
  if (seed?.length !== 32) throw usage("--seed must be 64 hexadecimal digits", "--seed 应为 64 位十六进制");
  if (typeof values.facts !== "string") throw usage("--facts must name a file", "--facts 应指定文件");
  const facts = readFacts(values.facts);
  const report = check(read(campaign, readText(campaign)) as Campaign, seed, facts);
  const promised = commitment(seed);
  const kept = typeof values.commitment !== "string" || values.commitment.toLowerCase() === promised;
  const exit = report.findings.length === 0 && kept ? Exit.Well : Exit.Findings;
  if (values.json === true)
    return say(JSON.stringify({ commitment: promised, kept, ...report }, null, 2) + "\n", exit);

  const inChinese = isChinese(values);
  const lines = report.findings.map(
    ({ fact, code, message, messageZh }) => `${fact}: ${code}: ${inChinese ? messageZh : message}\n`,
  );
  if (!kept)
    lines.push(
      inChinese
        ? "COMMITMENT: 种子与公布的承诺不符\n"
        : "COMMITMENT: the seed is not the one that was promised\n",
    );
  const { draws, shares, findings } = report;
  lines.push(
    inChinese
      ? `种子承诺 ${promised}\n已核对 ${draws} 次抽奖、${shares} 份红包，${findings.length} 处不符\n`
      : `commitment ${promised}\n${draws} draws and ${shares} shares checked, ${findings.length} wrong\n`,
  );
  return say(lines.join(""), exit);
}

/**
 * Facts as a JSON array, one in each line, or as the server's answer; or a log's entries, whose answers hold the facts.
 * Documents between them, as `{ "campaign": … }`, are revisions.
 */
function readFacts(file: string): (Fact | Revision)[] {
  const text = readText(file).trim();
  if (text === "") return [];
  const isLines = text.startsWith("{") && text.includes("\n") && !/^\{\s*"(ok|facts)"/.test(text);
  const value = isLines ? text.split("\n").map((line) => read(file, line)) : read(file, text);
  return factsOf(value);
}

function factsOf(value: unknown): (Fact | Revision)[] {
  if (Array.isArray(value)) return value.flatMap(factsOf);
  const { answer, command, facts } = Object(value) as {
    answer?: unknown;
    command?: unknown;
    facts?: unknown;
  };
  if (command !== undefined) return answer === undefined ? [] : factsOf(answer);
  if (Array.isArray(facts)) return facts as Fact[];
  return (value as { ok?: boolean } | null)?.ok === false ? [] : [value as Fact | Revision];
}

function read(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Stop(Exit.Usage, `${file}: not JSON`, `${file}：不是 JSON`);
  }
}
