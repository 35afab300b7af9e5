/** 2026-12-01T10:00+08:00, the instant `@0`. */
export const START = 1_796_090_400_000;

const DAY = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: DAY };
const CLOCK = "([01]\\d|2[0-3]):([0-5]\\d)(?::([0-5]\\d))?";
const LOCAL_DAY = new RegExp(`^day([+-]\\d+(?![a-z\\d]))?(?: ${CLOCK})?`);
const DATE = new RegExp(`^(\\d{4}-\\d\\d-\\d\\d)(?:[ T]${CLOCK}(Z|[+-]\\d\\d:\\d\\d)?)?`);

/** What instants are relative to. */
export interface Clock {
  /** The time of the last command, in Unix milliseconds. */
  now: number;
  /** The campaign's distance from UTC, in milliseconds. */
  offset: number;
}

/** Unix milliseconds of an instant; nothing if the text is none. */
export function instant(text: string, { now, offset }: Clock): number | undefined {
  if (!text.startsWith("@")) return undefined;
  const rest = text.slice(1);
  if (rest.startsWith("now")) return added(now, rest.slice(3));
  const day = LOCAL_DAY.exec(rest);
  if (day !== null) {
    const [all, days = "0", ...clock] = day;
    const today = Math.floor((START + offset) / DAY);
    return added((today + Number(days)) * DAY + timeOfDay(clock) - offset, rest.slice(all.length));
  }
  const date = DATE.exec(rest);
  if (date !== null) {
    const [all, dayOf = "", hours, minutes, seconds, zone] = date;
    const local = Date.parse(`${dayOf}T00:00Z`) + timeOfDay([hours, minutes, seconds]);
    const shift = zone === undefined ? offset : offsetOf(zone);
    return Number.isNaN(local) ? undefined : added(local - shift, rest.slice(all.length));
  }
  return added(START, `+${rest}`);
}

/** Unix milliseconds of a date as documents write it, `2026-12-01T11:00`, which is local unless it says its zone. */
export function moment(text: string, offset: number): number | undefined {
  const [all, day = ""] = DATE.exec(text) ?? [];
  const midnight = Date.parse(`${day}T00:00Z`);
  // A 30th of February would be a day of March.
  const isDay = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
  return all === text && isDay ? instant(`@${text}`, { now: 0, offset }) : undefined;
}

/** The distance of a campaign's timezone from UTC, in milliseconds; its zones have no summer time. */
export function offsetOf(timezone: string): number {
  const shift = /^([+-])(\d\d):(\d\d)$/.exec(timezone);
  if (shift !== null) return Number(`${shift[1]}1`) * (Number(shift[2]) * 60 + Number(shift[3])) * 60_000;
  if (timezone === "Z" || timezone === "UTC") return 0;
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: timezone,
    timeZoneName: "longOffset",
  }).formatToParts(START);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  return name === "GMT" ? 0 : offsetOf(name.slice(3));
}

/** Adds `+1h-1ms`. */
function added(base: number, spans: string): number | undefined {
  if (!/^([+-](\d+(ms|s|m|h|d)|0))*$/.test(spans)) return undefined;
  let sum = base;
  for (const [, sign, number, unit = "ms"] of spans.matchAll(/([+-])(\d+)([a-z]+)?/g)) {
    sum += Number(`${sign}${number}`) * (UNITS[unit] ?? NaN);
  }
  return sum;
}

function timeOfDay([hours = "0", minutes = "0", seconds = "0"]: (string | undefined)[]): number {
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
}
