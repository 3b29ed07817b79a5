//! A circuit breaker: when too many denials are needed in too short a time, an agent asks again after each of them, and
//! more denials would only feed it.

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

/// How many denials there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Past this rate nothing is denied for a while.
    pub max_rate: Rate,
    /// How long that is, in milliseconds.
    pub cooling_ms: u64,
}

impl Throttle {
    /// Where a denial costs nothing: a flood of a thousand prompts is cleared at once, and a runaway agent still opens
    /// the breaker.
    pub const FREE: Self = Self { max_rate: Rate { count: 1_200, per_ms: 60_000 }, cooling_ms: 60_000 };
    /// Where each denial starts an agent turn.
    pub const TURNS: Self = Self { max_rate: Rate { count: 60, per_ms: 60_000 }, cooling_ms: 300_000 };
}

/// Into how many slots the time is divided.
const SLOTS: u64 = 60;
/// One more than the time has, so that no stretch of that time holds more than the rate.
const KEPT: usize = 61;

/// What the breaker says of a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may be sent, and is counted.
    Admitted,
    /// It may not, and this is the first. Until when the breaker is open.
    Opened(SteadyTime),
    /// It may not.
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

    /// Changes the limits. What was denied under other limits does not count; an open breaker stays open.
    pub(super) fn limit(&mut self, throttle: Throttle) {
        *self = Self { open_until: self.open_until, ..Self::new(throttle) };
    }

    /// Until when there are no denials.
    pub(super) fn open_until(&self) -> Option<SteadyTime> {
        self.open_until
    }

    /// Closes it if it has been open for long enough. `true`: it was closed now.
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
            // As long as the rate's own time at least: else what was counted before would open it again at once.
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
