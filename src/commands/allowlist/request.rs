//! What `approvals allowlist` is asked to do: which entry, and in whose document.

use std::path::PathBuf;

use crate::approvals::edit::allowlist::Verb as Change;
use crate::commands::remote::Remote;

/// Which entry, and where.
#[derive(Debug)]
pub struct Request {
    /// Whether it comes or goes.
    pub verb: Change,
    /// Whose allowlist.
    pub agent: String,
    /// The pattern, as it was typed.
    pub pattern: String,
    /// The expression for the arguments.
    pub arg_pattern: Option<String>,
    /// Whether a prompt's answer wrote the entry.
    pub generated: bool,
    /// Where.
    pub place: Place,
    /// Whether to stop before anything is written.
    pub dry_run: bool,
    /// Whether legacy forms of the stored document are rewritten.
    pub allow_legacy: bool,
}

/// Whose document is edited.
#[derive(Debug)]
pub enum Place {
    /// A document in a file that is no store.
    File(PathBuf),
    /// A local store; `None` for this host's own.
    Store(Option<PathBuf>),
    /// A gateway's, or a node's.
    Remote(Remote),
}
