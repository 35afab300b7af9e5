import type { Rejected } from "kfactor";
import { eventToDo } from "./events";
import { moment } from "./format";
import { type Both, isChinese, say } from "./language";
import { WORDS } from "./words";

const LIMIT: Both = ["That was it {every}: at most {most} times.", "{every}最多 {most} 次，已达上限。"];
const EVERY: Readonly<Record<string, Both>> = {
  hour: ["for this hour", "每小时"],
  day: ["for today", "每天"],
  week: ["for this week", "每周"],
  month: ["for this month", "每月"],
  campaign: ["in this campaign", "本次活动"],
};
const STARTS: Both = ["The campaign starts {at}.", "活动将于 {at} 开始。"];
const FIRST: Both = ["First: {event}", "请先：{event}"];

/** Sentences for a code alone, where the engine's own sentence needs values that a view does not have. */
const ALONE: Readonly<Record<string, Both>> = {
  LIMIT_REACHED: ["You have reached the limit for now.", "已达到参与次数上限。"],
  DEVICE_LIMIT: ["Too many took part from this device.", "该设备参与次数已达上限。"],
  EVENT_REQUIRED: ["Something else comes first.", "请先完成前置条件。"],
  CAMPAIGN_NOT_STARTED: ["The campaign has not started yet.", "活动尚未开始。"],
  BIND_CLOSED: ["The time for this is over.", "绑定时间已截止。"],
  CODE_EXPIRED: ["This code is too old; ask for a new one.", "该口令已过期，请让对方重新分享。"],
  DRAW_NOT_OPEN: ["The draw is not open yet.", "尚未到开奖时间。"],
  FLOOR_NOT_REACHED: ["The price has to fall further first.", "还没有砍到底价。"],
  GRANT_HELD: ["The reward is not due yet.", "奖励尚未到发放时间。"],
  GRANT_OUTDATED: ["The time for this is over.", "该奖励已过期。"],
  NOT_DISTRIBUTOR: ["Distributors have bought something first.", "需先消费才能成为分销员。"],
  NOT_REACHED: ["Not reached yet.", "尚未达成。"],
  PACKET_LOCKED: ["Friends have to help to open it first.", "需要好友助力才能拆开。"],
  POINTS_SHORT: ["You have too few points for this.", "积分不足。"],
  REWARD_OUT: ["There is not enough left.", "奖励剩余不足。"],
  ROOM_FULL: ["This room is full.", "该群已满。"],
  SUBMISSIONS_USED: ["You have handed in as often as possible.", "提交次数已用完。"],
  TASK_ORDER: ["Another task comes first.", "请先完成前面的任务。"],
};

/** Why a click was refused, in words. */
export function rejectionInWords(rejected: Rejected): string {
  const { code, params, message, messageZh } = rejected;
  if (code === "TOKEN_INVALID") return say(WORDS.damagedLink);
  if (code === "LIMIT_REACHED" && params.name != null) {
    const [, every = ""] = params.name.split("/");
    return say(LIMIT, { every: say(EVERY[every] ?? EVERY.campaign ?? LIMIT), most: params.most ?? "" });
  }
  if (code === "EVENT_REQUIRED" && params.name != null) return say(FIRST, { event: eventToDo(params.name) });
  if (code === "CAMPAIGN_NOT_STARTED" && params.until != null) {
    return say(STARTS, { at: moment(params.until) });
  }
  return isChinese.value ? messageZh : message;
}

/** Own sentences for a code without values, if there are any. */
export function codeInWords(code: string): string | null {
  const alone = ALONE[code];
  return alone === undefined ? null : say(alone);
}
