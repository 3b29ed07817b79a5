//! The commands for which there is no proposal, and why.

use std::collections::BTreeMap;

use super::observed::{Call, Tally};
use crate::approvals::quotable;
use crate::report::approvals::suggest::Refused;

/// The reason of a command that is not shown, either.
pub(super) const CREDENTIAL: &str = "it has what looks like a credential";

/// The number of examples of a reason.
const EXAMPLES: usize = 3;

/// The commands of an agent for which there is no proposal. Each has one reason.
#[derive(Debug, Default)]
pub(super) struct Refusals(BTreeMap<Call, (Tally, String)>);

impl Refusals {
    pub(super) fn add(&mut self, call: &Call, tally: Tally, why: &str) {
        self.0.insert(call.clone(), (tally, why.to_owned()));
    }

    /// Forgets commands that the proposals for others allow, too.
    pub(super) fn forget(&mut self, runs: impl Fn(&Call) -> bool) {
        self.0.retain(|call, _| !runs(call));
    }

    /// The reasons, the one with the most prompts first.
    pub(super) fn reported(self, agent: &str) -> Vec<Refused> {
        let mut by_reason: BTreeMap<String, Vec<(Tally, Call)>> = BTreeMap::new();
        for (call, (tally, why)) in self.0 {
            by_reason.entry(why).or_default().push((tally, call));
        }
        let mut reported: Vec<Refused> = by_reason
            .into_iter()
            .map(|(why, mut calls)| {
                calls.sort_by_key(|(tally, _)| std::cmp::Reverse(tally.all()));
                let shown = if why == CREDENTIAL { 0 } else { EXAMPLES };
                Refused {
                    agent: agent.to_owned(),
                    why,
                    commands: calls.len(),
                    prompts: calls.iter().map(|(tally, _)| tally.all()).sum(),
                    examples: calls
                        .iter()
                        .take(shown)
                        .map(|(_, call)| quotable(&call.command).into_owned())
                        .collect(),
                }
            })
            .collect();
        reported.sort_by_key(|refused| std::cmp::Reverse(refused.prompts));
        reported
    }
}
