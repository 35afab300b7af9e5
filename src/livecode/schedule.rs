//! When a target takes scans: by date, by day of the week, usually.

use crate::campaign::decode::{Cx, Decode, clip};
use crate::campaign::document::document;
use crate::campaign::problem::code;
use crate::campaign::units::{Hours, mended_hours};
use crate::engine::time::{Time, UtcOffset, parse_date};
use crate::gather::Gather;
use crate::json::tree::{Data, Node};
use crate::sorted::Sorted;

#[cfg(feature = "schema")]
use schemars::{Schema, json_schema};

/// The hours of one day: none for `"closed"`, else up to ten stretches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shifts(Vec<Hours>);

document! {
    /// Hours by day of the week; a day that is absent has the usual ones.
    pub struct Weekly {
        /// Monday.
        pub mon: Option<Shifts>,
        /// Tuesday.
        pub tue: Option<Shifts>,
        /// Wednesday.
        pub wed: Option<Shifts>,
        /// Thursday.
        pub thu: Option<Shifts>,
        /// Friday.
        pub fri: Option<Shifts>,
        /// Saturday.
        pub sat: Option<Shifts>,
        /// Sunday.
        pub sun: Option<Shifts>,
    }
}

/// Hours by date, counted in days from 1970-01-01.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dates(Sorted<i64, Shifts>);

/// All hours of a target. Those of a date come before those of a day of the week, and these before the usual ones.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'r> {
    /// On days without hours of their own; always open if absent.
    pub usual: Option<&'r Shifts>,
    /// By day of the week.
    pub weekly: Option<&'r Weekly>,
    /// By date.
    pub dates: &'r Dates,
}

const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440;

impl Schedule<'_> {
    /// Whether it is open at an instant. The end of a stretch is not included; one that goes over midnight belongs to
    /// the day it begins on.
    ///
    /// ```
    /// use kfactor::engine::time::{Time, UtcOffset};
    /// use kfactor::livecode::schedule::{Dates, Schedule, Shifts};
    /// let night = Shifts::parse("22:00-02:00").unwrap();
    /// let schedule = Schedule { usual: Some(&night), weekly: None, dates: &Dates::default() };
    /// let at = |minutes: i64| Time(minutes * 60_000);
    /// assert!(schedule.is_open(at(22 * 60), UtcOffset(0)) && schedule.is_open(at(26 * 60 - 1), UtcOffset(0)));
    /// assert!(!schedule.is_open(at(26 * 60), UtcOffset(0)));
    /// ```
    #[must_use]
    pub fn is_open(&self, at: Time, offset: UtcOffset) -> bool {
        if self.usual.is_none() && self.weekly.is_none() && self.dates.0.is_empty() {
            return true;
        }
        let minutes = at.0.div_euclid(MINUTE).saturating_add(i64::from(offset.0));
        let (day, minute) = (minutes.div_euclid(DAY), i32::try_from(minutes.rem_euclid(DAY)).unwrap_or(0));
        let begun_today = |hours: &Hours| {
            if hours.from < hours.until { hours.holds(minute) } else { minute >= hours.from }
        };
        let begun_yesterday = |hours: &Hours| hours.from > hours.until && minute < hours.until;
        self.of(day).is_none_or(|shifts| shifts.0.iter().any(begun_today))
            || self.of(day - 1).is_some_and(|shifts| shifts.0.iter().any(begun_yesterday))
    }

    /// When it next opens after an instant at which it is closed, within eight days: looks at the ends of stretches only.
    #[must_use]
    pub fn opens(&self, at: Time, offset: UtcOffset) -> Option<Time> {
        let minutes = at.0.div_euclid(MINUTE).saturating_add(i64::from(offset.0));
        let today = minutes.div_euclid(DAY);
        let begins = (today..today + 9).flat_map(|day| {
            let whole = || vec![day * DAY];
            let starts = |shifts: &Shifts| shifts.0.iter().map(|h| day * DAY + i64::from(h.from)).gather();
            self.of(day).map_or_else(whole, starts)
        });
        let next = begins.filter(|begin| *begin > minutes).min()?;
        Some(Time((next - i64::from(offset.0)) * MINUTE))
    }

    /// Whether it is never open on any day.
    #[must_use]
    pub fn is_never_open(&self) -> bool {
        let closed = |shifts: Option<&Shifts>| shifts.is_some_and(|shifts| shifts.0.is_empty());
        let week = (0..7).all(|day| closed(self.weekly.and_then(|weekly| weekly.day(day)).or(self.usual)));
        week && self.dates.0.values().all(|shifts| shifts.0.is_empty())
    }

    fn of(&self, day: i64) -> Option<&Shifts> {
        // 1970-01-01 was a Thursday.
        let weekday = || self.weekly.and_then(|weekly| weekly.day((day + 3).rem_euclid(7)));
        self.dates.0.get(&day).or_else(weekday).or(self.usual)
    }
}

impl Weekly {
    /// The hours of a day of the week, counted from Monday as 0.
    fn day(&self, day: i64) -> Option<&Shifts> {
        let Weekly { mon, tue, wed, thu, fri, sat, sun } = self;
        match day {
            0 => mon.as_ref(),
            1 => tue.as_ref(),
            2 => wed.as_ref(),
            3 => thu.as_ref(),
            4 => fri.as_ref(),
            5 => sat.as_ref(),
            _ => sun.as_ref(),
        }
    }
}

impl Shifts {
    /// Reads `closed`, or one stretch as `09:00-21:00`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Shifts> {
        if text == "closed" {
            return Some(Shifts::default());
        }
        Hours::parse(text).map(|hours| Shifts(vec![hours]))
    }
}

impl Decode for Shifts {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if let Data::List(_) = node.data {
            return Vec::<Hours>::decode(node, cx).map(Shifts);
        }
        let shifts = node.text().and_then(Shifts::parse);
        if shifts.is_none() {
            cx.wrong_shape(code::HOURS_SHAPE, node, &["09:00-21:00", "closed"])
                .suggest(|_| node.text().and_then(mended_hours));
        }
        shifts
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({
            "anyOf": [{ "const": "closed" }, Hours::shape(), Vec::<Hours>::shape()],
            "description": "Hours of the day, several of them in a list, or \"closed\"."
        })
    }
}

impl Decode for Dates {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if !cx.is_object(node) {
            return None;
        }
        let mut dates = Sorted::default();
        for member in node.members() {
            cx.within(&member.key, |cx| {
                let day = parse_date(&member.key);
                if day.is_none() {
                    let text = clip(&member.key);
                    cx.error(code::TIME_SHAPE, member.key_start, |_| {
                        (
                            format!("\"{text}\" is not a date; write it like \"2026-12-25\"."),
                            format!("“{text}”不是日期，请写成“2026-12-25”这样。"),
                        )
                    });
                }
                dates.extend(day.zip(Shifts::decode(&member.value, cx)));
            });
        }
        (dates.len() == node.members().len()).then_some(Dates(dates))
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$" },
            "additionalProperties": Shifts::shape()
        })
    }
}
