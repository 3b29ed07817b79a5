//! Cases and answers in the form of the laboratory's `oracle.mjs`, so that its verdicts can be compared line by line.
//! The head of that file describes every field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::host::Host;
use super::profile::Profile;

/// A case as `oracle.mjs` reads it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Case {
    /// Anything; copied to the answer.
    pub id: Value,
    /// The approvals document. A string is the stored text itself, which may be malformed.
    pub document: Value,
    /// `stored`, or `set`: the document is what a client sent by `exec.approvals.set`.
    pub via: Option<String>,
    /// The part of `openclaw.json` that matters.
    pub config: Value,
    /// The agent's id; `main` if absent.
    pub agent: Option<String>,
    /// The text that the model would send.
    pub command: String,
    /// The absolute directory of the call.
    pub cwd: String,
    /// `PATH` of the gateway's process.
    pub path: String,
    /// `HOME` of the gateway's process.
    pub home: String,
    /// The environment that the model asks for.
    pub env: BTreeMap<String, Value>,
    /// `interactive` or `cron`.
    pub context: Option<String>,
    /// `ask` of the call.
    pub ask: Option<String>,
    /// `security` of the call.
    pub security: Option<String>,
    /// The permission mode of the session.
    pub permission_mode: Option<String>,
}

/// An answer as `oracle.mjs` writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The case's id.
    pub id: Value,
    /// `runs`, `asks`, `denied` or `unknown`.
    pub verdict: String,
    /// Why.
    pub reason: String,
    /// `deny`, `allowlist` or `full`, as merged.
    pub security: String,
    /// `off`, `on-miss` or `always`, as merged.
    pub ask: String,
    /// `deny`, `allowlist` or `full`, as merged.
    pub ask_fallback: String,
    /// Whether the command was parsed into segments; `null` if it was refused before.
    pub analysable: Option<bool>,
    /// Whether the list alone allows it; `null` if it was refused before.
    pub satisfied: Option<bool>,
    /// The parts of the command.
    pub segments: Vec<SegmentAnswer>,
    /// Whether the release's reviewer is asked first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub review: bool,
    /// What happens to a prompt that nobody answers: `runs` or `denied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<String>,
    /// Why it is denied then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unanswered_reason: Option<String>,
    /// The text that is started if the release rewrites the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec_command: Option<String>,
    /// What would have to be known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One part of a command.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SegmentAnswer {
    /// The words.
    pub argv: Vec<String>,
    /// The words after unwrapping, if it changed them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Vec<String>>,
    /// The program as found.
    pub resolved: Option<String>,
    /// Its real path.
    pub real: Option<String>,
    /// What allows it.
    pub by: Option<&'static str>,
    /// The entry that matches.
    pub entry: Option<EntryAnswer>,
}

/// An entry that matches a part of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryAnswer {
    /// `*` or the agent.
    pub scope: String,
    /// The place in the loaded list of that scope.
    pub index: usize,
    /// The pattern as loaded.
    pub pattern: String,
    /// The pattern for arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arg_pattern: Option<String>,
}

impl Case {
    /// Decides the case as one release does.
    pub fn answer(&self, profile: Profile, host: &dyn Host) -> Answer {
        let _ = (profile, host);
        Answer { id: self.id.clone(), ..Answer::default() }
    }
}
