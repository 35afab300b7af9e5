//! Reading one fact, or one report of a page, for what matters to insight.

use std::borrow::Cow;

use crate::campaign::units::parse_time;
use crate::engine::time::UtcOffset;
use crate::json::scan::Value;

/// What a fact tells that matters here.
#[derive(Default)]
pub(super) struct Told<'a> {
    pub id: Text<'a>,
    pub kind: Text<'a>,
    pub at: Option<i64>,
    pub when: Option<i64>,
    pub other: Text<'a>,
    pub loop_: Text<'a>,
    pub who: Text<'a>,
    pub by: Text<'a>,
    pub inviter: Text<'a>,
    pub touchpoint: Text<'a>,
    pub order: Text<'a>,
    pub reward: Text<'a>,
    pub grant: Text<'a>,
    pub live_code: Text<'a>,
    pub target: Text<'a>,
    pub amount: i64,
    pub again: bool,
    pub until: Option<i64>,
    /// Of reports, which are facts and what happens in pages as CloudEvents.
    pub subject: Text<'a>,
    pub poster: Text<'a>,
    pub variant: Text<'a>,
    pub data: Option<&'a [u8]>,
}

pub(super) type Text<'a> = Option<Cow<'a, str>>;

impl<'a> Told<'a> {
    /// Takes a member of a fact, an answer or a report; `inner` gets what holds more of them.
    pub fn take(&mut self, key: &str, value: Value<'a>, inner: &mut Option<&'a [u8]>) {
        match (key, value) {
            ("kind", Value::Text(text)) => self.kind = Some(text),
            ("at", Value::Int(at)) => self.at = Some(at),
            ("id", Value::Text(text)) => self.id = Some(text),
            ("type", Value::Text(text)) => self.kind = self.kind.take().or_else(|| kind_of(text)),
            ("time", Value::Text(text)) => self.at = self.at.or_else(|| instant(&text)),
            ("subject", Value::Text(text)) => self.subject = Some(text),
            ("data", Value::Other(bytes)) => self.data = Some(bytes),
            ("when", Value::Int(when)) => self.when = Some(when),
            ("other", Value::Text(text)) => self.other = Some(text),
            ("loop", Value::Text(text)) => self.loop_ = Some(text),
            ("who", Value::Text(text)) => self.who = Some(text),
            ("by", Value::Text(text)) => self.by = Some(text),
            ("inviter", Value::Text(text)) => self.inviter = Some(text),
            ("touchpoint", Value::Text(text)) => self.touchpoint = Some(text),
            ("order", Value::Text(text)) => self.order = Some(text),
            ("reward", Value::Text(text)) => self.reward = Some(text),
            ("grant", Value::Text(text)) => self.grant = Some(text),
            ("liveCode", Value::Text(text)) => self.live_code = Some(text),
            ("target", Value::Text(text)) => self.target = Some(text),
            ("amount", Value::Int(amount)) => self.amount = amount,
            ("again", Value::Bool(again)) => self.again = again,
            ("until", Value::Int(until)) => self.until = Some(until),
            ("facts" | "answer", Value::Other(bytes)) => *inner = Some(bytes),
            _ => {}
        }
    }

    /// Takes what stands in the `data` of a report: the fields of a fact, or what happened in a page.
    pub fn take_data(&mut self, key: &str, value: Value<'a>) {
        match (key, value) {
            ("poster", Value::Text(text)) => self.poster = Some(text),
            ("variant", Value::Text(text)) => self.variant = Some(text),
            ("id" | "kind" | "at" | "type" | "time" | "subject" | "data" | "facts" | "answer", _) => {}
            (key, value) => self.take(key, value, &mut None),
        }
    }
}

/// The kind of fact in the type of a report: `helped` in `io.kfactor.helped.v1`.
fn kind_of(name: Cow<'_, str>) -> Text<'_> {
    fn inner(name: &str) -> Option<&str> {
        name.strip_prefix("io.kfactor.")?.strip_suffix(".v1")
    }
    match name {
        Cow::Borrowed(name) => inner(name).map(Cow::Borrowed),
        Cow::Owned(name) => inner(&name).map(|kind| Cow::Owned(kind.to_owned())),
    }
}

/// The time of a report, as `2026-12-01T04:00:00.000Z`, in Unix milliseconds.
fn instant(text: &str) -> Option<i64> {
    let (seconds, rest) = text.split_once('.').unwrap_or((text.strip_suffix('Z')?, "Z"));
    let thousandths = rest.strip_suffix('Z')?;
    let begin = parse_time(seconds, UtcOffset(0))?.0;
    let digits = thousandths.bytes().chain(core::iter::repeat(b'0')).take(3);
    let more = digits.map(|digit| i64::from(digit.wrapping_sub(b'0'))).fold(0, |sum, digit| sum * 10 + digit);
    thousandths.bytes().all(|byte| byte.is_ascii_digit()).then_some(begin + more)
}
