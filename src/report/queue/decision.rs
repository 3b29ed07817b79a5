//! `queue resolve`: one prompt and its decision.

use serde::Serialize;

use super::VERSION;
use super::prompt::PromptJson;
use crate::queue::{Decision, Prompt};

/// An entry that allows exactly the command of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The agent.
    pub agent: String,
    /// The pattern.
    pub pattern: String,
    /// The pattern for arguments.
    pub arg_pattern: Option<String>,
    /// The document.
    pub document: String,
    /// The release that decides.
    pub release: String,
    /// What to do if it cannot be stored.
    pub next: String,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is not stored, because nothing is changed.
    Planned,
    /// It is stored.
    Stored,
    /// The document had it before.
    Before,
    /// It was not stored, for this reason.
    Failed(String),
}

/// An entry as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryJson<'r> {
    agent: &'r str,
    arg_pattern: Option<&'r str>,
    document: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'r str>,
    outcome: &'static str,
    pattern: &'r str,
}

impl<'r> EntryJson<'r> {
    pub(super) fn of(entry: &'r Entry, added: &'r Added) -> Self {
        Self {
            agent: &entry.agent,
            arg_pattern: entry.arg_pattern.as_deref(),
            document: &entry.document,
            error: if let Added::Failed(why) = added { Some(why) } else { None },
            outcome: match added {
                Added::Planned => "planned",
                Added::Stored => "stored",
                Added::Before => "unchanged",
                Added::Failed(_) => "failed",
            },
            pattern: &entry.pattern,
        }
    }
}

/// The report of `queue resolve`.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The gateway.
    pub gateway: String,
    /// The prompt's id.
    pub id: String,
    /// The prompt, if it was pending: of one that was decided before, only the id is known.
    pub prompt: Option<Prompt>,
    /// The decision.
    pub decision: Decision,
    /// Whether the prompt was decided in this way before.
    pub before: bool,
    /// The entry of `--add-entry`.
    pub entry: Option<(Entry, Added)>,
}

impl Resolved {
    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Approval<'r> {
            Pending(Box<PromptJson<'r>>),
            Gone { id: &'r str },
        }
        #[derive(Serialize)]
        struct Printed<'r> {
            approval: Approval<'r>,
            before: bool,
            decision: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            entry: Option<EntryJson<'r>>,
            gateway: &'r str,
            version: u8,
        }
        let Self { gateway, id, prompt, decision, before, entry } = self;
        let entry = entry.as_ref().map(|(entry, added)| EntryJson::of(entry, added));
        let approval = prompt
            .as_ref()
            .map_or(Approval::Gone { id }, |prompt| Approval::Pending(Box::new(PromptJson::of(prompt))));
        let decision = decision.as_str();
        Printed { approval, before: *before, decision, entry, gateway, version: VERSION }
    }
}
