//! Pauses before a gateway is tried again, without end.

use std::time::Duration;

/// Pauses that double, scattered so that many guards that were turned away together do not come back together.
#[derive(Debug)]
pub(super) struct Pauses {
    next: Duration,
}

impl Pauses {
    const FIRST: Duration = Duration::from_millis(250);
    /// A gateway that restarts is not left alone for longer than this once it is back.
    const LONGEST: Duration = Duration::from_secs(5);
    /// One that refuses us has people who look at its log.
    const LONGEST_REFUSED: Duration = Duration::from_secs(30);

    pub(super) fn new() -> Self {
        Self { next: Self::FIRST }
    }

    /// Everything is well: the next pause is a short one.
    pub(super) fn reset(&mut self) {
        self.next = Self::FIRST;
    }

    /// The next pause: between half of it and all of it.
    pub(super) fn next(&mut self, refused: bool) -> Duration {
        let longest = if refused { Self::LONGEST_REFUSED } else { Self::LONGEST };
        let pause = self.next.min(longest);
        self.next = (pause * 2).min(longest);
        // The bits of a random identifier are random enough for this.
        let scatter = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
        pause / 2 + pause * scatter / 512
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_start_again() {
        let mut pauses = Pauses::new();
        for (refused, longest) in [(true, Pauses::LONGEST_REFUSED), (false, Pauses::LONGEST)] {
            for n in 0..40 {
                let pause = pauses.next(refused);
                assert!(pause >= Duration::from_millis(125) && pause <= longest, "{n}: {pause:?}");
                assert!(n < 8 || pause >= longest / 2, "{n}: {pause:?}");
            }
        }
        pauses.reset();
        assert!(pauses.next(false) <= Pauses::FIRST);
    }
}
