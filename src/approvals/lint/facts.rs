//! The facts about a document that its text does not hold: its name, who keeps it, and which release reads it. The
//! caller gathers them, because this room reads no clock and no file.

use crate::approvals::bounds::Budget;

/// What cannot be read out of a document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'f> {
    /// How the document is called where it is silenced: its path below clearance.toml, or a gateway's name.
    pub name: &'f str,
    /// Whether others can read it in a repository.
    pub versioned: bool,
    /// When an entry counts as stale; `None` not to look.
    pub stale: Option<Stale>,
    /// The release that is to take the document; `None` for the latest.
    pub release: Option<&'f str>,
    /// Whether a host before 2026.8 keeps it, on which generated entries match in every directory.
    pub early: bool,
    /// When to end.
    pub budget: Budget<'f>,
}

/// When an entry counts as stale.
#[derive(Debug, Clone, Copy)]
pub struct Stale {
    /// Now, in Unix milliseconds.
    pub now_ms: f64,
    /// Days after which.
    pub days: u32,
}

impl Stale {
    /// Whole days since an instant, if they are too many.
    pub(super) fn since(self, at_ms: f64) -> Option<f64> {
        const DAY_MS: f64 = 86_400_000.0;
        let days = ((self.now_ms - at_ms) / DAY_MS).floor();
        (days >= f64::from(self.days)).then_some(days)
    }
}
