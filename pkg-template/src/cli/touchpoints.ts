import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Engine, qr } from "kfactor";
import type { UtmLink } from "kfactor";
import { mint } from "kfactor/backend";
import {
  cell,
  Exit,
  hexadecimal,
  isChinese,
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
  title: string;
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
  posters?: Record<string, { variants?: string[] }>;
  touchpoints?: Record<
    string,
    { kind: string; title?: string; number?: number; liveCode?: string; utm?: UtmLink }
  >;
}

/** `kfactor touchpoints CAMPAIGN --key HEX --url URL` */
export async function touchpoints(words: string[]): Promise<Exit> {
  const { values, positionals } = parse(words, OPTIONS);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw usage("name one campaign", "请指定一个活动");
  const key = hexadecimal("key", values.key);
  if (key === undefined || typeof values.url !== "string")
    throw usage("--key and --url are needed", "需要 --key 和 --url");
  const text = readText(file);
  (await orProblems(file, isChinese(values), () => Engine.load(text))).free();
  const campaign = JSON.parse(text) as Document;
  const site = siteOf(values.url);
  const fields = {
    kid: wholeNumber("kid", values.kid) ?? 0,
    day: wholeNumber("day", values.day) ?? Math.floor(Date.now() / 86_400_000) - FIRST_DAY,
    kind: 0,
    campaign: campaign.number ?? firstBits(campaign.id),
  };
  const rows: Row[] = [];
  for (const [touchpoint, { kind, title = "", number, liveCode = "", utm: own }] of Object.entries(
    all(campaign),
  )) {
    const token = await mint({ ...fields, touchpoint: number ?? firstBits(touchpoint) }, key);
    // Those by which pages know the touchpoint, where the document says them.
    const utm = new URLSearchParams({
      utm_source: own?.source ?? touchpoint,
      utm_medium: own?.medium ?? kind,
      utm_campaign: own?.campaign ?? campaign.id,
    });
    const url = `${site}/r/${token}${values.utm === true ? `?${utm.toString()}` : ""}`;
    const [family = "", tie = ""] = KINDS[kind] ?? [];
    rows.push({ touchpoint, title, kind, family, tie, liveCode, token, url });
  }
  if (typeof values.sheet === "string") writeFileSync(values.sheet, await sheet(campaign.title, rows));
  if (values.json === true) return say(JSON.stringify(rows, null, 2) + "\n", Exit.Well);
  const lines = [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => cell(row[column])))];
  return say(lines.map((line) => line.join(",") + "\r\n").join(""), Exit.Well);
}

const COLUMNS = ["touchpoint", "title", "kind", "family", "tie", "liveCode", "token", "url"] as const;

/** The touchpoints of a campaign, and after them those that stand for its posters and their variants. */
function all({ touchpoints = {}, posters = {} }: Document): NonNullable<Document["touchpoints"]> {
  const names = Object.entries(posters).flatMap(([poster, { variants = [] }]) => [
    `poster-${poster}`,
    ...variants.map((variant) => `poster-${poster}-${variant}`),
  ]);
  return { ...Object.fromEntries(names.map((name) => [name, { kind: "social" }])), ...touchpoints };
}

/** The address that links begin with: what is printed must not be wrong. */
function siteOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSecure = url?.protocol === "https:";
  const isLocal = url?.protocol === "http:" && /^(localhost|127\.|\[::1\])/.test(url.hostname);
  if (url === undefined || !(isSecure || isLocal) || url.search !== "" || url.hash !== "")
    throw usage(
      `--url is where the world reaches your server, as https://k.example.com, not \`${text}\``,
      `--url 应为外界访问你服务器的地址，如 https://k.example.com，而不是 \`${text}\``,
    );
  // Links are at `/r/`, which people know and write.
  return text.replace(/(\/r)?\/*$/, "");
}

/** 2025-01-01, the first day of tokens, in days since 1970-01-01. */
const FIRST_DAY = 20_089;

/** The number that stands for a name in tokens: the first 20 bits of its SHA-256. */
function firstBits(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32BE(0) >>> 12;
}

/** A page to print: one QR code for each touchpoint, to be cut out. */
async function sheet(title: string, rows: readonly Row[]): Promise<string> {
  const cards = await Promise.all(
    rows.map(async ({ touchpoint, title, kind, url }) => {
      const symbol = await qr(url, { level: "M", scale: 4 });
      return `<figure>${symbol}<figcaption><b>${escaped(title === "" ? touchpoint : title)}</b> ${escaped(title === "" ? kind : touchpoint)}<br>${escaped(url)}</figcaption></figure>`;
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
