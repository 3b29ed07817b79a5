//! The facts about a document that its text does not contain: its name, its host, and the release that reads it. The
//! caller gathers them, because this module reads no clock and no file.

use crate::approvals::bounds::Budget;

/// Facts that cannot be read from a document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'f> {
    /// The document's name in silences: its path below clearance.toml, or a gateway's name.
    pub name: &'f str,
    /// Whether the document is in a repository, where other people can read it.
    pub versioned: bool,
    /// When an entry counts as stale; `None` skips the check.
    pub stale: Option<Stale>,
    /// The release that will read the document; `None` for the latest.
    pub release: Option<&'f str>,
    /// Whether a host before 2026.8 keeps it. On such a host generated entries match in every directory.
    pub early: bool,
    /// When to end.
    pub budget: Budget<'f>,
}

/// When an entry counts as stale.
#[derive(Debug, Clone, Copy)]
pub struct Stale {
    /// Now, in Unix milliseconds.
    pub now_ms: f64,
    /// Number of days after which an entry is stale.
    pub days: u32,
}

impl Stale {
    /// Whole days since an instant, if they exceed the limit.
    pub(super) fn since(self, at_ms: f64) -> Option<f64> {
        const DAY_MS: f64 = 86_400_000.0;
        let days = ((self.now_ms - at_ms) / DAY_MS).floor();
        (days >= f64::from(self.days)).then_some(days)
    }
}
