//! What a prompt would do if it were allowed, byte for byte. PURE.

use std::collections::BTreeMap;

use super::ask::{Ask, What};

/// What a prompt would do. Two prompts with one intent ask for the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Intent {
    /// A command. Nothing in it is trimmed, folded or quoted anew.
    Exec {
        host: Option<String>,
        node: Option<String>,
        command: Command,
        cwd: Option<String>,
        env: BTreeMap<String, String>,
    },
    /// A plugin's tool: everything a person is shown.
    Plugin { plugin: Option<String>, tool: Option<String>, title: String, description: String },
    /// Something the gateway itself wants to do.
    System { title: String, description: String },
}

/// A command by its arguments, or by its text where the arguments are not known.
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
