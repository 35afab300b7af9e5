import { KfactorError } from "../errors.js";
import { REPORT_FORMS } from "./encode.js";
import type { ReporterOptions } from "./reporter.js";

/** What a participant may have said, in the engine's order. */
export const CONSENTS = ["unknown", "granted", "denied"];
/** How a sink is written. */
export const SINK = '{ to: "https://…" }';
const CAMPAIGN = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * Says at once what cannot work.
 *
 * @throws {KfactorError} `REPORT_SINK` or `REPORT_SECRET`.
 */
export function checkSink(options: ReporterOptions): void {
  demand(isObject(options), "report", SINK);
  const { campaign, to, as = "cloudevents", key, headers, encode, consent = "granted", store } = options;
  const inPage = typeof location === "object";
  const isAddress = /^https?:\/\/[^/]/.test(to) || (inPage && /^\.{0,2}\//.test(to));
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
    throw failure("REPORT_SECRET", "GA4 needs a secret: report from a backend", "GA4 需要密钥，请由后端上报");
  }
  demand(/[?&]api_secret=./.test(to), "to", "…?measurement_id=…&api_secret=…");
}

/** Whether a value has members. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Says how an option is written, if it is not. */
export function demand(isRight: boolean, name: string, example: string): void {
  if (!isRight) throw wrong(`\`${name}\` is written like ${example}`, `\`${name}\` 应写成 ${example}`);
}

/** What a sink's options are wrong in. */
export function wrong(en: string, zh: string, cause?: unknown): KfactorError {
  return failure("REPORT_SINK", en, zh, cause);
}

/** A failure of a report, as one sentence in both languages. */
export function failure(code: string, en: string, zh: string, cause?: unknown): KfactorError {
  return new KfactorError(code, `${en}.`, `${zh}。`, cause);
}
