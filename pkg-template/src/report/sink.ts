import { KfactorError } from "../errors.js";
import type { ReporterOptions } from "./reporter.js";

/** The forms a backend may take records in; `docs/reports.md` says which backend takes which. */
export const REPORT_FORMS = [
  "cloudevents",
  "cloudevents-batch",
  "ndjson",
  "json",
  "segment",
  "sensors",
  "ga4",
  "custom",
] as const;

/** The form a backend takes records in. */
export type ReportForm = (typeof REPORT_FORMS)[number];

const CONSENTS: readonly string[] = ["unknown", "granted", "denied"];
const CAMPAIGN = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * Says at once what cannot work.
 *
 * @throws {KfactorError} `REPORT_SINK` or `REPORT_SECRET`.
 */
export function checkSink(options: ReporterOptions): void {
  if (typeof options !== "object" || options === null) {
    throw wrong("a sink is an object with `to`", "上报目标是含 `to` 的对象");
  }
  const { campaign, to, as = "cloudevents", key, headers, encode, consent = "granted", store } = options;
  const inPage = typeof location === "object";
  if (typeof to !== "string" || !(/^https?:\/\/[^/]/.test(to) || (inPage && /^\/|^\.{1,2}\//.test(to)))) {
    throw wrong(
      "`to` is an address, as https://example.com/events",
      "`to` 应为地址，如 https://example.com/events",
    );
  }
  if (typeof campaign !== "string" || !CAMPAIGN.test(campaign)) {
    throw wrong(
      "`campaign` is the campaign's id, not its document",
      "`campaign` 应为活动的 id，而不是活动文档",
    );
  }
  if (!REPORT_FORMS.includes(as))
    throw wrong(`\`as\` is one of ${REPORT_FORMS.join(", ")}`, `\`as\` 应为 ${REPORT_FORMS.join("、")} 之一`);
  if ((as === "custom") !== (typeof encode === "function")) {
    throw wrong('`encode` and `as: "custom"` belong together', '`encode` 与 `as: "custom"` 须同时使用');
  }
  if (as === "segment" && (typeof key !== "string" || key === "")) {
    throw wrong("Segment needs its write key as `key`", "Segment 需要在 `key` 中写明写入密钥");
  }
  if (headers !== undefined && (typeof headers !== "object" || headers === null)) {
    throw wrong("`headers` is an object of texts", "`headers` 应为对象，值为文本");
  }
  if (!CONSENTS.includes(consent)) {
    throw wrong(
      `\`consent\` is one of ${CONSENTS.join(", ")}`,
      `\`consent\` 应为 ${CONSENTS.join("、")} 之一`,
    );
  }
  if (store !== undefined && typeof (store as { put?: unknown }).put !== "function") {
    throw wrong(
      "`store` is a ReportStore, as fileStore(folder)",
      "`store` 应为 ReportStore，如 fileStore(folder)",
    );
  }
  if (as !== "ga4") return;
  if (typeof document === "object") {
    throw new KfactorError(
      "REPORT_SECRET",
      "GA4 needs a secret, which has no place in a page: report to it from a backend.",
      "GA4 需要密钥，不能放在页面里；请由后端上报。",
    );
  }
  if (!/[?&]api_secret=./.test(to)) {
    throw wrong(
      "GA4 needs ?measurement_id=…&api_secret=… in `to`",
      "GA4 的 `to` 须含 ?measurement_id=…&api_secret=…",
    );
  }
}

/** What a sink's options are wrong in. */
export function wrong(en: string, zh: string, cause?: unknown): KfactorError {
  return new KfactorError(
    "REPORT_SINK",
    `Reports cannot go like this: ${en}.`,
    `无法这样上报：${zh}。`,
    cause,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  overflow: "等待的数据过多",
  "too-large": "单条过大",
  refused: "对方拒收",
  expired: "等待超过三天",
  "no-consent": "用户未同意",
  damaged: "存储的数据不完整",
};

/** A record was dropped. */
export function dropped(key: string, reason: string): KfactorError {
  return new KfactorError(
    "REPORT_DROPPED",
    `The report ${key} was dropped: ${reason}.`,
    `上报 ${key} 被丢弃：${REASONS[reason] ?? reason}。`,
  );
}

/** A sink refuses everything. */
export function parked(status: number, to: string): KfactorError {
  return new KfactorError(
    "REPORT_REFUSED",
    `${to} answers ${status} to every report; they wait, and one is tried every ten minutes.`,
    `${to} 对上报一律返回 ${status}；数据已保留，每十分钟重试一次。`,
  );
}
