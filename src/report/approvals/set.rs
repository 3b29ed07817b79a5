//! `approvals set`: how a document was replaced.

use serde::Serialize;

use super::{Changed, FieldJson, VERSION, messages};
use crate::approvals::compare::changes::{Change, Changes};
use crate::approvals::edit::downgrade::{Field, Removed};
use crate::approvals::findings::remark::Remark;

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

impl SetOutcome {
    /// The word in machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
        }
    }
}

impl SetReport {
    /// What `--json` prints.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            base_hash: &'r str,
            bookkeeping_changes: usize,
            changes: Changed<'r>,
            departures: Changed<'r>,
            dropped_unknown: Changed<'r>,
            existed: bool,
            foreseen: Vec<FieldJson>,
            hash: Option<&'r str>,
            omitted_changes: usize,
            outcome: &'static str,
            path: &'r str,
            remarks: Vec<&'r str>,
            removed: Vec<FieldJson>,
            version: u8,
        }
        let Changes { policy, omitted, bookkeeping } = &self.changes;
        Printed {
            base_hash: &self.before,
            bookkeeping_changes: *bookkeeping,
            changes: Changed(policy),
            departures: Changed(&self.departures),
            dropped_unknown: Changed(&self.dropped),
            existed: self.existed,
            foreseen: self.foreseen.iter().map(FieldJson::of).collect(),
            hash: self.after.as_deref(),
            omitted_changes: *omitted,
            outcome: self.outcome.as_str(),
            path: &self.path,
            remarks: messages(&self.remarks),
            removed: self.removed.iter().map(|removed| FieldJson::of(&removed.field)).collect(),
            version: VERSION,
        }
    }
}
