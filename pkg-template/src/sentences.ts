// Refusals in words: the sentences of a code, with values as people read them.
import { PERIODS, SENTENCES, STATES, WHOM, type Words } from "./generated/tables.js";
import { type Lang, moment, money, titleIn } from "./format.js";
import type { Campaign, Params } from "./types.js";

/** What a campaign calls what sentences mention. */
export interface Names {
  /** Amounts are in its major units then; in minor units without it. */
  currency?: string | undefined;
  titles: Readonly<Record<string, string>>;
}

/** The sentences of a refusal. */
export interface Sentences {
  en: string;
  zh: string;
}

/** Whether this package has sentences for a code; a newer backend may send others. */
export function isKnown(code: string): boolean {
  return Object.prototype.hasOwnProperty.call(SENTENCES, code);
}

/**
 * The sentences for a code, with its values filled in: moments where the reader is, states and periods as words. A code
 * that a newer backend sends is named as it is, and values that are missing leave their place empty.
 */
export function sentences(code: string, params: Params, names: Names = { titles: {} }): Sentences {
  const known = isKnown(code) ? SENTENCES[code] : undefined;
  const [en, zh] = known ?? [`Not accepted: ${code}.`, `未被接受：${code}。`];
  const fill = (lang: Lang, template: string): string =>
    template.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value: unknown = (params as Record<string, unknown>)[name];
      if (typeof value === "string") return name === "name" ? called(lang, code, value, names) : value;
      if (typeof value !== "number" || !Number.isSafeInteger(value)) return "";
      if (name === "until") return moment(lang, value);
      const { currency } = names;
      return name === "amount" && currency !== undefined ? money(lang, value, currency) : String(value);
    });
  return { en: fill("en", en), zh: fill("zh", zh) };
}

/** What a document calls things: the currency, and titles by name. A text that is no document calls nothing anything. */
export function namesOf(campaign: Campaign | string): Names {
  const titles: Record<string, string> = {};
  try {
    const document = (typeof campaign === "string" ? JSON.parse(campaign) : campaign) as Campaign;
    collect(document, titles);
    return { currency: document.currency ?? "CNY", titles };
  } catch {
    return { titles };
  }
}

/** Whatever has a title has it under its name; of two things with one name the first counts. */
function collect(value: unknown, titles: Record<string, string>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [name, child] of Object.entries(value)) {
    const { title, id = name } = Object(child) as { title?: unknown; id?: unknown };
    if (
      typeof title === "string" &&
      typeof id === "string" &&
      !Object.prototype.hasOwnProperty.call(titles, id)
    )
      titles[id] = title;
    collect(child, titles);
  }
}

function called(lang: Lang, code: string, name: string, { titles }: Names): string {
  const own = (words: Words, key: string): string | undefined =>
    Object.prototype.hasOwnProperty.call(words, key) ? words[key]?.[lang === "zh" ? 1 : 0] : undefined;
  if (code === "GRANT_SETTLED") return own(STATES, name) ?? name;
  const [per = "", every] = name.split("/");
  if (every !== undefined) {
    const parts = [own(PERIODS, every) ?? every, own(WHOM, per) ?? per];
    return parts.filter((part) => part !== "").join(lang === "zh" ? "，" : ", ");
  }
  // An event's name is no title of something else.
  if (code.startsWith("EVENT") || !Object.prototype.hasOwnProperty.call(titles, name)) return name;
  return titleIn(lang, titles[name] ?? name);
}
