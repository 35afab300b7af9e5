import type { Component } from "vue";
import type { Both } from "../app/language";
import AssistLoop from "./AssistLoop.vue";
import GroupBuyLoop from "./GroupBuyLoop.vue";
import InviteLoop from "./InviteLoop.vue";

/** How this page shows one mechanic. */
export interface Mechanic {
  /** What a loop looks like. */
  screen: Component;
  name: Both;
  /** The button that opens a loop. */
  start: Both;
  /** The button of somebody who was invited. */
  takePart: Both;
  /** The same button when they have done it. */
  tookPart: Both;
  /** What a visitor reads above the button. */
  invited: Both;
  steps: readonly Both[];
}

/** The mechanics this page can show, by the name a campaign gives them. */
export const MECHANICS: Readonly<Record<string, Mechanic>> = {
  assist: {
    screen: AssistLoop,
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
};
