// Addresses without `URL`, which mini-programs do not have.

/** Values as a query, with its question mark; what is not given is left out. */
export function query(values: Record<string, string | number | undefined>): string {
  const text = pairs(values);
  return text === "" ? "" : `?${text}`;
}

/** An address with values in its query, in the place of those of the same names. */
export function withQuery(address: string, values: Record<string, string | number | undefined>): string {
  const [front, fragment] = cut(address, "#");
  const [page, search = ""] = cut(front, "?");
  const given = new Set(Object.keys(values).filter((name) => values[name] !== undefined));
  const others = search.split("&").filter((pair) => pair !== "" && !given.has(cut(pair, "=")[0]));
  const all = [...others, pairs(values)].filter((part) => part !== "").join("&");
  return page + (all === "" ? "" : `?${all}`) + (fragment === undefined ? "" : `#${fragment}`);
}

/** The values of a query; the first of a name counts. */
export function valuesOf(search: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const pair of search.split("&")) {
    const [name, value = ""] = cut(pair, "=");
    if (name !== "" && !values.has(decoded(name))) values.set(decoded(name), decoded(value));
  }
  return values;
}

/** A part of an address as text; what is no code stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, " "));
  } catch {
    return text;
  }
}

/** What stands before a mark and what stands behind it, if it is there. */
export function cut(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function pairs(values: Record<string, string | number | undefined>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join("&");
}
