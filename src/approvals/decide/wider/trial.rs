//! Decides candidates under both documents: what runs under the new one and not under the old one is a witness.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::model::{Agent, Comparison, Witness};
use super::regime::Circumstance;
use crate::approvals::decide::decision::{Decision, Verdict};
use crate::approvals::decide::document::Loaded;
use crate::approvals::decide::prepared::Prepared;
use crate::approvals::decide::question::{Context, Question};
use crate::approvals::decide::table::{Files, Programs, Table};
use crate::approvals::decide::verdict::decide_prepared;

/// The directory of every witness.
const DIRECTORY: &str = "/work";

/// `PATH` of every witness.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/opt/bin";

/// `HOME` of every witness.
pub(super) const HOME: &str = "/home/user";

/// Budget for the search for witnesses, in nanoseconds, roughly.
const BUDGET: usize = 300_000_000;

/// Cost of one command.
const COST: usize = 100_000;

/// Cost of one entry of the documents, for each command.
const COST_OF_ENTRY: usize = 200;

/// A command to try, with the files that it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Candidate {
    pub command: String,
    pub programs: BTreeSet<String>,
    pub files: BTreeMap<String, String>,
}

/// Tries commands until the budget is spent.
pub(super) struct Trial<'t> {
    comparison: &'t Comparison<'t>,
    documents: [&'t Loaded<'t>; 2],
    left: usize,
    /// Both documents for the agent that was tried last.
    loaded: Option<(String, [Prepared; 2])>,
}

impl<'t> Trial<'t> {
    /// `documents`: the old one and the new one.
    pub(super) fn new(comparison: &'t Comparison<'t>, documents: [&'t Loaded<'t>; 2]) -> Self {
        Self { comparison, documents, left: BUDGET, loaded: None }
    }

    /// The first candidate that is a witness.
    pub(super) fn find(
        &mut self,
        agent: &Agent,
        when: Circumstance,
        candidates: &[Candidate],
    ) -> Option<Witness> {
        let loaded = match self.loaded.take() {
            Some((id, loaded)) if id == agent.id() => loaded,
            _ => {
                let documents = self.documents.map(|document| document.of(agent.id()));
                self.spend(documents.iter().map(|document| document.entries.len()).sum())?;
                documents.map(|document| Prepared { document: Ok(document) })
            }
        };
        let entries: usize = loaded.iter().map(|document| document.entries().len()).sum();
        let found = candidates.iter().find_map(|candidate| {
            self.spend(entries)?;
            self.witness(agent, when, candidate, &loaded)
        });
        self.loaded = Some((agent.id().to_owned(), loaded));
        found
    }

    /// Takes the cost of a command off. `None`: nothing is left.
    fn spend(&mut self, entries: usize) -> Option<()> {
        self.left = self.left.checked_sub(COST + entries.saturating_mul(COST_OF_ENTRY))?;
        Some(())
    }

    fn witness(
        &self,
        agent: &Agent,
        when: Circumstance,
        candidate: &Candidate,
        [before, after]: &[Prepared; 2],
    ) -> Option<Witness> {
        if !runs(&self.decide(after, agent, when, candidate), when) {
            return None;
        }
        let old = self.decide(before, agent, when, candidate);
        if runs(&old, when) || old.verdict == Verdict::Unknown {
            return None;
        }
        let Candidate { command, programs, files } = candidate.clone();
        Some(Witness {
            command,
            agent: agent.id().to_owned(),
            circumstance: when,
            programs,
            files,
            directory: DIRECTORY,
            path: PATH,
            home: HOME,
            before: old.verdict,
            reason: old.reason,
        })
    }

    fn decide(
        &self,
        document: &Prepared,
        agent: &Agent,
        when: Circumstance,
        candidate: &Candidate,
    ) -> Decision {
        let table = Table {
            programs: Programs::Paths(candidate.programs.clone()),
            files: Files::Texts(candidate.files.clone()),
            complete: true,
            ..Table::default()
        };
        let context = if when == Circumstance::Cron { Context::Cron } else { Context::Interactive };
        let question = question(self.comparison.configuration, agent.id());
        let question = Question { command: &candidate.command, context, ..question };
        decide_prepared(&question, self.comparison.profile, document, &table.host(DIRECTORY))
    }
}

/// Whether a command runs in this circumstance.
pub(super) fn runs(decision: &Decision, when: Circumstance) -> bool {
    let unanswered = decision.unanswered.as_ref().map(|unanswered| unanswered.verdict);
    decision.verdict == Verdict::Runs || when == Circumstance::Unanswered && unanswered == Some(Verdict::Runs)
}

/// A question without a command and without a document.
pub(super) fn question<'q>(configuration: &'q Value, agent: &'q str) -> Question<'q> {
    Question {
        command: "",
        agent,
        document: None,
        configuration,
        directory: DIRECTORY,
        path: PATH,
        home: HOME,
        state_directory: Some("/home/user/.openclaw"),
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    }
}
