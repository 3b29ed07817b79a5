//! The times at which a prompt may be denied, so that no mix of clearance processes denies the last prompt of a group.
//!
//! Processes do not talk to each other. They may use different rules (`--keep`, `--by`, `--margin`, filters), and know
//! different things about runs. What they share is the gateway: its prompts and its clock.
//!
//! # The rule
//!
//! All processes order prompts in the same way: by creation time, then by key. A denial relies on one other pending
//! prompt of the group, its *support*. A denial whose support is older is a *younger denial*; a denial whose support is
//! younger is an *older denial*. The gateway's time is divided into cycles with two slots. Younger denials are sent in
//! the younger slot, older denials in the older slot. A denial must reach the gateway before its slot ends, and there
//! is a pause behind each slot for answers that take longer than expected. A process sends a denial only if it asked
//! the gateway for the support after the slot began, and the gateway said that the support is pending.
//!
//! There is one exception. A guard may deny a prompt that was created at most [`ONCE_MS`] ago at any time, relying on
//! an older prompt that was pending when the new one was created (it receives events in the gateway's order). In return
//! no older denial relies on a prompt that is younger than [`SETTLED_MS`]: by then such a denial has arrived.
//!
//! # Why no group is emptied
//!
//! Take the widest group that any process works on. Its narrower groups need no separate proof: their supports are
//! prompts of the wide group, too.
//!
//! - *In a younger slot* let `m` be the oldest prompt of the group that is pending at any time in the slot. A younger
//!   denial of `m` would need an older support that was pending in the same slot. There is none.
//! - *In an older slot with an older denial* that denial's support is settled. Let `z` be the youngest settled prompt
//!   that is pending at any time in the slot. An older denial of `z` would need a younger, settled support that was
//!   pending in the same slot. There is none. The exception does not apply to settled prompts. So `z` is pending when
//!   the slot ends.
//! - *The exception* relies on an older prompt that was pending after the denied one was created. While there are no
//!   older denials it cannot hit the oldest prompt. Behind an older slot `z` is older than every prompt that is new
//!   enough.
//!
//! So the argument does not depend on the rules of any process, only on time: a denial arrives within twice the recent
//! latency plus the pause behind its slot, the exception's within [`SETTLED_MS`] minus [`ONCE_MS`], and the gateway's
//! clock is inside the interval that the client computed. Where answers are too slow or the interval is too wide for a
//! slot, no denial is sent in it.
//!
//! The prompts of a run that a guard or `run cancel --superseded` clears keep to the same slots ([`super::staying`]). A
//! person, an expiry, or a run that a person aborts can still take a support while a denial is on its way. Nothing
//! prevents that; the reports say when a group is empty.
//!
//! # How long slots are
//!
//! Legacy gateways (protocol 3) answer thousands of denials a second. All groups share one short pause, so a usual
//! purge does not meet it. Current gateways answer about two hundred a second. There the slots of each intent begin at
//! a time of its own, so that a purge works on other groups meanwhile, and older denials of many groups are not
//! squeezed into one moment. A longer cycle makes a purge of few large groups faster, and the last denial of a group
//! wait longer. At eight seconds a purge of ten groups takes as long as without slots, one of a single group a quarter
//! longer (`queue::tests::speed`).

use super::clock::GatewayTime;
use super::intent::Intent;

/// Grace period after a prompt's creation in which a guard may deny it outside the younger slot, in milliseconds.
pub const ONCE_MS: u64 = 100;
/// No older denial relies on a prompt that is younger than this, in milliseconds.
pub const SETTLED_MS: u64 = 750;
/// The longest latency at which the exception for new prompts is used, in milliseconds.
const ONCE_LATENCY_MS: u64 = 300;
/// The minimum time for a denial to arrive, in milliseconds.
const LANDING_MS: u64 = 50;
/// By how much an answer may be slower than recent ones, in milliseconds, in addition to the pause behind the slot.
const DELAY_MS: u64 = 500;

/// Which prompt a denial relies on, seen from the denied one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// An older prompt: the denied prompt is the younger of the two.
    Younger,
    /// A younger prompt: the denied prompt is the older of the two.
    Older,
}

/// What a process knows about the time at which a denial would arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The earliest time that the gateway's clock may show now.
    pub at: GatewayTime,
    /// How much later it may be, in milliseconds.
    pub unsure_ms: u64,
    /// How long recent answers took, in milliseconds.
    pub latency_ms: u64,
}

/// Whether a denial may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The denial may be sent now.
    Open {
        /// The gateway must have been asked for the support at this time or later.
        since: GatewayTime,
        /// When the slot ends.
        until: GatewayTime,
    },
    /// The denial may not be sent before this time.
    Shut {
        /// When the slot begins.
        until: GatewayTime,
    },
}

/// The slots of a gateway. Every process must compute the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Length of a cycle, in milliseconds. It begins with the younger slot.
    cycle_ms: u64,
    /// When the younger slot ends, from the beginning of the cycle.
    younger_until_ms: u64,
    /// When the older slot begins and ends, from the beginning of the cycle.
    older_from_ms: u64,
    older_until_ms: u64,
    /// Whether the slots of each intent begin at a different time.
    spread: bool,
}

impl Slots {
    /// Gateways of protocol 3.
    pub const LEGACY: Self = Self {
        cycle_ms: 8_000,
        younger_until_ms: 6_850,
        older_from_ms: 7_050,
        older_until_ms: 7_850,
        spread: false,
    };
    /// Gateways of protocol 4 and later.
    pub const CURRENT: Self = Self {
        cycle_ms: 8_000,
        younger_until_ms: 6_300,
        older_from_ms: 6_600,
        older_until_ms: 7_600,
        spread: true,
    };

    /// The slots of a gateway.
    pub const fn of(legacy: bool) -> Self {
        if legacy { Self::LEGACY } else { Self::CURRENT }
    }

    /// The phase of an intent: its position in the cycle at time zero, in milliseconds.
    pub fn phase(&self, intent: &Intent) -> u64 {
        let number = intent.0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        if self.spread { number % self.cycle_ms } else { 0 }
    }

    /// Whether a denial may be sent at a moment. `phase`: the phase of the group's intent.
    pub fn opening(&self, side: Side, phase: u64, moment: Moment) -> Opening {
        let (from_ms, until_ms) = self.bounds(side);
        let into_ms = moment.at.as_ms().saturating_add(phase) % self.cycle_ms;
        let begin = moment.at.minus(into_ms);
        let (since, end) = (begin.plus(from_ms), begin.plus(until_ms));
        if moment.at < since {
            return Opening::Shut { until: since };
        }
        if moment.at.plus(Self::needed_ms(moment)) <= end {
            return Opening::Open { since, until: end };
        }
        Opening::Shut { until: since.plus(self.cycle_ms) }
    }

    /// Whether a denial fits into its slot at all.
    pub fn fits(&self, side: Side, moment: Moment) -> bool {
        let (from_ms, until_ms) = self.bounds(side);
        Self::needed_ms(moment) <= until_ms - from_ms
    }

    /// Whether a guard may deny a prompt outside the younger slot because it is new.
    pub fn is_new(created: GatewayTime, moment: Moment) -> bool {
        moment.at.plus(moment.unsure_ms) <= created.plus(ONCE_MS) && moment.latency_ms <= ONCE_LATENCY_MS
    }

    fn bounds(&self, side: Side) -> (u64, u64) {
        match side {
            Side::Younger => (0, self.younger_until_ms),
            Side::Older => (self.older_from_ms, self.older_until_ms),
        }
    }

    /// How much of a slot must be left, in milliseconds, so that the denial arrives in it in every case.
    fn needed_ms(moment: Moment) -> u64 {
        let delay = moment.latency_ms.min(DELAY_MS);
        moment.unsure_ms.saturating_add(moment.latency_ms).saturating_add(delay).max(LANDING_MS)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(at_ms: u64, unsure_ms: u64, latency_ms: u64) -> Moment {
        Moment { at: GatewayTime::of_ms(at_ms), unsure_ms, latency_ms }
    }

    fn opened(since_ms: u64, until_ms: u64) -> Opening {
        Opening::Open { since: GatewayTime::of_ms(since_ms), until: GatewayTime::of_ms(until_ms) }
    }

    fn shut(until_ms: u64) -> Opening {
        Opening::Shut { until: GatewayTime::of_ms(until_ms) }
    }

    #[test]
    fn slots_follow_each_other() {
        let slots = Slots::LEGACY;
        let open = |side, at_ms| slots.opening(side, 0, at(at_ms, 0, 10));
        assert_eq!(open(Side::Younger, 16_000), opened(16_000, 22_850));
        assert_eq!(open(Side::Older, 16_000), shut(23_050));
        assert_eq!(open(Side::Younger, 22_801), shut(24_000));
        assert_eq!(open(Side::Older, 23_050), opened(23_050, 23_850));
        assert_eq!(open(Side::Older, 23_801), shut(31_050));
    }

    #[test]
    fn slow_answers_and_unsure_clocks_close_slots() {
        let slots = Slots::CURRENT;
        assert!(slots.fits(Side::Younger, at(0, 0, 5_800)) && !slots.fits(Side::Younger, at(0, 0, 5_801)));
        assert!(slots.fits(Side::Older, at(0, 0, 500)) && !slots.fits(Side::Older, at(0, 1, 500)));
        assert!(slots.fits(Side::Older, at(0, 900, 50)) && !slots.fits(Side::Older, at(0, 1_001, 0)));
        assert!(
            Slots::is_new(GatewayTime::of_ms(1_000), at(1_090, 10, 0))
                && !Slots::is_new(GatewayTime::of_ms(1_000), at(1_090, 11, 0))
        );
        assert!(!Slots::is_new(GatewayTime::of_ms(1_000), at(1_000, 0, ONCE_LATENCY_MS + 1)));
    }

    proptest! {
        /// Whatever two processes know about the time, their denials of different sides do not overlap.
        #[test]
        fn sides_never_overlap(
            legacy in any::<bool>(), phase in 0_u64..8_000, truth in 1_000_000_u64..1_016_000,
            first in (0_u64..400, 0_u64..400, 0_u64..600), second in (0_u64..400, 0_u64..400, 0_u64..600),
        ) {
            let slots = Slots::of(legacy);
            // The true time is inside each one's interval.
            let believes = |(early, late, latency): (u64, u64, u64)| at(truth - early, early + late, latency);
            let younger = slots.opening(Side::Younger, phase, believes(first));
            let older = slots.opening(Side::Older, phase, believes(second));
            let open = |opening: Opening| matches!(opening, Opening::Open { .. });
            prop_assert!(!open(younger) || !open(older));
            if let Opening::Open { since, until } = younger {
                prop_assert!(since.as_ms() <= truth && truth + first.2 <= until.as_ms());
            }
            for opening in [younger, older] {
                if let Opening::Shut { until } = opening {
                    prop_assert!(until.as_ms() > truth - first.0.max(second.0));
                }
            }
        }
    }
}
