import type { Both } from "./language";

/** For whom a reward on offer is. */
export const SIDES: Readonly<Record<string, Both>> = {
  initiator: ["for you, once {at} friends have helped", "给你，满 {at} 位好友助力"],
  helper: ["for every friend who helps", "给每位助力的好友"],
  inviter: ["for you, for each new friend", "给你，每邀请一位新好友"],
  invitee: ["for your friend", "给你的好友"],
  member: ["for everybody in the group", "给每位团员"],
  leader: ["for whoever starts the group", "给团长"],
  sharer: ["for you, at {at}", "给你，满 {at} 次"],
  opener: ["for everybody who opens it", "给每位拆红包的人"],
  distributor: ["for you, with each order", "给你，每笔订单"],
  winner: ["for whoever wins", "给中奖者"],
};
