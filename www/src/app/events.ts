import { type Both, isChinese, say } from "./language";

/** Names that many sites give to the same events; any other name is shown as it is written. */
const USUAL: Readonly<Record<string, Both>> = {
  "first-order": ["Place the first order", "完成首单"],
  "first-visit": ["Visit the shop for the first time", "首次到店"],
  followed: ["Follow the account", "关注公众号"],
  "joined-club": ["Join the club", "加入读书会"],
  "order-paid": ["Pay for an order", "支付订单"],
  "signed-up": ["Sign up", "完成注册"],
  "ticket-bought": ["Buy a ticket", "购票"],
  unfollowed: ["Stop following", "取消关注"],
};

/** What a person has to do for an event to happen. */
export function eventToDo(name: string): string {
  const usual = USUAL[name];
  if (usual !== undefined) return say(usual);
  const words = name.replaceAll("-", " ");
  return isChinese.value ? `「${words}」` : words.charAt(0).toUpperCase() + words.slice(1);
}
