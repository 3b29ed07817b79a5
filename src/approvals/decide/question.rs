//! A question about a command: everything a decision depends on, except the host's files.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A command, and the circumstances of its call.
#[derive(Debug, Clone)]
pub struct Question<'q> {
    /// The text that an agent would send.
    pub command: &'q str,
    /// The agent's id.
    pub agent: &'q str,
    /// The stored text of the approvals document; `None` if the host has none.
    pub document: Option<&'q str>,
    /// The contents of `openclaw.json`; `Null` if there is none.
    pub configuration: &'q Value,
    /// The absolute working directory of the call.
    pub directory: &'q str,
    /// `PATH` of the gateway's process.
    pub path: &'q str,
    /// `HOME` of the gateway's process.
    pub home: &'q str,
    /// The gateway's state directory, whose databases 2026.9.6 protects. `None`: it is unknown.
    pub state_directory: Option<&'q str>,
    /// The environment that the call asks for.
    pub environment: BTreeMap<String, String>,
    /// Whether somebody can answer a prompt.
    pub context: Context,
    /// `ask` of the call, which may only tighten.
    pub ask: Option<&'q str>,
    /// `security` of the call, which may only tighten. 2026.4.14 alone reads it.
    pub security: Option<&'q str>,
    /// The permission mode of the session. 2026.9.6 alone has it.
    pub permission_mode: Option<&'q str>,
}

/// Whether somebody can answer a prompt
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// A session in which a person can answer
    #[default]
    Interactive,
    /// A cron job, in which nobody can
    Cron,
}

/// An entry of an allowlist as a gateway has it after loading: trimmed and without entries it drops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is in the document.
    pub id: EntryId,
    /// The pattern as loaded.
    pub pattern: String,
    /// The `argPattern`, if it is a string. An empty one counts as absent.
    pub arg_pattern: Option<String>,
    /// Of an `argPattern` that is neither a string nor `null`: whether JavaScript takes it for true. A release that does not
    /// validate documents fails when it compares such an entry.
    pub odd_arguments: Option<bool>,
    /// An `argPattern` that is not a string, as it is in the document.
    pub unread_arguments: Option<Value>,
    /// Whether its source is exactly `allow-always`.
    pub allow_always: bool,
}

/// The place of an entry: as releases number it, after loading.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntryId {
    /// `*` or the agent.
    pub scope: String,
    /// Its index in the loaded list of that scope.
    pub index: usize,
    /// Key and index in the stored document, to find its line: they differ if the loader dropped or merged entries.
    pub stored: (String, usize),
}
