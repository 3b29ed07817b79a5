//! What `approvals set` is asked to do: which new document, and in whose place.

use crate::commands::documents::Place;

/// What to store, and where.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, in any combination")]
pub struct Request {
    /// The new document: a file or standard input.
    pub new: Place,
    /// The place whose document it replaces: a store of this host, a gateway or a node.
    pub place: Place,
    /// The hash that the stored document must have.
    pub base_hash: Option<String>,
    /// Whether to stop before anything is written.
    pub dry_run: bool,
    /// Whether legacy forms of the new document are rewritten.
    pub allow_legacy: bool,
    /// Whether fields that no release knows are removed from the new document.
    pub drop_unknown: bool,
    /// Whether fields that an older gateway rejects are removed.
    pub downgrade: bool,
}
