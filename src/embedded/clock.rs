//! The gateway's clock: Unix milliseconds that advance with the runtime's clock, so that tests can pause it.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// The wall-clock time at one instant of the runtime.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    start: Instant,
    unix_ms: u64,
}

impl Clock {
    pub(super) fn started() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), unix_ms: millis(unix) }
    }

    /// The current time, in Unix milliseconds.
    pub(super) fn now(&self) -> u64 {
        self.unix_ms + self.uptime()
    }

    /// Milliseconds since the start.
    pub(super) fn uptime(&self) -> u64 {
        millis(self.start.elapsed())
    }

    /// The instant of a time.
    pub(super) fn at(&self, unix_ms: u64) -> Instant {
        // The limit is longer than any realistic wait, and within the range of an instant.
        const WEEK_MS: u64 = 7 * 24 * 3_600_000;
        let ahead = unix_ms.saturating_sub(self.unix_ms).min(self.uptime() + WEEK_MS);
        self.start + std::time::Duration::from_millis(ahead)
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
