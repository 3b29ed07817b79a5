//! What `approvals allowlist` is asked to do: which entry, and in whose document.

use crate::approvals::edit::allowlist::Verb as Change;
use crate::commands::documents::Place;

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
