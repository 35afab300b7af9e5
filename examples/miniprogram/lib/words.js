// Every sentence that does not come from a campaign or the engine, in English and Chinese.
const WORDS = {
  campaigns: ["Campaigns", "活动"],
  lead: ["Share with friends. Everybody gets something.", "分享给好友，大家都有份。"],
  none: ["There are no campaigns here yet.", "这里还没有活动。"],
  loading: ["One moment …", "请稍候……"],
  tryAgain: ["Try again", "重试"],
  offline: ["No connection at the moment. It goes on by itself.", "网络不可用，恢复后会自动继续。"],
  you: ["You", "我"],
  friend: ["Friend {id}", "好友 {id}"],
  invited: ["{name} asks you to take part", "{name} 邀你参加"],
  endsIn: ["Ends in", "距结束"],
  days: ["d", "天"],
  complete: ["Done!", "已完成！"],
  expired: ["Time is up", "已超时"],
  rewards: ["Rewards", "奖励"],
  mine: ["My rewards", "我的奖励"],
  friends: ["{have} of {need}", "{have}/{need}"],
  share: ["Share with friends", "分享给好友"],
  poster: ["Poster", "生成海报"],
  posterLead: ["Save it and post it where your friends are", "保存海报，发给好友"],
  save: ["Save to album", "保存到相册"],
  saved: ["Saved", "已保存"],
  close: ["Close", "关闭"],
  drawing: ["Drawing …", "正在绘制……"],
  settings: ["Open the settings and allow saving to the album.", "请在设置中允许保存到相册。"],
  privacyTitle: ["Your privacy", "隐私保护提示"],
  privacyLead: [
    "Saving a poster needs the right to add pictures to your album. Read the privacy guide, then decide.",
    "保存海报需要“添加到相册”权限。请阅读隐私保护指引后选择。",
  ],
  privacyRead: ["Privacy guide", "查看隐私保护指引"],
  agree: ["Agree", "同意"],
  disagree: ["Not now", "暂不"],
  code: ["Code to type", "口令"],
  copied: ["Copied", "已复制"],
  haveCode: ["Got a code from a friend?", "有好友的口令？"],
  typeCode: ["Type the code", "输入口令"],
  useCode: ["Use", "使用"],
  demo: ["Demo: {name}", "演示：{name}"],
  demoPay: ["Demo payment {amount} - no money moves", "演示支付 {amount}（不会扣款）"],
  first: ["First: {name}", "请先完成：{name}"],
};

/** The button of an act. */
const ACTS = {
  open: ["Start", "立即发起"],
  help: ["Help", "帮 TA 助力"],
  join: ["Join", "立即参加"],
  pay: ["Pay {amount}", "支付 {amount}"],
  "check-in": ["Check in", "打卡"],
  draw: ["Draw", "抽奖"],
};

/** How a reward stands. */
const STATES = {
  locked: ["Not yet", "未解锁"],
  lost: ["Missed", "未达成"],
  out: ["None left", "已发完"],
  held: ["On hold", "冻结中"],
  reserved: ["Yours", "已到手"],
  claimable: ["Yours to claim", "待领取"],
  fulfilled: ["Handed over", "已发放"],
  active: ["In use", "使用中"],
  used: ["Used", "已使用"],
  outdated: ["Expired", "已过期"],
  failed: ["Could not be handed over", "发放失败"],
  revoked: ["Taken back", "已收回"],
};

const language = languageOf();

function languageOf() {
  try {
    const told = (wx.getAppBaseInfo || wx.getSystemInfoSync)().language;
    return /^zh/.test(told) ? "zh" : "en";
  } catch (error) {
    return "zh";
  }
}

function fill([en, zh], values = {}) {
  const text = language === "zh" ? zh : en;
  return text.replace(/\{(\w+)\}/g, (_, name) => (values[name] === undefined ? "" : String(values[name])));
}

/** A sentence in the phone's language. */
const say = (key, values) => fill(WORDS[key], values);
/** The button of an act; nothing for one that this example has no button for. */
const actInWords = (act, values) => (ACTS[act] === undefined ? "" : fill(ACTS[act], values));
const stateInWords = (status) => (STATES[status] === undefined ? status : fill(STATES[status]));

/** An amount in minor units, as a person writes it. */
function money(amount, currency) {
  return `${currency === "CNY" ? "¥" : `${currency} `}${(amount / 100).toFixed(2)}`;
}

/** Several sentences at once, for a page's data. */
function words(...keys) {
  const told = {};
  for (const key of keys) told[key] = say(key);
  return told;
}

module.exports = { actInWords, language, money, say, stateInWords, words };
