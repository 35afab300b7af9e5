/** What is wrong with a campaign document: one entry for each problem, all at once. */
export interface Problem {
  /** A stable code such as `KEY_UNKNOWN`. */
  code: string;
  /** Errors block; warnings do not. */
  severity: "error" | "warning";
  /** Where in the document, as an RFC 6901 pointer. */
  pointer: string;
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
  message: string;
  messageZh: string;
  /** What was probably meant. */
  suggestion?: string | null;
}

/** Every error this package throws: `code` is stable, `message` and `messageZh` can be shown to a person. */
export class KfactorError extends Error {
  /** A stable code such as `QR_TOO_LONG`. */
  readonly code: string;
  /** The message in Chinese. */
  readonly messageZh: string;

  constructor(code: string, message: string, messageZh: string = message, cause?: unknown) {
    super(message);
    this.name = "KfactorError";
    this.code = code;
    this.messageZh = messageZh;
    if (cause !== undefined) Object.defineProperty(this, "cause", { value: cause, configurable: true });
  }
}

/** A campaign document that cannot run. `problems` lists everything that is wrong with it. */
export class CampaignError extends KfactorError {
  readonly problems: Problem[];

  constructor(problems: Problem[]) {
    const first = problems.find((problem) => problem.severity === "error") ?? problems[0];
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    const moreZh = problems.length > 1 ? `（另有 ${problems.length - 1} 处）` : "";
    const where = first ? `${first.line}:${first.column}: ` : "";
    super(
      "CAMPAIGN_INVALID",
      first ? where + first.message + more : "The campaign document is not valid.",
      first ? where + first.messageZh + moreZh : "活动文档无效。",
    );
    this.name = "CampaignError";
    this.problems = problems;
  }
}

/**
 * A value that has to be text, for JavaScript that nobody checks.
 *
 * @throws {KfactorError} `TEXT_EXPECTED`.
 */
export function text(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new KfactorError("TEXT_EXPECTED", `\`${name}\` has to be a text.`, `\`${name}\` 应为文本。`);
}

/** Tells a page's own function of an error; what it does with it changes nothing here. */
export function hear(onError: ((error: KfactorError) => void) | undefined, error: KfactorError): void {
  try {
    onError?.(error);
  } catch (reason) {
    console.error(reason);
  }
}
