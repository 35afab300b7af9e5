import { validate } from "kfactor";
import { describe, Exit, isChinese, parse, readText, say, usage } from "./terminal.js";

/** `kfactor validate FILE…` */
export async function validateFiles(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, {});
  if (positionals.length === 0) throw usage("name at least one campaign document", "请指定至少一份活动文档");
  const found = [];
  for (const file of positionals) {
    const problems = await validate(readText(file));
    found.push(...problems.map((problem) => ({ file, ...problem })));
  }
  const errors = found.filter((problem) => problem.severity === "error").length;
  const exit = errors > 0 ? Exit.Findings : Exit.Well;
  if (values.json === true) return say(JSON.stringify(found, null, 2) + "\n", exit);
  const inChinese = isChinese(values);
  const lines = found.map((problem) => describe(problem.file, problem, inChinese));
  const warnings = found.length - errors;
  const counted = inChinese
    ? `${positionals.length} 个文件：${errors} 个错误，${warnings} 个警告`
    : `${count(positionals.length, "file")}: ${count(errors, "error")}, ${count(warnings, "warning")}`;
  return say(`${lines.join("")}${counted}\n`, exit);
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}
