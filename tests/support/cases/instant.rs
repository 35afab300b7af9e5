//! Instants as cases write them: `@24h-1ms`, `@now+5m`, `@day+1 09:30`, `@2026-12-02 09:30`.

use kfactor::engine::time::{UtcOffset, days_from_civil};

/// 2026-12-01T10:00+08:00, the instant `@0`.
pub const START: i64 = 1_796_090_400_000;

const DAY: i64 = 86_400_000;

/// What instants are relative to.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The time of the last command.
    pub now: i64,
    /// The campaign's timezone.
    pub timezone: UtcOffset,
}

impl Clock {
    /// Unix milliseconds of an instant; nothing if the text is none.
    pub fn read(&self, text: &str) -> Option<i64> {
        let text = text.strip_prefix('@')?;
        let (base, rest) = if let Some(rest) = text.strip_prefix("now") {
            (self.now, rest)
        } else if let Some(rest) = text.strip_prefix("day") {
            self.local_day(rest)?
        } else if number(text, 0, 4).is_some() && text.as_bytes().get(4) == Some(&b'-') {
            self.date(text)?
        } else {
            return sum(START, text, '+');
        };
        match rest.chars().next() {
            None => Some(base),
            Some(sign @ ('+' | '-')) => sum(base, rest.get(1..)?, sign),
            Some(_) => None,
        }
    }

    /// `day`, `day+1` or `day-1`, with a time of that day or its midnight.
    fn local_day<'t>(&self, rest: &'t str) -> Option<(i64, &'t str)> {
        let (mut days, mut rest) = ((START + self.shift()).div_euclid(DAY), rest);
        let sign = if rest.starts_with('-') { -1 } else { 1 };
        let behind = rest.strip_prefix(['+', '-']).unwrap_or("");
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = behind.split_at_checked(digits)?;
        // `@day+1h` is an hour after midnight, `@day+1` the next day.
        if digits > 0 && !tail.starts_with(|c: char| c.is_ascii_lowercase()) {
            days += sign * number.parse::<i64>().ok()?;
            rest = tail;
        }
        let (clock, rest) = match rest.strip_prefix(' ') {
            Some(text) => time_of_day(text)?,
            None => (0, rest),
        };
        Some((days * DAY + clock - self.shift(), rest))
    }

    /// `2026-12-02`, with a time of that day or its midnight, in the campaign's timezone unless another one follows.
    fn date<'t>(&self, text: &'t str) -> Option<(i64, &'t str)> {
        let (year, month, day) = (number(text, 0, 4)?, number(text, 5, 7)?, number(text, 8, 10)?);
        if text.as_bytes().get(7) != Some(&b'-') || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let days = days_from_civil(year, month, day);
        let rest = text.get(10..)?;
        let Some(clock) = rest.strip_prefix([' ', 'T']) else {
            return Some((days * DAY - self.shift(), rest));
        };
        let (clock, rest) = time_of_day(clock)?;
        let local = days * DAY + clock;
        if let Some(rest) = rest.strip_prefix('Z') {
            return Some((local, rest));
        }
        let sign = if rest.starts_with('-') { -1 } else { 1 };
        match (number(rest, 1, 3), rest.as_bytes().get(3), number(rest, 4, 6)) {
            (Some(hours), Some(b':'), Some(minutes)) => {
                Some((local - sign * (hours * 60 + minutes) * 60_000, rest.get(6..)?))
            }
            _ => Some((local - self.shift(), rest)),
        }
    }

    fn shift(&self) -> i64 {
        i64::from(self.timezone.0) * 60_000
    }
}

/// Adds spans that are joined by `+` and `-`.
fn sum(base: i64, spans: &str, first: char) -> Option<i64> {
    let (mut at, mut sign, mut rest) = (base, first, spans);
    loop {
        let end = rest.find(['+', '-']).unwrap_or(rest.len());
        let (term, tail) = rest.split_at_checked(end)?;
        let span = span(term)?;
        at += if sign == '-' { -span } else { span };
        let Some(next) = tail.chars().next() else { return Some(at) };
        (sign, rest) = (next, tail.get(1..)?);
    }
}

/// `0`, or a number and its unit.
fn span(term: &str) -> Option<i64> {
    let digits = term.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = term.split_at_checked(digits)?;
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY,
        "" if number == "0" => 0,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

/// `HH:MM` or `HH:MM:SS` at the beginning of a text: milliseconds since midnight, and what follows.
fn time_of_day(text: &str) -> Option<(i64, &str)> {
    let (hours, minutes) = (number(text, 0, 2)?, number(text, 3, 5)?);
    if text.as_bytes().get(2) != Some(&b':') || hours > 23 || minutes > 59 {
        return None;
    }
    let (mut clock, mut rest) = ((hours * 60 + minutes) * 60_000, text.get(5..)?);
    if rest.starts_with(':') {
        clock += number(rest, 1, 3).filter(|seconds| *seconds < 60)? * 1_000;
        rest = rest.get(3..)?;
    }
    Some((clock, rest))
}

fn number(text: &str, from: usize, to: usize) -> Option<i64> {
    let digits = text.get(from..to)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}
