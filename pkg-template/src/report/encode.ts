// The forms records are sent in. An encoder is a pure function from records to the body of one request.
import { crc32, utf8 } from "./bytes.js";
import { instant } from "./record.js";

/** The body of a request. */
export interface Body {
  /** The `Content-Type`. */
  type: string;
  body: string;
  /** How many of the records are in it, from the first. */
  count: number;
}

/** A form, as what becomes of one record, and of all that go together. */
export interface Form {
  /** How many records may go together. */
  most: number;
  type: string;
  one(text: string, sent: number): string;
  all(parts: string[], sent: number, key: string | undefined, first: string): string;
  /** How much longer the body is than what is in it. */
  growth?: number;
  /** Whether a record may go with the first. */
  goesWith?(text: string, first: string): boolean;
}

/** The record is a CloudEvent already; it only has to say when it was sent. */
const event = (text: string, sent: number): string => `${text.slice(0, -1)},"sentat":"${instant(sent)}"}`;
const list = (parts: string[]): string => `[${parts.join()}]`;

/** Many records together, as most forms have them. */
const many: Form = { most: 50, type: "application/json", one: event, all: list };

/** The forms of backends and, by their names only, those of analytical tools; `docs/reports.md` says which takes which. */
const FORMS = {
  // Exactly so: some receivers refuse it with a charset.
  cloudevents: {
    ...many,
    most: 1,
    type: "application/cloudevents+json",
    all: (parts: string[]) => parts.join(),
  },
  "cloudevents-batch": { ...many, type: "application/cloudevents-batch+json" },
  ndjson: { ...many, type: "application/x-ndjson", all: (parts: string[]) => `${parts.join("\n")}\n` },
  json: many,
  segment: undefined,
  sensors: undefined,
  ga4: undefined,
  custom: many,
};

/** The form a backend takes records in. */
export type ReportForm = keyof typeof FORMS;

/** The forms a backend may take records in. */
export const REPORT_FORMS = Object.keys(FORMS) as readonly ReportForm[];

/** The form of a name. Only pages that report to an analytical tool load what its form needs. */
export async function formOf(as: ReportForm): Promise<Form> {
  const form: Form | undefined = FORMS[as];
  if (form !== undefined) return form;
  const { toolForms } = await import("./tools.js");
  return toolForms({ list, instant, utf8, crc32 })[as as "segment" | "sensors" | "ga4"];
}

/** Of a body, beside its records. */
const FRAME = 256;

/**
 * Encodes as many of the records as fit into `room` bytes, but at least the first. Records are the texts that `makeRecord`
 * makes. `sent` is the moment of sending, by which a receiver sees how wrong the sender's clock is.
 */
export function encode(
  form: Form,
  records: readonly string[],
  sent: number,
  key: string | undefined,
  room: number,
): Body {
  const { most, type, one, all, growth = 1, goesWith = () => true } = form;
  const [first = "{}"] = records;
  const parts: string[] = [];
  let size = FRAME;
  for (const text of records.slice(0, most)) {
    const part = one(text, sent);
    size += (utf8(part).length + 1) * growth;
    if (parts.length > 0 && (size > room || !goesWith(text, first))) break;
    parts.push(part);
  }
  return { type, body: all(parts, sent, key, first), count: parts.length };
}
