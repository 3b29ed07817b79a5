//! Parameters of `approvals allowlist`.

use crate::approvals::edit::allowlist::Verb as Change;
use crate::commands::documents::Place;

/// The entry, the agent and the document of one edit.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whether to add or to remove the entry.
    pub verb: Change,
    /// The agent.
    pub agent: String,
    /// The pattern, as typed.
    pub pattern: String,
    /// The expression for the arguments.
    pub arg_pattern: Option<String>,
    /// Whether the answer to a prompt wrote the entry.
    pub generated: bool,
    /// The place of the document.
    pub place: Place,
    /// Whether to stop before anything is written.
    pub dry_run: bool,
    /// Whether to rewrite legacy forms of the stored document.
    pub allow_legacy: bool,
}
