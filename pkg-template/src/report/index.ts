// What of reports every entry of the package has.
export { REPORT_FORMS, type ReportForm } from "./sink.js";
export type {
  Consent,
  Reporter,
  ReportCounts,
  ReporterOptions,
  ReportRecord,
  ReportSink,
} from "./reporter.js";
export { memoryStore, type ReportStore } from "./store.js";
