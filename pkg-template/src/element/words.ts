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
} as const satisfies Record<string, Both>;

/** The name of a sentence. */
export type Word = keyof typeof WORDS;

/** Whether there is a sentence for a name that came from elsewhere. */
export function isWord(name: string): name is Word {
  return Object.prototype.hasOwnProperty.call(WORDS, name);
}

/** A sentence, with `{name}` replaced by the values. */
export function say(lang: Lang, word: Word, values: Record<string, string | number> = {}): string {
  return WORDS[word][lang === "zh" ? 1 : 0].replace(/\{(\w+)\}/g, (place, name: string) =>
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
