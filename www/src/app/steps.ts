import type { StepView } from "kfactor";
import { eventToDo } from "./events";
import { money, moment, span } from "./format";
import { type Both, say } from "./language";

const STEPS: Readonly<Record<string, readonly [one: Both, more: Both]>> = {
  help: [
    ["1 more friend has to help", "还差 1 位好友助力"],
    ["{count} more friends have to help", "还差 {count} 位好友助力"],
  ],
  "help-here": [
    ["Help here", "在此助力"],
    ["Help here", "在此助力"],
  ],
  join: [
    ["1 more has to join and pay", "还差 1 人参团并付款"],
    ["{count} more have to join and pay", "还差 {count} 人参团并付款"],
  ],
  "join-here": [
    ["Join here", "在此参加"],
    ["Join here", "在此参加"],
  ],
  invite: [
    ["1 more new friend: {event}", "还差 1 位新好友：{event}"],
    ["{count} more new friends: {event}", "还差 {count} 位新好友：{event}"],
  ],
  pay: [
    ["Pay {amount}", "支付 {amount}"],
    ["Pay {amount}", "支付 {amount}"],
  ],
  "check-in": [
    ["Check in once more", "再打卡 1 天"],
    ["Check in on {count} more days", "再打卡 {count} 天"],
  ],
  submit: [
    ["Hand it in", "提交内容"],
    ["Hand in {count} more", "再提交 {count} 份"],
  ],
  review: [
    ["It has to be reviewed", "等待审核"],
    ["{count} have to be reviewed", "等待审核 {count} 份"],
  ],
  return: [
    ["1 more friend has to come by your link", "还差 1 位好友通过你的分享到访"],
    ["{count} more friends have to come by your link", "还差 {count} 位好友通过你的分享到访"],
  ],
  points: [
    ["1 more point", "还差 1 积分"],
    ["{count} more points", "还差 {count} 积分"],
  ],
  draw: [
    ["Draw once more", "再抽 1 次"],
    ["Draw {count} more times", "再抽 {count} 次"],
  ],
  claim: [
    ["Claim it", "领取"],
    ["Claim it", "领取"],
  ],
  redeem: [
    ["Redeem it", "兑换"],
    ["Redeem it", "兑换"],
  ],
  enter: [
    ["1 more friend has to enter the group", "还差 1 位好友进群"],
    ["{count} more friends have to enter the group", "还差 {count} 位好友进群"],
  ],
  score: [
    ["1 more on the board", "还差 1 分"],
    ["{count} more on the board", "还差 {count} 分"],
  ],
};
/** A deadline farther away than this is no news. */
export const FAR_MS = 45 * 24 * 3_600_000;

const EVENT: Both = ["{event}", "{event}"];
/** An event that has to happen more than once. */
const EVENTS: Both = ["{event}, {count} more times", "{event}，还差 {count} 次"];
const WAIT: Both = ["Wait until {at}", "等到 {at}"];
const WITHIN: Both = ["{step} within {span}", "{step}，限 {span} 内"];

/** One step towards a reward in words, such as "2 more friends have to help within 3 h 12 min". */
export function stepInWords(step: StepView, now: number, currency: string): string {
  const event = step.name == null ? "" : eventToDo(step.name);
  if (step.need === "wait") return say(WAIT, { at: moment(step.until ?? now) });
  const [one, more] = STEPS[step.need] ?? [EVENT, EVENTS];
  const amount = step.amount == null ? "" : money(step.amount, currency);
  const count = step.count ?? 1;
  const text = say(count === 1 ? one : more, { count, event, amount });
  if (step.until == null || step.until <= now || step.until - now > FAR_MS) return text;
  return say(WITHIN, { step: text, span: span(step.until - now) });
}
