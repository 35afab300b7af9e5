import { bindings, type Policy } from "kfactor";
import { span } from "./insight.js";
import { Exit, parse, readBytes, say, usage } from "./terminal.js";

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
  const policy = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Policy;
  const found = await bindings(readBytes(file), policy);
  const exit = found.skipped > 0 ? Exit.Findings : Exit.Well;
  if (values.json === true) return say(JSON.stringify(found, null, 2) + "\n", exit);
  for (const { id, reason } of found.refused) process.stderr.write(`${id}: ${reason}\n`);
  if (found.skipped > 0) process.stderr.write(`kfactor: ${found.skipped} lines are no events\n`);
  const time = (at: number | null | undefined): string => (at == null ? "" : new Date(at).toISOString());
  const lines = found.bound.map(({ who, inviter, since, until }) => [who, inviter, time(since), time(until)]);
  const all = [["who", "inviter", "since", "until"], ...lines];
  return say(all.map((line) => line.join(",") + "\r\n").join(""), exit);
}
