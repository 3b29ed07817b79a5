//! `approvals diff`: how two documents differ.

use serde::Serialize;

use super::{Changed, VERSION, messages};
use crate::approvals::compare::diff::Diff;
use crate::approvals::findings::remark::Remark;

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

impl DiffReport {
    /// What `--json` prints.
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
struct SideJson<'r> {
    exists: bool,
    hash: &'r str,
    kind: &'static str,
    path: &'r str,
}

impl<'r> SideJson<'r> {
    fn of(side: &'r Side) -> Self {
        let kind = if side.native { "native" } else { "document" };
        Self { exists: side.exists, hash: &side.hash, kind, path: &side.name }
    }
}
