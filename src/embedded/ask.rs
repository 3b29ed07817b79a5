//! The request of a prompt, and the form in which each generation lists it. PURE.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::generation::Generation;
use super::request::{ExecRequest, PluginRequest, SystemRequest};
use crate::queue::{Decision, Kind};

/// The parameters of the request, by kind of prompt.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Exec(Box<ExecRequest>),
    Plugin(Box<PluginRequest>),
    System(Box<SystemRequest>),
}

/// The request of a prompt that is not in the registry yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ask {
    pub(super) what: What,
    /// The number of times that the agent asks again after a denial; legacy generation.
    pub(super) asks_again: u32,
}

/// The default lifetime of a prompt, in milliseconds.
pub(super) const LIFETIME_MS: u64 = 1_800_000;

impl Ask {
    pub(super) fn exec(request: ExecRequest) -> Self {
        Self { what: What::Exec(Box::new(request)), asks_again: 0 }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.what {
            What::Exec(_) => Kind::Exec,
            What::Plugin(_) => Kind::Plugin,
            What::System(_) => Kind::System,
        }
    }

    pub(super) fn agent(&self) -> Option<&str> {
        match &self.what {
            What::Exec(exec) => exec.agent_id.as_deref(),
            What::Plugin(plugin) => plugin.agent_id.as_deref(),
            What::System(system) => system.agent_id.as_deref(),
        }
    }

    pub(super) fn session(&self) -> Option<&str> {
        match &self.what {
            What::Exec(exec) => exec.session_key.as_deref(),
            What::Plugin(plugin) => plugin.session_key.as_deref(),
            What::System(system) => system.session_key.as_deref(),
        }
    }

    pub(super) fn run(&self) -> Option<&str> {
        match &self.what {
            What::Exec(exec) => exec.run_id.as_deref(),
            What::Plugin(plugin) => plugin.run_id.as_deref(),
            What::System(_) => None,
        }
    }

    /// The same request from another run.
    pub(super) fn by_run(mut self, run: &str) -> Self {
        match &mut self.what {
            What::Exec(exec) => {
                exec.run_id = Some(run.to_owned());
                exec.id = None;
            }
            What::Plugin(plugin) => plugin.run_id = Some(run.to_owned()),
            What::System(_) => {}
        }
        self
    }

    pub(super) fn lifetime(&self) -> u64 {
        match &self.what {
            What::Exec(exec) => exec.timeout_ms,
            What::Plugin(plugin) => plugin.timeout_ms,
            What::System(_) => None,
        }
        .unwrap_or(LIFETIME_MS)
    }

    /// The decisions that the prompt offers.
    pub(super) fn allowed(&self) -> &'static [Decision] {
        match &self.what {
            What::Exec(exec) if exec.ask.as_deref() == Some("always") => {
                &[Decision::AllowOnce, Decision::Deny]
            }
            What::Exec(_) | What::Plugin(_) => &[Decision::AllowOnce, Decision::AllowAlways, Decision::Deny],
            What::System(_) => &[Decision::AllowOnce, Decision::Deny],
        }
    }

    /// The `request` of the prompt, as a generation lists it.
    pub(super) fn listed(&self, generation: Generation) -> Value {
        let mut listed = match &self.what {
            What::Exec(exec) => self.listed_exec(exec),
            What::Plugin(plugin) => json!({
                "pluginId": plugin.plugin_id, "title": plugin.title, "description": plugin.description,
                "severity": plugin.severity, "toolName": plugin.tool_name, "toolCallId": plugin.tool_call_id,
                "agentId": plugin.agent_id, "sessionKey": plugin.session_key, "turnSourceChannel": null,
                "turnSourceTo": null, "turnSourceAccountId": null, "turnSourceThreadId": null,
            }),
            What::System(system) => json!({
                "title": system.title, "description": system.description, "agentId": system.agent_id,
                "sessionKey": system.session_key,
            }),
        };
        if generation == Generation::Legacy {
            return listed;
        }
        match &self.what {
            What::Exec(exec) => {
                for absent in ["scope", "cronExecutionSource", "cronOperationBinding"] {
                    listed[absent] = Value::Null;
                }
                if let Some(job) = &exec.cron_job {
                    listed["cronExecutionSource"] = json!({"jobId": job.id, "jobConfigRevision": "1"});
                    listed["scope"] = json!({
                        "kind": "standing-grant", "automation": job.name, "command": exec.command,
                    });
                }
                listed["commandAnalysis"] = json!({
                    "commandCount": 1, "nestedCommandCount": 0, "riskKinds": [], "warningLines": [],
                });
                listed["warningText"] = json!(exec.warning_text);
                listed["sessionId"] = json!(exec.session_id);
                listed["runId"] = json!(exec.run_id);
                listed["toolCallId"] = json!(exec.tool_call_id);
            }
            What::Plugin(plugin) => {
                listed["detail"] = Value::Null;
                listed["scope"] = Value::Null;
                listed["runId"] = json!(plugin.run_id);
            }
            What::System(_) => listed["allowedDecisions"] = self.decisions(),
        }
        listed
    }

    fn listed_exec(&self, exec: &ExecRequest) -> Value {
        let on_node = exec.host.as_deref() == Some("node");
        let mut listed = json!({
            "command": exec.command, "systemRunBinding": null, "systemRunPlan": null, "cwd": exec.cwd,
            "nodeId": exec.node_id, "host": exec.host, "security": exec.security, "ask": exec.ask,
            "allowedDecisions": self.decisions(), "agentId": exec.agent_id, "resolvedPath": exec.resolved_path,
            "sessionKey": exec.session_key, "turnSourceChannel": exec.turn_source_channel,
            "turnSourceTo": exec.turn_source_to, "turnSourceAccountId": exec.turn_source_account_id,
            "turnSourceThreadId": exec.turn_source_thread_id,
        });
        if !exec.env.is_empty() {
            listed["envKeys"] = exec.env.keys().cloned().collect();
        }
        match &exec.command_argv {
            // For a node the arguments are in its system run plan.
            Some(argv) if on_node => {
                let env = json!(exec.env).to_string();
                listed["systemRunBinding"] = json!({
                    "argv": argv, "cwd": exec.cwd, "agentId": exec.agent_id, "sessionKey": exec.session_key,
                    "envHash": (!exec.env.is_empty()).then(|| HEXLOWER.encode(&Sha256::digest(env))),
                });
                listed["systemRunPlan"] = json!({
                    "argv": argv, "cwd": exec.cwd, "commandText": exec.command, "agentId": exec.agent_id,
                    "sessionKey": exec.session_key,
                });
            }
            Some(argv) => listed["commandArgv"] = json!(argv),
            None => {}
        }
        listed
    }

    fn decisions(&self) -> Value {
        self.allowed().iter().map(|decision| decision.as_str()).collect()
    }
}
