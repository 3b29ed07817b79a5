//! When a guard may deny, so that two that know different things never deny the last two of a group.
//!
//! Which prompt stays depends on what is known of runs and on how soon prompts lapse, and a guard that was connected
//! later, or whose clock is behind, may see that otherwise for a while: one keeps the older of two, the other the younger.
//! So denials of younger prompts and denials of older ones take turns by the gateway's clock, which all guards share,
//! with a pause between in which everybody hears of what was denied. In one turn the oldest prompt of a group is denied
//! by nobody, in the other the youngest. A prompt that has just come may be denied at once for an older one; one that is
//! older than another is left alone for as long as the youngest may have such a denial on its way.
//!
//! It holds while a message takes less than a fifteenth of a second, and guards know the clock no worse.

use super::Now;

/// For so long after it was asked a prompt may be denied at once for an older one, in milliseconds.
const ONCE_MS: u64 = 100;
/// For so long after a prompt was asked none that is older is denied in its group, in milliseconds.
const SETTLED_MS: u64 = 400;
/// How long a turn takes, in milliseconds; and for how long of it denials may be sent.
const TURN_MS: u64 = 500;
const OPEN_MS: u64 = 200;

/// When a denial may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// At any time: every guard sees it so.
    Any,
    /// Until this time, by the gateway's clock, or in the turn of the younger.
    Younger { once_until_ms: u64 },
    /// From this time on, by the gateway's clock, in the turn of the older.
    Older { from_ms: u64 },
}

impl Turn {
    /// The turn of a prompt that is younger than the one that stays.
    pub(super) fn younger(created_at_ms: u64) -> Self {
        Self::Younger { once_until_ms: created_at_ms.saturating_add(ONCE_MS) }
    }

    /// The turn of a prompt that is older than the one that stays.
    pub(super) fn older(youngest_created_at_ms: u64) -> Self {
        Self::Older { from_ms: youngest_created_at_ms.saturating_add(SETTLED_MS) }
    }

    /// When it comes, by the steady clock: now, or later.
    pub(super) fn comes_at_ms(self, now: Now) -> u64 {
        let at_ms = match self {
            Self::Any => now.at_ms,
            Self::Younger { once_until_ms } if now.at_ms <= once_until_ms => now.at_ms,
            Self::Younger { .. } => open(now.at_ms, 0),
            Self::Older { from_ms } => open(now.at_ms.max(from_ms), TURN_MS),
        };
        now.steady_ms.saturating_add(at_ms.saturating_sub(now.at_ms))
    }
}

/// The first time from `at_ms` on that is in the open part of the turn that begins `offset` into each round.
fn open(at_ms: u64, offset: u64) -> u64 {
    let round = 2 * TURN_MS;
    let into = at_ms.saturating_add(round - offset) % round;
    if into < OPEN_MS { at_ms } else { at_ms.saturating_add(round - into) }
}
