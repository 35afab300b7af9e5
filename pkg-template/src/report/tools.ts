// The forms of analytical tools, which have events of their own.
import { VERSION } from "../generated/version.js";
import type { Form } from "./encode.js";
import type { ReportRecord } from "./record.js";

const LIBRARY = "kfactor";

/** What the forms have in common with those of backends. It is handed in, so that bundlers leave it with the page's script. */
interface Shared {
  list(parts: string[]): string;
  instant(at: number): string;
  utf8(text: string): Uint8Array;
  crc32(text: string): number;
}

/** The forms; `docs/reports.md` says which tool takes which. */
export const toolForms = ({
  list,
  instant,
  utf8,
  crc32,
}: Shared): Record<"segment" | "sensors" | "ga4", Form> => ({
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
    all: (parts) => `data_list=${encodeURIComponent(base64(utf8(list(parts))))}`,
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
    // It knows one person a request.
    goesWith: (text, first) => partsOf(text).person === partsOf(first).person,
  },
});

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

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 with padding (RFC 4648, section 4): mini-programs have no `btoa`. */
export function base64(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let place = 0; place < 4; place++)
      out += place > left ? "=" : LETTERS.charAt((bits >> (18 - 6 * place)) & 63);
  }
  return out;
}
