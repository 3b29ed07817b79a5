//! The type of a pending prompt, for every kind and for both generations of gateways.
//!
//! A million prompts fit in memory: equal requesters and equal details are shared between prompts.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::clock::GatewayTime;
use super::intent::{Doubt, Intent};
use super::kind::Kind;

/// A decision on a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Allowed this time.
    AllowOnce,
    /// Allowed now and every time after.
    AllowAlways,
    /// Denied.
    Deny,
}

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 3] = [Self::AllowOnce, Self::AllowAlways, Self::Deny];

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllowOnce => "allow-once",
            Self::AllowAlways => "allow-always",
            Self::Deny => "deny",
        }
    }

    /// The decision with this value on the wire.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.as_str() == word)
    }
}

/// The key of a prompt. Ids are opaque: they are never trimmed or re-cased.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its id, byte for byte.
    pub id: Arc<str>,
    /// The queue it is in.
    pub kind: Kind,
}

impl Key {
    /// The key of a prompt.
    pub fn new(kind: Kind, id: impl Into<Arc<str>>) -> Self {
        Self { id: id.into(), kind }
    }
}

/// A pending prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// Its id and kind.
    pub key: Key,
    /// The agent that requested it.
    pub agent: Option<Arc<str>>,
    /// The key of its session, `agent:<id>:…`.
    pub session_key: Option<Arc<str>>,
    /// The id of its session. Current generation.
    pub session_id: Option<Arc<str>>,
    /// The run that requested it. Only current gateways name it.
    pub run_id: Option<Arc<str>>,
    /// The tool call that waits for the decision. Current generation, and plugins.
    pub tool_call_id: Option<Arc<str>>,
    /// When it was created, in Unix milliseconds.
    pub created_at_ms: u64,
    /// When it expires, in Unix milliseconds.
    pub expires_at_ms: u64,
    /// The hash of what it would do.
    pub intent: Intent,
    /// Why the listing does not determine what it would do; such a prompt is never treated as a duplicate.
    pub doubt: Option<Doubt>,
    /// The request, for display.
    pub details: Arc<Details>,
    /// The whole `request`, an object on one line, where the reader keeps it.
    pub raw: Option<Raw>,
}

/// JSON as it was listed, without space between its parts.
#[derive(Debug, Clone)]
pub struct Raw(pub Arc<RawValue>);

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Prompt {
    /// When it was created.
    pub fn created(&self) -> GatewayTime {
        GatewayTime::of_ms(self.created_at_ms)
    }

    /// When it expires.
    pub fn expires(&self) -> GatewayTime {
        GatewayTime::of_ms(self.expires_at_ms)
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.key.id
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.key.kind
    }

    /// Whether only a prompt of the same tool call can be its duplicate: a plugin's prompt that names its call. A retry
    /// is another call and is not recognised.
    ///
    /// Nothing else in such a prompt determines what the call would do (read in 2026.4.14, 2026.7.1 and 2026.9.6;
    /// measured on 2026.4.14 and 2026.9.6). A hook's prompt has the words that the plugin chose; an MCP tool's has the
    /// server and the tool; a permission of a native harness has the names of the input's fields; and a native tool's
    /// `detail` has its input, but neither the directory it runs in nor the files it is bound to. No request carries
    /// the arguments or a hash of them.
    pub fn names_call(&self) -> bool {
        self.kind() == Kind::Plugin && self.tool_call_id.is_some()
    }

    /// Whether the run of a cron job asks, where the whole request is kept. Allow-always mints a standing grant
    /// of that job.
    pub fn is_of_cron_job(&self) -> bool {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Request {
            cron_execution_source: Option<IgnoredAny>,
        }
        let request = self.raw.as_ref().and_then(|raw| serde_json::from_str::<Request>(raw.0.get()).ok());
        request.unwrap_or_default().cron_execution_source.is_some()
    }

    /// Whether it has expired.
    pub fn expired(&self, now_ms: u64) -> bool {
        self.expires_at_ms <= now_ms
    }

    /// Its age, in milliseconds.
    pub fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.created_at_ms)
    }

    /// Whether it allows a decision. Every prompt may be denied, whatever it lists.
    pub fn allows(&self, decision: Decision) -> bool {
        decision == Decision::Deny || self.details.allowed.contains(&decision)
    }
}

/// The details of a prompt for display. All text is as the gateway sent it, and hostile until escaped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Details {
    /// Where it would run: `gateway`, `node`, `sandbox`.
    pub host: Option<Box<str>>,
    /// The node it would run on.
    pub node: Option<Box<str>>,
    /// The command as listed; for kinds other than exec, the field that they call command. Current
    /// gateways list it with secrets masked, invisible characters escaped, and cut after 16,384 UTF-16 units.
    pub command: Option<Box<str>>,
    /// The arguments, where they are listed.
    pub argv: Option<Box<[Box<str>]>>,
    /// The working directory.
    pub cwd: Option<Box<str>>,
    /// The variables it sets.
    pub env: Environment,
    /// The program that the command's first word resolves to.
    pub resolved_path: Option<Box<str>>,
    /// A warning that the gateway shows with it.
    pub warning: Option<Box<str>>,
    /// The title. Plugin and system.
    pub title: Option<Box<str>>,
    /// The description. Plugin and system.
    pub description: Option<Box<str>>,
    /// More of the description, for reviewers only. Plugin.
    pub detail: Option<Box<str>>,
    /// `info`, `warning`, `critical`. Plugin.
    pub severity: Option<Box<str>>,
    /// The plugin that asks.
    pub plugin: Option<Box<str>>,
    /// The requested tool.
    pub tool: Option<Box<str>>,
    /// The decisions that are offered, in the order of the listing.
    pub allowed: Box<[Decision]>,
    /// The host's `security` at the time of the request.
    pub security: Option<Box<str>>,
    /// The host's `ask` at the time of the request.
    pub ask: Option<Box<str>>,
}

/// The variables that a command would be run with, beyond those of its host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Environment {
    /// Their names.
    pub keys: Box<[Box<str>]>,
    /// A hash of names and values. Only prompts for nodes have one.
    pub hash: Option<Box<str>>,
}
