//! The steady clock of a command. The state machines in `queue` wait by its times.

use std::time::{Duration, Instant};

use crate::gateway::Clock;
use crate::queue::clock::{GatewayTime, Now, SteadyTime};

/// A steady clock that starts at 0.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Steady(Instant);

impl Steady {
    /// Starts a clock.
    pub(in crate::commands) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time now.
    pub(in crate::commands) fn now(self) -> SteadyTime {
        SteadyTime::of_ms(millis(self.0.elapsed()))
    }

    /// The duration until a time; zero if it has passed.
    pub(in crate::commands) fn until(self, time: SteadyTime) -> Duration {
        (self.0 + Duration::from_millis(time.as_ms())).saturating_duration_since(Instant::now())
    }

    /// The time now, by this clock and by a gateway's.
    pub(in crate::commands) fn beside(self, gateway: &Clock) -> Now {
        Now { gateway: GatewayTime::of_ms(gateway.now_ms()), steady: self.now() }
    }
}

/// A duration in milliseconds.
pub(in crate::commands) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
