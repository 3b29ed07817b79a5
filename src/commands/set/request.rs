//! What `approvals set` is asked to do: which new document, and in whose place.

use std::path::PathBuf;

use crate::commands::remote::Remote;
use crate::store::input::Input;

/// What to store, and where.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, in any combination")]
pub struct Request {
    /// The new document.
    pub new: Input,
    /// Where.
    pub place: Place,
    /// The hash that the store must have.
    pub base_hash: Option<String>,
    /// Whether to stop before anything is written.
    pub dry_run: bool,
    /// Whether legacy forms of the new document are rewritten.
    pub allow_legacy: bool,
    /// Whether fields that no release knows are taken out of the new document.
    pub drop_unknown: bool,
    /// Whether fields that an older gateway rejects are left out.
    pub downgrade: bool,
}

/// Whose document is replaced.
#[derive(Debug)]
pub enum Place {
    /// A local store; `None` for this host's own.
    Local(Option<PathBuf>),
    /// A gateway's, or a node's.
    Remote(Remote),
}
