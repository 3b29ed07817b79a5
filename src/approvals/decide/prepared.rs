//! A document loaded once for many commands of one agent.

use serde_json::Value;

use super::document::{self, BeyondUs, Document};
use super::profile::Profile;
use super::question::Entry;

/// A document as a release has it after loading, for one agent.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The document, or why it is not known how a gateway reads it.
    pub(super) document: Result<Document, BeyondUs>,
}

impl Prepared {
    /// Loads the stored text of a document; `None`: the host has none.
    pub fn of(stored: Option<&str>, agent: &str, profile: Profile) -> Self {
        Self { document: document::load(stored, agent, profile) }
    }

    /// Loads what the stored text holds.
    pub(super) fn of_value(root: &Value, agent: &str, profile: Profile) -> Self {
        Self { document: Ok(document::loaded(Some(root), profile).of(agent)) }
    }

    /// The entries in force: those of `*`, then those of the agent.
    pub fn entries(&self) -> &[Entry] {
        self.document.as_ref().map(|document| document.entries.as_slice()).unwrap_or_default()
    }
}
