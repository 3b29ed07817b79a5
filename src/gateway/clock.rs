//! An estimate of the gateway's clock from the times in its messages. Prompts expire by that clock, and the clock of
//! this host may differ.

use std::time::{Duration, Instant};

/// The gateway's clock. It is known within an interval: the time in a message was right at some moment between the
/// sending of the request and the arrival of the answer.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// The earliest time that it may have shown, in Unix milliseconds.
    shown_ms: u64,
    /// Width of the interval: how much later it may have been, in milliseconds.
    unsure_ms: u64,
    /// When it showed that time.
    at: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self::showing(0, Instant::now())
    }
}

impl Clock {
    /// A clock that showed this time in a message that arrives now, and answers a request sent at `asked` or later.
    pub(super) fn showing(shown_ms: u64, asked: Instant) -> Self {
        Self { shown_ms, unsure_ms: millis(asked.elapsed()), at: Instant::now() }
    }

    /// Corrects the clock by an event that shows this time. A delayed event shows a time that is too early, so the
    /// clock is set back in small steps only. That is enough for clocks that drift.
    #[must_use]
    pub fn corrected(self, shown_ms: u64) -> Self {
        const BACK_MS: u64 = 50;
        let (now_ms, latest_ms) = (self.now_ms(), self.latest_ms());
        let earliest_ms = shown_ms.max(now_ms.saturating_sub(BACK_MS));
        let unsure_ms = latest_ms.saturating_sub(earliest_ms);
        Self { shown_ms: earliest_ms, unsure_ms, at: Instant::now() }
    }

    /// Narrows the interval by an answer that shows this time, to a request sent at `asked`. The clock is in the
    /// intersection of both intervals. If they do not intersect, the clock was set, and the newer interval is right.
    #[must_use]
    pub fn narrowed(self, shown_ms: u64, asked: Instant) -> Self {
        let newer = Self::showing(shown_ms, asked);
        let (before_ms, before_latest_ms) = (self.now_ms(), self.latest_ms());
        let earliest_ms = newer.shown_ms.max(before_ms);
        let latest_ms = newer.shown_ms.saturating_add(newer.unsure_ms).min(before_latest_ms);
        match latest_ms.checked_sub(earliest_ms) {
            Some(unsure_ms) => Self { shown_ms: earliest_ms, unsure_ms, ..newer },
            None => newer,
        }
    }

    /// The earliest time that it may show now, in Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.shown_ms.saturating_add(millis(self.at.elapsed()))
    }

    /// The latest time that it may show now, in Unix milliseconds.
    fn latest_ms(&self) -> u64 {
        self.now_ms().saturating_add(self.unsure_ms())
    }

    /// Width of the interval now, in milliseconds. It grows by a ten-thousandth of the time that has passed, for drift,
    /// and by 2 ms for rounding.
    pub fn unsure_ms(&self) -> u64 {
        self.unsure_ms.saturating_add(millis(self.at.elapsed()) / 10_000).saturating_add(2)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_known_within_an_interval() {
        let ago = |ms| Instant::now().checked_sub(Duration::from_millis(ms)).unwrap();
        let clock = Clock::showing(10_000, ago(800));
        assert!((10_000..10_050).contains(&clock.now_ms()) && clock.unsure_ms() >= 800);
        // An answer that took less narrows it from both sides.
        let narrowed = clock.narrowed(10_400, ago(100));
        assert!((10_400..10_450).contains(&narrowed.now_ms()));
        assert!((100..200).contains(&narrowed.unsure_ms()), "{}", narrowed.unsure_ms());
        // An answer that took longer changes nothing. One that contradicts the interval replaces it.
        let same = narrowed.narrowed(10_000, ago(5_000));
        assert!((10_400..10_450).contains(&same.now_ms()) && same.unsure_ms() < 200);
        let set = narrowed.narrowed(99_000, ago(10));
        assert!((99_000..99_050).contains(&set.now_ms()) && set.unsure_ms() < 100);
        // A tick only gives the earliest time.
        let ticked = clock.corrected(10_700);
        assert!((10_700..10_750).contains(&ticked.now_ms()) && (50..200).contains(&ticked.unsure_ms()));
    }
}
