// The forms records are sent in. An encoder is a pure function from records to the body of one request.
import { VERSION } from "../generated/version.js";
import { base64, crc32, utf8 } from "./bytes.js";
import { instant, type ReportRecord } from "./record.js";
import type { ReportForm } from "./sink.js";

/** The body of a request. */
export interface Body {
  /** The `Content-Type`. */
  type: string;
  body: string;
  /** How many of the records are in it, from the first. */
  count: number;
}

/** A form, as what becomes of one record, and of all that go together. */
interface Form {
  /** How many records may go together. */
  most: number;
  type: string;
  one(text: string, sent: number): string;
  all(parts: string[], sent: number, key: string | undefined, first: string): string;
  /** How much longer the body is than what is in it. */
  growth?: number;
}

/** The record is a CloudEvent already; it only has to say when it was sent. */
const event = (text: string, sent: number): string => `${text.slice(0, -1)},"sentat":"${instant(sent)}"}`;
const list = (parts: string[]): string => `[${parts.join()}]`;
const LIBRARY = "kfactor";

/** The forms; `docs/reports.md` says which backend takes which. */
export const FORMS: Readonly<Record<ReportForm, Form>> = {
  // Exactly so: some receivers refuse it with a charset.
  cloudevents: { most: 1, type: "application/cloudevents+json", one: event, all: (parts) => parts.join() },
  "cloudevents-batch": { most: 50, type: "application/cloudevents-batch+json", one: event, all: list },
  ndjson: { most: 50, type: "application/x-ndjson", one: event, all: (parts) => `${parts.join("\n")}\n` },
  json: { most: 50, type: "application/json", one: event, all: list },
  segment: {
    most: 50,
    type: "application/json",
    one: (text) => {
      const { record, kind, person, identity, properties } = partsOf(text);
      return JSON.stringify({
        type: "track",
        messageId: identity,
        anonymousId: person,
        event: kind,
        timestamp: record.time,
        context: { library: { name: LIBRARY, version: VERSION } },
        properties: { campaign: record.partitionkey, ...properties },
      });
    },
    all: (parts, sent, key) =>
      `{"batch":${list(parts)},"sentAt":"${instant(sent)}"${key === undefined ? "" : `,"writeKey":${JSON.stringify(key)}`}}`,
  },
  sensors: {
    most: 50,
    type: "text/plain",
    one: (text, sent) => {
      const { record, kind, person, identity, properties } = partsOf(text);
      return JSON.stringify({
        type: "track",
        event: identifier(kind),
        distinct_id: person,
        identities: { $identity_anonymous_id: person },
        time: Date.parse(record.time) || 0,
        // Old records are refused without it.
        time_free: true,
        _track_id: crc32(identity) % 1_000_000_000,
        _flush_time: sent,
        lib: { $lib: LIBRARY, $lib_method: "code", $lib_version: VERSION },
        properties: { campaign: record.partitionkey, event_id: identity, ...properties },
      });
    },
    all: (parts) => `data_list=${encodeURIComponent(base64(list(parts)))}`,
    // Base64 makes four of three bytes, and escaping its padding and signs a little more.
    growth: 1.5,
  },
  ga4: {
    most: 25,
    type: "application/json",
    one: (text) => {
      const { record, kind, identity, properties } = partsOf(text);
      return JSON.stringify({
        name: identifier(kind),
        timestamp_micros: (Date.parse(record.time) || 0) * 1_000,
        params: { campaign_id: record.partitionkey, event_id: identity, ...properties },
      });
    },
    all: (parts, _sent, _key, first) =>
      `{"client_id":${JSON.stringify(partsOf(first).person)},"events":${list(parts)}}`,
  },
  custom: { most: 50, type: "application/json", one: event, all: list },
};

/** Of a body, beside its records. */
const FRAME = 256;

/**
 * Encodes as many of the records as fit into `room` bytes, but at least the first. Records are the texts that `makeRecord`
 * makes. `sent` is the moment of sending, by which a receiver sees how wrong the sender's clock is.
 */
export function encode(
  as: ReportForm,
  records: readonly string[],
  sent: number,
  key: string | undefined,
  room: number,
): Body {
  const { most, type, one, all, growth = 1 } = FORMS[as];
  const [first = "{}"] = records;
  // GA4 knows one person a request.
  const isOthers = (text: string): boolean => as === "ga4" && partsOf(text).person !== partsOf(first).person;
  const parts: string[] = [];
  let size = FRAME;
  for (const text of records.slice(0, most)) {
    const part = one(text, sent);
    size += (utf8(part).length + 1) * growth;
    if (parts.length > 0 && (size > room || isOthers(text))) break;
    parts.push(part);
  }
  return { type, body: all(parts, sent, key, first), count: parts.length };
}

/** A record taken apart. */
function partsOf(text: string): {
  record: ReportRecord;
  kind: string;
  /** Who it is about, or the page where nobody is known. */
  person: string;
  /** Campaign and id: what makes the record the same wherever it came from. */
  identity: string;
  /**
   * The members of `data` that are texts, numbers, truth values or lists of texts; other lists and objects become texts,
   * because analytical tools know no nesting.
   */
  properties: Record<string, unknown>;
} {
  const record = JSON.parse(text) as ReportRecord;
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record.data ?? {})) {
    const isFlat = Array.isArray(value)
      ? value.every((entry) => typeof entry === "string")
      : typeof value !== "object" || value === null;
    properties[name] = isFlat ? value : JSON.stringify(value);
  }
  return {
    record,
    kind: String(record.type).replace(/^io\.kfactor\.|\.v1$/g, ""),
    person: record.subject ?? record.session,
    identity: `${record.partitionkey}:${record.id}`,
    properties,
  };
}

/** A kind as an identifier, which analytical tools demand: `kf_checked_in`. */
function identifier(kind: string): string {
  return `kf_${kind.replace(/[^a-zA-Z0-9]/g, "_")}`;
}
