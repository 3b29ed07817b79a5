//! What commands on documents found and did, for the renderers.

use serde_json::Value;

use super::changes::Changes;
use super::diagnostic::Verdict;

/// One file of a validation.
#[derive(Debug)]
pub struct FileReport {
    /// The name as it was given, or found in a directory.
    pub name: String,
    /// What came of it.
    pub result: Result<Verdict, Failed>,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What happened.
    pub message: String,
    /// What to do next.
    pub remedy: Option<String>,
    /// Whether the deadline passed.
    pub timed_out: bool,
}

/// What `get` read.
#[derive(Debug)]
pub struct Snapshot {
    /// Where the document is.
    pub path: String,
    /// Whether there is one.
    pub exists: bool,
    /// Lower-case hex SHA-256 of the stored text.
    pub hash: String,
    /// The document as it stands there, without the socket token.
    pub file: Value,
    /// Whether a socket token is set.
    pub has_token: bool,
    /// How many problems a validation of it would report.
    pub problems: usize,
}

/// What `set` did, or would do.
#[derive(Debug)]
pub struct SetReport {
    /// Where the document is.
    pub path: String,
    /// Whether there was one before.
    pub existed: bool,
    /// Whether anything was written.
    pub outcome: SetOutcome,
    /// Hash of what was stored before.
    pub before: String,
    /// Hash of what is stored now; `None` where nothing was.
    pub after: Option<String>,
    /// What changes in meaning.
    pub changes: Changes,
}

/// How a `set` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOutcome {
    /// Written and read back.
    Stored,
    /// The store holds this document already.
    Unchanged,
    /// Only planned.
    Planned,
}
