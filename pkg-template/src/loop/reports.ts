import type { Host } from "../host/host.js";
import { hear, KfactorError } from "../errors.js";
import { type Reporter, type ReportSink, startReporter } from "../report/reporter.js";
import { demand, SINK } from "../report/sink.js";
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
  private readonly subject: string;

  constructor(
    options: ReportOptions,
    about: { campaign: string; document: string; subject: string },
    host: Host,
  ) {
    this.options = options;
    this.subject = about.subject;
    const { report } = options;
    demand(report === undefined || typeof report === "object", "report", SINK);
    if (report !== undefined && report !== null && "track" in report) this.given = report;
    else {
      const { campaign } = about;
      const onError = (error: KfactorError): void => this.failed(error);
      for (const sink of listed(report ?? declared(about.document))) {
        this.own.push(startReporter({ ...sink, campaign, onError }, host));
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
      this.call(() => this.options.onFact?.(fact));
      for (const reporter of this.all()) reporter.fact(fact, { subject: this.subject });
    }
  }

  /** Something happened in the page that is no fact. */
  track(kind: string, data: object): void {
    for (const reporter of this.all()) reporter.track(kind, data, { subject: this.subject });
  }

  /** What the page shows has changed. */
  progress(view: View): void {
    this.call(() => this.options.onProgress?.(view));
  }

  /** Something failed. */
  failed(error: KfactorError): void {
    hear((error) => this.options.onError?.(error), error);
  }

  /** Ends the reporters that the loop made. */
  close(): void {
    for (const reporter of this.own) reporter.close();
  }

  /** What the page's own functions do wrong is told to it, and changes nothing in the loop. */
  private call(own: () => void): void {
    try {
      own();
    } catch (reason) {
      const text = reason instanceof Error ? reason.message : String(reason);
      this.failed(
        new KfactorError(
          "CALLBACK_FAILED",
          `A function of the page failed: ${text}`,
          `页面自己的函数出错：${text}`,
          reason,
        ),
      );
    }
  }

  private all(): readonly Reporter[] {
    return this.given === undefined ? this.own : [this.given];
  }
}

function listed(sinks: ReportSink | readonly ReportSink[]): readonly ReportSink[] {
  return Array.isArray(sinks) ? (sinks as readonly ReportSink[]) : [sinks as ReportSink];
}

function declared(document: string): readonly ReportSink[] {
  try {
    return (JSON.parse(document) as { report?: ReportSink[] }).report ?? [];
  } catch {
    // The engine will say what is wrong with the document.
    return [];
  }
}
