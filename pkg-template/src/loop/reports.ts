import type { Host } from "../host/host.js";
import type { KfactorError } from "../errors.js";
import { type Reporter, type ReportSink, startReporter } from "../report/reporter.js";
import type { Answer, Fact, Outgoing, View } from "../types.js";

/** What a page hears and reports of its loop. */
export interface ReportOptions {
  /** Where it is reported what happens: a reporter of the page's own, or sinks. The document's `report` if absent. */
  report?: Reporter | ReportSink | readonly ReportSink[];
  /** Hears of every fact that this visitor's clicks led to, once. */
  onFact?(fact: Fact): void;
  /** Hears of every change of what the page shows, whoever caused it. */
  onProgress?(view: View): void;
  /** Hears of what failed: the connection, or a report that was dropped. */
  onError?(error: KfactorError): void;
}

/** Tells the page's functions and its sinks what happens in a loop. */
export class Reports {
  private readonly options: ReportOptions;
  private readonly own: Reporter[] = [];
  private readonly given: Reporter | undefined;
  private readonly known = new Set<string>();

  constructor(
    options: ReportOptions,
    about: { campaign: string; document: string; subject: string },
    host: Host,
  ) {
    this.options = options;
    const { report } = options;
    if (report !== undefined && "track" in report) this.given = report;
    else {
      const { campaign, subject } = about;
      const onError = (error: KfactorError): void => options.onError?.(error);
      for (const sink of listed(report ?? declared(about.document))) {
        this.own.push(startReporter({ ...sink, campaign, subject, onError }, host));
      }
    }
  }

  /** A command was answered. */
  answered(command: Outgoing, answer: Answer): void {
    if (!answer.ok) {
      const { code } = answer;
      return this.track("refused", {
        do: command.do,
        code,
        ...("loop" in command && { loop: command.loop }),
      });
    }
    for (const fact of answer.facts) {
      // An answer that comes again brings the same facts.
      if (this.known.has(fact.id)) continue;
      this.known.add(fact.id);
      this.options.onFact?.(fact);
      for (const reporter of this.all()) reporter.fact(fact);
    }
  }

  /** Something happened in the page that is no fact. */
  track(kind: string, data: object): void {
    for (const reporter of this.all()) reporter.track(kind, data);
  }

  /** Ends the reporters that the loop made. */
  close(): void {
    for (const reporter of this.own) reporter.close();
  }

  private all(): readonly Reporter[] {
    return this.given === undefined ? this.own : [this.given];
  }
}

function listed(sinks: ReportSink | readonly ReportSink[]): readonly ReportSink[] {
  return "to" in sinks ? [sinks] : sinks;
}

function declared(document: string): readonly ReportSink[] {
  try {
    return (JSON.parse(document) as { report?: ReportSink[] }).report ?? [];
  } catch {
    // The engine will say what is wrong with the document.
    return [];
  }
}
