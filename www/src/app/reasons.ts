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
