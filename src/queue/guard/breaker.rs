//! A circuit breaker: if the rate of denials is too high, an agent probably asks again after each denial, and further
//! denials would only continue the loop.

use std::fmt;

use crate::queue::clock::SteadyTime;

/// A rate: `count` denials per `per_ms` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The number of denials.
    pub count: u32,
    /// The period, in milliseconds.
    pub per_ms: u64,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per_ms {
            1_000 => "s",
            60_000 => "min",
            3_600_000 => "h",
            other => return write!(f, "{}/{other}ms", self.count),
        };
        write!(f, "{}/{unit}", self.count)
    }
}

/// The limits of denials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// The rate at which the breaker opens.
    pub max_rate: Rate,
    /// How long it stays open, in milliseconds.
    pub cooling_ms: u64,
}

impl Throttle {
    /// The default where a denial costs nothing: a flood of a thousand prompts is cleared at once, and a runaway agent
    /// still opens the breaker.
    pub const FREE: Self = Self { max_rate: Rate { count: 1_200, per_ms: 60_000 }, cooling_ms: 60_000 };
    /// The default where each denial starts an agent turn.
    pub const TURNS: Self = Self { max_rate: Rate { count: 60, per_ms: 60_000 }, cooling_ms: 300_000 };
}

/// The number of slots in one period.
const SLOTS: u64 = 60;
/// One slot more than a period has, so that no interval of that length exceeds the rate.
const KEPT: usize = 61;

/// The breaker's answer to a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// The denial may be sent, and is counted.
    Admitted,
    /// The breaker opens with this denial, until this time.
    Opened(SteadyTime),
    /// The breaker is open.
    Open,
}

/// A breaker. Its memory does not depend on the rate.
#[derive(Debug, Clone)]
pub(super) struct Breaker {
    throttle: Throttle,
    /// Slot numbers and counts.
    slots: [(u64, u32); KEPT],
    open_until: Option<SteadyTime>,
}

impl Breaker {
    pub(super) fn new(throttle: Throttle) -> Self {
        Self { throttle, slots: [(0, 0); KEPT], open_until: None }
    }

    /// Changes the limits. Denials under other limits do not count; an open breaker stays open.
    pub(super) fn limit(&mut self, throttle: Throttle) {
        *self = Self { open_until: self.open_until, ..Self::new(throttle) };
    }

    /// The time at which the breaker closes, if it is open.
    pub(super) fn open_until(&self) -> Option<SteadyTime> {
        self.open_until
    }

    /// Closes the breaker if its time is over. `true`: it was closed now.
    pub(super) fn closes(&mut self, now: SteadyTime) -> bool {
        self.open_until.take_if(|until| *until <= now).is_some()
    }

    pub(super) fn admit(&mut self, now: SteadyTime) -> Admission {
        if self.open_until.is_some() {
            return Admission::Open;
        }
        let Throttle { max_rate: rate, cooling_ms } = self.throttle;
        let slot = now.as_ms() / self.width();
        let counts = self.slots.iter().filter(|(at, _)| at + SLOTS >= slot);
        if counts.map(|(_, count)| u64::from(*count)).sum::<u64>() >= u64::from(rate.count) {
            // At least one period of the rate: else the earlier counts would open it again immediately.
            let until = now.plus(cooling_ms.max(rate.per_ms + self.width()));
            self.open_until = Some(until);
            return Admission::Opened(until);
        }
        let index = usize::try_from(slot % 61).unwrap_or_default();
        if let Some(known) = self.slots.get_mut(index) {
            *known = if known.0 == slot { (slot, known.1.saturating_add(1)) } else { (slot, 1) };
        }
        Admission::Admitted
    }

    fn width(&self) -> u64 {
        self.throttle.max_rate.per_ms.div_ceil(SLOTS).max(1)
    }
}
