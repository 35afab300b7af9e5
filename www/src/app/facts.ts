import type { Fact } from "kfactor";
import { eventToDo } from "./events";
import { money } from "./format";
import { type Both, say, titleOf } from "./language";
import { nameOf } from "./person";

/** What the sentences need to know about the campaign. */
export interface Told {
  currency: string;
  /** The title of a reward or play by its name. */
  title(name: string): string;
}

const FACTS: Readonly<Record<Fact["kind"], Both>> = {
  met: ["{who} came by for the first time", "{who} 首次到来"],
  arrived: ["{who} followed {inviter}", "{who} 通过 {inviter} 到来"],
  shared: ["{who} got a link to share", "{who} 获得了分享链接"],
  opened: ["{by} started", "{by} 发起了活动"],
  helped: ["{by} helped: {have} of {need}", "{by} 助力成功：{have}/{need}"],
  completed: ["Complete!", "已完成！"],
  joined: ["{by} joined", "{by} 加入了"],
  qualified: ["{by} did what counts", "{by} 达成条件"],
  voided: ["{by} does not count any more", "{by} 的达成已作废"],
  paid: ["{by} paid {amount}", "{by} 支付了 {amount}"],
  bought: ["{by} bought alone for {amount}", "{by} 单独购买，{amount}"],
  lapsed: ["{by} did not pay in time; the place is free", "{by} 超时未付，名额已释放"],
  left: ["{by} left", "{by} 退出了"],
  succeeded: ["{by} leads now", "{by} 成为团长"],
  filled: ["{count} places were filled", "系统补满 {count} 个名额"],
  expired: ["Time ran out", "已超时结束"],
  "refund-due": ["{amount} is due back to {by} ({reason})", "应退还 {by} {amount}（{reason}）"],
  refunded: ["{amount} was paid back", "{amount} 已退款"],
  happened: ["{by}: {event}", "{by}：{event}"],
  granted: ["{to} gets {reward}", "{to} 获得 {reward}"],
  withheld: ["{to} cannot get {reward} ({reason})", "{to} 未能获得 {reward}（{reason}）"],
  fulfilled: ["A reward was handed over", "奖励已发放"],
  failed: ["A reward could not be handed over", "奖励发放失败"],
  revoked: ["A reward was taken back", "奖励被收回"],
  late: ["{by} paid too late", "{by} 付款过晚"],
};

const REASONS: Readonly<Record<string, Both>> = {
  stock: ["none left", "库存不足"],
  budget: ["the budget is used up", "预算已用完"],
  limit: ["limit reached", "已达上限"],
  expired: ["time ran out", "已超时"],
  full: ["the group was full", "已满员"],
  late: ["too late", "过晚"],
  left: ["left the group", "已退出"],
  twice: ["paid twice", "重复支付"],
};

/** What happened, in one plain sentence. */
export function factInWords(fact: Fact, told: Told): string {
  const values: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(fact)) {
    values[name] = typeof value === "number" && name !== "amount" ? value : shown(name, value, told);
  }
  if (fact.kind === "happened") values.event = eventToDo(fact.name);
  const isAlone = fact.kind === "arrived" && fact.inviter === undefined;
  return say(isAlone ? FACTS.met : FACTS[fact.kind], values);
}

/** Why a payment goes back, or a reward was withheld. */
export function reasonInWords(reason: string): string {
  return say(REASONS[reason] ?? [reason, reason]);
}

function shown(name: string, value: unknown, told: Told): string {
  switch (name) {
    case "who":
    case "by":
    case "to":
    case "inviter":
      return nameOf(String(value));
    case "amount":
      return money(Number(value), told.currency);
    case "reward":
    case "play":
      return titleOf(told.title(String(value)));
    case "reason":
      return reasonInWords(String(value));
    default:
      return String(value);
  }
}
