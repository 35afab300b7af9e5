import { validate } from "kfactor";
import { describe, Exit, isChinese, parse, readText, say, usage } from "./terminal.js";

/** `kfactor validate FILE…` */
export async function validateFiles(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, {});
  if (positionals.length === 0) throw usage("name at least one campaign document");
  const found = [];
  for (const file of positionals) {
    const problems = await validate(readText(file));
    found.push(...problems.map((problem) => ({ file, ...problem })));
  }
  const errors = found.filter((problem) => problem.severity === "error").length;
  const exit = errors > 0 ? Exit.Findings : Exit.Well;
  if (values.json === true) return say(JSON.stringify(found, null, 2) + "\n", exit);
  const lines = found.map((problem) => describe(problem.file, problem, isChinese(values)));
  const counted = [
    count(positionals.length, "file"),
    `${count(errors, "error")}, ${count(found.length - errors, "warning")}`,
  ];
  return say(`${lines.join("")}${counted.join(": ")}\n`, exit);
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}
