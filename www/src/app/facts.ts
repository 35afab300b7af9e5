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
  "checked-in": ["{by} checked in, day {streak} in a row", "{by} 打卡成功，连续 {streak} 天"],
  done: ["{by} did a task: {have} of {need}", "{by} 完成任务：{have}/{need}"],
  undone: ["{by}: a task no longer counts, {have} now", "{by} 的任务进度被撤回，当前 {have}"],
  returned: ["{by} came by a shared link, visit {have}", "{by} 通过分享到访，第 {have} 次"],
  cut: ["{by} cut {amount}; the price is {price} now", "{by} 砍掉 {amount}，现价 {price}"],
  submitted: ["{by} handed something in", "{by} 提交了内容"],
  approved: ["What {by} handed in is approved", "{by} 提交的内容已通过审核"],
  declined: ["What {by} handed in is declined", "{by} 提交的内容未通过审核"],
  drawn: ["{by} drew {prize}", "{by} 抽中 {prize}"],
  claimed: ["{by} claimed", "{by} 领取成功"],
  "set-aside": ["{amount} was put aside for a packet", "已为红包预留 {amount}"],
  freed: ["{amount} put aside is free again", "预留的 {amount} 已释放"],
  credited: ["{to}: {points} points added", "{to} 获得 {points} 积分"],
  spent: ["{by} spent {points} points", "{by} 消耗了 {points} 积分"],
  held: ["What {by} did is held for review ({reason})", "{by} 的参与待审核（{reason}）"],
  released: ["What {by} did counts after all", "{by} 的参与已通过审核"],
  discarded: ["What {by} did does not count", "{by} 的参与未通过审核"],
  entered: ["{by} entered {room}", "{by} 进入了 {room}"],
  exited: ["{by} left {room}", "{by} 退出了 {room}"],
  scored: ["{by} has {have} on the board", "{by} 的榜单得分为 {have}"],
  ranked: ["{by} ended on rank {rank}", "{by} 最终排名第 {rank}"],
  earned: ["{by} bought: {amount} commission on level {level}", "{by} 下单，{level} 级佣金 {amount}"],
  collected: ["A reward was claimed", "奖励已领取"],
  repaid: ["{to}: {points} points are back", "{to} 退回 {points} 积分"],
  traced: ["{by}: {act} was counted for the limits", "{by}：{act} 已计入上限"],
  activated: ["A reward was activated", "奖励已激活"],
  used: ["A reward was used", "奖励已使用"],
  outdated: ["A reward ran out of time", "奖励已过期"],
  kept: ["A reward may be kept", "奖励予以保留"],
  debited: ["{from}: {points} points taken back", "{from} 被收回 {points} 积分"],
  tagged: ["{by} has the tag {name}", "{by} 获得标签 {name}"],
  untagged: ["{by} has the tag {name} no more", "{by} 不再有标签 {name}"],
  touched: ["{by} came by once more", "{by} 再次到访"],
  bound: ["{who} is {inviter}'s customer now", "{who} 成为 {inviter} 的客户"],
  merged: ["{other} and {who} are one person", "{other} 与 {who} 是同一个人"],
  "not-bound": ["{who} is not {inviter}'s customer ({reason})", "{who} 未成为 {inviter} 的客户（{reason}）"],
  routed: ["{by} was led to {target}", "{by} 被引导至 {target}"],
  "turned-away": ["{by} found no room ({reason})", "{by} 未能找到空位（{reason}）"],
  added: ["{by} was added at {target}", "{by} 已添加 {target}"],
  dropped: ["{by} left {target}", "{by} 离开了 {target}"],
  switched: ["{target} is {to} now", "{target} 现为 {to}"],
};

const REASONS: Readonly<Record<string, Both>> = {
  stock: ["none left", "库存不足"],
  budget: ["the budget is used up", "预算已用完"],
  limit: ["limit reached", "已达上限"],
  expired: ["time ran out", "已超时"],
  full: ["the group was full", "已满员"],
  left: ["left the group", "已退出"],
  "paid-twice": ["paid twice", "重复支付"],
  "not-new": ["not a new customer", "不是新用户"],
  self: ["the same person", "是同一个人"],
  cycle: ["a circle of invitations", "邀请关系成环"],
  protected: ["another inviter is protected", "仍在其他邀请人的保护期内"],
  risk: ["high risk", "风险较高"],
  velocity: ["too many at once", "短时间内过多"],
  device: ["too many from one device", "同一设备过多"],
  network: ["too many from one network", "同一网络过多"],
  "too-fast": ["too fast", "速度过快"],
  "too-regular": ["too regular", "节奏过于规律"],
  mutual: ["help in both directions", "相互助力"],
  ring: ["help in a circle", "循环助力"],
};
const BLANK: Both = ["no prize", "未中奖"];

/** The fields that hold money; every other number is a count. */
const MONEY: ReadonlySet<string> = new Set(["amount", "price", "base"]);

/** What happened, in one plain sentence. */
export function factInWords(fact: Fact, told: Told): string {
  const values: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(fact)) {
    values[name] = typeof value === "number" && !MONEY.has(name) ? value : shown(name, value, told);
  }
  if (fact.kind === "drawn" && fact.prize == null) values.prize = say(BLANK);
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
    case "from":
    case "inviter":
      return nameOf(String(value));
    case "amount":
    case "price":
    case "base":
      return money(Number(value), told.currency);
    case "reward":
    case "prize":
    case "play":
      return titleOf(told.title(String(value)));
    case "reason":
      return reasonInWords(String(value));
    default:
      return String(value);
  }
}
