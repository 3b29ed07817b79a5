//! Too many denials in too short a time: then it is an agent that asks again after each, and more would feed it.

use std::fmt;

/// So many in such a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how many milliseconds.
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

/// Into how many slots the time is divided.
const SLOTS: u64 = 60;
/// One more than the time has, so that no stretch of that time holds more than the rate.
const KEPT: usize = 61;

/// What the breaker says of a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may be sent, and is counted.
    Admitted,
    /// It may not, and this is the first.
    Opened(u64),
    /// It may not.
    Open,
}

/// A breaker. Its memory does not depend on the rate.
#[derive(Debug, Clone)]
pub(super) struct Breaker {
    rate: Rate,
    cooling_ms: u64,
    /// Slot numbers and counts.
    slots: [(u64, u32); KEPT],
    open_until_ms: Option<u64>,
}

impl Breaker {
    pub(super) fn new(rate: Rate, cooling_ms: u64) -> Self {
        Self { rate, cooling_ms, slots: [(0, 0); KEPT], open_until_ms: None }
    }

    /// Until when there are no denials.
    pub(super) fn open_until_ms(&self) -> Option<u64> {
        self.open_until_ms
    }

    /// Closes it if it has been open for long enough. `true`: it was closed now.
    pub(super) fn closes(&mut self, steady_ms: u64) -> bool {
        self.open_until_ms.take_if(|until| *until <= steady_ms).is_some()
    }

    pub(super) fn admit(&mut self, steady_ms: u64) -> Admission {
        if self.open_until_ms.is_some() {
            return Admission::Open;
        }
        let slot = steady_ms / self.width();
        let counts = self.slots.iter().filter(|(at, _)| at + SLOTS >= slot);
        if counts.map(|(_, count)| u64::from(*count)).sum::<u64>() >= u64::from(self.rate.count) {
            // As long as the rate's own time at least: else what was counted before would open it again at once.
            let until = steady_ms.saturating_add(self.cooling_ms.max(self.rate.per_ms + self.width()));
            self.open_until_ms = Some(until);
            return Admission::Opened(until);
        }
        let index = usize::try_from(slot % 61).unwrap_or_default();
        if let Some(known) = self.slots.get_mut(index) {
            *known = if known.0 == slot { (slot, known.1.saturating_add(1)) } else { (slot, 1) };
        }
        Admission::Admitted
    }

    fn width(&self) -> u64 {
        self.rate.per_ms.div_ceil(SLOTS).max(1)
    }
}
