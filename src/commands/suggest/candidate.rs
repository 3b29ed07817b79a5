//! A candidate for a proposal: an entry, and the commands that it is made of.

use super::judge::Entry;
use super::observed::{Call, Tally};
use crate::approvals::quotable;
use crate::approvals::suggest::Field;
use crate::report::approvals::suggest::Proposal;

/// The number of examples of a proposal.
const EXAMPLES: usize = 3;

/// The calls with the same words of one program.
#[derive(Debug, Default)]
pub(super) struct Asked<'o> {
    pub(super) calls: Vec<(&'o Call, Tally)>,
    pub(super) tally: Tally,
}

/// A proposal, and the calls that it is made of.
pub(super) struct Candidate<'o> {
    pub(super) entry: Entry,
    pub(super) fields: Vec<Field>,
    pub(super) members: Vec<&'o Asked<'o>>,
}

impl Candidate<'_> {
    /// The number of prompts for its commands.
    pub(super) fn prompts(&self) -> u64 {
        self.members.iter().map(|asked| asked.tally.all()).sum()
    }

    /// The proposal for reports.
    pub(super) fn proposal(&self) -> Proposal {
        let mut members = self.members.clone();
        members.sort_by_key(|asked| std::cmp::Reverse(asked.tally.all()));
        let shown = |asked: &&Asked<'_>| Some(quotable(&asked.calls.first()?.0.command).into_owned());
        Proposal {
            pattern: self.entry.0.clone(),
            arg_pattern: self.entry.1.clone().unwrap_or_default(),
            fields: self.fields.clone(),
            examples: members.iter().filter_map(shown).take(EXAMPLES).collect(),
            commands: self.members.len(),
            prompts: self.prompts(),
            allowed: self.members.iter().map(|asked| asked.tally.allowed).sum(),
        }
    }
}

/// The last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
