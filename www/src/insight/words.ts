import type { Both } from "../app/language";

/** The stages of the funnel. */
export const STAGES: Readonly<Record<string, Both>> = {
  seen: ["Saw a page", "看到页面"],
  arrived: ["Arrived", "到访"],
  tookPart: ["Took part", "参与"],
  converted: ["Converted", "转化"],
  shared: ["Shared", "分享"],
  brought: ["Brought others", "带来新人"],
};

/** The credit models. */
export const MODELS: Readonly<Record<string, Both>> = {
  first: ["First touch", "首次触点"],
  last: ["Last touch", "末次触点"],
  lastNonDirect: ["Last but direct", "末次非直接"],
  linear: ["Linear", "线性"],
  position: ["Position", "位置"],
  timeDecay: ["Time decay", "时间衰减"],
  markov: ["Markov", "马尔可夫"],
  shapley: ["Shapley", "沙普利值"],
};

/** Why a target of a live code does or does not take scans. */
export const STATUS: Readonly<Record<string, Both>> = {
  open: ["Open", "可用"],
  full: ["Full", "已满"],
  closed: ["Outside its hours", "非服务时间"],
  offline: ["Offline", "已下线"],
  banned: ["Banned", "被封"],
};

/** The tables that can be saved. */
export const TABLES: Readonly<Record<string, Both>> = {
  funnel: ["Funnel", "漏斗"],
  touchpoints: ["Touchpoints", "触点"],
  posters: ["Posters", "海报"],
  generations: ["Generations", "各代"],
  cohorts: ["K by day of arrival", "各日到访的 K"],
  days: ["By day", "每日"],
  credit: ["Credit", "归因"],
  rewards: ["Rewards", "奖励"],
  spreaders: ["Who spread most", "传播达人"],
  liveCodes: ["Live codes", "活码"],
  classes: ["RFM classes", "RFM 分层"],
  waves: ["Newcomers by generation", "各代新人"],
  tree: ["Tree", "传播树"],
  segments: ["Segments", "人群"],
  doubles: ["Not by one person", "一人不能为"],
};

/** What one person cannot do under two ids. */
export const DOUBLES: Readonly<Record<string, Both>> = {
  "helped-self": ["Helped a loop of their own", "为自己助力"],
  "helped-twice": ["Helped one loop twice", "重复助力"],
  "invited-self": ["Came by what they shared themselves", "自己邀请自己"],
};
