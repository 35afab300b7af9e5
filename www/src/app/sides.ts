import type { OfferView } from "kfactor";
import { type Both, say } from "./language";

/** For whom a reward on offer in a play of this mechanic is, and from when on, such as "for you, once 10 friends have helped". */
export function offerInWords(mechanic: string, { for: side, at }: OfferView): string {
  const words = OF_MECHANIC[mechanic]?.[side] ?? SIDES[side] ?? [side, side];
  const [one = "", more = one] = say(words, { at }).split("|");
  return at === 1 ? one : more;
}

type Words = Readonly<Record<OfferView["for"], Both>>;

/** What stands before `|` is for a count of one. */
const SIDES: Words = {
  initiator: [
    "for you, once a friend has helped|for you, once {at} friends have helped",
    "给你，有好友助力即得|给你，满 {at} 位好友助力",
  ],
  helper: ["for every friend who helps", "给每位助力的好友"],
  inviter: [
    "for you, from the first new friend on|for you, from {at} new friends on",
    "给你，邀请到第一位新好友起|给你，邀请满 {at} 位新好友起",
  ],
  invitee: ["for your friend", "给你的好友"],
  member: ["for everybody in the group", "给每位团员"],
  leader: ["for whoever starts the group", "给团长"],
  sharer: ["for you", "给你"],
  opener: ["for everybody who opens it", "给每位拆红包的人"],
  distributor: ["for you, with each order", "给你，每笔订单"],
  winner: ["for whoever wins", "给中奖者"],
};

/** Where a mechanic counts something else. */
const OF_MECHANIC: Readonly<Record<string, Partial<Words>>> = {
  "check-in": {
    initiator: [
      "for you, with each check-in|for you, after {at} days in a row",
      "给你，每次打卡|给你，连续打卡 {at} 天",
    ],
  },
  "group-fission": {
    inviter: [
      "for you, once a friend is in the group|for you, once {at} friends are in the group",
      "给你，有好友进群即得|给你，满 {at} 位好友进群",
    ],
  },
  points: { initiator: ["for you, at {at} points", "给你，{at} 积分"] },
  screenshot: { sharer: ["for you, once your picture is approved", "给你，截图审核通过即得"] },
  share: {
    helper: ["for every friend who comes", "给每位到访的好友"],
    sharer: [
      "for you, from the first visit on|for you, from {at} visits on",
      "给你，有好友到访起|给你，满 {at} 位好友到访起",
    ],
  },
  "task-unlock": {
    initiator: ["for you, once one is done|for you, once {at} are done", "给你，完成 {at} 项即得"],
  },
  unlock: {
    initiator: ["for you, once a friend is in|for you, once {at} are in", "给你，满 {at} 人参与即得"],
  },
};
