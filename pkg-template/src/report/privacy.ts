// What identifies a person stays out of reports: members with such names are left out, texts of such a shape become
// pseudonyms.
import { isObject } from "./sink.js";

/** The first 48 bits of the hash of a text in a campaign: the engine's `pseudonym`. */
export type Hash = (campaign: string, text: string) => number;

/** Members that are left out, wherever they stand; compared without case, `_` and `-`. */
const DENIED =
  /^(phone(number)?|mobile|tel|openid|unionid|e?mail|idcard|idnumber|realname|nickname|avatar(url)?|address|wechat|wxid|password)$/i;

/**
 * An openid of WeChat (`o` and 27 letters of base64url), a mail address, or a mainland mobile number anywhere in the text:
 * eleven digits together, from 13 to 19.
 */
const PERSONAL = /^o[\w-]{27}$|^[^@]+@[^ ]*\.[^ ]*$|(^|\D)1[3-9]\d{9}(\D|$)/;

/** The text itself, or its pseudonym in a campaign if it looks like a person's. */
export function pseudonym(text: string, campaign: string, hash: Hash): string {
  return PERSONAL.test(text) ? `p_${hash(campaign, text).toString(16).padStart(12, "0")}` : text;
}

/** An object as JSON, without what identifies a person. What is no object becomes `{}`. */
export function clean(data: unknown, campaign: string, hash: Hash): string {
  return JSON.stringify(isObject(data) && !Array.isArray(data) ? data : {}, (name, value: unknown) => {
    if (DENIED.test(name.replace(/[_-]/g, ""))) return undefined;
    return typeof value === "string" ? pseudonym(value, campaign, hash) : value;
  });
}
