//! Where a participant came from: the token that travels in links and QR codes, and the code people type.

pub mod code;
#[cfg(feature = "complete")]
pub mod credit;
pub mod follow;
#[cfg(feature = "complete")]
pub mod identity;
pub mod inviters;
#[cfg(feature = "complete")]
pub mod lock;
#[cfg(feature = "complete")]
mod markov;
pub mod token;

use crate::engine::time::Time;
use sha2::{Digest, Sha256};

pub use code::{CodeError, ReferralCode};
pub use token::{Token, TokenError};

/// The number that stands for a campaign in a token: the first 20 bits of the SHA-256 of its id.
///
/// Two ids share a number once in 2^20 pairs; a reader that knows both ids has to compare numbers first.
///
/// ```
/// assert_eq!(kfactor::attribution::campaign_number("ten-friends"), 649_607);
/// ```
#[must_use]
pub fn campaign_number(id: &str) -> u32 {
    first_20_bits(id)
}

/// The number that stands for a touchpoint in a token: the first 20 bits of the SHA-256 of its id.
///
/// Numbers are compared within one campaign. Among 100 touchpoints two share a number with probability
/// 0.005, among 1000 with 0.38, so a campaign has to be refused when its own touchpoints collide.
///
/// ```
/// assert_eq!(kfactor::attribution::touchpoint_number("counter-12"), 571_329);
/// ```
#[must_use]
pub fn touchpoint_number(id: &str) -> u32 {
    first_20_bits(id)
}

/// The day of a token: whole days in UTC since 2025-01-01.
///
/// Earlier instants give 0, and instants after the last day a token can name, 2036-03-19, give 4095.
///
/// ```
/// use kfactor::{attribution::day_of, engine::time::Time};
/// assert_eq!(day_of(Time(1_795_305_600_000)), 690); // 2026-11-22T00:00Z
/// ```
#[must_use]
pub fn day_of(at: Time) -> u16 {
    let days = at.0.div_euclid(86_400_000) - FIRST_DAY;
    u16::try_from(days.clamp(0, LAST_DAY)).unwrap_or(0)
}

/// 2025-01-01 in days since 1970-01-01.
const FIRST_DAY: i64 = 20_089;
const LAST_DAY: i64 = 4_095;

fn first_20_bits(id: &str) -> u32 {
    let [first, second, third, ..]: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    u32::from_be_bytes([0, first, second, third]) >> 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_first_twenty_bits_of_the_hash_of_an_id() {
        // Computed with Python's hashlib.
        for (id, number) in [("ten-friends", 649_607), ("counter-12", 571_329), ("", 932_620)] {
            assert_eq!(campaign_number(id), number);
            assert_eq!(touchpoint_number(id), number);
        }
    }

    #[test]
    fn days_begin_at_midnight_utc_and_stay_within_twelve_bits() {
        let midnight = |day: i64| Time((FIRST_DAY + day) * 86_400_000);
        assert_eq!(day_of(midnight(0)), 0);
        assert_eq!(day_of(Time(midnight(1).0 - 1)), 0);
        assert_eq!(day_of(midnight(1)), 1);
        assert_eq!(day_of(midnight(4_095)), 4_095);
        assert_eq!(day_of(midnight(4_096)), 4_095);
        assert_eq!(day_of(Time::NEVER), 4_095);
        assert_eq!(day_of(Time(0)), 0);
        assert_eq!(day_of(Time(i64::MIN)), 0);
        assert_eq!(day_of(Time(i64::MAX)), 4_095);
    }
}
