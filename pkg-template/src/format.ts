// Titles, amounts and moments as people read them.

/** A language that is spoken here. */
export type Lang = "en" | "zh";

const CHINESE = /[\u2e80-\u9fff\uff00-\uffef]/;

/** The part of a title in a language: "10 stars 十颗星" is "10 stars" or "十颗星". */
export function titleIn(lang: Lang, title: string): string {
  const start = title.search(CHINESE);
  const latin = start > 0 ? title.slice(0, start).trim() : "";
  // A title that is not in two languages is shown as it is.
  if (!/[A-Za-z]{2}/.test(latin)) return title;
  const number = /\d/.test(title.slice(start))
    ? ""
    : (/\d[\d.,]*\s?$/.exec(title.slice(0, start))?.[0] ?? "");
  const half = start - number.length;
  return lang === "zh" ? title.slice(half).trim() : title.slice(0, half).trim();
}

/** An amount in minor units, as a person writes it. */
export function money(lang: Lang, amount: number, currency: string): string {
  const places = digits(currency);
  const major = amount / 10 ** places;
  // Some mini-programs run where there is no `Intl`.
  if (typeof Intl !== "object") return `${major.toFixed(places)} ${currency}`;
  return new Intl.NumberFormat(lang === "zh" ? "zh-CN" : "en", {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  }).format(major);
}

/** How many digits the minor unit of a currency has, by ISO 4217; some hosts say otherwise. */
function digits(currency: string): number {
  if (/BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|VND|VUV|XAF|XOF|XPF/.test(currency)) return 0;
  return /BHD|IQD|JOD|KWD|LYD|OMR|TND/.test(currency) ? 3 : 2;
}

/** A moment as a date and a time of day, where the reader is. */
export function moment(lang: Lang, at: number): string {
  const date = new Date(at);
  const [month, day] = [date.getMonth(), date.getDate()];
  const time = [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
  if (lang === "zh") return `${month + 1}月${day}日 ${time}`;
  return `${"JanFebMarAprMayJunJulAugSepOctNovDec".slice(month * 3, month * 3 + 3)} ${day}, ${time}`;
}

/** A duration in the two largest units: "3 h 12 min". */
export function span(lang: Lang, milliseconds: number): string {
  const minutes = Math.max(1, Math.ceil(milliseconds / 60_000));
  const parts = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  const units = lang === "zh" ? [" 天", " 小时", " 分"] : [" d", " h", " min"];
  const first = parts.findIndex((part) => part > 0);
  const said = parts.map((part, at) => `${part}${units[at] ?? ""}`);
  return said.filter((_, at) => at >= first && at < first + 2 && (parts[at] ?? 0) > 0).join(" ");
}
