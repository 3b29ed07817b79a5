//! Decides candidates under both documents: what runs under the new one and not under the old one is a witness.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::regime::Circumstance;
use super::{Agent, Comparison};
use crate::approvals::decide::decision::{Decision, Verdict};
use crate::approvals::decide::question::{Context, Question};
use crate::approvals::decide::table::{Files, Programs, Table};
use crate::approvals::decide::verdict::decide;

/// The directory of every witness.
const DIRECTORY: &str = "/work";

/// `PATH` of every witness.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/opt/bin";

/// `HOME` of every witness.
pub(super) const HOME: &str = "/home/user";

/// How much text of documents may be read for witnesses, in bytes.
const MOST_READ: usize = 256 << 20;

/// A command that runs under the new document and not under the old one, on a host that has nothing but these files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The command.
    pub command: String,
    /// The agent's id.
    pub agent: String,
    /// When it runs.
    pub circumstance: Circumstance,
    /// The programs of the host.
    pub programs: BTreeSet<String>,
    /// Its other files, with their text.
    pub files: BTreeMap<String, String>,
    /// The directory of the call.
    pub directory: &'static str,
    /// `PATH` of the gateway.
    pub path: &'static str,
    /// `HOME` of the gateway.
    pub home: &'static str,
    /// What the old document makes of it.
    pub before: Verdict,
    /// Why, in the gateway's words.
    pub reason: String,
}

/// A command to try, with the files that it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Candidate {
    pub command: String,
    pub programs: BTreeSet<String>,
    pub files: BTreeMap<String, String>,
}

/// Tries commands, as long as that takes no longer than it should.
pub(super) struct Trial<'t> {
    comparison: &'t Comparison<'t>,
    left: usize,
}

impl<'t> Trial<'t> {
    pub(super) fn new(comparison: &'t Comparison<'t>) -> Self {
        Self { comparison, left: MOST_READ }
    }

    /// The first candidate that is a witness.
    pub(super) fn find(
        &mut self,
        agent: &Agent,
        when: Circumstance,
        candidates: &[Candidate],
    ) -> Option<Witness> {
        candidates.iter().find_map(|candidate| self.witness(agent, when, candidate))
    }

    fn witness(&mut self, agent: &Agent, when: Circumstance, candidate: &Candidate) -> Option<Witness> {
        let Comparison { before, after, .. } = *self.comparison;
        let cost = 100_000 + before.map_or(0, str::len) + after.map_or(0, str::len);
        self.left = self.left.checked_sub(cost)?;
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
        document: Option<&str>,
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
        let question = Question { command: &candidate.command, document, context, ..question };
        decide(&question, self.comparison.profile, &table.host(DIRECTORY))
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
