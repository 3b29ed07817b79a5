//! What a guard asks of a gateway over a connection, and what it makes of the answers.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::purge::is_lost;
use super::super::{QueueError, SESSIONS, decision_of, is_gone, method};
use super::attend::{Attending, Ended};
use crate::commands::run::cancel;
use crate::deadline::Deadline;
use crate::gateway::Session;
use crate::gateway::error::GatewayError;
use crate::queue::cancel::{CancelPlan, Which};
use crate::queue::guard::line::{self, Cancel, Timing};
use crate::queue::guard::{Input, Offender};
use crate::queue::purge::Answer;
use crate::queue::{Key, Kind, Listing, Runs};
use crate::settings::Flags;

/// How long a call may take.
const CALLING: Duration = Duration::from_secs(30);
/// What was asked, and came back.
pub(super) enum Done {
    Denied(Key, Result<Option<Instant>, GatewayError>),
    Listed(Result<Vec<Box<RawValue>>, GatewayError>),
    Cancelled(String, Result<Cancel, String>),
}

pub(super) type Work<'s> = Pin<Box<dyn Future<Output = Done> + 's>>;

impl Attending<'_, '_, '_, '_> {
    /// Cancels the run of a repeat offender, where that is wanted and its gateway names runs: on others nothing stops
    /// the turn that a denial starts (measured on 2026.4.14), and its session may have other prompts.
    pub(super) fn cancel(&mut self, offender: &Offender) {
        if !self.watch.request.cancel_runs || self.watch.request.tuning.observe {
            return;
        }
        if let Some(run) = &offender.run {
            let work = cancelled(run.to_string(), self.watch.flags.clone());
            self.under_way.push(Box::pin(work));
        } else {
            let result = Err("the gateway does not tell which run asked".to_owned());
            self.watch.out.tell(&self.watch.name, line::Event::Cancelled { run: String::new(), result });
        }
    }

    pub(super) fn done(&mut self, done: Done) -> Option<Ended> {
        match done {
            Done::Denied(key, result) => return self.denied(key, result),
            Done::Listed(Ok(answers)) => {
                if let Err(cause) = self.listed(&answers) {
                    self.tell(Input::Unlisted);
                    self.watch.out.tell(&self.watch.name, line::Event::Unlisted(cause));
                }
            }
            Done::Listed(Err(error)) if is_lost(&error) => {
                return Some(Ended::Lost(error.root().to_string()));
            }
            Done::Listed(Err(error)) => {
                self.tell(Input::Unlisted);
                self.watch.out.tell(&self.watch.name, line::Event::Unlisted(error.to_string()));
            }
            Done::Cancelled(run, result) => {
                self.watch.out.tell(&self.watch.name, line::Event::Cancelled { run, result });
            }
        }
        None
    }

    fn denied(&mut self, key: Key, result: Result<Option<Instant>, GatewayError>) -> Option<Ended> {
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        if let Some(began) = self.began.remove(&key) {
            let written = result.as_ref().ok().copied().flatten();
            let timing = Timing {
                written_us: written.map(|written| micros(written.saturating_duration_since(began))),
                answered_us: Some(micros(began.elapsed())),
            };
            self.timings.insert(key.clone(), timing);
        }
        let answer = match result {
            Ok(_) => Answer::Denied,
            Err(error) if is_gone(&error) => Answer::AlreadyGone,
            Err(error) if is_lost(&error) => return Some(Ended::Lost(error.root().to_string())),
            Err(GatewayError::Failed { method, failure }) => {
                if let Some(wait) = failure.retry_after() {
                    self.timings.remove(&key);
                    Answer::Unavailable(Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
                } else {
                    Answer::Refused(GatewayError::Failed { method, failure }.to_string().into())
                }
            }
            Err(_) => {
                self.tell(Input::Unanswered(key));
                return None;
            }
        };
        self.tell(Input::Answered(key, answer));
        None
    }

    fn listed(&mut self, answers: &[Box<RawValue>]) -> Result<(), String> {
        let mut listing = Listing::default();
        // Texts of prompts that are gone are not kept for those that come.
        self.watch.reader.forget();
        for (kind, answer) in self.kinds.iter().zip(answers) {
            self.watch.reader.list(*kind, answer.get(), &mut listing).map_err(|error| error.to_string())?;
        }
        let mut runs = Runs::new();
        if let Some(sessions) = answers.get(self.kinds.len()) {
            let sessions: Value = serde_json::from_str(sessions.get()).unwrap_or_default();
            runs.listed(&sessions, self.clock.now_ms());
        }
        for problem in &listing.problems {
            self.watch.out.tell(&self.watch.name, line::Event::Unread(problem.to_string()));
        }
        self.tell(Input::Listed(listing.prompts, runs));
        Ok(())
    }
}

pub(super) async fn deny(session: &Session, key: Key) -> Done {
    let (method, params) = decision_of(&key, "deny");
    let result = session.timed_call(&method, &params, Deadline::after(CALLING)).await;
    Done::Denied(key, result.map(|(written, _)| written))
}

/// Asks for everything that is pending, and for the sessions, at once.
pub(super) async fn list(session: &Session, kinds: Vec<Kind>) -> Done {
    let deadline = Deadline::after(CALLING);
    let nothing = json!({});
    let mut methods: Vec<String> = kinds.into_iter().map(|kind| method(kind, "list")).collect();
    methods.push(SESSIONS.to_owned());
    let calls = methods.iter().map(|method| session.call(method, &nothing, deadline));
    let answers = join_all(calls).await.into_iter().zip(&methods);
    let read = answers.map(|(answer, method)| match answer {
        Ok(payload) => Ok(payload.unwrap_or_else(|| RawValue::NULL.to_owned())),
        // What is not known of runs makes a guard more careful, and no less of one.
        Err(GatewayError::Failed { .. }) if method == SESSIONS => Ok(RawValue::NULL.to_owned()),
        Err(error) => Err(error),
    });
    Done::Listed(read.collect())
}

async fn cancelled(run: String, flags: Flags) -> Done {
    let confirm = |_: &CancelPlan| -> Result<(), QueueError> { Ok(()) };
    let result = cancel::run(Which::Run(run.clone()), &flags, Deadline::after(CALLING), Some(confirm)).await;
    let result = result.map_err(|error| error.to_string()).map(|report| Cancel {
        aborted: report.aborted.len(),
        denied: report.denied.len(),
        left: report.left.len() + report.failed.len(),
    });
    Done::Cancelled(run, result)
}
