//! The server's clock: the only place that reads the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Gives the time in Unix milliseconds; a demonstration may move it forward.
#[derive(Debug, Default)]
pub struct Clock {
    ahead: AtomicI64,
}

impl Clock {
    /// The time now: Unix milliseconds, UTC.
    #[must_use]
    pub fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let real = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        real.saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    /// Moves this clock forward; it never goes back.
    pub fn forward(&self, milliseconds: u32) {
        self.ahead.fetch_add(i64::from(milliseconds), Ordering::Relaxed);
    }
}
