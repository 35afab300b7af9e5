import { bindings, type Policy } from "kfactor";
import { span } from "./insight.js";
import { Exit, isChinese, parse, readBytes, say, usage } from "./terminal.js";

const TEXT = { type: "string" } as const;
const OPTIONS = { lock: TEXT, rebind: TEXT, protection: TEXT, eligible: TEXT, renew: TEXT } as const;

/** `kfactor bindings [EVENTS|-]` */
export async function bindingsCommand(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [file = "-", ...more] = positionals;
  if (more.length > 0) throw usage("name at most one file of events", "至多指定一个事件文件");
  const given = {
    lock: values.lock,
    rebind: values.rebind,
    protection: span("protection", values.protection),
    eligible: values.eligible,
    renewOn: values.renew,
  };
  for (const [name, known] of Object.entries(WORDS)) {
    const word = values[name];
    if (word !== undefined && !known.includes(String(word)))
      throw usage(`--${name} is one of ${known.join(", ")}`, `--${name} 可为 ${known.join("、")}`);
  }
  const policy = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Policy;
  const found = await bindings(readBytes(file), policy);
  const exit = found.skipped > 0 ? Exit.Findings : Exit.Well;
  if (values.json === true) return say(JSON.stringify(found, null, 2) + "\n", exit);
  const inChinese = isChinese(values);
  for (const { id, reason } of found.refused) {
    const words = REASONS[reason]?.[inChinese ? 1 : 0];
    process.stderr.write(`${id}: ${reason}${words === undefined ? "" : `: ${words}`}\n`);
  }
  if (found.skipped > 0) process.stderr.write(`kfactor: ${skipped(found.skipped, inChinese)}\n`);
  const time = (at: number | null | undefined): string => (at == null ? "" : new Date(at).toISOString());
  const lines = found.bound.map(({ who, inviter, since, until }) => [who, inviter, time(since), time(until)]);
  const all = [["who", "inviter", "since", "until"], ...lines];
  return say(all.map((line) => line.join(",") + "\r\n").join(""), exit);
}

/** The words of a policy, by the option that takes them. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  lock: ["first-touch", "first-register", "first-order", "first-pay"],
  rebind: ["never", "after-protection", "always"],
  eligible: ["all", "new-only"],
  renew: ["none", "purchase", "visit"],
};

/** Why an event makes nobody anybody's customer. */
const REASONS: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  self: ["both ids are one person's", "两个编号是同一个人"],
  cycle: ["they invited this inviter themselves", "邀请人正是其自己带来的"],
  "not-new": ["they had registered before", "此前已注册，不是新客"],
  protected: ["another inviter is protected", "仍在其他邀请人的保护期内"],
  "both-known": ["both ids are of people who registered", "两个编号都已注册，不能合并"],
};

function skipped(count: number, inChinese: boolean): string {
  const form = '{"id":"e1","at":1796090400000,"who":"bo","do":"click","other":"ann"}';
  if (inChinese) return `有 ${count} 行不是事件；事件写成 ${form}`;
  const which = count === 1 ? "1 line is no event" : `${count} lines are no events`;
  return `${which}; they are written as ${form}`;
}
