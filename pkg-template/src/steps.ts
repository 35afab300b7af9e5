// What separates a participant from a reward, in words.
import { type Lang, moment, money, span } from "./format.js";
import type { StepView } from "./types.js";

/** How a step is said. */
export interface StepOptions {
  /** The currency of amounts, as the view has it. */
  currency: string;
  lang?: Lang;
  /** The moment it is said at, as the view has it: then a step that has to be done soon says how soon. */
  at?: number;
  /** What a person has to do for an event to happen, as "Place the first order"; without it the event's name is said. */
  event?: (name: string) => string;
}

/** A step farther away than this is not said to be near. */
const FAR_MS = 45 * 24 * 3_600_000;

/**
 * A step of `missing` in words, such as "2 more friends have to help within 3 h 12 min".
 *
 * ```js
 * const { currency, at, loops } = loop.getSnapshot().view;
 * const [step] = loops[0].rewards[0].missing;
 * if (step) hint.textContent = stepInWords(step, { currency, at, lang: "zh" }); // 还差 2 位好友助力，限 3 小时 12 分内
 * ```
 */
export function stepInWords(step: StepView, { currency, lang = "en", at, event }: StepOptions): string {
  const { need, count, amount, name, until } = step;
  const values: Record<string, string | number> = {
    count,
    name: name == null ? "" : (event?.(name) ?? name),
    amount: amount == null ? "" : money(lang, amount, currency),
    until: until == null ? "" : moment(lang, until),
  };
  const [en, zh] = (event && name != null ? TODO[need] : undefined) ?? STEPS[need] ?? OTHER;
  const [one = "", more = one] = (lang === "zh" ? zh : en).split("|");
  const text = (count === 1 ? one : more).replace(/\{(\w+)\}/g, (_, key: string) => String(values[key]));
  const isNear = at !== undefined && until != null && until > at && until - at <= FAR_MS && need !== "wait";
  if (!isNear) return text;
  const left = span(lang, until - at);
  return lang === "zh" ? `${text}，限 ${left}内` : `${text} within ${left}`;
}

type Both = readonly [en: string, zh: string];

type Need = StepView["need"];

/** By what is needed; for a count of one, what stands before `|`. */
const STEPS: Readonly<Record<Need, Both>> = {
  help: ["1 more friend has to help|{count} more friends have to help", "还差 {count} 位好友助力"],
  "help-here": ["Help here", "在此助力"],
  join: ["1 more has to join|{count} more have to join", "还差 {count} 人参加"],
  "join-here": ["Join here", "在此参加"],
  invite: ["1 more new friend|{count} more new friends", "还差 {count} 位新好友"],
  return: [
    "1 more friend has to come by your link|{count} more friends have to come by your link",
    "还差 {count} 位好友通过你的分享到访",
  ],
  enter: [
    "1 more friend has to enter the group|{count} more friends have to enter the group",
    "还差 {count} 位好友进群",
  ],
  event: ["First: {name}|{name}: {count} more times", "请先完成：{name}|{name}：还差 {count} 次"],
  wait: ["Wait until {until}", "等到 {until}"],
  pay: ["Pay {amount}", "支付 {amount}"],
  "check-in": ["Check in once more|Check in on {count} more days", "再打卡 {count} 天"],
  submit: ["Hand it in|Hand in {count} more", "提交内容|再提交 {count} 份"],
  review: ["It has to be reviewed|{count} have to be reviewed", "等待审核|等待审核 {count} 份"],
  points: ["1 more point|{count} more points", "还差 {count} 积分"],
  draw: ["Draw once more|Draw {count} more times", "再抽 {count} 次"],
  claim: ["Claim it", "领取"],
  redeem: ["Redeem it", "兑换"],
  score: ["1 more on the board|{count} more on the board", "还差 {count} 分"],
};

/** The same where the page has words for events. */
const TODO: Readonly<Partial<Record<Need, Both>>> = {
  invite: ["1 more new friend: {name}|{count} more new friends: {name}", "还差 {count} 位新好友：{name}"],
  event: ["{name}|{name}, {count} more times", "{name}|{name}，还差 {count} 次"],
};
/** What a newer backend may ask for. */
const OTHER: Both = ["1 more step|{count} more steps", "还差 {count} 步"];
