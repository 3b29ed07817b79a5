//! Cancelling the run of a row: the plan is shown first.

use std::collections::HashMap;
use std::sync::Arc;

use super::Triage;
use super::mode::{Mode, Notice, Question, Refusal};
use super::protocol::{Act, Effect, RowId, Target};
use super::rows::Row;
use crate::queue::cancel::{CancelPlan, Which};
use crate::queue::clock::SteadyTime;
use crate::queue::prompt::Prompt;

impl Triage {
    /// Asks for the plan of a cancellation: of the run, or of the session where prompts do not name their run.
    pub(super) fn plan_cancel(&mut self) {
        let Some(row) = self.decidable() else { return };
        let Some(lead) = self.row(&row).and_then(Row::lead).cloned() else { return };
        let which = match (&lead.run_id, &lead.session_key) {
            (Some(run), _) => Which::Run(run.to_string()),
            (None, Some(session)) => Which::Session(session.to_string()),
            (None, None) => {
                self.notice = Some(Notice::Refused(Refusal::NoRun));
                return;
            }
        };
        let ticket = self.number();
        self.effects.push_back(Effect::Plan(row.gateway, ticket, which));
        self.mode = Mode::Question { question: Question::Cancel { row, ticket, plan: None }, scroll: 0 };
    }

    /// Handles a plan. A plan that nobody waits for is dropped.
    pub(super) fn planned(&mut self, ticket: u64, planned: Result<Box<CancelPlan>, String>) {
        let waits = match &self.mode {
            Mode::Question { question: Question::Cancel { ticket: wanted, row, .. }, .. }
                if *wanted == ticket =>
            {
                Some(*row)
            }
            _ => None,
        };
        let Some(row) = waits else { return };
        match planned {
            Ok(plan) if plan.nothing => {
                self.mode = Mode::List;
                self.effects.push_back(Effect::Drop(row.gateway, ticket));
                self.notice = Some(Notice::Refused(Refusal::NothingToCancel));
            }
            Ok(plan) => {
                let question = Question::Cancel { row, ticket, plan: Some(plan) };
                self.mode = Mode::Question { question, scroll: 0 };
            }
            Err(words) => {
                self.mode = Mode::List;
                self.notice = Some(Notice::Failed { prompts: 0, words });
            }
        }
    }

    /// Queues a cancellation.
    pub(super) fn cancel(&mut self, row: RowId, ticket: u64, plan: &CancelPlan, now: SteadyTime) {
        let rows: HashMap<_, RowId> = self
            .rows
            .iter()
            .filter(|other| other.id.gateway == row.gateway)
            .flat_map(|row| row.pending().map(|prompt| (prompt.key.clone(), row.id)))
            .collect();
        let mut targets: HashMap<RowId, Vec<Arc<Prompt>>> = HashMap::new();
        for prompt in &plan.prompts {
            if let Some(row) = rows.get(&prompt.key) {
                targets.entry(*row).or_default().push(Arc::new(prompt.clone()));
            }
        }
        let targets = targets.into_iter().map(|(row, prompts)| Target { row, kept: None, prompts });
        let mut targets: Vec<Target> = targets.collect();
        targets.sort_by_key(|target| target.row);
        self.queue(Act::Cancel(ticket), targets, now);
    }
}
