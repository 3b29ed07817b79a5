//! Report of `approvals diff`: the differences between two documents.

use serde::Serialize;

use super::{Changed, VERSION, messages};
use crate::approvals::compare::diff::Diff;
use crate::approvals::findings::remark::Remark;

/// One of two documents that were compared.
#[derive(Debug)]
pub struct Side {
    /// Location of the document.
    pub name: String,
    /// Whether the document exists. Without one, the host uses its built-in defaults.
    pub exists: bool,
    /// The hash that its location reports for it.
    pub hash: String,
    /// Whether it is a Windows node's own policy.
    pub native: bool,
}

/// The differences between two documents.
#[derive(Debug)]
pub struct DiffReport {
    /// Left side.
    pub a: Side,
    /// Right side.
    pub b: Side,
    /// Whether every difference counts, instead of only those of policy.
    pub exact: bool,
    /// The differences, from left to right.
    pub diff: Diff,
    /// Conditions around the two documents that need attention.
    pub remarks: Vec<Remark>,
}

impl DiffReport {
    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            a: SideJson<'r>,
            b: SideJson<'r>,
            bookkeeping_changes: usize,
            changes: Changed<'r>,
            drift: bool,
            exact: bool,
            omitted_changes: usize,
            remarks: Vec<&'r str>,
            reordered: &'r [String],
            version: u8,
        }
        let Self { a, b, exact, diff, remarks } = self;
        Printed {
            a: SideJson::of(a),
            b: SideJson::of(b),
            bookkeeping_changes: diff.bookkeeping,
            changes: Changed(&diff.changes),
            drift: diff.is_drift(),
            exact: *exact,
            omitted_changes: diff.omitted,
            remarks: messages(remarks),
            reordered: &diff.reordered,
            version: VERSION,
        }
    }
}

#[derive(Serialize)]
pub(super) struct SideJson<'r> {
    exists: bool,
    hash: &'r str,
    kind: &'static str,
    path: &'r str,
}

impl<'r> SideJson<'r> {
    pub(super) fn of(side: &'r Side) -> Self {
        let kind = if side.native { "native" } else { "document" };
        Self { exists: side.exists, hash: &side.hash, kind, path: &side.name }
    }
}
