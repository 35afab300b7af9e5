// What of reports every entry of the package has.
export { REPORT_FORMS, type ReportForm } from "./encode.js";
export type { Consent, ReportCounts } from "./outbox.js";
export type { ReportRecord } from "./record.js";
export type { Reporter, ReporterOptions, ReportSink } from "./reporter.js";
export { memoryStore, type ReportStore } from "./store.js";
