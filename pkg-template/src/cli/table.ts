import { Exit, Stop } from "./terminal.js";

/** A line of a table: its cells by column, and where it begins in the file. */
export interface Row {
  /** From 1; the header is there as well. */
  line: number;
  cells: Readonly<Record<string, string>>;
}

/** A table with a header. */
export interface Table {
  columns: readonly string[];
  rows: readonly Row[];
}

/** Reads a table (RFC 4180) with a header; lines without anything are left out. */
export function table(file: string, csv: string): Table {
  const [header, ...records] = recordsOf(file, csv);
  const columns = (header?.cells ?? []).map((name) => name.trim());
  const twice = columns.find((name, at) => columns.indexOf(name) !== at);
  if (twice !== undefined)
    throw wrong(file, 1, `two columns are called \`${twice}\``, `有两列都叫 \`${twice}\``);
  const rows = records.map(({ line, cells }) => {
    if (cells.length > columns.length)
      throw wrong(
        file,
        line,
        `there are ${cells.length} cells for ${columns.length} columns; quote what has commas`,
        `有 ${cells.length} 个单元格，而只有 ${columns.length} 列；含逗号的内容请加引号`,
      );
    return { line, cells: Object.fromEntries(columns.map((name, at) => [name, cells[at] ?? ""])) };
  });
  return { columns, rows };
}

function recordsOf(file: string, csv: string): { line: number; cells: string[] }[] {
  // A cell: quoted, with doubled quotes inside, or up to the next comma or line feed; then what ends it.
  const cell = /(?:"((?:[^"]|"")*)"|((?!")[^,\r\n]*))(,|\r?\n|$)/y;
  const records: { line: number; cells: string[] }[] = [];
  let [line, next, cells] = [1, 1, [] as string[]];
  for (let at = 0; at < csv.length || cells.length > 0;) {
    cell.lastIndex = at;
    const found = cell.exec(csv);
    if (found === null)
      throw wrong(
        file,
        next,
        "this cell begins with a quote and does not end with one",
        "单元格以引号开头却没有以引号结尾",
      );
    const [whole, quoted, plain = "", end] = found;
    cells.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    at += whole.length;
    next += whole.split("\n").length - 1;
    if (end === ",") continue;
    if (cells.length > 1 || cells[0] !== "") records.push({ line, cells });
    [line, cells] = [next, []];
  }
  return records;
}

function wrong(file: string, line: number, en: string, zh: string): Stop {
  return new Stop(Exit.Usage, `${file}:${line}: ${en}`, `${file}:${line}：${zh}`);
}
