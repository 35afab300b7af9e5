//! Spans, instants, timezones, hours of the day and calendar periods.

use super::mend;
use crate::campaign::decode::{Blank, Cx, Decode};
use crate::campaign::problem::code;
use crate::engine::time::{Period, Span, Time, UtcOffset, civil_from_days, days_from_civil};
use crate::json::tree::Node;

#[cfg(feature = "schema")]
use schemars::{Schema, json_schema};

/// The longest span a document can give: ten years.
const LONGEST_DAYS: i64 = 3_660;

/// Reads days, hours, minutes and seconds in this order, as `"24h"` or `"1d12h"`; none may be 0.
///
/// ```
/// use kfactor::campaign::units::parse_span;
/// use kfactor::engine::time::Span;
/// assert_eq!(parse_span("1d12h"), Some(Span(129_600_000)));
/// assert_eq!(parse_span("12h1d"), None);
/// ```
#[must_use]
pub fn parse_span(text: &str) -> Option<Span> {
    let mut units = [('d', 86_400_000), ('h', 3_600_000), ('m', 60_000), ('s', 1_000)].into_iter();
    let mut total = 0i64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (digits, tail) = rest.split_at_checked(end)?;
        if digits.is_empty() || digits.len() > 6 || digits.starts_with('0') {
            return None;
        }
        let letter = tail.chars().next()?;
        let (_, length) = units.find(|(unit, _)| *unit == letter)?;
        total += digits.parse::<i64>().ok()? * length;
        rest = tail.get(1..)?;
    }
    (total > 0).then_some(Span(total))
}

impl Blank for Span {
    fn blank() -> Self {
        Self(0)
    }
}

impl Decode for Span {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let span = node.text().and_then(parse_span);
        if span.is_some_and(|span| span.0 > LONGEST_DAYS * 86_400_000) {
            cx.error(code::NUMBER_RANGE, node.start, |subject| {
                (
                    format!("{subject} can be at most {LONGEST_DAYS} days, about ten years."),
                    format!("{subject} 最长 {LONGEST_DAYS} 天，约十年。"),
                )
            });
            return None;
        }
        if span.is_none() {
            cx.wrong_shape(code::DURATION_SHAPE, node, &["24h", "7d", "1d12h"])
                .because(|subject| mend::why_no_span(subject, node))
                .suggest(|_| node.text().and_then(mend::span));
        }
        span
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        let part = |unit: &str| format!("[1-9][0-9]{{0,5}}{unit}");
        let (d, h, m, s) = (part("d"), part("h"), part("m"), part("s"));
        let pattern = format!("^({d}({h})?({m})?({s})?|{h}({m})?({s})?|{m}({s})?|{s})$");
        json_schema!({ "title": "Span of time", "type": "string", "pattern": pattern })
    }

    #[cfg(feature = "schema")]
    fn note_default(&self, schema: &mut Schema) {
        schema.insert("default".into(), shown_span(*self).into());
    }
}

/// A span as a document writes it, in whole seconds: the inverse of [`parse_span`].
pub(super) fn shown_span(span: Span) -> String {
    let mut rest = span.0;
    let mut text = String::new();
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    text
}

/// Reads `+08:00`, `-05:30`, `Z` or one of the timezones without daylight saving that are known by name.
///
/// ```
/// use kfactor::campaign::units::parse_offset;
/// use kfactor::engine::time::UtcOffset;
/// assert_eq!(parse_offset("Asia/Shanghai"), parse_offset("+08:00"));
/// assert_eq!(parse_offset("-05:30"), Some(UtcOffset(-330)));
/// ```
#[must_use]
pub fn parse_offset(text: &str) -> Option<UtcOffset> {
    match text {
        "Z" | "UTC" => return Some(UtcOffset(0)),
        "Asia/Shanghai" | "Asia/Hong_Kong" | "Asia/Taipei" | "Asia/Singapore" => return Some(UtcOffset(480)),
        _ => {}
    }
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let minutes = clock(text.get(1..)?)?;
    (minutes <= 14 * 60).then_some(UtcOffset(sign * minutes))
}

impl Blank for UtcOffset {
    fn blank() -> Self {
        Self(0)
    }
}

impl Decode for UtcOffset {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let offset = node.text().and_then(parse_offset);
        if offset.is_none() {
            cx.wrong_shape(code::TIMEZONE_SHAPE, node, &["+08:00", "Asia/Shanghai"])
                .suggest(|_| node.text().and_then(mend::timezone));
        }
        offset
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({
            "title": "Timezone",
            "type": "string",
            "pattern": r"^(Z|UTC|Asia/(Shanghai|Hong_Kong|Taipei|Singapore)|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$"
        })
    }

    #[cfg(feature = "schema")]
    fn note_default(&self, schema: &mut Schema) {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let text = format!("{sign}{:02}:{:02}", self.0.abs() / 60, self.0.abs() % 60);
        schema.insert("default".into(), text.into());
    }
}

/// Reads `2026-12-01T10:00` (seconds may follow) or `2026-12-01` (its midnight) in `timezone`, unless the
/// time ends with an offset of its own; from the year 2000 to 2099.
///
/// ```
/// use kfactor::campaign::units::parse_time;
/// use kfactor::engine::time::{Time, UtcOffset};
/// let china = UtcOffset(480);
/// assert_eq!(parse_time("2026-12-01T10:00", china), Some(Time(1_796_090_400_000)));
/// assert_eq!(parse_time("2026-12-01T02:00Z", china), Some(Time(1_796_090_400_000)));
/// assert_eq!(parse_time("2026-02-29", china), None);
/// ```
#[must_use]
pub fn parse_time(text: &str, timezone: UtcOffset) -> Option<Time> {
    let (date, clock_text) = match text.split_once('T') {
        Some((date, clock_text)) => (date, Some(clock_text)),
        None => (text, None),
    };
    let bytes = date.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let year = i64::from(number(date.get(..4)?)?);
    let month = i64::from(number(date.get(5..7)?)?);
    let day = i64::from(number(date.get(8..)?)?);
    let days = days_from_civil(year, month.clamp(1, 12), day);
    if !(2000..2100).contains(&year) || civil_from_days(days) != (year, month, day) {
        return None;
    }
    let (mut seconds, mut offset) = (0, timezone);
    if let Some(clock_text) = clock_text {
        let (minutes, mut rest) = clock_text.split_at_checked(5)?;
        seconds = i64::from(clock(minutes)?) * 60;
        if let Some(tail) = rest.strip_prefix(':') {
            seconds += i64::from(number(tail.get(..2)?).filter(|&second| second < 60)?);
            rest = tail.get(2..)?;
        }
        // Names of timezones are no suffix of a time.
        if rest.len() == 1 || rest.len() == 6 {
            offset = parse_offset(rest)?;
        } else if !rest.is_empty() {
            return None;
        }
    }
    let local = (days * 86_400 + seconds) * 1_000;
    Some(Time(local - i64::from(offset.0) * 60_000))
}

impl Blank for Time {
    fn blank() -> Self {
        Self(0)
    }
}

impl Decode for Time {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let timezone = cx.timezone;
        let time = node.text().and_then(|text| parse_time(text, timezone));
        if time.is_some() {
            return time;
        }
        let no_day = node.text().filter(|text| {
            let first_of_month =
                text.get(..8).zip(text.get(10..)).map(|(month, rest)| format!("{month}01{rest}"));
            first_of_month.is_some_and(|text| parse_time(&text, timezone).is_some())
        });
        if let Some(text) = no_day {
            cx.error(code::TIME_SHAPE, node.start, |subject| {
                (
                    format!("{subject} is \"{text}\", a day that its month does not have."),
                    format!("{subject} 的值 \"{text}\" 有误：该月没有这一天。"),
                )
            });
        } else {
            cx.wrong_shape(code::TIME_SHAPE, node, &["2026-12-01T10:00"])
                .suggest(|_| node.text().and_then(mend::time));
        }
        None
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        let date = "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
        let clock = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?";
        let offset = "Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00";
        json_schema!({
            "title": "Time",
            "type": "string",
            "pattern": format!("^{date}(T{clock}({offset})?)?$")
        })
    }
}

/// Hours of the day, from one time up to another and not including it; they may go over midnight.
///
/// ```
/// use kfactor::campaign::units::Hours;
/// let night = Hours::parse("21:00-02:00").unwrap();
/// assert!(night.holds(21 * 60) && night.holds(60) && !night.holds(120));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Minutes since midnight, 0–1439.
    pub from: i32,
    /// Minutes since midnight, 1–1440; before `from` when the hours go over midnight.
    pub until: i32,
}

impl Hours {
    /// Reads `09:00-21:00`; `24:00` may end a day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let from = clock(from)?;
        let until = if until == "24:00" || until == "00:00" { 1_440 } else { clock(until)? };
        (from != until).then_some(Self { from, until })
    }

    /// Whether a minute of the day (0–1439) is within.
    #[must_use]
    pub fn holds(self, minute: i32) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

impl Blank for Hours {
    fn blank() -> Self {
        Self { from: 0, until: 0 }
    }
}

impl Decode for Hours {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let hours = node.text().and_then(Self::parse);
        if hours.is_none() {
            cx.wrong_shape(code::HOURS_SHAPE, node, &["09:00-21:00"])
                .suggest(|_| node.text().and_then(mend::hours));
        }
        hours
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        let clock = "([01][0-9]|2[0-3]):[0-5][0-9]";
        json_schema!({
            "title": "Hours of the day",
            "type": "string",
            "pattern": format!("^{clock}-({clock}|24:00)$")
        })
    }
}

/// The calendar periods a document can name.
const PERIODS: [(&str, Period); 5] = [
    ("hour", Period::Hour),
    ("day", Period::Day),
    ("week", Period::Week),
    ("month", Period::Month),
    ("campaign", Period::Campaign),
];

impl Blank for Period {
    fn blank() -> Self {
        Period::Day
    }
}

impl Decode for Period {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let place = cx.choice(node, &PERIODS.map(|(word, _)| word))?;
        PERIODS.get(place).map(|(_, period)| *period)
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({ "enum": PERIODS.map(|(word, _)| word) })
    }
}

/// Minutes since midnight of `HH:MM`.
fn clock(text: &str) -> Option<i32> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// A number of ASCII digits only.
fn number(text: &str) -> Option<i32> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
