//! The settings of clearance.toml: the severities of codes, and the findings that are silenced, with reasons.

use std::collections::HashMap;

use super::raw::Raw;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::severity::Severity;

/// The settings for every document of a run.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Severities that differ from the default of the code.
    pub severities: HashMap<Code, Severity>,
    /// The silences.
    pub silences: Vec<Silence>,
}

/// A kind of finding that is accepted. A field that is `None` matches anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// The code.
    pub code: Code,
    /// The document: its name, or a directory above it.
    pub path: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The pattern of the entry, exactly.
    pub pattern: Option<String>,
}

impl Silence {
    /// Whether it applies to a document of that name.
    pub fn is_about(&self, name: &str) -> bool {
        self.path.as_deref().is_none_or(|path| {
            let below = name.strip_prefix(path);
            path == "."
                || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || path.ends_with('/'))
        })
    }

    pub(super) fn fits(&self, raw: &Raw) -> bool {
        let same = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        same(&self.agent, &raw.agent) && same(&self.pattern, &raw.pattern)
    }
}

impl Overrides {
    /// The severity of a code.
    pub fn severity(&self, code: Code) -> Severity {
        self.severities.get(&code).copied().unwrap_or(code.severity())
    }
}
