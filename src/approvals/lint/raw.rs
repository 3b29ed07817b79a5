//! A finding before its place in the text is known, and the entry that a fix removes for it. Every lint creates such
//! findings; places are computed only for those that are listed.

use crate::approvals::findings::codes::Code;
use crate::approvals::model::path::{Path, Step};
use crate::approvals::redact::credentials::quotable;

/// A finding before its place is computed.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub(super) code: Code,
    pub(super) path: Path,
    pub(super) message: String,
    /// The agent that is affected.
    pub(super) agent: Option<String>,
    /// The entry's pattern, as it is written.
    pub(super) pattern: Option<String>,
    /// The entry that `--fix` removes.
    pub(super) removes: Option<usize>,
}

impl Raw {
    /// The same finding, if `--fix` must not remove the entry.
    pub(super) fn kept(self) -> Self {
        Self { removes: None, ..self }
    }

    /// Memory that it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        let step = |step: &Step| match step {
            Step::Key(key) => size_of::<Step>() + key.len(),
            Step::Index(_) => size_of::<Step>(),
        };
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let path: usize = self.path.steps().iter().map(step).sum();
        size_of::<Self>() + path + self.message.len() + text(&self.agent) + text(&self.pattern)
    }
}

/// An entry that `--fix` removes. The document has the same meaning without it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Removal {
    /// The agent's id.
    pub agent: String,
    /// Index in the agent's allowlist, from 0.
    pub index: usize,
    /// The finding that its removal fixes.
    pub code: Code,
    /// Its pattern as it may be shown: secrets masked, hostile characters not yet escaped.
    pub pattern: String,
}

/// The entry that a fix removes for a finding, if any.
pub(super) fn removal(raw: &Raw) -> Option<Removal> {
    let pattern = quotable(raw.pattern.as_deref()?).into_owned();
    Some(Removal { agent: raw.agent.clone()?, index: raw.removes?, code: raw.code, pattern })
}
