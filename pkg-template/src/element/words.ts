// What the elements say by themselves, in English and Chinese; all else comes from the campaign and the engine.
import type { Lang } from "../format.js";

type Both = readonly [en: string, zh: string];

const WORDS = {
  loading: ["One moment …", "请稍候……"],
  tryAgain: ["Try again", "重试"],
  offline: ["No connection at the moment. It goes on by itself.", "网络不可用，恢复后会自动继续。"],
  endsIn: ["Ends in", "距结束"],
  daysUnit: ["{days} d", "{days} 天"],
  progress: ["{have} of {need}", "{have}/{need}"],
  people: ["Who took part", "参与的好友"],
  rewards: ["What there is to get", "奖励"],
  yours: ["Yours", "已到手"],
  out: ["None left", "已发完"],
  complete: ["Done!", "已完成！"],
  expired: ["Time is up", "已超时"],

  open: ["Start", "立即发起"],
  openOwn: ["Start my own", "我也要发起"],
  help: ["Help", "帮好友助力"],
  join: ["Join", "立即参加"],
  "check-in": ["Check in", "打卡"],
  draw: ["Draw", "抽一次"],
  claim: ["Claim", "领取"],
  leave: ["Give up my place", "放弃名额"],
  pay: ["Pay {amount}", "支付 {amount}"],
  share: ["Share with friends", "分享给好友"],

  poster: ["Poster", "海报"],
  code: ["Code", "二维码"],
  codeOf: ["QR code of {url}", "二维码：{url}"],
  posterOf: ["Poster with a QR code of {url}", "海报，含二维码：{url}"],
  longPress: ["Long-press the picture to save or send it", "长按图片保存或转发"],
  referralCode: ["Code to type", "口令"],
  copyCode: ["Copy code", "复制口令"],
  copyLink: ["Copy link", "复制链接"],
  copied: ["Copied", "已复制"],
  sendWith: ["Send with …", "发送到……"],
  inWeChat: ["Send in WeChat", "发送给微信好友"],
  guide: ["Tap ··· at the top right, then “Send to Chat”", "点击右上角 ···，选择「发送给朋友」"],
  close: ["Close", "关闭"],

  needHelp: ["1 more friend has to help|{count} more friends have to help", "还差 {count} 位好友助力"],
  needHelpHere: ["Help here", "在此助力"],
  needJoin: ["1 more has to join|{count} more have to join", "还差 {count} 人参加"],
  needJoinHere: ["Join here", "在此参加"],
  needInvite: ["1 more new friend|{count} more new friends", "还差 {count} 位新好友"],
  needReturn: ["1 more by your link|{count} more by your link", "还差 {count} 位好友通过你的分享到访"],
  needEnter: ["1 more in the group|{count} more in the group", "还差 {count} 位好友进群"],
  needCheckIn: ["1 more day|{count} more days", "再打卡 {count} 天"],
  needEvent: ["First: {name}", "请先完成：{name}"],
  needPay: ["Pay {amount}", "支付 {amount}"],
  needSubmit: ["Hand it in", "提交内容"],
  needReview: ["It is being reviewed", "等待审核"],
  needDraw: ["Draw once more|Draw {count} more times", "再抽 {count} 次"],
  needPoints: ["1 more point|{count} more points", "还差 {count} 积分"],
  needScore: ["1 more on the board|{count} more on the board", "还差 {count} 分"],
  needWait: ["From {at}", "{at} 起"],
  needOther: ["1 more step|{count} more steps", "还差 {count} 步"],
} as const satisfies Record<string, Both>;

/** The name of a sentence. */
export type Word = keyof typeof WORDS;

/** Whether there is a sentence for a name that came from elsewhere. */
export function isWord(name: string): name is Word {
  return Object.prototype.hasOwnProperty.call(WORDS, name);
}

/** A sentence, with `{name}` replaced by the values; for a `count` of one, what stands before `|`. */
export function say(lang: Lang, word: Word, values: Record<string, string | number> = {}): string {
  const [one = "", more = one] = WORDS[word][lang === "zh" ? 1 : 0].split("|");
  return (values.count === 1 ? one : more).replace(/\{(\w+)\}/g, (place, name: string) =>
    String(values[name] ?? place),
  );
}

/** A duration as a clock, with days in front. */
export function clock(lang: Lang, milliseconds: number): string {
  const left = Math.max(0, Math.ceil(milliseconds / 1000));
  const [days, rest] = [Math.floor(left / 86_400), left % 86_400];
  const parts = [Math.floor(rest / 3600), Math.floor((rest % 3600) / 60), rest % 60];
  const time = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return days > 0 ? `${say(lang, "daysUnit", { days })} ${time}` : time;
}
