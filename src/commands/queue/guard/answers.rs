//! Handling the answers of a gateway: they become inputs of the state machine in `queue`, or lines.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use super::super::deciding::{Denial, Known, Way, is_lost};
use super::super::unread_keys;
use super::calls::{Answers, Done, Payload, REFINING, cancelled};
use super::connection::{ConnectionLoop, LoopExit};
use crate::gateway::api::Method;
use crate::gateway::api::sessions::Sessions;
use crate::gateway::error::GatewayError;
use crate::queue::denials::Answer;
use crate::queue::guard::line::{self, Timing};
use crate::queue::guard::{Input, Offender};
use crate::queue::{Key, Kind, Listing, Runs};

impl ConnectionLoop<'_, '_, '_, '_> {
    /// Cancels the run of a repeat offender, if that is requested and the gateway names runs: on other gateways nothing
    /// stops the turn that a denial starts (measured on 2026.4.14), and the session may have other prompts.
    pub(super) fn cancel(&mut self, offender: &Offender) {
        if !self.watch.request.cancel_runs || self.watch.request.tuning.observe {
            return;
        }
        if let Some(run) = &offender.run {
            let work = cancelled(run.to_string(), self.watch.flags.clone());
            self.under_way.push(Box::pin(work));
        } else {
            let result = Err("the gateway does not name the run that asked".to_owned());
            self.watch.out.emit(&self.watch.name, line::Event::Cancelled { run: String::new(), result });
        }
    }

    pub(super) fn done(&mut self, done: Done) -> Option<LoopExit> {
        match done {
            Done::Denied(key, written, denial) => return self.denied(key, written, denial),
            Done::Checked(key, Ok(found)) => self.handle(Input::Checked(key, found)),
            Done::Checked(_, Err(error)) => return Some(LoopExit::Lost(error.root().to_string())),
            Done::Listed(Err(error)) if is_lost(&error) => {
                return Some(LoopExit::Lost(error.root().to_string()));
            }
            Done::Listed(Ok(answers)) => {
                if let Err(cause) = self.listed(answers) {
                    self.handle(Input::Unlisted);
                    self.watch.out.emit(&self.watch.name, line::Event::Unlisted(cause));
                }
            }
            Done::Listed(Err(error)) => {
                self.handle(Input::Unlisted);
                self.watch.out.emit(&self.watch.name, line::Event::Unlisted(error.to_string()));
            }
            Done::Cancelled(run, result) => {
                self.watch.out.emit(&self.watch.name, line::Event::Cancelled { run, result });
            }
        }
        None
    }

    fn denied(&mut self, key: Key, written: Option<Instant>, denial: Denial) -> Option<LoopExit> {
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        if let Some(began) = self.began.remove(&key) {
            let timing = Timing {
                written_us: written.map(|written| micros(written.saturating_duration_since(began))),
                answered_us: Some(micros(began.elapsed())),
            };
            self.timings.insert(key.clone(), timing);
        }
        let answer = match denial {
            Denial::Answered(answer) => answer,
            Denial::Lost(error) => return Some(LoopExit::Lost(error.root().to_string())),
            Denial::Unanswered(_) => {
                self.handle(Input::Unanswered(key));
                return None;
            }
        };
        match answer {
            Answer::Unavailable(_) => drop(self.timings.remove(&key)),
            Answer::Denied | Answer::AlreadyGone | Answer::Allowed(_) => self.went(&key),
            Answer::Refused(_) | Answer::NotSent(_) | Answer::NotYet => {}
        }
        self.handle(Input::Answered(key, answer));
        None
    }

    fn listed(&mut self, answers: Answers) -> Result<(), String> {
        let mut listing = Listing::default();
        let mut unread = Vec::new();
        // Texts of prompts that are gone are not kept.
        self.watch.reader.forget();
        let mut unlisted = BTreeMap::new();
        for (kind, answer) in self.kinds.iter().zip(answers.prompts) {
            let before = listing.problems.len();
            let text = answer.map(|answer| answer.unwrap_or_else(|| RawValue::NULL.to_owned()));
            let read = text.map_err(|error| error.to_string()).and_then(|text| {
                let read = self.watch.reader.list(*kind, text.get(), &mut listing);
                read.map_err(|error| error.to_string())
            });
            match read {
                Ok(()) => unread.extend(unread_keys(*kind, &listing.problems[before..])),
                // Prompts of different kinds are never duplicates: the other kinds are guarded without this one.
                Err(cause) if *kind != Kind::Exec => {
                    unlisted.insert(*kind, cause);
                }
                Err(cause) => return Err(cause),
            }
        }
        if self.way == Way::Prefix {
            // A prompt that cannot be read is still pending; and events may be newer than the listing.
            let keys = listing.prompts.iter().map(|prompt| &prompt.key).chain(&unread);
            let mut known = Known::of(keys, self.kinds.clone(), Instant::now());
            for (key, came) in self.changes.take().into_iter().flatten() {
                if came { known.came(&key) } else { known.went(&key) }
            }
            self.known = Some(known);
        }
        self.report_unlisted(unlisted);
        let runs = self.runs(answers.sessions);
        for problem in &listing.problems {
            self.watch.out.emit(&self.watch.name, line::Event::Unread(problem.to_string()));
        }
        self.handle(Input::Listed(listing.prompts, runs));
        Ok(())
    }

    /// Reports the kinds of prompts that cannot be listed, each once until it can be listed again.
    fn report_unlisted(&mut self, unlisted: BTreeMap<Kind, String>) {
        for (kind, cause) in &unlisted {
            if !self.watch.unlisted.contains_key(kind) {
                self.watch.out.emit(&self.watch.name, line::Event::Unlisted(cause.clone()));
            }
        }
        self.watch.unlisted = unlisted;
    }

    /// The states of runs. Only a change between known and unknown is reported.
    fn runs(&mut self, sessions: Payload) -> Runs {
        let mut runs = Runs::new();
        let failed = |error: GatewayError| match error.root() {
            GatewayError::TimedOut { .. } => {
                format!("{} was not answered in {} s", Method::SessionsList, REFINING.as_secs())
            }
            _ => error.to_string(),
        };
        let read = sessions.map_err(failed).and_then(|answer| {
            let read = answer.as_deref().and_then(Sessions::read);
            read.ok_or_else(|| {
                format!("{} answered with something that is not a list of sessions", Method::SessionsList)
            })
        });
        let event = match read {
            Ok(sessions) => {
                if let Some(shown_ms) = sessions.at_ms {
                    self.clock = self.clock.narrowed(shown_ms, self.asked);
                    self.handle(Input::Clock(self.clock.unsure_ms()));
                }
                runs.listed(&sessions.payload, self.clock.now_ms());
                std::mem::take(&mut self.watch.runs_unknown).then_some(line::Event::RunsKnown)
            }
            Err(cause) => {
                let before = std::mem::replace(&mut self.watch.runs_unknown, true);
                (!before).then_some(line::Event::RunsUnknown(cause))
            }
        };
        if let Some(event) = event {
            self.watch.out.emit(&self.watch.name, event);
        }
        runs
    }
}
