//! Report of `approvals upgrade`: what of a document means something else on another release.

use serde::Serialize;
use serde_json::Value;

use super::explain::{DecidedAs, DocumentUsed, ReleaseJson};
use super::messages;
use super::suggest::{DocumentJson, Source, SourceJson};
use crate::approvals::decide::Verdict;
use crate::approvals::findings::remark::Remark;
use crate::report::VERSION;

/// What another release makes of a document.
#[derive(Debug)]
pub struct Upgraded {
    /// The document.
    pub document: DocumentUsed,
    /// The release that the host runs now.
    pub from: DecidedAs,
    /// The release that it is about to run.
    pub to: DecidedAs,
    /// The sources of commands.
    pub sources: Vec<Source>,
    /// What of the sources could not be read.
    pub problems: Vec<String>,
    /// The number of commands that both releases decided.
    pub commands: usize,
    /// The commands whose verdict is unknown, up to a limit.
    pub unknown: Vec<String>,
    /// The number of commands whose verdict is unknown.
    pub unknown_count: usize,
    /// The fields of policies that differ.
    pub policies: Vec<PolicyChange>,
    /// The commands that get another verdict.
    pub changes: Vec<Change>,
    /// The edits that keep the meaning.
    pub edits: Vec<Edit>,
    /// Conditions around the document that need attention.
    pub remarks: Vec<Remark>,
    /// The document with the edits, without its socket. `None`: there are no edits.
    pub patch: Option<Value>,
}

/// A field of an agent's policy that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChange {
    /// The agent; `None`: any agent that is not named.
    pub agent: Option<String>,
    /// `security`, `ask` or `askFallback`.
    pub field: &'static str,
    /// Its value now.
    pub before: &'static str,
    /// Its value then.
    pub after: &'static str,
    /// Whether an edit keeps it.
    pub is_kept: bool,
}

/// A command that gets another verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The agent.
    pub agent: String,
    /// The command.
    pub command: String,
    /// Where the command comes from: `prompts` (also the last command of an entry), `tests` or `made` (from an entry).
    pub source: &'static str,
    /// What happens now.
    pub before: Ending,
    /// What happens then.
    pub after: Ending,
    /// Whether the edits keep what happens now.
    pub is_kept: bool,
}

/// What happens with a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in the release's words.
    pub reason: String,
    /// What happens if nobody answers the prompt.
    pub unanswered: Option<Verdict>,
}

/// An edit that keeps the meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// An entry to add.
    Add {
        /// The agent.
        agent: String,
        /// The pattern.
        pattern: String,
        /// The pattern for arguments.
        arg_pattern: Option<String>,
    },
    /// An entry to remove: it allows nothing now.
    Remove {
        /// The key of the agent.
        agent: String,
        /// The index in the document as it is.
        index: usize,
        /// The pattern.
        pattern: String,
    },
    /// A field to set.
    Set {
        /// The key: `defaults.askFallback`.
        key: String,
        /// The value.
        value: &'static str,
    },
}

impl Upgraded {
    /// Whether every command keeps its verdict.
    pub fn is_same(&self) -> bool {
        self.changes.is_empty() && self.policies.is_empty()
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'u> {
            changes: Vec<ChangeJson<'u>>,
            commands: usize,
            document: DocumentJson<'u>,
            edits: Vec<EditJson<'u>>,
            from: ReleaseJson<'u>,
            patch: Option<&'u Value>,
            policies: Vec<PolicyJson<'u>>,
            problems: &'u [String],
            remarks: Vec<&'u str>,
            same: bool,
            sources: Vec<SourceJson<'u>>,
            to: ReleaseJson<'u>,
            unknown: &'u [String],
            unknown_count: usize,
            version: u8,
        }
        Printed {
            changes: self.changes.iter().map(ChangeJson::of).collect(),
            commands: self.commands,
            document: DocumentJson {
                gateway: self.document.place.as_deref(),
                path: &self.document.path,
                exists: self.document.exists,
            },
            edits: self.edits.iter().map(EditJson::of).collect(),
            from: ReleaseJson::of(&self.from),
            patch: self.patch.as_ref(),
            policies: self.policies.iter().map(PolicyJson::of).collect(),
            problems: &self.problems,
            remarks: messages(&self.remarks),
            same: self.is_same(),
            sources: self.sources.iter().map(SourceJson::of).collect(),
            to: ReleaseJson::of(&self.to),
            unknown: &self.unknown,
            unknown_count: self.unknown_count,
            version: VERSION,
        }
    }
}

#[derive(Serialize)]
struct ChangeJson<'u> {
    after: EndingJson<'u>,
    agent: &'u str,
    before: EndingJson<'u>,
    command: &'u str,
    kept: bool,
    source: &'static str,
}

impl<'u> ChangeJson<'u> {
    fn of(change: &'u Change) -> Self {
        let Change { agent, command, source, before, after, is_kept } = change;
        Self {
            after: EndingJson::of(after),
            agent,
            before: EndingJson::of(before),
            command,
            kept: *is_kept,
            source,
        }
    }
}

#[derive(Serialize)]
struct EndingJson<'u> {
    reason: &'u str,
    unanswered: Option<&'static str>,
    verdict: &'static str,
}

impl<'u> EndingJson<'u> {
    fn of(ending: &'u Ending) -> Self {
        Self {
            reason: &ending.reason,
            unanswered: ending.unanswered.map(Verdict::as_str),
            verdict: ending.verdict.as_str(),
        }
    }
}

#[derive(Serialize)]
struct PolicyJson<'u> {
    after: &'static str,
    agent: Option<&'u str>,
    before: &'static str,
    field: &'static str,
    kept: bool,
}

impl<'u> PolicyJson<'u> {
    fn of(change: &'u PolicyChange) -> Self {
        let PolicyChange { agent, field, before, after, is_kept } = change;
        Self { after, agent: agent.as_deref(), before, field, kept: *is_kept }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EditJson<'u> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'u str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arg_pattern: Option<&'u str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'u str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<&'u str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'static str>,
}

impl<'u> EditJson<'u> {
    fn of(edit: &'u Edit) -> Self {
        let none = Self {
            kind: "",
            agent: None,
            arg_pattern: None,
            index: None,
            key: None,
            pattern: None,
            value: None,
        };
        match edit {
            Edit::Add { agent, pattern, arg_pattern } => Self {
                kind: "add",
                agent: Some(agent),
                pattern: Some(pattern),
                arg_pattern: arg_pattern.as_deref(),
                ..none
            },
            Edit::Remove { agent, index, pattern } => Self {
                kind: "remove",
                agent: Some(agent),
                index: Some(*index),
                pattern: Some(pattern),
                ..none
            },
            Edit::Set { key, value } => Self { kind: "set", key: Some(key), value: Some(value), ..none },
        }
    }
}
