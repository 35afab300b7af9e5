//! Outboxes across the boundary: numbered like engines, an input as JSON in, what to do as JSON out.

use wasm_bindgen::prelude::*;

use super::Shared;
use crate::engine::command::whole;
use crate::engine::time::Time;
use crate::json::tree::{Data, Node, parse};
use crate::json::write::{int, text};
use crate::report::{Consent, Draft, Effect, Form, Input, Outbox, Settings};

static OUTBOXES: Shared<Vec<Outbox>> = Shared::new(Vec::new());

/// Opens an outbox for a destination; its number. Settings are `campaign`, `session`, `as`, `key` and `consent`.
#[wasm_bindgen(js_name = openOutbox)]
pub fn open_outbox(settings: &str) -> usize {
    let parsed = parse(settings);
    let get = |name: &str| parsed.root.as_ref()?.get(name)?.text();
    let outboxes = OUTBOXES.get();
    outboxes.push(Outbox::new(Settings {
        campaign: get("campaign").unwrap_or_default().to_owned(),
        session: get("session").unwrap_or_default().to_owned(),
        form: get("as").and_then(form).unwrap_or(Form::CloudEvents),
        write_key: get("key").map(str::to_owned),
        consent: get("consent").map_or(Consent::Granted, consent),
    }));
    outboxes.len() - 1
}

/// Tells an outbox what happened; what it wants done, when it wants to be woken, and its counts.
#[wasm_bindgen(js_name = stepOutbox)]
pub fn step_outbox(number: usize, input: &str, now: f64, chance: u32) -> String {
    let Some(outbox) = OUTBOXES.get().get_mut(number) else { return String::from("null") };
    let parsed = parse(input);
    let now = whole(now).map_or(Time(0), Time);
    let effects = match parsed.root.as_ref().and_then(|node| read(node, input)) {
        Some(input) => outbox.step(input, now, chance),
        None => Vec::new(),
    };
    let mut out = Vec::from(*b"{\"effects\":[");
    for (place, effect) in effects.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(effect, &mut out);
    }
    out.extend_from_slice(b"],\"wake\":");
    match outbox.wake(now) {
        Some(at) => int(&mut out, at.0),
        None => out.extend_from_slice(b"null"),
    }
    write_counts(outbox, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn form(word: &str) -> Option<Form> {
    [
        Form::CloudEvents,
        Form::CloudEventsBatch,
        Form::Ndjson,
        Form::Json,
        Form::Segment,
        Form::Sensors,
        Form::Ga4,
        Form::Custom,
    ]
    .into_iter()
    .find(|form| form.as_str() == word)
}

fn consent(word: &str) -> Consent {
    match word {
        "granted" => Consent::Granted,
        "unknown" => Consent::Unknown,
        _ => Consent::Denied,
    }
}

fn read<'i>(node: &'i Node<'i>, source: &'i str) -> Option<Input<'i>> {
    let get = |name: &str| node.get(name).and_then(Node::text);
    let number = |name: &str| match node.get(name).map(|node| &node.data) {
        Some(Data::Number(number)) => number.parse::<u32>().ok(),
        _ => None,
    };
    Some(match get("in")? {
        "track" => Input::Track(Draft {
            kind: get("kind")?.into(),
            id: get("id").map(Into::into),
            time: match node.get("time").map(|node| &node.data) {
                Some(Data::Number(time)) => time.parse().ok().map(Time),
                _ => None,
            },
            subject: get("subject").map(Into::into),
            data: node.get("data").and_then(|data| source.get(data.start..data.end)).unwrap_or("{}").into(),
        }),
        "recovered" => {
            let pair = |entry: &Node<'_>| match entry.entries() {
                [key, value] => Some((key.text()?.to_owned(), value.text()?.to_owned())),
                _ => None,
            };
            Input::Recovered(node.get("values")?.entries().iter().filter_map(pair).collect())
        }
        "stored" => Input::Stored(get("key")?),
        "not-stored" => Input::NotStored(get("key")?),
        "answered" => Input::Answered {
            batch: number("batch")?,
            status: number("status").and_then(|status| u16::try_from(status).ok()).unwrap_or(0),
            retry_after: get("retryAfter").map(|after| (after, get("date"))),
        },
        "hidden" => Input::Hidden,
        "shown" => Input::Shown(
            node.get("keys")
                .map(|keys| keys.entries().iter().filter_map(Node::text).map(str::to_owned).collect()),
        ),
        "consent" => Input::Consent(consent(get("consent")?)),
        "online" => Input::Online,
        _ => Input::Tick,
    })
}

fn write(effect: &Effect, out: &mut Vec<u8>) {
    let begin = |out: &mut Vec<u8>, kind: &str| {
        out.extend_from_slice(b"{\"do\":");
        text(out, kind);
    };
    let member = |out: &mut Vec<u8>, name: &str, value: &str| {
        out.push(b',');
        text(out, name);
        out.push(b':');
        text(out, value);
    };
    let number = |out: &mut Vec<u8>, name: &str, value: i64| {
        out.push(b',');
        text(out, name);
        out.push(b':');
        int(out, value);
    };
    match effect {
        Effect::Put { key, value } => {
            begin(out, "put");
            member(out, "key", key);
            member(out, "value", value);
        }
        Effect::Delete { key } => {
            begin(out, "delete");
            member(out, "key", key);
        }
        Effect::Send { batch, content_type, body, leaving } => {
            begin(out, if *leaving { "leave" } else { "send" });
            number(out, "batch", i64::from(*batch));
            member(out, "type", content_type);
            member(out, "body", body);
        }
        Effect::Dropped { key, reason } => {
            begin(out, "dropped");
            member(out, "key", key);
            member(out, "reason", reason.as_str());
        }
        Effect::Parked { status } => {
            begin(out, "parked");
            number(out, "status", i64::from(*status));
        }
    }
    out.push(b'}');
}

fn write_counts(outbox: &Outbox, out: &mut Vec<u8>) {
    let counts = outbox.counts();
    let queued = u64::try_from(outbox.queued()).unwrap_or(0);
    let totals = [
        (",\"counts\":{\"tracked\":", counts.tracked),
        (",\"recovered\":", counts.recovered),
        (",\"acked\":", counts.acked),
        (",\"moved\":", counts.moved),
        (",\"unstored\":", counts.unstored),
        (",\"queued\":", queued),
        (",\"parked\":", u64::from(outbox.parked().unwrap_or(0))),
    ];
    for (name, total) in totals {
        out.extend_from_slice(name.as_bytes());
        int(out, i64::try_from(total).unwrap_or(i64::MAX));
    }
    out.extend_from_slice(b",\"dropped\":");
    out.extend_from_slice(counts.dropped.json(&[]).as_bytes());
    out.extend_from_slice(b"}}");
}
