//! Cancelling runs: what is aborted, which prompts go with it, and what is left afterwards.

use super::prompt::{Decision, Key, Prompt};
use super::report::Untried;
use super::runs::Runs;

/// Whose runs are cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// One run.
    Run(String),
    /// Whatever runs in the session with this key.
    Session(String),
    /// Runs that are over while their prompts are still pending.
    Superseded,
}

impl Which {
    /// Whether a prompt goes with it. Without a run id (legacy) a prompt goes with its session alone.
    pub fn holds(&self, prompt: &Prompt, runs: &Runs) -> bool {
        match self {
            Self::Run(run) => prompt.run_id.as_deref() == Some(run),
            Self::Session(key) => prompt.session_key.as_deref() == Some(key),
            Self::Superseded => runs.of(prompt).over(),
        }
    }
}

/// What would be done.
#[derive(Debug, Clone)]
pub struct CancelPlan {
    /// The gateway.
    pub gateway: String,
    /// Whose.
    pub which: Which,
    /// The session whose runs are aborted, or the run by itself where the gateway needs no session.
    pub abort: Option<Abort>,
    /// The prompts that are denied, unless the abort has cleared them by then.
    pub prompts: Vec<Prompt>,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
    /// Whether each denial starts an agent turn.
    pub legacy: bool,
}

/// What is aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abort {
    /// The session's key.
    pub session: Option<String>,
    /// The run; `None` for whatever runs in the session.
    pub run: Option<String>,
}

/// What was done.
#[derive(Debug, Clone)]
pub struct Cancelled {
    /// What was planned.
    pub plan: CancelPlan,
    /// Whether it was carried out, rather than only planned.
    pub carried_out: bool,
    /// The runs that the gateway aborted.
    pub aborted: Vec<String>,
    /// Prompts that were pending when the abort was done, and were denied then.
    pub denied: Vec<Key>,
    /// Prompts that the abort cleared, or somebody decided.
    pub gone: Vec<Key>,
    /// Those among them that somebody allowed.
    pub allowed: Vec<(Key, Decision)>,
    /// Prompts that must not be denied, and why.
    pub skipped: Vec<(Key, Untried)>,
    /// Prompts that could not be denied, and why.
    pub failed: Vec<(Key, String)>,
    /// Prompts that the gateway answered of as gone, and lists all the same.
    pub still_listed: Vec<Key>,
    /// What is pending of it afterwards: what could not be denied, and what was asked for again.
    pub left: Vec<Prompt>,
    /// Whether it still runs.
    pub active: bool,
    /// Why it could not be looked at afterwards, if so: then what is left is what is not known to be gone.
    pub unseen: Option<String>,
}

impl Cancelled {
    /// Corrects what came of prompts by what is left: a prompt of `before` that is left was neither denied nor is it
    /// gone, whatever the gateway answered.
    pub fn correct(&mut self, answered: &[Key], before: &[Prompt]) {
        let same = |left: &&Prompt| {
            let asked = before.iter().find(|prompt| prompt.key == left.key);
            answered.contains(&left.key)
                && asked.is_none_or(|asked| asked.created_at_ms == left.created_at_ms)
        };
        let kept: Vec<Key> = self.left.iter().filter(same).map(|prompt| prompt.key.clone()).collect();
        for keys in [&mut self.denied, &mut self.gone] {
            keys.retain(|key| !kept.contains(key));
        }
        self.allowed.retain(|(key, _)| !kept.contains(key));
        self.still_listed.extend(kept);
    }

    /// Whether neither a run nor a prompt of it is left.
    pub fn is_complete(&self) -> bool {
        let nothing_left = self.left.is_empty()
            && self.failed.is_empty()
            && self.skipped.is_empty()
            && self.still_listed.is_empty()
            && !self.active;
        !self.carried_out || (nothing_left && self.unseen.is_none())
    }
}

/// A session that runs, or that has prompts.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// The session's key.
    pub session: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The run; `None` where the gateway does not tell it.
    pub run: Option<String>,
    /// How it stands.
    pub state: super::RunState,
    /// The ids of its prompts that are pending.
    pub prompts: Vec<String>,
}
