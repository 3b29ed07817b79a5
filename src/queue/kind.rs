//! The kinds of prompts.

use serde::Deserialize;
use serde_json_borrow::Value;

/// The kind of a prompt: the gateway's queue that it is in. Naming the wrong one in `approval.resolve` denies the
/// prompt (measured, 2026.9.6: `malformed-verdict`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A command on the gateway's host or on a node.
    Exec,
    /// Something a plugin wants to do.
    Plugin,
    /// Something the gateway's own agent wants to do. From 2026.8.
    #[serde(rename = "system-agent")]
    System,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Exec, Self::Plugin, Self::System];

    /// The value of `approvalKind`, and of `kind` in `approval.resolve`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Plugin => "plugin",
            Self::System => "system-agent",
        }
    }

    /// The prefix of the kind's methods and events, for example `exec.approval`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Exec => "exec.approval",
            Self::Plugin => "plugin.approval",
            Self::System => "openclaw.approval",
        }
    }

    /// The kind with this `approvalKind`.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The kind of a row outside a listing of one kind: the kind that the row states, else the one of its id. Gateways
    /// reserve `plugin:` (measured, both) and `system-agent:` for the prompts of those kinds.
    pub(super) fn of_row(row: &Value<'_>) -> Self {
        let text = |field| row.as_object().and_then(|row| row.get(field)).and_then(Value::as_str);
        let word = text("approvalKind").or_else(|| text("kind"));
        word.and_then(Self::named).unwrap_or_else(|| match text("id") {
            Some(id) if id.starts_with("plugin:") => Self::Plugin,
            Some(id) if id.starts_with("system-agent:") => Self::System,
            _ => Self::Exec,
        })
    }
}
