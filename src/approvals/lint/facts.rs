//! The facts about a document that its text does not contain: its name, its host, and the release that reads it. The
//! caller gathers them, because this module reads no clock and no file.

use std::fmt;

use crate::approvals::bounds::Budget;
use crate::approvals::decide::Host;

/// Facts that cannot be read from a document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'f> {
    /// The document's name in silences: its path below clearance.toml, or a gateway's name.
    pub name: &'f str,
    /// Whether the document is in a repository, where other people can read it.
    pub versioned: bool,
    /// When an entry counts as stale; `None` skips the check.
    pub stale: Option<Stale>,
    /// The release that will read the document; `None`: see `keeper`.
    pub release: Option<&'f str>,
    /// The place where it is kept, which limits the releases that can read it.
    pub keeper: Keeper,
    /// Entries with a note or a time limit, which the text has no field for.
    pub timed: &'f [Timed],
    /// The files of the host that the document is for; `None`: it may be for any host.
    pub host: Option<Files<'f>>,
    /// When to end.
    pub budget: Budget<'f>,
}

/// The place where a document is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keeper {
    /// A file that is not a host's store: any release could read it.
    #[default]
    Unknown,
    /// The JSON file of a host: a release before 2026.8 reads it.
    File,
    /// The database of a host: a release from 2026.8 on reads it.
    Database,
}

/// The files of the host that a document is for.
#[derive(Clone, Copy)]
pub struct Files<'f> {
    /// Its files.
    pub host: &'f dyn Host,
    /// `HOME` of its gateway.
    pub home: &'f str,
}

impl fmt::Debug for Files<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("home", &self.home).finish_non_exhaustive()
    }
}

/// The note or the time limit of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// The agent.
    pub agent: String,
    /// The pattern, without the blanks around it.
    pub pattern: String,
    /// The expression for the arguments.
    pub arg_pattern: Option<String>,
    /// The note.
    pub note: Option<String>,
    /// When its time is over, as text.
    pub until: Option<String>,
    /// Whether its time is over.
    pub is_over: bool,
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
