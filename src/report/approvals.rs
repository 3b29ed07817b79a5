//! What commands on documents found and did, for the renderers.

use serde_json::Value;

use crate::approvals::compare::changes::{Change, Changes};
use crate::approvals::compare::diff::Diff;
use crate::approvals::contents::Contents;
use crate::approvals::edit::allowlist::{Edit, Verb};
use crate::approvals::edit::downgrade::{Field, Removed};
use crate::approvals::findings::diagnostic::{Diagnostic, Verdict};
use crate::approvals::findings::remark::Remark;
use crate::approvals::lint::{Counts, Removal};

/// One file of a validation.
#[derive(Debug)]
pub struct FileReport {
    /// The name as it was given, or found in a directory.
    pub name: String,
    /// What came of it.
    pub result: Result<Verdict, Failed>,
}

impl FileReport {
    /// Whether there is something to report of the file: a problem, or that it was not checked to its end.
    pub fn has_something(&self) -> bool {
        self.result.as_ref().map_or(true, |verdict| !verdict.diagnostics.is_empty() || verdict.unfinished)
    }
}

/// A file that has no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What happened.
    pub message: String,
    /// What to do next.
    pub remedy: Option<String>,
    /// Why there is no verdict.
    pub why: Unchecked,
}

/// Why a file has no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchecked {
    /// It could not be read.
    Unreadable,
    /// The deadline passed.
    TimedOut,
    /// clearance panicked.
    Crashed,
}

impl Unchecked {
    /// The word in machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::TimedOut => "timed-out",
            Self::Crashed => "crashed",
        }
    }
}

/// What `get` read.
#[derive(Debug)]
pub struct Snapshot {
    /// Whose it is, if not this host's: a gateway's address, and a node.
    pub place: Option<String>,
    /// Where the document is, on the host that has it.
    pub path: String,
    /// Whether there is one.
    pub exists: bool,
    /// Lower-case hex SHA-256 of the stored text.
    pub hash: String,
    /// The document as it stands there.
    pub file: Contents,
    /// How many problems a validation of it would report.
    pub problems: usize,
    /// What applies where the document says nothing, if a gateway told.
    pub resolved_defaults: Option<Value>,
    /// What is wrong around it.
    pub remarks: Vec<Remark>,
}

/// What `get` read of a Windows node.
#[derive(Debug)]
pub struct NativeSnapshot {
    /// Whose it is.
    pub path: String,
    /// The hash that the node gave to it.
    pub hash: String,
    /// The policy: `{defaultAction, rules}`.
    pub policy: Value,
    /// How many problems a validation of it would report.
    pub problems: usize,
}

/// What `get` read.
#[derive(Debug)]
pub enum Got {
    /// A document.
    Document(Snapshot),
    /// A Windows node's policy.
    Native(NativeSnapshot),
}

impl Got {
    /// How many problems a validation of it would report.
    pub fn problems(&self) -> usize {
        match self {
            Self::Document(snapshot) => snapshot.problems,
            Self::Native(snapshot) => snapshot.problems,
        }
    }
}

/// What `set` did, or would do.
#[derive(Debug, Default)]
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
    /// What was left out because the gateway is too old for it.
    pub removed: Vec<Removed>,
    /// What the gateway is too old for and will reject.
    pub foreseen: Vec<Field>,
    /// What the gateway or node dropped or changed of what it was given.
    pub departures: Vec<Change>,
    /// Unknown fields that were taken out of the new document beforehand: as many as are listed.
    pub dropped: Vec<Change>,
    /// How many there were.
    pub dropped_count: usize,
    /// What is worth saying beside it.
    pub remarks: Vec<Remark>,
}

impl SetReport {
    /// Whether nothing was written or would be, and nothing is wrong with what is stored.
    pub fn is_nothing(&self) -> bool {
        let lost = !self.removed.is_empty() || !self.foreseen.is_empty() || self.dropped_count > 0;
        self.outcome == SetOutcome::Unchanged && !lost && self.departures.is_empty()
    }
}

/// How a `set` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SetOutcome {
    /// Written and read back.
    #[default]
    Stored,
    /// The store holds this document already.
    Unchanged,
    /// Only planned.
    Planned,
}

/// What `allowlist add` or `remove` did, or would do.
#[derive(Debug)]
pub struct EditReport {
    /// What was asked for.
    pub edit: Edit,
    /// What became of the document.
    pub set: SetReport,
    /// The agent's entries with the same pattern that are other entries.
    pub similar: Vec<Value>,
    /// The other agents that have an entry with this pattern.
    pub elsewhere: Vec<String>,
    /// What is dangerous or dead about the new entry.
    pub lints: Vec<Diagnostic>,
    /// How often the document was read: more than once where others edited it at once.
    pub attempts: u32,
}

impl EditReport {
    /// Whether anything was written.
    pub fn is_stored(&self) -> bool {
        self.set.outcome == SetOutcome::Stored
    }

    /// Whether nothing was changed, and nothing of what was meant is left: what stays allowed is never passed over.
    pub fn is_nothing(&self) -> bool {
        let left =
            self.edit.verb() == Verb::Remove && !(self.similar.is_empty() && self.elsewhere.is_empty());
        self.set.is_nothing() && !left
    }
}

/// One of two documents that were compared.
#[derive(Debug)]
pub struct Side {
    /// Where it is.
    pub name: String,
    /// Whether there is one; the host follows its built-in defaults where there is none.
    pub exists: bool,
    /// The hash by which its place names it.
    pub hash: String,
    /// Whether it is a Windows node's own policy.
    pub native: bool,
}

/// How two documents differ.
#[derive(Debug)]
pub struct DiffReport {
    /// The one.
    pub a: Side,
    /// The other.
    pub b: Side,
    /// Whether everything counts, and not policy alone.
    pub exact: bool,
    /// The differences, from the one to the other.
    pub diff: Diff,
    /// What is wrong around the two.
    pub remarks: Vec<Remark>,
}

/// What `lint` found.
#[derive(Debug, Default)]
pub struct LintReport {
    /// Every document, and the project's configuration where there is something to say of it.
    pub files: Vec<FileReport>,
    /// How many findings there are.
    pub counts: Counts,
    /// How many documents are invalid. Those that are so for unknown fields alone were looked at all the same.
    pub invalid: usize,
    /// Findings that are silenced.
    pub silenced: usize,
    /// The project's configuration, where there is one.
    pub config: Option<String>,
    /// How many entries `--fix` would remove.
    pub mendable: usize,
    /// How many unknown fields `--fix` would remove.
    pub unknown: usize,
    /// What `--fix` removed.
    pub fixed: Vec<Mend>,
    /// What is wrong around the documents.
    pub remarks: Vec<Remark>,
}

/// What a mend removes of one document.
#[derive(Debug, Clone)]
pub struct Mend {
    /// The document's name.
    pub name: String,
    /// The entries.
    pub removals: Vec<Removal>,
    /// The fields that no release knows, secrets masked: as many as are listed.
    pub unknown: Vec<Change>,
    /// How many there are.
    pub unknown_count: usize,
}

impl Mend {
    /// Whether nothing is removed.
    pub fn is_empty(&self) -> bool {
        self.removals.is_empty() && self.unknown_count == 0
    }
}
