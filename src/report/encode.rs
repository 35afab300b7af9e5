//! The forms records are sent in. An encoder is a pure function from records to the body of one request.

use super::outbox::crc32;
use super::privacy;
use super::record::{key, member, parse_rfc3339, rfc3339};
use crate::campaign::document::choices;
use crate::engine::time::Time;
use crate::json::tree::{Data, Node, parse};
use crate::json::write::{int, text};

choices! {
    /// The form that a backend takes records in.
    pub enum Form {
        /// CloudEvents, one record a request: what every CloudEvents receiver takes.
        CloudEvents = "cloudevents",
        /// CloudEvents, many records a request. Not every receiver takes batches: two of three lose them.
        CloudEventsBatch = "cloudevents-batch",
        /// One record a line, as log collectors and analytical databases read it.
        Ndjson = "ndjson",
        /// A JSON array of records, as a handler of ten lines reads it.
        Json = "json",
        /// Segment's HTTP tracking interface; `key` is the write key.
        Segment = "segment",
        /// 神策 (Sensors Analytics): `data_list` of its SDKs.
        Sensors = "sensors",
        /// GA4's measurement protocol. It needs a secret in the address, so only backends may use it.
        Ga4 = "ga4",
        /// Records for a function of the site's own, which makes the request.
        Custom = "custom",
    }
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// The bytes, which are UTF-8.
    pub text: String,
    /// How many of the records are in it, from the first.
    pub count: usize,
}

impl Form {
    /// How many records may go together.
    #[must_use]
    pub fn most(self) -> usize {
        match self {
            Form::CloudEvents => 1,
            Form::Ga4 => 25,
            _ => 50,
        }
    }
}

/// Encodes as many of the records as fit into `room` bytes, but at least the first. `sent` is the moment of sending, by
/// which a receiver sees how wrong the sender's clock is.
///
/// Records are the texts that [`record`](super::record::record) makes; any other text is taken for an empty record.
#[must_use]
pub fn encode(form: Form, records: &[&str], sent: Time, write_key: Option<&str>, room: usize) -> Body {
    let sent = rfc3339(sent);
    let plan = Plan::of(form, &sent, write_key);
    let mut inner = Vec::new();
    let mut count = 0;
    let person = records.first().and_then(|first| person_of(form, first));
    for record in records.iter().take(form.most()) {
        // GA4 knows one person a request.
        if count > 0 && person_of(form, record) != person {
            break;
        }
        let before = inner.len();
        if count > 0 {
            inner.push(plan.between);
        }
        one(form, record, &sent, &mut inner);
        if count > 0 && plan.size(inner.len()) > room {
            inner.truncate(before);
            break;
        }
        count += 1;
    }
    let inner = String::from_utf8(inner).unwrap_or_default();
    let text = match form {
        Form::Sensors => {
            let list = format!("[{inner}]");
            format!("{}{}", plan.head, percent(&base64(list.as_bytes())))
        }
        Form::Ga4 => format!(
            "{{\"client_id\":{},\"events\":[{inner}]}}",
            quoted(person.as_deref().unwrap_or("unknown"))
        ),
        _ => format!("{}{inner}{}", plan.head, plan.tail),
    };
    Body { content_type: plan.content_type, text, count }
}

/// What stands around and between records.
struct Plan {
    content_type: &'static str,
    head: String,
    between: u8,
    tail: String,
    /// Base64 makes four of three bytes, and escaping its padding and signs a little more.
    is_base64: bool,
}

impl Plan {
    fn of(form: Form, sent: &str, write_key: Option<&str>) -> Self {
        let plan = |content_type, head: &str, tail: &str| Plan {
            content_type,
            head: head.to_owned(),
            between: b',',
            tail: tail.to_owned(),
            is_base64: false,
        };
        match form {
            // Exactly so: some receivers refuse it with a charset.
            Form::CloudEvents => plan("application/cloudevents+json", "", ""),
            Form::CloudEventsBatch => plan("application/cloudevents-batch+json", "[", "]"),
            Form::Ndjson => Plan { between: b'\n', ..plan("application/x-ndjson", "", "\n") },
            Form::Json | Form::Custom => plan("application/json", "[", "]"),
            Form::Segment => {
                let key = write_key.map_or_else(String::new, |key| format!(",\"writeKey\":{}", quoted(key)));
                let tail = format!("],\"sentAt\":\"{sent}\"{key}}}");
                plan("application/json", "{\"batch\":[", &tail)
            }
            Form::Sensors => Plan { is_base64: true, ..plan("text/plain", "data_list=", "") },
            Form::Ga4 => plan("application/json", "", ""),
        }
    }

    fn size(&self, inner: usize) -> usize {
        let inner = if self.is_base64 { inner * 3 / 2 } else { inner };
        self.head.len() + inner + self.tail.len() + 64
    }
}

fn person_of(form: Form, record: &str) -> Option<String> {
    if form != Form::Ga4 {
        return None;
    }
    let root = parse(record).root?;
    Some(Parts::of(&root).person().to_owned())
}

fn one(form: Form, record: &str, sent: &str, out: &mut Vec<u8>) {
    let write: fn(&Parts<'_>, &str, &mut Vec<u8>) = match form {
        Form::Segment => segment,
        Form::Sensors => sensors,
        Form::Ga4 => ga4,
        _ => {
            // The record is a CloudEvent already; it only has to say when it was sent.
            out.extend_from_slice(record.strip_suffix('}').unwrap_or(record).as_bytes());
            member(out, "sentat", sent);
            out.push(b'}');
            return;
        }
    };
    if let Some(root) = parse(record).root {
        write(&Parts::of(&root), sent, out);
    }
}

/// A record taken apart.
struct Parts<'r> {
    root: &'r Node<'r>,
    kind: &'r str,
}

impl<'r> Parts<'r> {
    fn of(root: &'r Node<'r>) -> Self {
        let kind = root.get("type").and_then(Node::text).unwrap_or_default();
        let kind = kind.strip_prefix("io.kfactor.").unwrap_or(kind);
        Parts { root, kind: kind.strip_suffix(".v1").unwrap_or(kind) }
    }

    fn text(&self, name: &str) -> &'r str {
        self.root.get(name).and_then(Node::text).unwrap_or_default()
    }

    /// Who it is about, or the page where nobody is known.
    fn person(&self) -> &'r str {
        match self.text("subject") {
            "" => self.text("session"),
            subject => subject,
        }
    }

    /// Campaign and id: what makes the record the same wherever it came from.
    fn identity(&self) -> String {
        format!("{}:{}", self.text("partitionkey"), self.text("id"))
    }

    fn time(&self) -> i64 {
        parse_rfc3339(self.text("time")).map_or(0, |at| at.0)
    }

    /// The members of `data` that are texts, numbers, truth values or lists of texts; other lists and objects become
    /// texts, because analytical tools know no nesting. Each is written after a comma.
    fn flat(&self, out: &mut Vec<u8>) {
        for entry in self.root.get("data").map(Node::members).unwrap_or_default() {
            key(out, &entry.key);
            let mut inner = Vec::new();
            privacy::write(&entry.value, &mut inner);
            let is_texts = entry.value.entries().iter().all(|entry| entry.text().is_some());
            match &entry.value.data {
                Data::Object(_) => text(out, &String::from_utf8(inner).unwrap_or_default()),
                Data::List(_) if !is_texts => text(out, &String::from_utf8(inner).unwrap_or_default()),
                _ => out.extend_from_slice(&inner),
            }
        }
    }
}

fn segment(parts: &Parts<'_>, _: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"track\"");
    member(out, "messageId", &parts.identity());
    member(out, "anonymousId", parts.person());
    member(out, "event", parts.kind);
    member(out, "timestamp", parts.text("time"));
    out.extend_from_slice(b",\"context\":{\"library\":{\"name\":\"kfactor\",\"version\":\"");
    out.extend_from_slice(env!("CARGO_PKG_VERSION").as_bytes());
    out.extend_from_slice(b"\"}},\"properties\":{\"campaign\":");
    text(out, parts.text("partitionkey"));
    parts.flat(out);
    out.extend_from_slice(b"}}");
}

fn sensors(parts: &Parts<'_>, sent: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"track\"");
    member(out, "event", &identifier(parts.kind));
    member(out, "distinct_id", parts.person());
    key(out, "identities");
    out.extend_from_slice(b"{\"$identity_anonymous_id\":");
    text(out, parts.person());
    out.push(b'}');
    key(out, "time");
    int(out, parts.time());
    // Old records are refused without it.
    out.extend_from_slice(b",\"time_free\":true");
    key(out, "_track_id");
    int(out, i64::from(crc32(parts.identity().as_bytes()) % 1_000_000_000));
    key(out, "_flush_time");
    int(out, parse_rfc3339(sent).map_or(0, |at| at.0));
    out.extend_from_slice(b",\"lib\":{\"$lib\":\"kfactor\",\"$lib_method\":\"code\",\"$lib_version\":\"");
    out.extend_from_slice(env!("CARGO_PKG_VERSION").as_bytes());
    out.extend_from_slice(b"\"},\"properties\":{\"campaign\":");
    text(out, parts.text("partitionkey"));
    member(out, "event_id", &parts.identity());
    parts.flat(out);
    out.extend_from_slice(b"}}");
}

fn ga4(parts: &Parts<'_>, _: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"name\":");
    text(out, &identifier(parts.kind));
    key(out, "timestamp_micros");
    int(out, parts.time().saturating_mul(1_000));
    out.extend_from_slice(b",\"params\":{\"campaign_id\":");
    text(out, parts.text("partitionkey"));
    member(out, "event_id", &parts.identity());
    parts.flat(out);
    out.extend_from_slice(b"}}");
}

/// A kind as an identifier, which analytical tools demand: `kf_checked_in`.
fn identifier(kind: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("kf_{}", kind.chars().map(letter).collect::<String>())
}

fn quoted(value: &str) -> String {
    let mut out = Vec::new();
    text(&mut out, value);
    String::from_utf8(out).unwrap_or_default()
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            let letter = LETTERS.get(index).copied().map_or('=', char::from);
            out.push(if place > chunk.len() { '=' } else { letter });
        }
    }
    out
}

/// Base64 as the value of a form: its three signs escaped.
fn percent(base64: &str) -> String {
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}
