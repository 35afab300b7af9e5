//! When to try again: what a status means, and how long to wait after it.

use crate::engine::time::{Span, Time};

/// The first wait is up to a second, each further one up to twice as long.
const BASE: u32 = 1_000;
/// No wait of our own is longer than five minutes.
const LONGEST: u32 = 300_000;
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
    /// The status for which the destination is parked; 0 if it is not.
    parked: u16,
}

impl Pace {
    pub fn not_before(&self) -> Time {
        self.not_before
    }

    pub fn parked(&self) -> u16 {
        self.parked
    }

    pub fn succeeded(&mut self) {
        *self = Pace::default();
    }

    /// A wait between nothing and twice the last one, so that pages which failed together do not come back together.
    pub fn failed(&mut self, now: Time, chance: u32, asked: Span) {
        let ceiling = (BASE << self.failures.min(20)).min(LONGEST);
        self.failures += 1;
        let own = (i64::from(ceiling) * i64::from(chance)) >> 32;
        let asked = asked.0.clamp(0, LONGEST_ASKED);
        let spread = if asked > 0 { own.min(i64::from(BASE)) } else { 0 };
        self.until(now, own.max(asked + spread));
    }

    /// Stops sending but for a probe.
    pub fn park(&mut self, now: Time, status: u16) {
        self.parked = status;
        self.until(now, PROBE);
    }

    /// Something changed for the better: no waiting, unless the backend asked for it or refuses everything.
    pub fn hurry(&mut self, now: Time) {
        if self.parked == 0 && self.wait <= i64::from(LONGEST) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_a_clock_set_back_does_not_lengthen_them() {
        let mut pace = Pace::default();
        for _ in 0..40 {
            pace.failed(Time(1_000_000), u32::MAX, Span(0));
        }
        assert!((299_000..=300_000).contains(&(pace.not_before().0 - 1_000_000)));
        pace.clamp(Time(0));
        assert!(pace.not_before() <= Time(300_000));
    }
}
