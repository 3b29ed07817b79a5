//! Sessions and the runs in them. PURE.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// The number of ended runs that are kept.
const REMEMBERED: usize = 2_048;

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum State {
    Active,
    Ended,
    /// The run timed out, and another run replaced it.
    FailedOver,
}

/// One agent turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) session: String,
    pub(super) state: State,
    pub(super) started_at: u64,
}

/// A conversation with an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) updated_at: u64,
}

/// Every session, and every run that is active or ended recently.
#[derive(Debug, Default)]
pub(super) struct Runs {
    sessions: BTreeMap<String, Session>,
    by_id: HashMap<String, Run>,
    /// Active runs in the order in which they started.
    active: Vec<String>,
    ended: VecDeque<String>,
}

impl Runs {
    /// The session with that key, which is created if it does not exist.
    pub(super) fn session(&mut self, key: &str, id: impl FnOnce() -> String, now: u64) -> &Session {
        let session =
            self.sessions.entry(key.to_owned()).or_insert_with(|| Session { id: id(), updated_at: now });
        session.updated_at = session.updated_at.max(now);
        session
    }

    /// Every session with its key, by key.
    pub(super) fn sessions(&self) -> impl Iterator<Item = (&str, &Session)> {
        self.sessions.iter().map(|(key, session)| (key.as_str(), session))
    }

    /// Adds a run, whose session must exist. `false`: the id is in use.
    pub(super) fn start(&mut self, run: Run) -> bool {
        if self.by_id.contains_key(&run.id) {
            return false;
        }
        match run.state {
            State::Active => self.active.push(run.id.clone()),
            State::Ended | State::FailedOver => self.remember(run.id.clone()),
        }
        self.by_id.insert(run.id.clone(), run);
        true
    }

    /// The run with an id.
    pub(super) fn get(&self, id: &str) -> Option<&Run> {
        self.by_id.get(id)
    }

    /// The active runs of a session, oldest first.
    pub(super) fn active<'r>(&'r self, session: &'r str) -> impl Iterator<Item = &'r Run> {
        self.active.iter().filter_map(|id| self.by_id.get(id)).filter(move |run| run.session == session)
    }

    /// Ends an active run. `None`: it is not active.
    pub(super) fn end(&mut self, id: &str, state: State) -> Option<Run> {
        let run = self.by_id.get_mut(id).filter(|run| run.state == State::Active)?;
        run.state = state;
        let run = run.clone();
        self.active.retain(|active| active != id);
        self.remember(run.id.clone());
        Some(run)
    }

    fn remember(&mut self, id: String) {
        self.ended.push_back(id);
        if self.ended.len() > REMEMBERED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }
}
