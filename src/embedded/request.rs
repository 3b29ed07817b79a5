//! The requests of prompts, in the format of the protocol. Scenarios and methods share these types.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The parameters of `exec.approval.request`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecRequest {
    /// The id, if the caller chose one.
    #[serde(default)]
    pub id: Option<String>,
    /// The command's exact text.
    pub command: String,
    /// Its arguments, if they are known.
    #[serde(default)]
    pub command_argv: Option<Vec<String>>,
    /// The environment variables of the command.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The working directory.
    #[serde(default)]
    pub cwd: Option<String>,
    /// The node that would run the command.
    #[serde(default)]
    pub node_id: Option<String>,
    /// `gateway`, `node` or `sandbox`.
    #[serde(default)]
    pub host: Option<String>,
    /// The policy that caused the prompt.
    #[serde(default)]
    pub security: Option<String>,
    /// The setting that decides when a person is asked; `always` forbids `allow-always`.
    #[serde(default)]
    pub ask: Option<String>,
    /// The agent that asks.
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
    /// The waiting tool call; current generation.
    #[serde(default)]
    pub tool_call_id: Option<String>,
    /// A warning for the person who decides; current generation.
    #[serde(default)]
    pub warning_text: Option<String>,
    /// The channel from which the turn came.
    #[serde(default)]
    pub turn_source_channel: Option<String>,
    /// The recipient of the turn's answer.
    #[serde(default)]
    pub turn_source_to: Option<String>,
    /// The account of the channel.
    #[serde(default)]
    pub turn_source_account_id: Option<String>,
    /// The thread of the channel.
    #[serde(default)]
    pub turn_source_thread_id: Option<String>,
    /// The lifetime of the prompt, in milliseconds.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// The cron job whose run asks. Only scenarios set it; current generation.
    #[serde(default)]
    pub cron_job: Option<CronJob>,
    /// Whether the prompt is confirmed immediately, and the decision is sent later.
    #[serde(default)]
    pub two_phase: Option<bool>,
}

/// A cron job.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CronJob {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The request of a plugin's prompt. No method creates one; only scenarios do.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PluginRequest {
    /// The plugin.
    #[serde(default)]
    pub plugin_id: Option<String>,
    /// The title.
    pub title: String,
    /// The description.
    pub description: String,
    /// `info`, `warning` or `critical`.
    #[serde(default)]
    pub severity: Option<String>,
    /// Its tool.
    #[serde(default)]
    pub tool_name: Option<String>,
    /// The waiting tool call.
    #[serde(default)]
    pub tool_call_id: Option<String>,
    /// The agent that asks.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// The agent's session.
    #[serde(default)]
    pub session_key: Option<String>,
    /// The run that asks; current generation.
    #[serde(default)]
    pub run_id: Option<String>,
    /// The lifetime of the prompt, in milliseconds.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// The request of the gateway's own agent. No method creates one; only scenarios do.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SystemRequest {
    /// The title.
    pub title: String,
    /// The description.
    pub description: String,
    /// The agent that the request is for.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// The session of the request.
    #[serde(default)]
    pub session_key: Option<String>,
}
