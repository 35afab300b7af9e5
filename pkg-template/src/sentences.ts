// Refusals in words: the sentences of a code, with values as people read them.
import { SENTENCES } from "./generated/tables.js";
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

type Words = Readonly<Record<string, readonly [en: string, zh: string]>>;

/** What a grant is. */
const STATES: Words = {
  claimable: ["waiting to be claimed", "待领取"],
  held: ["on hold", "冻结中"],
  reserved: ["reserved", "待发放"],
  fulfilled: ["handed over", "已发放"],
  active: ["in use", "使用中"],
  used: ["used", "已使用"],
  outdated: ["out of date", "已过期"],
  failed: ["cancelled", "发放失败"],
  revoked: ["taken back", "已收回"],
};

const PERIODS: Words = {
  hour: ["each hour", "每小时"],
  day: ["each day", "每天"],
  week: ["each week", "每周"],
  month: ["each month", "每月"],
  campaign: ["in the whole campaign", "整个活动期间"],
};

/** Whom a limit counts for; it is plain where it is whoever reads it. */
const WHOM: Words = {
  helper: ["", ""],
  participant: ["", ""],
  initiator: ["for whoever started it", "按发起者计"],
  device: ["for this device", "按设备计"],
  network: ["for this network", "按网络计"],
  loop: ["for this one", "按本次活动计"],
  touchpoint: ["for this place", "按触点计"],
  reward: ["for this reward", "按奖励计"],
  play: ["for all together", "全部参与者合计"],
  campaign: ["for all together", "全部参与者合计"],
};
