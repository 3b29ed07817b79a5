//! What is asked, in the shape of the wire: scenarios and methods read the same types.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The parameters of `exec.approval.request`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecRequest {
    /// An id of the caller's choice.
    #[serde(default)]
    pub id: Option<String>,
    /// The command's exact text.
    pub command: String,
    /// Its arguments, where they are known.
    #[serde(default)]
    pub command_argv: Option<Vec<String>>,
    /// Variables it would run with.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Where it would run.
    #[serde(default)]
    pub cwd: Option<String>,
    /// The node it would run on.
    #[serde(default)]
    pub node_id: Option<String>,
    /// `gateway`, `node` or `sandbox`.
    #[serde(default)]
    pub host: Option<String>,
    /// The policy that led to the question.
    #[serde(default)]
    pub security: Option<String>,
    /// When a person is asked; `always` forbids `allow-always`.
    #[serde(default)]
    pub ask: Option<String>,
    /// Who asks.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// The executable.
    #[serde(default)]
    pub resolved_path: Option<String>,
    /// The agent's session.
    #[serde(default)]
    pub session_key: Option<String>,
    /// The session's id; current generation.
    #[serde(default)]
    pub session_id: Option<String>,
    /// The run that asks; current generation.
    #[serde(default)]
    pub run_id: Option<String>,
    /// The tool call that waits; current generation.
    #[serde(default)]
    pub tool_call_id: Option<String>,
    /// A warning for whoever decides; current generation.
    #[serde(default)]
    pub warning_text: Option<String>,
    /// Where the turn came from.
    #[serde(default)]
    pub turn_source_channel: Option<String>,
    /// To whom it answers.
    #[serde(default)]
    pub turn_source_to: Option<String>,
    /// By which account.
    #[serde(default)]
    pub turn_source_account_id: Option<String>,
    /// In which thread.
    #[serde(default)]
    pub turn_source_thread_id: Option<String>,
    /// Milliseconds the prompt lives.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// Whether the first answer comes at once and the decision later.
    #[serde(default)]
    pub two_phase: Option<bool>,
}

/// The request of a plugin's prompt. No method creates one; only scenarios do.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PluginRequest {
    /// The plugin.
    #[serde(default)]
    pub plugin_id: Option<String>,
    /// What it wants, in a few words.
    pub title: String,
    /// What it wants.
    pub description: String,
    /// `info`, `warning` or `critical`.
    #[serde(default)]
    pub severity: Option<String>,
    /// Its tool.
    #[serde(default)]
    pub tool_name: Option<String>,
    /// The tool call that waits.
    #[serde(default)]
    pub tool_call_id: Option<String>,
    /// Who asks.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// The agent's session.
    #[serde(default)]
    pub session_key: Option<String>,
    /// The run that asks; current generation.
    #[serde(default)]
    pub run_id: Option<String>,
    /// Milliseconds the prompt lives.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// The request of the gateway's own agent. No method creates one; only scenarios do.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SystemRequest {
    /// What it wants, in a few words.
    pub title: String,
    /// What it wants.
    pub description: String,
    /// For which agent.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// In which session.
    #[serde(default)]
    pub session_key: Option<String>,
}
