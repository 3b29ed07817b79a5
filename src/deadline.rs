//! The one deadline of a command: every wait asks it how long it may still take.

use std::time::{Duration, Instant};

/// Longer than anybody waits.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// The instant by which a command ends.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
    /// What was asked for, for messages.
    timeout: Duration,
}

impl Deadline {
    /// So long from now.
    pub fn after(timeout: Duration) -> Self {
        let now = Instant::now();
        // A timeout may be beyond what the clock can hold.
        let at = now.checked_add(timeout).unwrap_or(now + YEAR);
        Self { at, timeout }
    }

    /// How much time is left; `None` once it has passed.
    pub fn left(&self) -> Option<Duration> {
        self.at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// The same, or an earlier one: so long from now at most.
    #[must_use]
    pub fn at_most(self, timeout: Duration) -> Self {
        let sooner = Self::after(timeout);
        if sooner.at < self.at { sooner } else { self }
    }

    /// The whole time that was allowed.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Waits a moment before something is tried again. `false`: there is no time left to try it in.
    pub fn pause(&self, moment: Duration) -> bool {
        let Some(left) = self.left() else { return false };
        let until = Instant::now() + moment.min(left);
        while let Some(rest) = until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero()) {
            std::thread::park_timeout(rest);
        }
        self.left().is_some()
    }
}
