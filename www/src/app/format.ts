import { isChinese, say } from "./language";
import { WORDS } from "./words";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An amount in minor units, as a person writes it. */
export function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat(isChinese.value ? "zh-CN" : "en", {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
  });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

/** What a person typed, in minor units; nothing if it is no amount. */
export function typedMoney(text: string, currency: string): number | null {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const amount = Math.round(Number(text) * 10 ** digits);
  return amount > 0 ? amount : null;
}

/** A duration as a clock: days in front, then hours, minutes and seconds. */
export function clock(milliseconds: number): { days: number; parts: [string, string, string] } {
  const left = Math.max(0, Math.ceil(milliseconds / 1000)) * 1000;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return {
    days: Math.floor(left / DAY),
    parts: [two((left % DAY) / HOUR), two((left % HOUR) / MINUTE), two((left % MINUTE) / 1000)],
  };
}

/** A duration in words, as in "within 3 h 12 min". */
export function span(milliseconds: number): string {
  const left = Math.max(0, milliseconds);
  const [days, hours, minutes] = [left / DAY, (left % DAY) / HOUR, (left % HOUR) / MINUTE].map(
    Math.floor,
  ) as [number, number, number];
  if (days > 0) return say(hours > 0 ? WORDS.daysHours : WORDS.days, { days, hours });
  if (hours > 0) return say(minutes > 0 ? WORDS.hoursMinutes : WORDS.hours, { hours, minutes });
  if (minutes > 0) return say(WORDS.minutes, { minutes });
  return say(WORDS.seconds, { seconds: Math.ceil(left / 1000) });
}

/** A moment as a date and a time of day. */
export function moment(at: number): string {
  const isThisYear = new Date(at).getFullYear() === new Date().getFullYear();
  const options = {
    ...(!isThisYear && { year: "numeric" as const }),
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  } as const;
  return new Intl.DateTimeFormat(isChinese.value ? "zh-CN" : "en", options).format(at);
}

/** The time of day, with seconds. */
export function timeOfDay(at: number): string {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false } as const;
  return new Intl.DateTimeFormat(isChinese.value ? "zh-CN" : "en", options).format(at);
}
