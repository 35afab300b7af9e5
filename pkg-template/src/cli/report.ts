import {
  createReporter,
  type Fact,
  type KfactorError,
  REPORT_FORMS,
  type ReportCounts,
  type ReportSink,
} from "kfactor";
import { fileStore } from "kfactor/files";
import { entries } from "./log.js";
import { Exit, isChinese, isWebAddress, parse, readText, say, usage } from "./terminal.js";

const TEXT = { type: "string" } as const;
const OPTIONS = { campaign: TEXT, to: TEXT, as: TEXT, key: TEXT, store: TEXT } as const;
/** A function of the site's own cannot be named on a command line. */
const FORMS = REPORT_FORMS.filter((form) => form !== "custom");
/** Nobody waits longer for a backend that takes nothing. */
const PATIENCE_MS = 60_000;
/** Facts wait in the file, not in the outbox, which would drop the oldest. */
const WAITING = 200;
const LOOK_MS = 20;

/** `kfactor report [FACTS|-] --campaign ID --to URL` */
export async function reportCommand(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [file = "-", ...more] = positionals;
  const { campaign, to, as = "cloudevents", key, store } = values;
  if (more.length > 0) throw usage("name at most one file of facts", "至多指定一个事实文件");
  if (typeof campaign !== "string" || typeof to !== "string")
    throw usage("--campaign and --to are needed", "需要 --campaign 和 --to");
  if (!isWebAddress(to))
    throw usage(
      "--to is an address, as https://example.com/events",
      "--to 应为地址，如 https://example.com/events",
    );
  if (!FORMS.some((form) => form === as))
    throw usage(`--as is one of ${FORMS.join(", ")}`, `--as 可为 ${FORMS.join("、")}`);
  const facts = factsIn(readText(file));
  let refused: KfactorError | undefined;
  // What does not fit together is said by the reporter.
  const sink = { to, as, ...(typeof key === "string" && { key }) } as ReportSink;
  const reporter = createReporter({
    ...sink,
    campaign,
    ...(typeof store === "string" && { store: fileStore(store) }),
    onError: (error) => {
      if (error.code === "REPORT_REFUSED") refused = error;
    },
  });
  let isLate = false;
  const wait = async (most: number): Promise<void> => {
    for (let since = Date.now(), done = -1; !isLate && refused === undefined;) {
      const { queued, acked, dropped } = reporter.counts();
      if (queued <= most) return;
      const now = acked + Object.values(dropped).reduce((sum, number) => sum + number, 0);
      if (now !== done) [since, done] = [Date.now(), now];
      isLate = Date.now() - since > PATIENCE_MS;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  for (const fact of facts) {
    await wait(WAITING);
    if (isLate || refused !== undefined) break;
    reporter.fact(fact);
  }
  await wait(0);
  const counts = reporter.counts();
  reporter.close();
  if (refused !== undefined)
    process.stderr.write(`${isChinese(values) ? refused.messageZh : refused.message}\n`);
  const isWell = !isLate && refused === undefined && Object.keys(counts.dropped).length === 0;
  const exit = isWell ? Exit.Well : Exit.Findings;
  if (values.json === true) return say(JSON.stringify(counts) + "\n", exit);
  return say(isChinese(values) ? inChinese(counts) : inEnglish(counts), exit);
}

/** Facts: an array, or one a line; answers with their facts will do as well. */
function factsIn(text: string): Fact[] {
  const found: Fact[] = [];
  for (const [at, entry] of lines(text).entries()) {
    const facts = Array.isArray(entry.facts) ? (entry.facts as Fact[]) : [entry as unknown as Fact];
    for (const fact of facts) {
      if (typeof fact.id !== "string" || typeof fact.kind !== "string" || typeof fact.at !== "number") {
        throw usage(`entry ${at + 1} is no fact`, `第 ${at + 1} 条不是事实`);
      }
      found.push(fact);
    }
  }
  return found;
}

function lines(text: string): Record<string, unknown>[] {
  try {
    return entries(text).map((entry) => Object(JSON.parse(entry)) as Record<string, unknown>);
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    throw usage(`the facts are not JSON: ${why}`, `事实不是 JSON：${why}`);
  }
}

function inEnglish({ acked, queued, dropped }: ReportCounts): string {
  return `${acked} reported, ${queued} waiting${listed(dropped, "dropped")}\n`;
}

function inChinese({ acked, queued, dropped }: ReportCounts): string {
  return `已上报 ${acked} 条，等待 ${queued} 条${listed(dropped, "丢弃")}\n`;
}

function listed(dropped: Record<string, number>, word: string): string {
  const reasons = Object.entries(dropped).map(([reason, number]) => `${number} ${reason}`);
  return reasons.length === 0 ? "" : `, ${word}: ${reasons.join(", ")}`;
}
