//! Rate limits: one token bucket per address, participant or whatever else is counted.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Buckets kept at most; full ones are forgotten first, as a new bucket is full anyway.
const BUCKETS: usize = 100_000;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rate {
    /// Times per minute in the long run.
    pub per_minute: u32,
    /// Times at once after a rest.
    pub burst: u32,
}

impl Rate {
    /// The time in which one more becomes possible.
    fn interval(self) -> Duration {
        Duration::from_secs(60) / self.per_minute.max(1)
    }
}

/// Counts by name, each name with a bucket of its own.
pub struct Limiter {
    rate: Rate,
    /// When each bucket will be full again; a name that is absent has a full bucket.
    full_at: Mutex<HashMap<String, Instant>>,
}

impl Limiter {
    /// A limiter with one rate for every name.
    #[must_use]
    pub fn new(rate: Rate) -> Limiter {
        Limiter { rate, full_at: Mutex::new(HashMap::new()) }
    }

    /// Takes `count` from the bucket of `name`, or says how long to wait.
    ///
    /// # Errors
    /// The time until the bucket holds enough; nothing is taken then.
    pub fn take(&self, name: &str, count: u32, now: Instant) -> Result<(), Duration> {
        let interval = self.rate.interval();
        // More than a whole bucket at once waits for a whole one.
        let cost = interval * count.min(self.rate.burst.max(1));
        let capacity = interval * self.rate.burst.max(1);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let filling = full_at.get(name).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let after = filling + cost;
        if after > capacity {
            return Err(after - capacity);
        }
        if full_at.len() >= BUCKETS && !full_at.contains_key(name) {
            full_at.retain(|_, at| *at > now);
            if full_at.len() >= BUCKETS {
                return Err(interval);
            }
        }
        full_at.insert(name.to_owned(), now + after);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_minute: 60, burst: 5 };

    #[test]
    fn a_burst_passes_and_then_one_per_interval() {
        let (limiter, start) = (Limiter::new(RATE), Instant::now());
        let passed = (0..20).filter(|_| limiter.take("a", 1, start).is_ok()).count();
        assert_eq!(passed, 5);
        assert_eq!(limiter.take("a", 1, start), Err(Duration::from_secs(1)));
        let later = start + Duration::from_secs(3);
        let passed = (0..20).filter(|_| limiter.take("a", 1, later).is_ok()).count();
        assert_eq!(passed, 3);
        assert!(limiter.take("b", 1, start).is_ok(), "another name has a bucket of its own");
    }

    #[test]
    fn never_more_than_burst_and_rate_allow() {
        let start = Instant::now();
        let mut seed = 7u64;
        for _ in 0..200 {
            let limiter = Limiter::new(RATE);
            let (mut passed, mut time) = (0u64, 0u64);
            for _ in 0..200 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                time += (seed >> 33) % 900;
                let count = u32::try_from((seed >> 20) % 3 + 1).unwrap();
                if limiter.take("a", count, start + Duration::from_millis(time)).is_ok() {
                    passed += u64::from(count);
                }
                assert!(passed <= 5 + time / 1_000, "{passed} after {time} ms");
            }
            assert!(passed >= time / 1_000 - 3, "{passed} after {time} ms is too strict");
        }
    }

    #[test]
    fn many_names_do_not_fill_the_memory() {
        let (limiter, start) = (Limiter::new(RATE), Instant::now());
        for name in 0..BUCKETS + 10 {
            let _ = limiter.take(&name.to_string(), 1, start);
        }
        assert!(limiter.full_at.lock().unwrap().len() <= BUCKETS);
        assert!(limiter.take("late", 1, start + Duration::from_secs(2)).is_ok());
    }
}
