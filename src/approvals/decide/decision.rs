//! A decision and how it came about.

use std::sync::Arc;

use super::evaluation::Evaluation;

/// What a gateway does with a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What happens.
    pub verdict: Verdict,
    /// Why: a word such as `allowlist` or `allowlist-miss`, or the first line of the gateway's message.
    pub reason: String,
    /// The policy in force.
    pub policy: Policy,
    /// The command checked against the entries. `None`: it was refused before.
    pub evaluation: Option<Evaluation>,
    /// The text that starts in place of the command, if the release rewrites it. Only if it runs.
    pub started: Option<String>,
    /// What happens to a prompt that nobody answers. Only if it asks.
    pub unanswered: Option<Unanswered>,
    /// Whether a model reviews the command before a person does.
    pub review: bool,
    /// What would have to be known, if the verdict is unknown.
    pub missing: Vec<String>,
    /// The kind of host that decides in place of the gateway's: `node` or `sandbox`. The verdict is unknown then.
    pub other_host: Option<String>,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It runs.
    Runs,
    /// A person is asked.
    Asks,
    /// It is refused.
    Denied,
    /// Something that decides is not known.
    Unknown,
}

impl Verdict {
    /// The word in files and in machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Asks => "asks",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
}

/// What happens to a prompt that nobody answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// Runs or is denied.
    pub verdict: Verdict,
    /// Why it is denied, in the gateway's words.
    pub reason: Option<String>,
}

/// A policy in force, in the words of documents. Each field with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// `deny`, `allowlist` or `full`.
    pub security: (&'static str, Origin),
    /// `off`, `on-miss` or `always`.
    pub ask: (&'static str, Origin),
    /// `deny`, `allowlist` or `full`.
    pub ask_fallback: (&'static str, Origin),
}

/// Where a field of a policy comes from: the one that was stricter, or the only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// This key of the document: `defaults.security`.
    Document(Arc<str>),
    /// This key of `openclaw.json`: `tools.exec.security`.
    Configuration(Arc<str>),
    /// The release's own default.
    Default,
    /// The call or the session.
    Call(Arc<str>),
}
