//! The rows of triage: one for each group of prompts with one intent in one place.

use std::cell::OnceCell;
use std::sync::Arc;

use super::protocol::{Group, Outcome, RowId};
use crate::queue::filter::subject;
use crate::queue::prompt::{Key, Prompt};
use crate::queue::runs::RunState;

/// The maximum length of the text that a filter reads, in bytes: a whole command of a current gateway fits.
const SEARCHED: usize = 32 * 1024;

/// The state of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is pending.
    Pending,
    /// A decision is queued, with the number of its order. It can be undone.
    Queued(u64),
    /// A decision is being sent, with the number of its order.
    Sent(u64),
    /// It is not pending any more.
    Over(Outcome),
}

/// A prompt of a row.
#[derive(Debug, Clone)]
pub struct Member {
    /// The prompt.
    pub prompt: Arc<Prompt>,
    /// Its state.
    pub state: State,
}

/// A row.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub id: RowId,
    /// Its prompts: the kept one, then the others, oldest first. Decided ones stay until the row is taken in again.
    pub members: Vec<Member>,
    /// The state of the run of the first.
    pub run: RunState,
    /// Whether it is tagged.
    pub tagged: bool,
    /// Why its last decision failed, if it did.
    pub failed: Option<String>,
    /// The text that filters read, in lower case.
    search: OnceCell<String>,
}

/// What a row shows besides its prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status<'r> {
    /// It waits for a decision.
    Open,
    /// A decision is queued, with the number of its order.
    Queued(u64),
    /// A decision is being sent.
    Sending,
    /// The last decision failed.
    Failed(&'r str),
    /// Nothing of it is pending any more; the outcome of its first prompt.
    Over(&'r Outcome),
}

impl Row {
    /// A row of a listing. Prompts that are not among the `wanted` ones are left out. `None`: no prompt is left.
    pub(super) fn of(gateway: usize, group: &Group, wanted: impl Fn(&Prompt) -> bool) -> Option<Self> {
        let prompts = group.prompts.iter().filter(|prompt| wanted(prompt));
        let members: Vec<Member> =
            prompts.map(|prompt| Member { prompt: Arc::clone(prompt), state: State::Pending }).collect();
        (!members.is_empty()).then_some(Self {
            id: RowId { gateway, group: group.id },
            members,
            run: group.run,
            tagged: false,
            failed: None,
            search: OnceCell::new(),
        })
    }

    /// The prompt that stands for the row: the first that is pending, else the first.
    pub fn lead(&self) -> Option<&Arc<Prompt>> {
        let pending = self.members.iter().find(|member| member.state == State::Pending);
        let open = || self.members.iter().find(|member| !matches!(member.state, State::Over(_)));
        pending.or_else(open).or(self.members.first()).map(|member| &member.prompt)
    }

    /// The prompts without a decision.
    pub fn pending(&self) -> impl Iterator<Item = &Arc<Prompt>> {
        let members = self.members.iter().filter(|member| member.state == State::Pending);
        members.map(|member| &member.prompt)
    }

    /// How many prompts are not over.
    pub fn open(&self) -> usize {
        self.members.iter().filter(|member| !matches!(member.state, State::Over(_))).count()
    }

    /// When the oldest prompt that is not over was created, in Unix milliseconds; of a row that is over, the oldest.
    pub fn oldest_ms(&self) -> Option<u64> {
        let created = |member: &Member| member.prompt.created_at_ms;
        let open = self.members.iter().filter(|member| !is_over(member)).map(created).min();
        open.or_else(|| self.members.iter().map(created).min())
    }

    /// The status.
    pub fn status(&self) -> Status<'_> {
        let mut over = None;
        for member in &self.members {
            match &member.state {
                State::Sent(_) => return Status::Sending,
                State::Queued(order) => return Status::Queued(*order),
                State::Pending => {}
                State::Over(outcome) => over = over.or(Some(outcome)),
            }
        }
        match (over, self.failed.as_deref()) {
            (Some(outcome), _) if self.members.iter().all(is_over) => Status::Over(outcome),
            (_, Some(words)) => Status::Failed(words),
            _ => Status::Open,
        }
    }

    /// Whether a decision on it is queued or being sent.
    pub(super) fn is_busy(&self) -> bool {
        self.members.iter().any(|member| matches!(member.state, State::Queued(_) | State::Sent(_)))
    }

    /// Whether it has a prompt without a decision.
    pub(super) fn is_open(&self) -> bool {
        self.members.iter().any(|member| member.state == State::Pending)
    }

    /// Sets the states of prompts. `state`: `None` for those that keep theirs.
    pub(super) fn set(&mut self, state: impl Fn(&Key) -> Option<State>) {
        for member in &mut self.members {
            if let Some(state) = state(&member.prompt.key) {
                member.state = state;
            }
        }
    }

    /// Whether every word is in the text of the row. `words`: in lower case. `gateway`: its name.
    pub(super) fn has(&self, words: &[String], gateway: &str) -> bool {
        let text = self.search.get_or_init(|| searched(self, gateway));
        words.iter().all(|word| text.contains(word.as_str()))
    }
}

fn is_over(member: &Member) -> bool {
    matches!(member.state, State::Over(_))
}

/// The text that filters read.
fn searched(row: &Row, gateway: &str) -> String {
    let mut text = gateway.to_lowercase();
    for member in &row.members {
        text.push('\n');
        text.push_str(&member.prompt.id().to_lowercase());
        if text.len() > SEARCHED {
            break;
        }
    }
    if let Some(prompt) = row.lead() {
        let details = &prompt.details;
        let named = [&prompt.agent, &prompt.session_key, &prompt.run_id];
        let named = named.into_iter().filter_map(|name| name.as_deref());
        let fields = [&details.host, &details.node, &details.cwd, &details.description, &details.tool];
        let fields = fields.into_iter().filter_map(|field| field.as_deref());
        for part in named.chain(fields).chain([subject(prompt)]) {
            let end = part.floor_char_boundary(SEARCHED.min(part.len()));
            text.push('\n');
            text.push_str(&part[..end].to_lowercase());
        }
    }
    text
}
