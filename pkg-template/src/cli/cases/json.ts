/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | Fields;

/** A JSON object. */
export interface Fields {
  [key: string]: Json;
}

/** Whether a value is a JSON object. */
export function isObject(value: Json | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The entries of a list; none if it is no list. */
export function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** The member of an object; nothing if it has none, or is no object. */
export function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A text, or nothing. */
export function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Text that cannot be read as JSON, or has a key twice. */
export class JsonError extends Error {}

/** Reads JSON in which no object has a key twice. The message of the error begins with `line:column`. */
export function readJson(source: string): Json {
  const reader = new Reader(source);
  const value = reader.value("");
  reader.take(END, "the end");
  return value;
}

/** RFC 7396: the target with a patch applied. */
export function merged(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: Fields = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-f]{4}))*"/iy;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const END = /$/y;

class Reader {
  private at = 0;

  constructor(private readonly source: string) {}

  value(path: string): Json {
    if (this.next("{")) return this.object(path);
    if (this.next("[")) return this.array(path);
    const string = this.match(STRING);
    return JSON.parse(string ?? this.take(SCALAR, "a value")) as Json;
  }

  /** What matches here, behind white space. */
  take(pattern: RegExp, what: string): string {
    const found = this.match(pattern);
    if (found === undefined) throw this.error(`not JSON: ${what} is expected`);
    return found;
  }

  private object(path: string): Fields {
    const result: Fields = {};
    if (this.next("}")) return result;
    do {
      this.space();
      const start = this.at;
      const key = JSON.parse(this.take(STRING, "a key")) as string;
      const inner = `${path}/${key}`;
      if (Object.hasOwn(result, key)) throw this.error(`\`${inner}\` stands twice`, start);
      this.take(/:/y, "a colon");
      result[key] = this.value(inner);
    } while (this.next(","));
    this.take(/}/y, "a comma or }");
    return result;
  }

  private array(path: string): Json[] {
    const result: Json[] = [];
    if (this.next("]")) return result;
    do result.push(this.value(`${path}/${result.length}`));
    while (this.next(","));
    this.take(/]/y, "a comma or ]");
    return result;
  }

  private next(character: string): boolean {
    this.space();
    const found = this.source[this.at] === character;
    if (found) this.at++;
    return found;
  }

  private match(pattern: RegExp): string | undefined {
    this.space();
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private space(): void {
    while (" \t\n\r".includes(this.source[this.at] ?? "x")) this.at++;
  }

  private error(what: string, at = this.at): JsonError {
    const lines = this.source.slice(0, at).split("\n");
    return new JsonError(`${lines.length}:${(lines.at(-1) ?? "").length + 1}: ${what}`);
  }
}
