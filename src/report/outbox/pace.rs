//! When to try again: what a status means, and how long to wait after it.

use crate::engine::time::{Span, Time, days_from_civil};

/// The first wait is up to a second, each further one up to twice as long.
const BASE: i64 = 1_000;
/// No wait of our own is longer than five minutes.
const LONGEST: i64 = 300_000;
/// No backend makes us wait for more than an hour.
const LONGEST_ASKED: i64 = 3_600_000;
/// A parked destination is tried again every ten minutes.
const PROBE: i64 = 600_000;

/// What a status says of the records in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They were taken.
    Taken,
    /// Try again later.
    Later,
    /// They are too large together.
    Smaller,
    /// One of them is refused.
    Apart,
    /// The destination is not what it was configured to be; no record is at fault.
    Parked,
}

pub(super) fn verdict(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Taken,
        413 => Verdict::Smaller,
        400 | 422 => Verdict::Apart,
        501 | 505 => Verdict::Parked,
        0 | 408 | 425 | 429 | 500..=599 => Verdict::Later,
        _ => Verdict::Parked,
    }
}

/// The time of the next request.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    failures: u32,
    not_before: Time,
    /// The longest that the present wait can be; a clock that is set back must not make it longer.
    wait: i64,
    parked: Option<u16>,
}

impl Pace {
    pub fn not_before(&self) -> Time {
        self.not_before
    }

    pub fn parked(&self) -> Option<u16> {
        self.parked
    }

    pub fn succeeded(&mut self) {
        *self = Pace::default();
    }

    /// A wait between nothing and twice the last one, so that pages which failed together do not come back together.
    pub fn failed(&mut self, now: Time, chance: u32, asked: Option<Span>) {
        let ceiling = (BASE << self.failures.min(20)).min(LONGEST);
        self.failures += 1;
        let own = ceiling.saturating_mul(i64::from(chance)) >> 32;
        let asked = asked.map_or(0, |span| span.0.clamp(0, LONGEST_ASKED));
        self.until(now, own.max(asked.saturating_add(own.min(BASE) * i64::from(asked > 0))));
    }

    /// Stops sending but for a probe; whether that is news.
    pub fn park(&mut self, now: Time, status: u16) -> bool {
        let is_news = self.parked.replace(status) != Some(status);
        self.until(now, PROBE);
        is_news
    }

    /// Something changed for the better: no waiting, unless the backend asked for it or refuses everything.
    pub fn hurry(&mut self, now: Time) {
        if self.parked.is_none() && self.wait <= LONGEST {
            self.until(now, 0);
        }
    }

    pub fn clamp(&mut self, now: Time) {
        self.not_before = self.not_before.min(now.after(Span(self.wait)));
    }

    fn until(&mut self, now: Time, wait: i64) {
        self.wait = wait;
        self.not_before = now.after(Span(wait));
    }
}

/// How long `Retry-After` says to wait: seconds, or a date, which is read against the sender's own `Date`. Of the latter
/// without a `Date`, and of what is neither, nothing is known.
///
/// Source: RFC 9110, sections 10.2.3 and 5.6.7.
pub(super) fn retry_after(text: &str, date: Option<&str>) -> Option<Span> {
    if let Ok(seconds) = text.trim().parse::<u32>() {
        return Some(Span(i64::from(seconds) * 1_000));
    }
    let span = http_date(text)?.0 - http_date(date?)?.0;
    Some(Span(span.max(0)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn http_date(text: &str) -> Option<Time> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = text.trim().split_once(", ")?.1.split(' ');
    let number = |word: Option<&str>| word?.parse::<i64>().ok();
    let day = number(words.next())?;
    let month = MONTHS.find(words.next()?)? / 3;
    let year = number(words.next())?;
    let mut clock = words.next()?.split(':');
    let seconds = (number(clock.next())? * 60 + number(clock.next())?) * 60 + number(clock.next())?;
    let days = days_from_civil(year, i64::try_from(month).ok()? + 1, day);
    Some(Time((days * 86_400 + seconds) * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_retry_after() {
        assert_eq!(retry_after("120", None), Some(Span(120_000)));
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", date), Some(Span(30_000)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", date), Some(Span(0)));
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Time(784_111_777_000)));
        for wrong in ["", "soon", "-1", "Sun, 06 Nob 1994 08:49:37 GMT"] {
            assert_eq!(retry_after(wrong, date), None, "{wrong}");
        }
    }

    #[test]
    fn waits_grow_to_a_limit_and_a_clock_set_back_does_not_lengthen_them() {
        let mut pace = Pace::default();
        for _ in 0..40 {
            pace.failed(Time(1_000_000), u32::MAX, None);
        }
        assert!((299_000..=300_000).contains(&(pace.not_before().0 - 1_000_000)));
        pace.clamp(Time(0));
        assert!(pace.not_before() <= Time(300_000));
    }
}
