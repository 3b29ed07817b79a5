//! How long to wait before something is tried again: longer after each attempt, and random, so that clients that failed
//! together do not come back together.

use std::time::Duration;

/// The waits of one operation. Each step is twice as long as the one before, up to a limit; a wait is random between half
/// of its step and the whole step.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    step: Duration,
    attempts: u32,
}

impl Backoff {
    /// Waits whose first step is `first`, and whose longest step is `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, step: first, attempts: 0 }
    }

    /// How many waits there were since the beginning.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Begins with the first step again: an attempt succeeded.
    pub fn reset(&mut self) {
        self.step = self.first;
    }

    /// Changes the limit.
    pub fn limit(&mut self, longest: Duration) {
        self.longest = longest;
    }

    /// The next step without randomness: the most that the next wait may take. For state machines, which must do the same
    /// each time.
    pub fn step(&mut self) -> Duration {
        let step = self.step.min(self.longest);
        self.step = step.saturating_mul(2).min(self.longest);
        self.attempts = self.attempts.saturating_add(1);
        step
    }

    /// The next wait.
    pub fn wait(&mut self) -> Duration {
        self.wait_at_least(Duration::ZERO)
    }

    /// The next wait, where the other side has asked for a time: never less than that, and up to a quarter more.
    pub fn wait_at_least(&mut self, asked: Duration) -> Duration {
        let step = self.step();
        let least = asked.max(step / 2);
        let most = step.max(asked.saturating_add(asked / 4));
        least.saturating_add(most.saturating_sub(least).mul_f64(fastrand::f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(20);
    const LONGEST: Duration = Duration::from_millis(500);

    #[test]
    fn steps_double_up_to_the_limit() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        let steps: Vec<u128> = (0..7).map(|_| backoff.step().as_millis()).collect();
        assert_eq!(steps, [20, 40, 80, 160, 320, 500, 500]);
        backoff.limit(Duration::from_secs(10));
        assert_eq!([backoff.step(), backoff.step()], [LONGEST, 2 * LONGEST]);
        backoff.reset();
        assert_eq!((backoff.step(), backoff.attempts()), (FIRST, 10));
    }

    #[test]
    fn waits_are_random_within_their_step() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        for attempt in 0..40 {
            let most = FIRST.saturating_mul(1 << attempt.min(10)).min(LONGEST);
            let wait = backoff.wait();
            assert!(wait >= most / 2 && wait <= most, "{attempt}: {wait:?}");
        }
        let waits: std::collections::BTreeSet<Duration> = (0..100).map(|_| backoff.wait()).collect();
        assert!(waits.len() > 50, "{waits:?}");
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept_and_still_random() {
        let asked = Duration::from_secs(2);
        let waits: std::collections::BTreeSet<Duration> =
            (0..100).map(|_| Backoff::new(FIRST, LONGEST).wait_at_least(asked)).collect();
        assert!(waits.len() > 50 && waits.iter().all(|wait| *wait >= asked && *wait <= asked * 5 / 4));
        // Nothing overflows.
        assert_eq!(Backoff::new(FIRST, LONGEST).wait_at_least(Duration::MAX), Duration::MAX);
    }
}
