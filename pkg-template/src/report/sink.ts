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

/** What a participant may have said, in the engine's order. */
export const CONSENTS = ["unknown", "granted", "denied"];
const CAMPAIGN = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * Says at once what cannot work.
 *
 * @throws {KfactorError} `REPORT_SINK` or `REPORT_SECRET`.
 */
export function checkSink(options: ReporterOptions): void {
  demand(isObject(options), "report", '{ to: "https://…" }');
  const { campaign, to, as = "cloudevents", key, headers, encode, consent = "granted", store } = options;
  const inPage = typeof location === "object";
  const isAddress = /^https?:\/\/[^/]/.test(to) || (inPage && /^\/|^\.{1,2}\//.test(to));
  demand(typeof to === "string" && isAddress, "to", "https://…");
  demand(typeof campaign === "string" && CAMPAIGN.test(campaign), "campaign", "ten-friends");
  demand(REPORT_FORMS.includes(as), "as", REPORT_FORMS.join(" | "));
  demand((as === "custom") === (typeof encode === "function"), "encode", 'as: "custom"');
  demand(as !== "segment" || (typeof key === "string" && key !== ""), "key", "write key");
  demand(headers === undefined || isObject(headers), "headers", "{ … }");
  demand(CONSENTS.includes(consent), "consent", CONSENTS.join(" | "));
  const isStore = typeof (store as { put?: unknown } | undefined)?.put === "function";
  demand(store === undefined || isStore, "store", "fileStore(folder)");
  if (as !== "ga4") return;
  if (typeof document === "object") {
    throw new KfactorError(
      "REPORT_SECRET",
      "GA4 needs a secret: report to it from a backend.",
      "GA4 需要密钥，请由后端上报。",
    );
  }
  demand(/[?&]api_secret=./.test(to), "to", "…?measurement_id=…&api_secret=…");
}

/** Whether a value has members. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function demand(isRight: boolean, name: string, example: string): void {
  if (!isRight) throw wrong(`\`${name}\` is written like ${example}`, `\`${name}\` 应写成 ${example}`);
}

/** What a sink's options are wrong in. */
export function wrong(en: string, zh: string, cause?: unknown): KfactorError {
  return new KfactorError("REPORT_SINK", `${en}.`, `${zh}。`, cause);
}

/** A record was dropped; `docs/reports.md` has the reasons. */
export function dropped(key: string, reason: string): KfactorError {
  return new KfactorError(
    "REPORT_DROPPED",
    `The report ${key} was dropped: ${reason}.`,
    `上报 ${key} 被丢弃：${reason}。`,
  );
}

/** A sink refuses everything. */
export function parked(status: number, to: string): KfactorError {
  return new KfactorError(
    "REPORT_REFUSED",
    `${to} answers ${status} to every report; they wait.`,
    `${to} 对上报一律返回 ${status}，数据已保留。`,
  );
}
