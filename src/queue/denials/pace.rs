//! How many requests may be in flight: twice as many for every window that went well until the first refusal or a safe
//! number, one more from there on, half as many after a refusal. Fewer while answers are slow: requests in flight
//! cannot be recalled when a person or the gateway resolves a group's survivor.

use std::time::Duration;

use super::super::clock::SteadyTime;
use crate::backoff::Backoff;

/// The limits of the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests in flight at the start.
    pub first: usize,
    /// The window up to which it doubles (slow start).
    pub quick: usize,
    /// Requests in flight at most. Current gateways refuse requests that do not fit their queue.
    pub most: usize,
    /// The shortest pause after a refusal that names none, in milliseconds; doubled with each refusal in a row.
    pub pause_ms: u64,
    /// The longest of those pauses, in milliseconds.
    pub longest_pause_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { first: 4, quick: 32, most: 64, pause_ms: 20, longest_pause_ms: 2_000 }
    }
}

/// Answers that take longer than this are slow, in milliseconds: the window shrinks.
const SLOW_MS: u64 = 250;
/// While answers take this long only one request is in flight.
const VERY_SLOW_MS: u64 = 1_000;

/// Slow start, then additive increase and multiplicative decrease, as in TCP.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    limits: Limits,
    window: usize,
    successes: usize,
    /// The pauses after refusals in a row.
    backoff: Backoff,
    pause: Duration,
    epoch: u64,
    resume_at: SteadyTime,
    /// The latency of recent answers: the maximum, decayed by an eighth with each later answer.
    latency_ms: u64,
    /// Answers since the window last shrank because of slow answers.
    since_shrunk: usize,
}

impl Pace {
    pub(super) fn new(limits: Limits) -> Self {
        let window = limits.first.clamp(1, limits.most.max(1));
        Self {
            limits,
            window,
            successes: 0,
            backoff: backoff(limits),
            pause: Duration::from_millis(limits.pause_ms),
            epoch: 0,
            resume_at: SteadyTime::default(),
            latency_ms: 0,
            since_shrunk: usize::MAX,
        }
    }

    /// How many requests may be in flight.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// The end of the current pause.
    pub(super) fn resume_at(&self) -> SteadyTime {
        self.resume_at
    }

    /// The epoch of a request that is sent now.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How long recent answers took, in milliseconds.
    pub(super) fn latency_ms(&self) -> u64 {
        self.latency_ms
    }

    /// Notes an answer of any kind, and its latency in milliseconds.
    pub(super) fn answered(&mut self, took_ms: u64) {
        self.latency_ms = took_ms.max(self.latency_ms - self.latency_ms.div_ceil(8));
        self.since_shrunk = self.since_shrunk.saturating_add(1);
        if took_ms >= VERY_SLOW_MS {
            self.shrink(1);
        } else if took_ms > SLOW_MS && self.since_shrunk >= self.window {
            // Slow answers to requests that are in flight together count once.
            self.shrink(self.window * 3 / 4);
        }
    }

    fn shrink(&mut self, window: usize) {
        self.window = window.max(1);
        self.successes = 0;
        self.since_shrunk = 0;
    }

    /// Notes a request that the gateway carried out.
    pub(super) fn went_well(&mut self) {
        self.backoff.reset();
        self.pause = Duration::from_millis(self.limits.pause_ms);
        self.successes += 1;
        let slow = self.latency_ms > SLOW_MS;
        let quick = self.epoch == 0 && self.window < self.limits.quick;
        if !slow && (quick || self.successes >= self.window) {
            self.window = (self.window + 1).min(self.limits.most.max(1));
            self.successes = 0;
        }
    }

    /// Notes a refusal of a request that was sent in `epoch`. Refusals in one epoch count once.
    pub(super) fn refused(&mut self, epoch: u64, now: SteadyTime, retry_after_ms: Option<u64>) {
        if epoch == self.epoch {
            self.window = (self.window / 2).max(1);
            self.successes = 0;
            self.epoch += 1;
            self.pause = self.backoff.step();
        }
        let pause_ms = || u64::try_from(self.pause.as_millis()).unwrap_or(u64::MAX);
        self.resume_at = self.resume_at.max(now.plus(retry_after_ms.unwrap_or_else(pause_ms)));
    }
}

/// A backoff without randomness: the state machine must be deterministic, and the answers spread its requests.
fn backoff(limits: Limits) -> Backoff {
    Backoff::new(Duration::from_millis(limits.pause_ms), Duration::from_millis(limits.longest_pause_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_at_first_and_careful_after_a_refusal() {
        let mut pace = Pace::new(Limits::default());
        let answers = |pace: &mut Pace, count: usize| {
            (0..count).for_each(|_| pace.went_well());
            pace.window()
        };
        assert_eq!(answers(&mut pace, 4), 8, "twice as many after a whole window");
        assert_eq!(answers(&mut pace, 8 + 16), 32);
        assert_eq!(answers(&mut pace, 32), 33, "one more");
        pace.refused(pace.epoch(), SteadyTime::default(), None);
        assert_eq!(pace.window(), 16);
        assert_eq!(answers(&mut pace, 16), 17, "the gateway's pace is known");
        assert_eq!(answers(&mut pace, 100_000), 64);
    }

    #[test]
    fn fewer_in_flight_while_answers_are_slow() {
        let mut pace = Pace::new(Limits::default());
        let answers = |pace: &mut Pace, count: usize, took_ms: u64| {
            for _ in 0..count {
                pace.answered(took_ms);
                pace.went_well();
            }
            pace.window()
        };
        assert_eq!(answers(&mut pace, 5_000, 200), 64);
        assert_eq!(answers(&mut pace, 1, 300), 48);
        assert_eq!(answers(&mut pace, 47, 300), 48, "they were in flight together");
        assert_eq!(answers(&mut pace, 1, 300), 36);
        assert_eq!(answers(&mut pace, 1, 1_000), 1);
        assert_eq!(answers(&mut pace, 5, 20), 1, "the slow answer is not long ago");
        assert_eq!(answers(&mut pace, 5_000, 20), 64);
    }
}
