//! The intent of a prompt: what it would do if it were allowed, compared byte for byte. PURE.

use std::collections::BTreeMap;

use super::ask::{Ask, What};

/// The intent of a prompt. Two prompts with the same intent are duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Intent {
    /// A command. It is not trimmed, case-folded or requoted.
    Exec {
        host: Option<String>,
        node: Option<String>,
        command: Command,
        cwd: Option<String>,
        env: BTreeMap<String, String>,
    },
    /// A plugin's tool call: all fields that are shown to the user.
    Plugin { plugin: Option<String>, tool: Option<String>, title: String, description: String },
    /// A request of the gateway's own agent.
    System { title: String, description: String },
}

/// A command by its arguments, or by its text if the arguments are unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Command {
    Argv(Vec<String>),
    Text(String),
}

impl Intent {
    /// The intent of a request.
    pub(super) fn of(ask: &Ask) -> Self {
        match &ask.what {
            What::Exec(exec) => Self::Exec {
                host: exec.host.clone(),
                node: exec.node_id.clone(),
                command: match &exec.command_argv {
                    Some(argv) => Command::Argv(argv.clone()),
                    None => Command::Text(exec.command.clone()),
                },
                cwd: exec.cwd.clone(),
                env: exec.env.clone(),
            },
            What::Plugin(plugin) => Self::Plugin {
                plugin: plugin.plugin_id.clone(),
                tool: plugin.tool_name.clone(),
                title: plugin.title.clone(),
                description: plugin.description.clone(),
            },
            What::System(system) => {
                Self::System { title: system.title.clone(), description: system.description.clone() }
            }
        }
    }
}
