import type { Intent } from "kfactor";
import type { Component } from "vue";
import type { Both } from "../app/language";
import AssistLoop from "./AssistLoop.vue";
import BargainLoop from "./BargainLoop.vue";
import CheckInLoop from "./CheckInLoop.vue";
import CommissionLoop from "./CommissionLoop.vue";
import GroupBuyLoop from "./GroupBuyLoop.vue";
import GroupFissionLoop from "./GroupFissionLoop.vue";
import InviteLoop from "./InviteLoop.vue";
import LeaderboardLoop from "./LeaderboardLoop.vue";
import LotteryLoop from "./LotteryLoop.vue";
import PointsLoop from "./PointsLoop.vue";
import RaffleLoop from "./RaffleLoop.vue";
import RedPacketLoop from "./RedPacketLoop.vue";
import ScreenshotLoop from "./ScreenshotLoop.vue";
import ShareLoop from "./ShareLoop.vue";
import TaskLoop from "./TaskLoop.vue";
import UnlockLoop from "./UnlockLoop.vue";

/** How this page shows one mechanic. */
export interface Mechanic {
  /** What a loop looks like; with `isAlone` also what there is before a loop. */
  screen: Component;
  /** Whether the screen is there before a loop is: the first act opens it. */
  isAlone?: boolean;
  /** Whether one loop is for all. */
  isForAll?: boolean;
  /** Whether visitors help rather than join. */
  takesHelp?: boolean;
  name: Both;
  /** The button that opens a loop. */
  start?: Both;
  /** The button of somebody who was invited. */
  takePart: Both;
  /** The same button when they have done it. */
  tookPart: Both;
  /** What a visitor reads above the button. */
  invited: Both;
  /** The act by which participants move their own loop, and its button; some are offered only when they are due. */
  own?: { act: Intent["do"]; button: Both; isOnlyReady?: boolean };
  /** The button by which a visitor goes again, where it is not a place in a group. */
  leave?: Both;
  steps: readonly Both[];
}

/** The mechanics this page can show, by the name a campaign gives them. */
export const MECHANICS: Readonly<Record<string, Mechanic>> = {
  assist: {
    screen: AssistLoop,
    takesHelp: true,
    name: ["Help a friend", "助力"],
    start: ["Ask my friends to help", "发起助力"],
    takePart: ["Help {name}", "帮 {name} 助力"],
    tookPart: ["You helped", "你已助力"],
    invited: ["{name} needs your help", "{name} 邀你助力"],
    steps: [
      ["Start, and share your code", "发起并分享你的二维码"],
      ["Each friend helps once", "每位好友助力一次"],
      ["Enough friends: the reward is yours", "人数达标即得奖励"],
    ],
  },
  invite: {
    screen: InviteLoop,
    name: ["Bring a friend", "老带新"],
    start: ["Invite friends", "邀请好友"],
    takePart: ["Accept the invitation", "接受邀请"],
    tookPart: ["You accepted", "你已接受邀请"],
    invited: ["{name} invites you", "{name} 邀请你"],
    steps: [
      ["Share your code with somebody new", "把二维码分享给新朋友"],
      ["They accept, and do what counts", "好友接受邀请并达成条件"],
      ["Both of you get something", "双方都有奖励"],
    ],
  },
  "group-buy": {
    screen: GroupBuyLoop,
    name: ["Buy together", "拼团"],
    start: ["Start a group for {price}", "{price} 发起拼团"],
    takePart: ["Buy together for {price}", "{price} 参团"],
    tookPart: ["You are in", "你已参团"],
    invited: ["{name} wants to buy with you", "{name} 邀你一起拼"],
    steps: [
      ["Start a group and pay", "开团并付款"],
      ["Share it; friends join and pay", "分享给好友，参团付款"],
      ["Full in time: everybody gets the price. If not: money back", "按时满员即成团，未满则退款"],
    ],
  },
  bargain: {
    screen: BargainLoop,
    takesHelp: true,
    name: ["Bargain", "砍价"],
    start: ["Start a bargain", "发起砍价"],
    takePart: ["Cut the price for {name}", "帮 {name} 砍一刀"],
    tookPart: ["You have cut it", "你已砍价"],
    invited: ["{name} wants a better price", "{name} 邀你砍价"],
    steps: [
      ["Start, and share it", "发起砍价并分享"],
      ["Each friend cuts the price once", "每位好友砍一刀"],
      ["Buy it at the price it fell to", "按砍到的价格购买"],
    ],
  },
  unlock: {
    screen: UnlockLoop,
    takesHelp: true,
    name: ["Unlock together", "一元解锁"],
    start: ["Start to unlock", "发起解锁"],
    takePart: ["Help {name} to unlock it", "帮 {name} 解锁"],
    tookPart: ["You are in", "你已参与"],
    invited: ["{name} unlocks it with you", "{name} 邀你一起解锁"],
    steps: [
      ["Start, and pay your small part", "发起并支付小额"],
      ["Friends do the same", "好友一起参与"],
      ["All there: it opens for everybody. If not: money back", "人数达标即全员解锁，未达标则退款"],
    ],
  },
  screenshot: {
    screen: ScreenshotLoop,
    isAlone: true,
    name: ["Show your post", "截图有礼"],
    takePart: ["Hand in a screenshot", "上传截图"],
    tookPart: ["Handed in", "已提交"],
    invited: ["{name} has handed in a post", "{name} 已参与晒图"],
    own: { act: "submit", button: ["Hand in a screenshot", "上传截图"] },
    steps: [
      ["Post it where your friends see it", "发布到朋友圈"],
      ["Hand in a screenshot", "上传截图"],
      ["Approved: the reward is yours", "审核通过即得奖励"],
    ],
  },
  "task-unlock": {
    screen: TaskLoop,
    name: ["Tasks", "任务宝"],
    start: ["Start the tasks", "开始任务"],
    takePart: ["Support {name}", "支持 {name}"],
    tookPart: ["You support it", "你已支持"],
    invited: ["{name} needs your support", "{name} 邀你支持"],
    own: { act: "claim", button: ["Claim what is reached", "领取已达成奖励"], isOnlyReady: true },
    leave: ["Support no longer", "取消支持"],
    steps: [
      ["Do the tasks, alone and with friends", "完成任务，可邀请好友一起"],
      ["Each step unlocks a reward", "每到一级解锁奖励"],
      ["Claim what you have reached", "领取已解锁的奖励"],
    ],
  },
  share: {
    screen: ShareLoop,
    name: ["Tell your friends", "分享有礼"],
    start: ["Get my link", "获取我的链接"],
    takePart: ["Take a look", "去看看"],
    tookPart: ["You came by", "你已到访"],
    invited: ["{name} sent you here", "{name} 推荐你来"],
    steps: [
      ["Share your link or code", "分享链接或口令"],
      ["Somebody comes by it", "好友通过它到访"],
      ["Each visit counts for you", "每次到访都为你计数"],
    ],
  },
  commission: {
    screen: CommissionLoop,
    name: ["Commission", "分销"],
    start: ["Become a distributor", "成为分销员"],
    takePart: ["Buy with {name}", "通过 {name} 购买"],
    tookPart: ["You are {name}'s customer", "你是 {name} 的客户"],
    invited: ["{name} recommends this to you", "{name} 向你推荐"],
    steps: [
      ["Share your link", "分享你的链接"],
      ["Friends buy by it", "好友通过它下单"],
      ["You earn a part of each order", "每笔订单你都有佣金"],
    ],
  },
  "group-fission": {
    screen: GroupFissionLoop,
    name: ["Group chat", "群裂变"],
    start: ["Invite to the group", "邀请好友进群"],
    takePart: ["Enter the group", "加入社群"],
    tookPart: ["You are in the group", "你已进群"],
    invited: ["{name} invites you to the group", "{name} 邀你进群"],
    own: { act: "claim", button: ["Claim the next reward", "领取下一级奖励"], isOnlyReady: true },
    steps: [
      ["Share your group code", "分享群二维码"],
      ["Friends enter a chat group", "好友加入社群"],
      ["Enough friends: a reward", "人数达标即得奖励"],
    ],
  },
  lottery: {
    screen: LotteryLoop,
    isAlone: true,
    name: ["Prize draw", "抽奖"],
    takePart: ["Draw", "抽一次"],
    tookPart: ["Drawn", "已抽奖"],
    invited: ["{name} takes part in the draw", "{name} 参与了抽奖"],
    own: { act: "draw", button: ["Draw", "抽一次"] },
    steps: [
      ["Get a chance", "获得抽奖机会"],
      ["Draw", "抽奖"],
      ["Every draw can be checked afterwards", "每次抽奖事后均可验证"],
    ],
  },
  raffle: {
    screen: RaffleLoop,
    isAlone: true,
    isForAll: true,
    name: ["Raffle", "奖池开奖"],
    takePart: ["Join the raffle", "参加开奖"],
    tookPart: ["You are in the pool", "你已参加"],
    invited: ["One pool for everybody", "所有人共享奖池"],
    own: { act: "draw", button: ["Draw the winners", "开奖"], isOnlyReady: true },
    steps: [
      ["Join the pool once", "参加奖池，每人一次"],
      ["Wait for the draw", "等待开奖"],
      ["The winners are drawn among all", "从所有人中抽出中奖者"],
    ],
  },
  "red-packet": {
    screen: RedPacketLoop,
    takesHelp: true,
    name: ["Red packet", "裂变红包"],
    start: ["Send a red packet", "发红包"],
    takePart: ["Help {name} to open it", "帮 {name} 拆红包"],
    tookPart: ["You helped", "你已助力"],
    invited: ["{name} has a red packet for you", "{name} 给你发了红包"],
    own: { act: "claim", button: ["Open the red packet", "拆红包"] },
    steps: [
      ["Get a red packet, and share it", "获得红包并分享"],
      ["Friends help to open it", "好友助力拆开"],
      ["Everybody takes a share", "人人有份"],
    ],
  },
  "check-in": {
    screen: CheckInLoop,
    isAlone: true,
    name: ["Check-in", "打卡"],
    takePart: ["Check in", "打卡"],
    tookPart: ["Checked in", "已打卡"],
    invited: ["{name} checks in every day", "{name} 每日打卡"],
    own: { act: "check-in", button: ["Check in for today", "今日打卡"] },
    steps: [
      ["Check in once a day", "每天打卡一次"],
      ["Days in a row count up", "连续打卡累计天数"],
      ["Long rows earn more", "连续越久奖励越多"],
    ],
  },
  points: {
    screen: PointsLoop,
    isAlone: true,
    name: ["Points", "积分"],
    takePart: ["Redeem", "兑换"],
    tookPart: ["Redeemed", "已兑换"],
    invited: ["{name} collects points", "{name} 在攒积分"],
    steps: [
      ["Earn points in the campaign", "参与活动赚积分"],
      ["Redeem them for good things", "用积分兑换好物"],
      ["Levels count all you ever earned", "等级按累计积分计算"],
    ],
  },
  leaderboard: {
    screen: LeaderboardLoop,
    isAlone: true,
    isForAll: true,
    name: ["Leaderboard", "排行榜"],
    takePart: ["Take part", "参与"],
    tookPart: ["You are on the board", "你已上榜"],
    invited: ["Who moves the most?", "谁是榜首？"],
    own: { act: "claim", button: ["Settle the board", "结算榜单"], isOnlyReady: true },
    steps: [
      ["Friends move you up", "好友助你上榜"],
      ["The board counts in cycles", "榜单按周期统计"],
      ["The first ranks win", "名列前茅者有奖"],
    ],
  },
};
