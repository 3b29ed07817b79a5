//! Report of `approvals restore`: a kept version that becomes the current document again.

use serde::Serialize;

use super::notes::{EntryNote, NoteJson};
use super::versions::{Kept, KeptJson};
use super::wider::WiderReport;
use super::{SetOutcome, SetReport, VERSION};

/// The plan to restore a version, or the result.
#[derive(Debug)]
pub struct RestoreReport {
    /// The version.
    pub from: Kept,
    /// What changes, and whether it was stored.
    pub set: SetReport,
    /// What the version allows and the current document does not; `None` for the policy of a Windows node.
    pub wider: Option<WiderReport>,
    /// The entries of the version whose time is over.
    pub over: Vec<EntryNote>,
    /// Whether it is stored in a place that was named, where nothing is known of them.
    pub is_elsewhere: bool,
}

impl RestoreReport {
    /// Whether the version is the current document already.
    pub fn is_unchanged(&self) -> bool {
        self.set.outcome == SetOutcome::Unchanged
    }

    /// Whether the version allows more than the current document.
    pub fn is_wider(&self) -> bool {
        self.wider.as_ref().is_some_and(WiderReport::is_wider)
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Printed<'r, S: Serialize, W: Serialize> {
            from: KeptJson<'r>,
            over: Vec<NoteJson<'r>>,
            set: S,
            version: u8,
            wider: Option<W>,
        }
        Printed {
            from: KeptJson::of(&self.from),
            over: self.over.iter().map(NoteJson::of).collect(),
            set: self.set.json(),
            version: VERSION,
            wider: self.wider.as_ref().map(WiderReport::json),
        }
    }
}
