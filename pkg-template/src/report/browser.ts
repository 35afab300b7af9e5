import { browser } from "../host/browser.js";
import { type Reporter, type ReporterOptions, startReporter } from "./reporter.js";

/**
 * Sends what happened to a backend, and loses none of it: records are stored before they are sent, sent again until they
 * are taken, and counted if they have to be dropped.
 *
 * ```js
 * const reporter = createReporter({ campaign: "mask-for-two", to: "https://example.com/events" });
 * const loop = createLoop({ campaign, participant, backend, report: reporter });
 * reporter.track("video-watched", { seconds: 30 });
 * ```
 *
 * @throws {KfactorError} `REPORT_SINK` if what it says about the sink does not fit together, `REPORT_SECRET` for GA4 in a page.
 */
export function createReporter(options: ReporterOptions): Reporter {
  return startReporter(options, browser());
}
