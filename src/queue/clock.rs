//! Times, one type for each clock. A time of one clock cannot be compared with a time of another.

use std::fmt;

/// A time of the gateway's clock, in Unix milliseconds. Prompts are created and expire by it, and the slots of all
/// processes are divided by it. It may be set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GatewayTime(u64);

/// A time of a clock that only goes forward, in milliseconds since a moment that the caller chooses. Waiting, latencies
/// and deadlines go by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SteadyTime(u64);

/// A time of this machine's clock, in Unix milliseconds. Only lines for people and logs have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LocalTime(u64);

macro_rules! time {
    ($time:ident, $name:literal) => {
        impl $time {
            /// The time at this many milliseconds.
            pub const fn of_ms(ms: u64) -> Self {
                Self(ms)
            }

            /// The milliseconds of the clock.
            pub const fn as_ms(self) -> u64 {
                self.0
            }

            /// This time plus a number of milliseconds.
            #[must_use]
            pub const fn plus(self, ms: u64) -> Self {
                Self(self.0.saturating_add(ms))
            }

            /// This time minus a number of milliseconds.
            #[must_use]
            pub const fn minus(self, ms: u64) -> Self {
                Self(self.0.saturating_sub(ms))
            }

            /// The milliseconds since an earlier time; 0 where it is not earlier.
            pub const fn since(self, earlier: Self) -> u64 {
                self.0.saturating_sub(earlier.0)
            }
        }

        impl fmt::Debug for $time {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($name, " {} ms"), self.0)
            }
        }
    };
}

time!(GatewayTime, "gateway");
time!(SteadyTime, "steady");

impl LocalTime {
    /// The time at this many milliseconds.
    pub const fn of_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// The milliseconds of the clock.
    pub const fn as_ms(self) -> u64 {
        self.0
    }
}

/// The present, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The earliest time that the gateway's clock may show.
    pub gateway: GatewayTime,
    /// The time of the steady clock.
    pub steady: SteadyTime,
}

impl Now {
    /// The steady time at which the gateway's clock will show `time`, if it is not set meanwhile; now if `time` has
    /// passed.
    pub const fn until(self, time: GatewayTime) -> SteadyTime {
        self.steady.plus(time.since(self.gateway))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_do_not_wrap() {
        let (early, late) = (SteadyTime::of_ms(10), SteadyTime::of_ms(u64::MAX));
        assert_eq!((early.since(late), late.since(early)), (0, u64::MAX - 10));
        assert_eq!((late.plus(1), early.minus(11)), (late, SteadyTime::of_ms(0)));
    }

    #[test]
    fn a_time_of_the_gateway_is_waited_for_by_the_steady_clock() {
        let now = Now { gateway: GatewayTime::of_ms(1_000), steady: SteadyTime::of_ms(5) };
        assert_eq!(now.until(GatewayTime::of_ms(1_250)), SteadyTime::of_ms(255));
        assert_eq!(now.until(GatewayTime::of_ms(900)), now.steady);
    }
}
