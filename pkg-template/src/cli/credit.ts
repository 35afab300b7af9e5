import { credit, CREDIT_MODELS, type CreditModel, type CreditOptions, type CreditPath } from "kfactor";
import { span } from "./insight.js";
import { table } from "./table.js";
import { cell, Exit, isChinese, parse, readText, say, usage } from "./terminal.js";

const TEXT = { type: "string" } as const;
const OPTIONS = {
  model: TEXT,
  separator: TEXT,
  position: TEXT,
  direct: TEXT,
  transform: TEXT,
  "half-life": TEXT,
  "look-back": TEXT,
} as const;

const TRANSFORMS = ["none", "exposure", "first", "without-direct"] as const;

/** `kfactor credit [PATHS|-]`: a table with the columns path, converted, lost and value. */
export async function creditCommand(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [file = "-", ...more] = positionals;
  if (more.length > 0) throw usage("name at most one file of paths", "至多指定一个路径文件");
  const text = readText(file);
  const separator = typeof values.separator === "string" ? values.separator : ">";
  const paths = /^\s*[[{]/.test(text) ? ofJson(text, file) : ofTable(text, file, separator);
  const isTimed = paths.some(({ touches }) => touches.some((touch) => typeof touch !== "string"));
  const models = modelsOf(values.model, isTimed);
  const options = optionsOf(values);
  const rows = new Map<string, Record<string, number>>();
  for (const model of models) {
    for (const { channel, conversions, value } of await credit(paths, model, options)) {
      const row = rows.get(channel) ?? {};
      rows.set(channel, row);
      row[model] = conversions;
      row[`${model}.value`] = value;
    }
  }
  const bare = paths.filter(({ touches }) => touches.length === 0);
  const lone = bare.reduce((sum, { converted = 1 }) => sum + converted, 0);
  if (lone > 0)
    process.stderr.write(
      isChinese(values)
        ? `kfactor: ${lone} 次转化没有触点，不归因给任何渠道\n`
        : `kfactor: ${lone} conversions have no touch and are credited to nobody\n`,
    );
  const hasValue = paths.some(({ value = 0 }) => value > 0);
  const columns = models.flatMap((model) => (hasValue ? [model, `${model}.value`] : [model]));
  if (values.json === true) {
    const all = [...rows].map(([channel, row]) => ({
      channel,
      ...Object.fromEntries(columns.map((column) => [column, row[column]])),
    }));
    return say(JSON.stringify(all, null, 2) + "\n", Exit.Well);
  }
  const lines = [...rows].map(([channel, row]) => [cell(channel), ...columns.map((column) => row[column])]);
  const printed = [["channel", ...columns], ...lines].map((line) => line.join(",") + "\r\n");
  return say(printed.join(""), Exit.Well);
}

/** Paths as `[{"touches":["a",{"channel":"b","at":1}],"converted":3,"lost":1}]`, or one for each line. */
function ofJson(text: string, file: string): CreditPath[] {
  const whole = text.trimStart();
  const parts = whole.startsWith("[") ? [whole] : whole.split("\n").filter((line) => line.trim() !== "");
  try {
    const paths = parts.flatMap((part) => JSON.parse(part) as CreditPath | CreditPath[]);
    if (paths.every(({ touches }) => Array.isArray(touches))) return paths;
  } catch {
    // Said below.
  }
  throw usage(
    `${file} has no paths: each needs a list \`touches\``,
    `${file} 中没有路径：每条都需要列表 \`touches\``,
  );
}

/** Paths as `search > poster,3,1`, behind a header that names the columns. */
function ofTable(text: string, file: string, separator: string): CreditPath[] {
  const { columns, rows } = table(file, text);
  if (!columns.includes("path"))
    throw usage(
      `${file} needs a column \`path\`, as in "search > poster"`,
      `${file} 需要一列 \`path\`，如 "search > poster"`,
    );
  return rows.map(({ line, cells: row }) => {
    const number = (name: string, otherwise: number): number => {
      const given = row[name] ?? "";
      const found = given === "" ? otherwise : Number(given);
      if (Number.isSafeInteger(found) && found >= 0) return found;
      throw usage(
        `${file}:${line}: \`${name}\` is no whole number: ${given}`,
        `${file}:${line}：\`${name}\` 不是整数：${given}`,
      );
    };
    const touches = (row.path ?? "").split(separator).map((channel) => channel.trim());
    return {
      touches: touches.filter((channel) => channel !== ""),
      converted: number("converted", 1),
      lost: number("lost", 0),
      value: number("value", 0),
    };
  });
}

function modelsOf(given: unknown, isTimed: boolean): readonly CreditModel[] {
  // Without times, all touches would weigh alike under time decay.
  if (given === undefined) return CREDIT_MODELS.filter((model) => isTimed || model !== "timeDecay");
  const model = CREDIT_MODELS.find((known) => known === given);
  if (model === undefined)
    throw usage(`--model is one of ${CREDIT_MODELS.join(", ")}`, `--model 可为 ${CREDIT_MODELS.join("、")}`);
  return [model];
}

function optionsOf(values: { [name: string]: string | boolean | undefined }): CreditOptions {
  const halfLife = span("half-life", values["half-life"]);
  const lookBack = span("look-back", values["look-back"]);
  return {
    ...(halfLife === undefined ? {} : { halfLife }),
    ...(lookBack === undefined ? {} : { lookBack }),
    ...(typeof values.direct === "string" ? { direct: values.direct } : {}),
    ...(values.position === undefined ? {} : { position: percentages(values.position) }),
    transform: transformOf(values.transform),
  };
}

/** How paths are shortened. */
export function transformOf(given: unknown): NonNullable<CreditOptions["transform"]> {
  const how = given === undefined ? "none" : TRANSFORMS.find((known) => known === given);
  if (how === undefined)
    throw usage(
      `--transform is one of ${TRANSFORMS.join(", ")}`,
      `--transform 可为 ${TRANSFORMS.join("、")}`,
    );
  return how;
}

function percentages(given: unknown): [first: number, last: number] {
  const [, first = "", last = ""] = /^(\d{1,3})\/(\d{1,3})$/.exec(String(given)) ?? [];
  if (first === "" || Number(first) + Number(last) > 100)
    throw usage("--position is two percentages such as 40/40", "--position 应为两个百分比，如 40/40");
  return [Number(first), Number(last)];
}
