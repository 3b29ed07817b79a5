//! How a decision differs from what a case expects.

use super::file::{EntryName, Expected, IfUnanswered};
use super::suite::Case;
use crate::approvals::decide::{Decision, EntryId, Verdict};

/// One difference between a decision and a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The verdict is another one.
    Verdict {
        /// The expected verdict.
        expected: Expected,
    },
    /// The outcome if nobody answers the prompt is another one.
    Unanswered {
        /// The expected outcome.
        expected: IfUnanswered,
    },
    /// The expected entry matches no part of the command.
    Entry {
        /// The expected entry.
        expected: EntryName,
        /// Whether the document has that entry.
        exists: bool,
        /// The entry of the document with the nearest pattern, if it does not.
        nearest: Option<String>,
    },
}

/// The entry of a document that a decision names.
pub(super) struct Matched<'e> {
    pub(super) id: &'e EntryId,
    pub(super) pattern: &'e str,
    pub(super) arg_pattern: Option<&'e str>,
}

impl EntryName {
    /// Whether this is the name of an entry. `scope`: the agent in whose list it is.
    pub(super) fn names(&self, scope: &str, pattern: &str, arg_pattern: Option<&str>) -> bool {
        let with_agent = || {
            self.pattern
                .strip_prefix(scope)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| rest == pattern)
        };
        self.agent.as_deref().is_none_or(|agent| agent == scope)
            && (self.pattern == pattern || self.agent.is_none() && with_agent())
            && self.arg_pattern.as_deref().is_none_or(|expected| Some(expected) == arg_pattern)
    }
}

/// What a decision differs in from what a case expects. `matched`: the entries that match parts of the command.
/// `known`: whether the document has an entry of this name, and if not, the pattern nearest to it.
pub(super) fn mismatches(
    case: &Case,
    decision: &Decision,
    matched: &[Matched<'_>],
    known: impl Fn(&EntryName) -> (bool, Option<String>),
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if Verdict::from(case.expected) != decision.verdict {
        found.push(Mismatch::Verdict { expected: case.expected });
    } else if let Some(expected) = case.unanswered
        && decision.unanswered.as_ref().map(|unanswered| unanswered.verdict) != Some(expected.into())
    {
        found.push(Mismatch::Unanswered { expected });
    }
    for expected in &case.entries {
        let names = |entry: &Matched<'_>| expected.names(&entry.id.scope, entry.pattern, entry.arg_pattern);
        if !matched.iter().any(names) {
            let (exists, nearest) = known(expected);
            found.push(Mismatch::Entry { expected: expected.clone(), exists, nearest });
        }
    }
    found
}

impl Expected {
    /// The word in files and in machine output.
    pub fn as_str(self) -> &'static str {
        Verdict::from(self).as_str()
    }
}

impl From<Expected> for Verdict {
    fn from(expected: Expected) -> Self {
        match expected {
            Expected::Runs => Self::Runs,
            Expected::Asks => Self::Asks,
            Expected::Denied => Self::Denied,
            Expected::Unknown => Self::Unknown,
        }
    }
}

impl IfUnanswered {
    /// The word in files and in machine output.
    pub fn as_str(self) -> &'static str {
        Verdict::from(self).as_str()
    }
}

impl From<IfUnanswered> for Verdict {
    fn from(expected: IfUnanswered) -> Self {
        match expected {
            IfUnanswered::Runs => Self::Runs,
            IfUnanswered::Denied => Self::Denied,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_named_by_pattern_agent_and_arguments() {
        let name = |pattern: &str, agent: Option<&str>, arg_pattern: Option<&str>| EntryName {
            pattern: pattern.to_owned(),
            agent: agent.map(str::to_owned),
            arg_pattern: arg_pattern.map(str::to_owned),
        };
        for (name, named) in [
            (name("/usr/bin/git", None, None), true),
            (name("main//usr/bin/git", None, None), true),
            (name("other//usr/bin/git", None, None), false),
            (name("/usr/bin/git", Some("main"), Some("^status$")), true),
            (name("/usr/bin/git", Some("*"), None), false),
            (name("/usr/bin/git", None, Some("^log$")), false),
            (name("/usr/bin/gi", None, None), false),
            (name("main//usr/bin/git", Some("main"), None), false),
        ] {
            assert_eq!(name.names("main", "/usr/bin/git", Some("^status$")), named, "{name:?}");
        }
    }
}
