import { Engine } from "kfactor";
import { Exit, hexadecimal, isChinese, orProblems, parse, readText, say, usage } from "./terminal.js";

/** `kfactor audit CAMPAIGN [LOG|-]` */
export async function audit(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, { seed: { type: "string" } });
  const [campaign, log, ...more] = positionals;
  if (campaign === undefined || more.length > 0)
    throw usage("name one campaign and at most one log", "请指定一个活动，以及至多一份日志");
  const seed = hexadecimal("seed", values.seed);
  const load = (): Promise<Engine> => Engine.load(readText(campaign), seed === undefined ? {} : { seed });
  const engine = await orProblems(campaign, isChinese(values), load);
  const found = engine.audit(readText(log ?? "-"));
  engine.free();
  const exit = found.count > 0 ? Exit.Findings : Exit.Well;
  if (values.json === true) return say(JSON.stringify(found, null, 2) + "\n", exit);
  const lines = found.findings.map(({ position, code, id, expected, claimed, why }) => {
    const said = [
      ["expected", expected],
      ["claimed", claimed],
    ].filter(([, text]) => text != null);
    const reasons = why.map(({ code, fact, kind, detail }) => {
      const which = fact == null ? "" : ` fact ${fact}${kind == null ? "" : ` (${kind})`}`;
      return `  ${code}${which}${detail == null ? "" : `: ${detail}`}\n`;
    });
    const details = said.map(([name, text]) => `  ${name}: ${text}\n`).join("");
    return `entry ${position}: ${code}${id == null ? "" : ` ${id}`}\n${reasons.join("")}${details}`;
  });
  const { commands, accepted, facts, count, digest } = found;
  const sum = `${commands} commands, ${accepted} accepted, ${facts} facts, ${count} findings\n`;
  return say(`${lines.join("")}${sum}${digest}\n`, exit);
}
