//! The release that will read a document, and its known behaviour. The lints of entries and of compatibility use it.

use super::facts::Facts;
use crate::approvals::edit::downgrade::{self, Newer};

/// A release; without one, the latest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release {
    named: Option<downgrade::Release>,
    /// Whether the host is known to run a release before 2026.8.
    early: bool,
}

/// Whether a text is the name of a release: `2026.4.14`, `2026.9.1-beta.1`.
pub fn is_release(version: &str) -> bool {
    downgrade::Release::read(version).is_some()
}

/// Whether a gateway of a release denies a prompt without an answer if the document sets no `askFallback`. Measured:
/// 2026.4.14 runs the command, 2026.6.11 and 2026.9.6 deny it; `None` in between.
pub fn denies_unanswered(version: &str) -> Option<bool> {
    let release = downgrade::Release::read(version)?;
    match (release.is_from(2026, 5, 0), release.is_from(2026, 6, 0)) {
        (false, _) => Some(false),
        (true, true) => Some(true),
        (true, false) => None,
    }
}

impl Release {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        Self { named: facts.release.and_then(downgrade::Release::read), early: facts.early }
    }

    /// Whether generated entries match only in the directory of their approval.
    pub(super) fn binds_directories(self) -> bool {
        self.named.map_or(!self.early, |release| release.is_from(2026, 8, 1))
    }

    pub(super) fn refuses(self, newer: Newer) -> bool {
        self.named.is_some_and(|release| !newer.accepted_by(release))
    }

    /// Whether the release is known to match only paths and to ignore arguments. Measured on 2026.4.14; 2026.6.11
    /// matches both, and the behaviour of the releases between is unknown.
    pub(super) fn is_simple(self) -> bool {
        self.named.is_some_and(|release| !release.is_from(2026, 4, 15))
    }
}
