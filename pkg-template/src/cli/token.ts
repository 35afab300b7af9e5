import { mint, type PlatformFit, platformFits, verify } from "kfactor/backend";
import { peek } from "kfactor";
import { Exit, hexadecimal, isChinese, padded, parse, say, usage, wholeNumber } from "./terminal.js";

const FIELDS = ["kid", "kind", "campaign", "touchpoint", "inviter", "day", "depth"] as const;
const TEXT = { type: "string" } as const;
const OPTIONS = {
  key: TEXT,
  kid: TEXT,
  kind: TEXT,
  campaign: TEXT,
  touchpoint: TEXT,
  inviter: TEXT,
  day: TEXT,
  depth: TEXT,
} as const;

/** `kfactor token peek|verify|mint|fits` */
export async function token(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [action, text] = positionals;
  const show = (fields: object): Exit =>
    say(JSON.stringify(fields, null, values.json === true ? 0 : 2) + "\n", Exit.Well);
  const key = hexadecimal("key", values.key);
  switch (action) {
    case "peek":
      return show(await peek(wanted(text, "a token")));
    case "verify":
      return show(
        await verify(wanted(text, "a token"), {
          [wholeNumber("kid", values.kid) ?? 0]: wanted(key, "--key"),
        }),
      );
    case "mint": {
      const given = FIELDS.map((name) => [name, wholeNumber(name, values[name])] as const);
      const fields = Object.fromEntries(given.filter(([, value]) => value !== undefined));
      wanted(fields.campaign, "--campaign");
      const minted = await mint(fields, wanted(key, "--key"));
      return say(values.json === true ? `${JSON.stringify({ token: minted })}\n` : `${minted}\n`, Exit.Well);
    }
    case "fits": {
      const places = platformFits(wanted(text, "a parameter"));
      const exit = places.every(({ fits }) => fits) ? Exit.Well : Exit.Findings;
      if (values.json === true) return say(JSON.stringify(places, null, 2) + "\n", exit);
      const inChinese = isChinese(values);
      const lines = places.map((place) => fitIn(place, inChinese));
      return say(lines.join("\n") + "\n", exit);
    }
    default:
      throw usage(
        "say `token peek`, `token verify`, `token mint` or `token fits`",
        "请使用 `token peek`、`token verify`、`token mint` 或 `token fits`",
      );
  }
}

/** Whether a place takes a parameter, in a line. */
function fitIn({ field, of, most, unit, why }: PlatformFit, inChinese: boolean): string {
  const name = inChinese ? (PLACES[field] ?? of) : of;
  const verdict = {
    fits: inChinese ? "放得下" : "fits",
    long: inChinese
      ? `太长：最多 ${most} ${unit === "bytes" ? "字节" : "个字符"}`
      : `too long: ${most} ${unit}`,
    characters: inChinese ? "含有不接受的字符" : "characters that are not taken",
  };
  return `${field.padEnd(18)}${padded(name, 30)}${verdict[why ?? "fits"]}`;
}

/** The places of parameters in Chinese. */
const PLACES: Readonly<Record<string, string>> = {
  scene: "小程序码",
  scene_str: "公众号带参二维码",
  state: "企业微信联系我与群活码",
  customer_channel: "企业微信获客链接",
  cq: "URL Link 与 URL Scheme",
  query: "明文 URL Scheme",
};

function wanted<T>(value: T | undefined, what: string): T {
  const zh = { "a token": "令牌", "a parameter": "参数" }[what] ?? what;
  if (value === undefined) throw usage(`${what} is needed`, `缺少 ${zh}`);
  return value;
}
