//! A record: one thing that happened, as a CloudEvent in JSON.

use std::borrow::Cow;

use super::privacy;
use crate::engine::time::{Time, civil_from_days};
use crate::json::write::text;

/// What a record is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft<'a> {
    /// What happened, as the kind of a fact: `helped`, `poster-shown`.
    pub kind: Cow<'a, str>,
    /// The id of the fact; without one the outbox makes an id. Records with the same source and id are one.
    pub id: Option<Cow<'a, str>>,
    /// When it happened, if not now.
    pub time: Option<Time>,
    /// Who it is about: a pseudonym, never a phone number or an openid.
    pub subject: Option<Cow<'a, str>>,
    /// All else, as the text of a JSON object.
    pub data: Cow<'a, str>,
}

/// Where a record is from, and its place there.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The campaign's id.
    pub campaign: &'a str,
    /// The page that records: one run of it on one device.
    pub session: &'a str,
    /// The place among the records of this session, from 1. A receiver sees a loss as a gap.
    pub sequence: u64,
    /// The moment of recording.
    pub now: Time,
}

/// The record as CloudEvents 1.0.2 in JSON. The same text is stored, and sent by most forms.
///
/// `sequence` and `partitionkey` are registered extensions, `session` and `recordedtime` are ours. What looks like a
/// phone number, an openid or a mail address is replaced by a pseudonym ([`privacy`]).
#[must_use]
pub fn record(draft: &Draft<'_>, origin: Origin<'_>) -> String {
    let Origin { campaign, session, sequence, now } = origin;
    let mut out = Vec::with_capacity(320 + draft.data.len());
    out.extend_from_slice(b"{\"specversion\":\"1.0\"");
    let made = format!("{session}-{sequence}");
    member(&mut out, "id", draft.id.as_deref().unwrap_or(&made));
    member(&mut out, "source", &format!("urn:kfactor:{campaign}"));
    member(&mut out, "type", &format!("io.kfactor.{}.v1", draft.kind));
    member(&mut out, "time", &rfc3339(draft.time.unwrap_or(now)));
    if let Some(subject) = draft.subject.as_deref().filter(|subject| !subject.is_empty()) {
        member(&mut out, "subject", &privacy::pseudonym(subject, campaign));
    }
    member(&mut out, "datacontenttype", "application/json");
    member(&mut out, "partitionkey", campaign);
    member(&mut out, "session", session);
    member(&mut out, "sequence", &format!("{sequence:012}"));
    if draft.time.is_some() {
        member(&mut out, "recordedtime", &rfc3339(now));
    }
    out.extend_from_slice(b",\"data\":");
    privacy::clean(&draft.data, campaign, &mut out);
    out.push(b'}');
    String::from_utf8(out).unwrap_or_default()
}

/// Appends a member that is not the first of its object.
pub(super) fn member(out: &mut Vec<u8>, name: &str, value: &str) {
    key(out, name);
    text(out, value);
}

/// Appends the key of a member that is not the first of its object.
pub(super) fn key(out: &mut Vec<u8>, name: &str) {
    out.push(b',');
    text(out, name);
    out.push(b':');
}

/// An instant as RFC 3339 in UTC with milliseconds.
///
/// ```
/// use kfactor::{engine::time::Time, report::record::rfc3339};
/// assert_eq!(rfc3339(Time(1_796_139_000_007)), "2026-12-01T15:30:00.007Z");
/// ```
#[must_use]
pub fn rfc3339(at: Time) -> String {
    let (days, rest) = (at.0.div_euclid(86_400_000), at.0.rem_euclid(86_400_000));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", rest % 1_000)
}

/// The instant that [`rfc3339`] writes.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Time> {
    let days = crate::engine::time::parse_date(text.get(..10)?)?;
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let clock = (number(11, 13)? * 60 + number(14, 16)?) * 60 + number(17, 19)?;
    Some(Time(days * 86_400_000 + clock * 1_000 + number(20, 23)?))
}
