//! Cancelling runs: which run is meant, what is aborted, which prompts go with it, and what is left afterwards.

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasher;

use thiserror::Error;

use super::intent::Intent;
use super::prompt::{Decision, Key, Prompt};
use super::report::SkipReason;
use super::runs::{RunState, Runs};

/// What is cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// One run: its id, or a prefix of it that no other run has.
    Run(String),
    /// Whatever runs in the session with this key.
    Session(String),
    /// Runs that are over while their prompts are still pending.
    Superseded,
}

/// The reason why a cancellation cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CancelError {
    /// No run has this id, or a prefix of its id.
    #[error("no active run, and no run that holds a prompt, has an id starting with {0:?}")]
    UnknownRun(String),
    /// Several runs have this prefix.
    #[error("{prefix:?} is the start of {} run ids", .matches.len())]
    AmbiguousRun {
        /// What was given.
        prefix: String,
        /// The ids that start with it.
        matches: Vec<String>,
    },
    /// No session has this key.
    #[error("no session has the key {0:?}")]
    UnknownSession(String),
    /// The prompts do not name their run, and the run is not the only one of exactly one session.
    #[error(
        "the prompts of this gateway do not name their run, and the prompts of run {run:?} cannot be distinguished from others of its session"
    )]
    RunWithoutSession {
        /// The run.
        run: String,
        /// The session in which the run is active, if known.
        session: Option<String>,
    },
    /// The prompts do not name their run.
    #[error("the prompts of this gateway do not name their run, so superseded runs cannot be found")]
    RunsNotNamed,
}

/// What is known when a cancellation is planned.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Everything that is pending.
    pub prompts: &'a [Prompt],
    /// The runs.
    pub runs: &'a Runs,
    /// The keys of the sessions that are listed.
    pub sessions: &'a [String],
    /// Whether all sessions are listed.
    pub complete: bool,
    /// Whether prompts name their run.
    pub names_runs: bool,
}

/// A cancellation that can be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim {
    /// What is cancelled, with the whole id of a run.
    pub which: Which,
    /// The runs that are aborted.
    pub abort: Option<Abort>,
    /// The session whose prompts are taken for the run's, where prompts do not name their run: the run is the only one
    /// that is active in it.
    pub attributed: Option<String>,
    /// Whether the run or the session is known to exist. Where it is not, only the answer to the abort shows it.
    pub sure: bool,
}

impl Known<'_> {
    /// Finds the run, session or runs to cancel.
    ///
    /// # Errors
    /// Nothing matches, too much matches, or the prompts cannot be attributed to the run.
    pub fn aim(&self, which: Which) -> Result<Aim, CancelError> {
        match which {
            Which::Run(text) => self.run(text),
            Which::Session(key) => {
                let held = self.prompts.iter().any(|prompt| prompt.session_key.as_deref() == Some(&*key));
                let sure = held || self.sessions.contains(&key);
                if key.is_empty() || !sure && self.complete {
                    return Err(CancelError::UnknownSession(key));
                }
                let abort = Some(Abort { session: Some(key.clone()), run: None });
                Ok(Aim { which: Which::Session(key), abort, attributed: None, sure })
            }
            Which::Superseded if !self.names_runs && !self.prompts.is_empty() => {
                Err(CancelError::RunsNotNamed)
            }
            Which::Superseded => Ok(Aim { which, abort: None, attributed: None, sure: true }),
        }
    }

    fn run(&self, text: String) -> Result<Aim, CancelError> {
        let holding = self.prompts.iter().filter_map(|prompt| prompt.run_id.as_deref());
        let active = self.sessions.iter().flat_map(|session| self.runs.active(session));
        let known: BTreeSet<&str> = holding.chain(active).collect();
        let exact = known.contains(&*text) || !text.is_empty() && !self.runs.sessions_of(&text).is_empty();
        let matches: Vec<&str> = if exact {
            vec![&text]
        } else {
            known.into_iter().filter(|run| !text.is_empty() && run.starts_with(&*text)).collect()
        };
        let run = match matches[..] {
            [run] => run.to_owned(),
            [] if text.is_empty() => return Err(CancelError::UnknownRun(text)),
            // An active run may be missing from everything that is known here.
            [] if self.complete && self.runs.all_named() => return Err(CancelError::UnknownRun(text)),
            [] if self.names_runs => {
                let abort = Some(Abort { session: None, run: Some(text.clone()) });
                return Ok(Aim { which: Which::Run(text), abort, attributed: None, sure: false });
            }
            [] => return Err(CancelError::RunWithoutSession { run: text, session: None }),
            _ => {
                let matches = matches.iter().map(|&run| run.to_owned()).collect();
                return Err(CancelError::AmbiguousRun { prefix: text, matches });
            }
        };
        let of_prompts = self.prompts.iter().find(|prompt| prompt.run_id.as_deref() == Some(&*run));
        let of_prompts = of_prompts.and_then(|prompt| prompt.session_key.as_deref());
        let listed = self.runs.sessions_of(&run);
        let listed = if let [session] = listed[..] { Some(session) } else { None };
        let session = of_prompts.or(listed).map(str::to_owned);
        let attributed = if self.names_runs {
            None
        } else {
            // The run is the only active run of one session: all prompts of that session are its own.
            match listed {
                Some(listed) if self.runs.active(listed) == [&*run] => Some(listed.to_owned()),
                _ => return Err(CancelError::RunWithoutSession { run, session }),
            }
        };
        let abort = Some(Abort { session, run: Some(run.clone()) });
        Ok(Aim { which: Which::Run(run), abort, attributed, sure: true })
    }
}

impl Aim {
    /// Whether a prompt is part of the cancellation. A prompt that does not name its run is part of its session's.
    pub fn holds(&self, prompt: &Prompt, runs: &Runs) -> bool {
        let of = |key: &str| prompt.session_key.as_deref() == Some(key);
        match &self.which {
            Which::Run(run) => match prompt.run_id.as_deref() {
                Some(asked) => asked == run,
                None => self.attributed.as_deref().is_some_and(of),
            },
            Which::Session(key) => of(key),
            Which::Superseded => runs.of(prompt).over(),
        }
    }

    /// Whether nothing is known to be active, so that there is nothing to abort.
    pub fn is_idle(&self, runs: &Runs) -> bool {
        match (&self.which, &self.abort) {
            (_, None) => true,
            (Which::Session(key), _) => self.sure && runs.session(key) == RunState::Ended,
            (Which::Run(run), Some(abort)) => {
                self.sure && runs.state(run, abort.session.as_deref(), 0).over()
            }
            (Which::Superseded, _) => false,
        }
    }

    /// The state of what is cancelled.
    pub fn state(&self, runs: &Runs) -> RunState {
        let session = self.abort.as_ref().and_then(|abort| abort.session.as_deref());
        match &self.which {
            Which::Run(run) => runs.state(run, session, 0),
            Which::Session(key) => runs.session(key),
            Which::Superseded => RunState::Unknown,
        }
    }
}

/// The plan of a cancellation.
#[derive(Debug, Clone)]
pub struct CancelPlan {
    /// The gateway.
    pub gateway: String,
    /// What is cancelled.
    pub aim: Aim,
    /// The prompts that are denied, unless the abort clears them first.
    pub prompts: Vec<Prompt>,
    /// Whether there is nothing to abort and nothing to deny.
    pub nothing: bool,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
    /// Whether each denial starts an agent turn.
    pub denial_starts_turn: bool,
    /// Why the state of every run is unknown, if so.
    pub runs_unknown: Option<String>,
}

/// The target of an abort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abort {
    /// The session's key.
    pub session: Option<String>,
    /// The run; `None` for everything that runs in the session.
    pub run: Option<String>,
}

/// The report of a cancellation.
#[derive(Debug, Clone)]
pub struct Cancelled {
    /// The plan.
    pub plan: CancelPlan,
    /// Whether it was carried out, rather than only planned.
    pub carried_out: bool,
    /// The runs that the gateway aborted.
    pub aborted: Vec<String>,
    /// Prompts that were pending when the abort was done, and were denied then.
    pub denied: Vec<Key>,
    /// Prompts that the abort cleared, that somebody decided, or that expired.
    pub gone: Vec<Key>,
    /// The prompts among `gone` that were gone before the abort.
    pub gone_before: Vec<Key>,
    /// The prompts among `gone` that somebody allowed.
    pub allowed: Vec<(Key, Decision)>,
    /// Prompts that were skipped, and the reasons.
    pub skipped: Vec<(Key, SkipReason)>,
    /// Prompts that could not be denied, and the reasons.
    pub failed: Vec<(Key, String)>,
    /// Prompts that the gateway reported as gone and still lists.
    pub still_listed: Vec<Key>,
    /// The prompts that are pending afterwards: those that could not be denied, and those that were re-requested.
    pub left: Vec<Prompt>,
    /// Whether the run or session is still active.
    pub active: bool,
    /// One prompt of each group that had other prompts, too, and of which nothing is pending any more.
    pub emptied: Vec<Prompt>,
    /// Why the prompts could not be listed again afterwards, if so: then `left` has all that are not known to be gone.
    pub unseen: Option<String>,
}

impl Cancelled {
    /// The report of a plan that was not carried out.
    pub fn planned(plan: CancelPlan) -> Self {
        Self {
            plan,
            carried_out: false,
            aborted: Vec::new(),
            denied: Vec::new(),
            gone: Vec::new(),
            gone_before: Vec::new(),
            allowed: Vec::new(),
            skipped: Vec::new(),
            failed: Vec::new(),
            still_listed: Vec::new(),
            left: Vec::new(),
            active: false,
            emptied: Vec::new(),
            unseen: None,
        }
    }

    /// The prompts that no abort cleared: somebody decided them, or they expired.
    pub fn already_gone(&self) -> &[Key] {
        if self.aborted.is_empty() { &self.gone } else { &self.gone_before }
    }

    /// Corrects the outcomes by the last listing: a prompt of `before` that is left was not denied and is not gone,
    /// whatever the gateway answered. The same holds for prompts that are left and cannot be read any more: `unread`.
    pub fn correct(&mut self, answered: &[Key], before: &[Prompt], unread: &[Key]) {
        let unread = unread.iter().filter(|key| answered.contains(key));
        let same = |left: &&Prompt| {
            let asked = before.iter().find(|prompt| prompt.key == left.key);
            answered.contains(&left.key)
                && asked.is_none_or(|asked| asked.created_at_ms == left.created_at_ms)
        };
        let left = self.left.iter().filter(same).map(|prompt| &prompt.key);
        let kept: Vec<Key> = left.chain(unread).cloned().collect();
        for keys in [&mut self.denied, &mut self.gone, &mut self.gone_before] {
            keys.retain(|key| !kept.contains(key));
        }
        self.allowed.retain(|(key, _)| !kept.contains(key));
        self.still_listed.extend(kept);
    }

    /// Whether no run and no prompt is left, and no group with other prompts was emptied.
    pub fn is_complete(&self) -> bool {
        let nothing_left = self.left.is_empty()
            && self.failed.is_empty()
            && self.skipped.is_empty()
            && self.still_listed.is_empty()
            && self.emptied.is_empty()
            && !self.active;
        // Where the runs are unknown, so is which of them are superseded.
        let known = self.plan.aim.which != Which::Superseded || self.plan.runs_unknown.is_none();
        known && (!self.carried_out || (nothing_left && self.unseen.is_none()))
    }
}

/// One prompt of each intent that the prompts in `going` share with prompts that stay.
pub fn shared(going: &[Prompt], pending: &[Prompt]) -> Vec<Prompt> {
    let keys: HashSet<&Key> = going.iter().map(|prompt| &prompt.key).collect();
    let comparable = |prompt: &&Prompt| prompt.doubt.is_none();
    let stays = |prompt: &&Prompt| !keys.contains(&prompt.key);
    let staying: HashSet<Intent> =
        pending.iter().filter(comparable).filter(stays).map(|prompt| prompt.intent).collect();
    let mut seen = HashSet::new();
    let shared = going.iter().filter(comparable).filter(|prompt| staying.contains(&prompt.intent));
    shared.filter(|prompt| seen.insert(prompt.intent)).cloned().collect()
}

/// The prompts of `shared` with an intent of which nothing is `left`.
pub fn emptied<S: BuildHasher>(shared: &[Prompt], left: &HashSet<Intent, S>) -> Vec<Prompt> {
    shared.iter().filter(|prompt| !left.contains(&prompt.intent)).cloned().collect()
}

/// A run that is active, or that holds prompts.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The session's key.
    pub session: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The run; `None` where the gateway does not name it.
    pub run: Option<String>,
    /// Its state.
    pub state: RunState,
    /// The pending prompts of the run, oldest first.
    pub holds: Vec<Prompt>,
}

/// What `run ls` found.
#[derive(Debug, Clone)]
pub struct RunList {
    /// The gateway.
    pub gateway: String,
    /// The runs, by session.
    pub rows: Vec<RunRow>,
    /// Prompts that could not be read, each with what is wrong with it.
    pub problems: Vec<String>,
    /// Why there may be more, if so.
    pub partial: Option<String>,
    /// Why the state of every run is unknown, if so.
    pub runs_unknown: Option<String>,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
}

/// One row per run that is known to be active or holds a prompt. A session with an active run that is not named has a
/// row without a run id, unless one of its other rows may be that run. Where prompts do not name their run, the prompts
/// of a session with exactly one active run are shown as held by that run.
pub fn rows(prompts: &[Prompt], runs: &Runs, sessions: &[String], names_runs: bool) -> Vec<RunRow> {
    let mut rows: std::collections::BTreeMap<(Option<&str>, Option<&str>), RunRow> =
        std::collections::BTreeMap::new();
    let mut oldest_first: Vec<&Prompt> = prompts.iter().collect();
    oldest_first.sort_by(|a, b| (a.created_at_ms, &a.key).cmp(&(b.created_at_ms, &b.key)));
    for prompt in oldest_first {
        let session = prompt.session_key.as_deref();
        let alone = session.filter(|_| !names_runs).map(|session| runs.active(session));
        let alone = alone.and_then(|active| if let [run] = active[..] { Some(run) } else { None });
        let run = prompt.run_id.as_deref().or(alone);
        let row = rows.entry((session, run)).or_insert_with(|| RunRow {
            session: session.map(str::to_owned),
            agent: prompt.agent.as_deref().map(str::to_owned),
            run: run.map(str::to_owned),
            state: match (run, session) {
                (None, Some(key)) if runs.session(key) == RunState::Active => RunState::Active,
                (Some(run), Some(key)) if prompt.run_id.is_none() => runs.state(run, Some(key), 0),
                _ => runs.of(prompt),
            },
            holds: Vec::new(),
        });
        row.holds.push(prompt.clone());
    }
    // A prompt that came after the listing says nothing about its run, but the run's name may.
    for session in sessions.iter().filter(|session| runs.session(session) == RunState::Active) {
        let named = runs.active(session);
        let key = Some(session.as_str());
        let mut of_session = rows.range((key, None)..).take_while(|((of, _), _)| *of == key);
        let may_be = |row: &RunRow| matches!(row.state, RunState::Active | RunState::Unknown);
        let wanted: Vec<Option<&str>> = if !named.is_empty() {
            named.into_iter().map(Some).collect()
        } else if of_session.any(|(_, row)| may_be(row)) {
            Vec::new()
        } else {
            vec![None]
        };
        for run in wanted {
            let row = rows.entry((Some(session), run)).or_insert_with(|| RunRow {
                session: Some(session.clone()),
                agent: agent_of(session).map(str::to_owned),
                run: run.map(str::to_owned),
                state: RunState::Active,
                holds: Vec::new(),
            });
            if run.is_some() {
                row.state = RunState::Active;
            }
        }
    }
    rows.into_values().collect()
}

/// The agent that a session's key names.
fn agent_of(session: &str) -> Option<&str> {
    session.strip_prefix("agent:")?.split(':').next().filter(|agent| !agent.is_empty())
}

/// The sessions with an active run that is not named, those that hold prompts first.
pub fn unnamed(prompts: &[Prompt], runs: &Runs, sessions: &[String]) -> Vec<String> {
    let holding: HashSet<&str> = prompts.iter().filter_map(|prompt| prompt.session_key.as_deref()).collect();
    let unnamed =
        |session: &&String| runs.session(session) == RunState::Active && runs.active(session).is_empty();
    let mut unnamed: Vec<String> = sessions.iter().filter(unnamed).cloned().collect();
    unnamed.sort_by_key(|session| !holding.contains(&**session));
    unnamed
}
