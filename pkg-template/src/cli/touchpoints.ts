import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Engine, qr } from "kfactor";
import { mint } from "kfactor/backend";
import {
  Exit,
  hexadecimal,
  isChinese,
  isWebAddress,
  orProblems,
  parse,
  readText,
  say,
  usage,
  wholeNumber,
} from "./terminal.js";

const TEXT = { type: "string" } as const;
const OPTIONS = {
  key: TEXT,
  kid: TEXT,
  day: TEXT,
  url: TEXT,
  sheet: TEXT,
  utm: { type: "boolean" },
} as const;

/** Where a kind of touchpoint belongs, and how close it brings a brand to a person. */
const KINDS: Readonly<Record<string, readonly [family: string, tie: string]>> = {
  own: ["own online", "medium"],
  store: ["own offline", "strong"],
  parcel: ["own offline", "medium"],
  sms: ["own online", "medium"],
  phone: ["guide and social", "strong"],
  social: ["guide and social", "medium"],
  guide: ["guide and social", "strong"],
  live: ["guide and social", "medium"],
  public: ["public", "weak"],
  ad: ["public", "weak"],
};

interface Row {
  touchpoint: string;
  kind: string;
  family: string;
  tie: string;
  liveCode: string;
  token: string;
  url: string;
}

interface Document {
  id: string;
  title: string;
  number?: number;
  touchpoints?: Record<string, { kind: string; number?: number; liveCode?: string }>;
}

/** `kfactor touchpoints CAMPAIGN --key HEX --url URL` */
export async function touchpoints(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw usage("name one campaign", "请指定一个活动");
  const key = hexadecimal("key", values.key);
  if (key === undefined || typeof values.url !== "string")
    throw usage("--key and --url are needed", "需要 --key 和 --url");
  if (!isWebAddress(values.url))
    throw usage(
      `--url is your site's address, as https://example.com, not \`${values.url}\``,
      `--url 应为网站地址，如 https://example.com，而不是 \`${values.url}\``,
    );
  const text = readText(file);
  (await orProblems(file, isChinese(values), () => Engine.load(text))).free();
  const campaign = JSON.parse(text) as Document;
  const site = values.url.replace(/\/+$/, "");
  const fields = {
    kid: wholeNumber("kid", values.kid) ?? 0,
    day: wholeNumber("day", values.day) ?? Math.floor(Date.now() / 86_400_000) - FIRST_DAY,
    kind: 0,
    campaign: campaign.number ?? firstBits(campaign.id),
  };
  const rows: Row[] = [];
  for (const [touchpoint, { kind, number, liveCode = "" }] of Object.entries(campaign.touchpoints ?? {})) {
    const token = await mint({ ...fields, touchpoint: number ?? firstBits(touchpoint) }, key);
    const utm = new URLSearchParams({ utm_source: touchpoint, utm_medium: kind, utm_campaign: campaign.id });
    const url = `${site}/r/${token}${values.utm === true ? `?${utm.toString()}` : ""}`;
    const [family = "", tie = ""] = KINDS[kind] ?? [];
    rows.push({ touchpoint, kind, family, tie, liveCode, token, url });
  }
  if (typeof values.sheet === "string") writeFileSync(values.sheet, await sheet(campaign.title, rows));
  if (values.json === true) return say(JSON.stringify(rows, null, 2) + "\n", Exit.Well);
  const lines = [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))];
  return say(lines.map((line) => line.join(",") + "\r\n").join(""), Exit.Well);
}

const COLUMNS = ["touchpoint", "kind", "family", "tie", "liveCode", "token", "url"] as const;

/** 2025-01-01, the first day of tokens, in days since 1970-01-01. */
const FIRST_DAY = 20_089;

/** The number that stands for a name in tokens: the first 20 bits of its SHA-256. */
function firstBits(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32BE(0) >>> 12;
}

/** A page to print: one QR code for each touchpoint, to be cut out. */
async function sheet(title: string, rows: readonly Row[]): Promise<string> {
  const cards = await Promise.all(
    rows.map(async ({ touchpoint, kind, url }) => {
      const symbol = await qr(url, { level: "M", scale: 4 });
      return `<figure>${symbol}<figcaption><b>${escaped(touchpoint)}</b> ${escaped(kind)}<br>${escaped(url)}</figcaption></figure>`;
    }),
  );
  return `<!doctype html>
<html lang="zh"><meta charset="utf-8"><title>${escaped(title)}</title>
<style>
body { font: 11px/1.4 system-ui, "Noto Sans CJK SC", sans-serif; margin: 10mm }
main { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6mm }
figure { margin: 0; padding: 4mm; border: 1px dashed #999; break-inside: avoid; text-align: center; overflow-wrap: anywhere }
svg { width: 100%; height: auto }
</style>
<h1>${escaped(title)}</h1>
<main>
${cards.join("\n")}
</main>
</html>
`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
