//! Instants, spans and local days. The engine never reads a clock: time arrives in commands.

/// An instant: Unix milliseconds, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// When something needs settling, [`Time::NEVER`] if it does not; in seven bytes, because every loop has one.
///
/// ```
/// use kfactor::engine::time::{Due, Time};
/// let at = Time(1_796_090_400_000);
/// assert_eq!(Due::from(at).time(), at);
/// assert_eq!(Due::from(Time::NEVER).time(), Time::NEVER);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due([u8; 7]);

/// A span of time in milliseconds, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

/// A fixed distance from UTC in minutes, as in `"+08:00"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UtcOffset(pub i32);

/// The calendar period a limit counts in, in the campaign's timezone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// From the full hour to the next.
    Hour,
    /// From local midnight to the next.
    Day,
    /// From local Monday midnight to the next.
    Week,
    /// From the first of a local month to the next.
    Month,
    /// The whole campaign.
    Campaign,
}

const HOUR: i64 = 3_600_000;
const DAY: i64 = 86_400_000;
/// 1970-01-05 was a Monday.
const MONDAY: i64 = 4 * DAY;

impl Time {
    /// Later than any campaign.
    pub const NEVER: Time = Time(9_007_199_254_740_991);

    /// The instant `span` later.
    #[must_use]
    pub fn after(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0).min(Self::NEVER.0))
    }
}

/// Instants up to [`Time::NEVER`] have seven bytes; later ones are made that.
impl From<Time> for Due {
    fn from(at: Time) -> Due {
        let [a, b, c, d, e, f, g, _] = at.clamp(Time(0), Time::NEVER).0.to_le_bytes();
        Due([a, b, c, d, e, f, g])
    }
}

impl Due {
    /// The instant.
    #[must_use]
    #[inline]
    pub fn time(self) -> Time {
        let [a, b, c, d, e, f, g] = self.0;
        Time(i64::from_le_bytes([a, b, c, d, e, f, g, 0]))
    }
}

impl Period {
    /// The number of the period that holds `at`, and the instant the next one begins.
    ///
    /// ```
    /// use kfactor::engine::time::{Period, Time, UtcOffset};
    /// // 2026-12-01T23:30 in +08:00: half an hour before local midnight.
    /// let at = Time(1_796_139_000_000);
    /// let (_, next) = Period::Day.of(at, UtcOffset(480));
    /// assert_eq!(next.0 - at.0, 1_800_000);
    /// ```
    #[must_use]
    pub fn of(self, at: Time, offset: UtcOffset) -> (i64, Time) {
        let number = self.number(at, offset);
        let next = match self {
            Period::Hour => (number + 1) * HOUR,
            Period::Day => (number + 1) * DAY,
            Period::Week => (number + 1) * 7 * DAY + MONDAY,
            Period::Month => {
                DAY * days_from_civil((number + 1).div_euclid(12), (number + 1).rem_euclid(12) + 1, 1)
            }
            Period::Campaign => return (number, Time::NEVER),
        };
        (number, Time(next - shift(offset)))
    }

    /// The number of the period that holds `at`.
    #[must_use]
    #[inline]
    pub fn number(self, at: Time, offset: UtcOffset) -> i64 {
        let local = at.0.saturating_add(shift(offset));
        match self {
            Period::Hour => local.div_euclid(HOUR),
            Period::Day => local.div_euclid(DAY),
            Period::Week => (local - MONDAY).div_euclid(7 * DAY),
            Period::Month => {
                let (year, month, _) = civil_from_days(local.div_euclid(DAY));
                year * 12 + month - 1
            }
            Period::Campaign => 0,
        }
    }
}

/// How much later than UTC the clocks show.
#[inline]
fn shift(offset: UtcOffset) -> i64 {
    i64::from(offset.0) * 60_000
}

/// The date of a day number, as `2026-12-03`.
///
/// ```
/// use kfactor::engine::time::{date, parse_date};
/// assert_eq!(date(20_790), "2026-12-03");
/// assert_eq!((parse_date("2026-12-03"), parse_date("2026-02-30")), (Some(20_790), None));
/// ```
#[must_use]
pub fn date(days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The day number of a date that [`date`] writes; none for one that does not exist.
#[must_use]
pub fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<u16>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let days = days_from_civil(i64::from(year), i64::from(month), i64::from(day));
    (date(days) == text).then_some(days)
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
#[must_use]
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Year, month (1–12) and day (1–31) of a day number; the inverse of [`days_from_civil`].
#[must_use]
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}
