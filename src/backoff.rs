//! Backoff: the wait before a retry. It grows with each attempt and is random, so that clients that failed together do
//! not retry together.

use std::time::Duration;

/// The waits of one operation. Each step is twice as long as the previous one, up to a limit. A wait is random between
/// half of its step and the whole step.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    step: Duration,
    attempts: u32,
}

impl Backoff {
    /// A backoff whose first step is `first`, and whose longest step is `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, step: first, attempts: 0 }
    }

    /// The number of waits since the start or the last reset.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Starts again with the first step, after an attempt that succeeded.
    pub fn reset(&mut self) {
        self.step = self.first;
    }

    /// Changes the limit.
    pub fn limit(&mut self, longest: Duration) {
        self.longest = longest;
    }

    /// The next step without randomness, which is the maximum of the next wait. State machines use it because they must
    /// be deterministic.
    pub fn step(&mut self) -> Duration {
        let step = self.step.min(self.longest);
        self.step = step.saturating_mul(2).min(self.longest);
        self.attempts = self.attempts.saturating_add(1);
        step
    }

    /// Returns the next wait.
    pub fn wait(&mut self) -> Duration {
        self.wait_at_least(Duration::ZERO)
    }

    /// The next wait if the server requested a minimum. It is at least that minimum, and up to a quarter longer.
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
        // A large number of attempts does not overflow.
        assert_eq!(Backoff::new(FIRST, LONGEST).wait_at_least(Duration::MAX), Duration::MAX);
    }
}
