/** A place of a platform that takes a parameter and gives it back when somebody comes. */
export interface PlatformField {
  /** Its name there. */
  field: string;
  /** What it belongs to. */
  of: string;
  /** How much it takes, in characters, or in bytes of UTF-8. */
  most: number;
  unit: "characters" | "bytes";
}

interface Rule extends PlatformField {
  allowed: RegExp;
}

const SCENE = /^[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]*$/;
const QUERY = /^[0-9A-Za-z!#$&'()*+,/:;=?@\-._~%]*$/;
const ANY = /^[^\p{Cc}]*$/u;

// Sources: WeChat's documents of QR codes, URL Link and URL Scheme, and of parametric QR codes of official accounts; WeCom's
// documents 96348 (contact me), 99547 (join a group) and 42923 (customer links), which cut what is longer without a word.
const RULES: readonly Rule[] = [
  { field: "scene", of: "mini-program code", most: 32, unit: "characters", allowed: SCENE },
  { field: "scene_str", of: "official account code", most: 64, unit: "characters", allowed: ANY },
  { field: "state", of: "WeCom contact or group code", most: 30, unit: "characters", allowed: ANY },
  { field: "customer_channel", of: "WeCom customer link", most: 64, unit: "bytes", allowed: ANY },
  { field: "cq", of: "URL Link or Scheme", most: 256, unit: "characters", allowed: QUERY },
  { field: "query", of: "plain URL Scheme", most: 512, unit: "characters", allowed: QUERY },
];

/** Whether a place takes a parameter, and why not. */
export interface PlatformFit extends PlatformField {
  fits: boolean;
  /** `long`: longer than it takes, and cut or refused there; `characters`: with characters that it does not take. */
  why?: "long" | "characters";
}

/**
 * Which places of WeChat and WeCom take a parameter as it is. A token fits all of them.
 *
 * ```js
 * platformFits("kf=0OA2aaszmI1TKX80cBpKwKVR6Xxhi").find(({ field }) => field === "state"); // { fits: false, why: "long", … }
 * ```
 */
export function platformFits(parameter: string): PlatformFit[] {
  const bytes = new TextEncoder().encode(parameter).length;
  const characters = Array.from(parameter).length;
  return RULES.map(({ allowed, ...place }) => {
    if ((place.unit === "bytes" ? bytes : characters) > place.most)
      return { ...place, fits: false, why: "long" };
    return allowed.test(parameter) ? { ...place, fits: true } : { ...place, fits: false, why: "characters" };
  });
}
