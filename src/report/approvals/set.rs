//! Report of `approvals set`: the replacement of a document.

use serde::Serialize;

use super::notes::{Expired, ExpiredJson};
use super::{Changed, FieldJson, VERSION, messages};
use crate::approvals::compare::changes::{Change, Changes};
use crate::approvals::edit::downgrade::{Field, Removed};
use crate::approvals::findings::remark::Remark;

/// The result of `set`, or of its dry run.
#[derive(Debug, Default)]
pub struct SetReport {
    /// Location of the document.
    pub path: String,
    /// Whether a document existed before.
    pub existed: bool,
    /// Whether anything was written.
    pub outcome: SetOutcome,
    /// Hash of the previous content.
    pub before: String,
    /// Hash of the current content; `None` if nothing was written.
    pub after: Option<String>,
    /// The changes in meaning.
    pub changes: Changes,
    /// The fields that were left out because the gateway is too old for them.
    pub removed: Vec<Removed>,
    /// The fields that the gateway is too old for and will reject.
    pub foreseen: Vec<Field>,
    /// The parts that the gateway or node dropped or changed.
    pub departures: Vec<Change>,
    /// Unknown fields that were removed from the new document beforehand, up to a limit.
    pub dropped: Vec<Change>,
    /// Number of unknown fields.
    pub dropped_count: usize,
    /// Entries of the new document whose time is over, and that were removed after it was stored.
    pub expired: Vec<Expired>,
    /// Remarks beside the result.
    pub remarks: Vec<Remark>,
}

impl SetReport {
    /// Adds entries whose time was over, and that were removed after the document was stored.
    pub fn take(&mut self, expired: Vec<Expired>) {
        let last = expired.iter().rev().find_map(|expired| expired.result.as_ref().ok());
        if let Some(hash) = last.filter(|hash| !hash.is_empty()) {
            self.after = Some(hash.clone());
        }
        self.expired = expired;
    }

    /// Whether nothing was or would be written, and the stored document is as expected.
    pub fn is_nothing(&self) -> bool {
        let lost = !self.removed.is_empty() || !self.foreseen.is_empty() || self.dropped_count > 0;
        self.outcome == SetOutcome::Unchanged && !lost && self.departures.is_empty()
    }
}

/// The outcome of a `set`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SetOutcome {
    /// Written and read back.
    #[default]
    Stored,
    /// The store holds this document already.
    Unchanged,
    /// Dry run: only planned.
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
    /// The output of `--json`.
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
            #[serde(skip_serializing_if = "Vec::is_empty")]
            expired: Vec<ExpiredJson<'r>>,
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
            expired: self.expired.iter().map(ExpiredJson::of).collect(),
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
