//! Shared parts of the commands on prompts: the pending prompts of a gateway, and the states of their runs.

mod deciding;
pub mod dedupe;
mod denying;
pub mod entry;
mod error;
pub mod guard;
pub mod history;
mod hold;
pub mod ls;
mod purge;
pub mod resolve;
pub mod resolve_many;
mod steady;
pub mod triage;

use std::collections::HashSet;
use std::time::{Duration, Instant};

pub(in crate::commands) use self::deciding::{Denial, Known, Sending, Way, decide, decide_until};
pub(in crate::commands) use self::denying::{Outcomes, REPORTING, deny_all};
pub use self::error::{Lacking, QueueError};
pub(in crate::commands) use self::hold::Hold;
pub(in crate::commands) use self::steady::{Steady, millis};

use super::Error;
use super::gateway::{AnyCall, Connection};
use crate::deadline::Deadline;
use crate::gateway::api::Method;
use crate::gateway::api::prompts::ListPrompts;
use crate::gateway::api::sessions::{GetRunInFlight, ListSessions, Sessions};
use crate::gateway::{Access, Capabilities, Clock, Session};
use crate::queue::cancel;
use crate::queue::clock::{GatewayTime, Now, SteadyTime};
use crate::queue::saved::Saved;
use crate::queue::{Doubt, Hidden, Key, Kind, Listing, PromptError, Reader, Runs};
use crate::settings::Flags;
use crate::store::MAX_SIZE;
use crate::store::input::{self, Bounds, Input};

/// The maximum number of sessions in which the active run is looked up.
const NAMED_AT_MOST: usize = 32;

/// A listing of everything pending, by the gateway's clock.
#[derive(Debug, Default)]
pub(in crate::commands) struct Pending {
    /// The prompts that were read.
    pub(in crate::commands) listing: Listing,
    /// The keys of prompts that could not be read, if known: they are still pending.
    pub(in crate::commands) unread: Vec<Key>,
    /// The states of runs.
    pub(in crate::commands) runs: Runs,
    /// The keys of the sessions that the gateway lists.
    pub(in crate::commands) sessions: Vec<String>,
    /// Whether the gateway has more sessions than it listed.
    pub(in crate::commands) more_sessions: bool,
    /// When it was requested, in Unix milliseconds.
    pub(in crate::commands) at_ms: u64,
    /// Why there may be more prompts, if so.
    pub(in crate::commands) partial: Option<String>,
    /// Why the state of every run is unknown, if so.
    pub(in crate::commands) runs_unknown: Option<String>,
    /// The kinds of prompts that were listed.
    pub(in crate::commands) kinds: Vec<Kind>,
    /// Further notes.
    pub(in crate::commands) notes: Vec<String>,
}

impl Pending {
    /// When it was requested.
    pub(in crate::commands) fn at(&self) -> GatewayTime {
        GatewayTime::of_ms(self.at_ms)
    }

    /// The keys of everything that is pending.
    pub(in crate::commands) fn keys(&self) -> HashSet<Key> {
        self.listing.prompts.iter().map(|prompt| prompt.key.clone()).collect()
    }

    /// Reads the answer to `sessions.list`, which only adds the states of runs.
    fn know_runs(&mut self, answer: Result<Sessions, String>) {
        match answer {
            Ok(sessions) => {
                self.runs.listed(&sessions.payload, self.at_ms);
                self.more_sessions = sessions.has_more;
                self.sessions.extend(sessions.keys().map(str::to_owned));
            }
            Err(cause) => self.runs_unknown = Some(cause),
        }
    }

    /// Adds a reason why there may be more prompts.
    fn lacks(&mut self, cause: &str) {
        self.partial = Some(match self.partial.take() {
            Some(partial) => format!("{partial}; {cause}"),
            None => cause.to_owned(),
        });
    }
}

/// The queue of one gateway.
#[derive(Debug)]
pub(in crate::commands) struct Queue {
    pub(in crate::commands) connection: Connection,
    reader: Reader,
    /// Whether any prompt has named its run.
    names_runs: bool,
    /// The last listing, if the gateway matches ids by their start.
    known: Option<Known>,
    clock: Clock,
    steady: Steady,
}

impl Queue {
    /// Connects. `reader` decides how much of each prompt is kept: whole requests take more time.
    pub(in crate::commands) async fn open(
        flags: &Flags,
        access: Access,
        reader: Reader,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let connection = Connection::open(flags, access, deadline).await?;
        let clock = connection.clock();
        Ok(Self { connection, reader, names_runs: false, known: None, clock, steady: Steady::start() })
    }

    /// Reconnects after a lost connection.
    pub(in crate::commands) async fn reopen(&mut self) -> Result<(), Error> {
        self.connection.reopen().await?;
        self.clock = self.connection.clock();
        Ok(())
    }

    /// The estimate of the gateway's clock.
    fn clock(&self) -> Clock {
        self.clock
    }

    /// The gateway's clock now, in Unix milliseconds.
    pub(in crate::commands) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// The time now, by the gateway's clock and by the steady one.
    pub(in crate::commands) fn now(&self) -> Now {
        self.steady.beside(&self.clock)
    }

    /// By how much the gateway's clock may be ahead, in milliseconds.
    pub(in crate::commands) fn unsure_ms(&self) -> u64 {
        self.clock.unsure_ms()
    }

    /// The duration until a time of the steady clock.
    pub(in crate::commands) fn until(&self, time: SteadyTime) -> Duration {
        self.steady.until(time)
    }

    /// The capabilities of the gateway, as far as they are known.
    pub(in crate::commands) fn capabilities(&self) -> Capabilities {
        self.connection.capabilities(self.names_runs)
    }

    /// How the gateway matches the ids of decisions.
    pub(in crate::commands) fn way(&self) -> Way {
        Way::of(&self.connection)
    }

    /// Whether a decision on a prompt of the last listing may be sent.
    pub(in crate::commands) fn sending(&self, key: &Key) -> Sending {
        match &self.known {
            Some(known) => known.sending_by_listing(key),
            None => Sending::Now,
        }
    }

    /// Lists what is pending now. All kinds and the sessions are requested concurrently. Only the kind exec is
    /// required: without another kind the listing is partial, and without the sessions the state of every run is
    /// unknown.
    pub(in crate::commands) async fn list(&mut self) -> Result<Pending, Error> {
        self.list_with(&[Kind::Exec], true).await
    }

    /// Lists the pending prompts, without the states of runs.
    pub(in crate::commands) async fn list_prompts(&mut self) -> Result<Pending, Error> {
        self.list_with(&[Kind::Exec], false).await
    }

    /// Lists again after an earlier listing. Every kind of that one must be in this one, too, because missing prompts
    /// count as gone.
    pub(in crate::commands) async fn list_again(&mut self, earlier: &Pending) -> Result<Pending, Error> {
        self.list_with(&earlier.kinds, true).await
    }

    /// Lists again, without the states of runs.
    pub(in crate::commands) async fn list_prompts_again(
        &mut self,
        earlier: &Pending,
    ) -> Result<Pending, Error> {
        self.list_with(&earlier.kinds, false).await
    }

    /// Names the runs that `sessions.list` only counts: `chat.history` has the active run of a session. For one
    /// session, or for all of them up to a maximum. Failures are ignored: the run then stays unnamed.
    pub(in crate::commands) async fn name_runs(
        &mut self,
        pending: &mut Pending,
        only: Option<&str>,
    ) -> Result<(), Error> {
        if !self.capabilities().names_run_in_flight {
            return Ok(());
        }
        let mut sessions = cancel::unnamed(&pending.listing.prompts, &pending.runs, &pending.sessions);
        sessions.retain(|session| only.is_none_or(|only| only == session));
        sessions.truncate(NAMED_AT_MOST);
        let at_ms = self.now_ms();
        let calls: Vec<AnyCall> =
            sessions.iter().map(|session| AnyCall::of(&GetRunInFlight::of(session))).collect();
        let answers = self.connection.gather(&[], &calls).await?.refining;
        for (session, answer) in sessions.iter().zip(answers) {
            if let Some(run) = answer.ok().and_then(|answer| GetRunInFlight::read(&answer)) {
                pending.runs.in_flight(session, &run, at_ms);
            }
        }
        Ok(())
    }

    async fn list_with(&mut self, needed: &[Kind], runs: bool) -> Result<Pending, Error> {
        // For each connection, because a device gets its own token.
        self.reader.hide(secrets(&self.connection));
        let offered = self.capabilities();
        let offered = offered.listed_kinds();
        let (needed, others): (Vec<Kind>, Vec<Kind>) = offered.partition(|kind| needed.contains(kind));
        let calls = |kinds: &[Kind]| kinds.iter().map(|kind| AnyCall::of(&ListPrompts::of(*kind))).collect();
        let needed_calls: Vec<AnyCall> = calls(&needed);
        let mut refining: Vec<AnyCall> = calls(&others);
        if runs {
            refining.push(AnyCall::of(&ListSessions {}));
        }
        let asked = Instant::now();
        // Before the request: a prompt that is created later may be missing from the answer.
        let at_ms = self.now_ms();
        let mut answers = self.connection.gather(&needed_calls, &refining).await?;
        let mut pending = Pending { at_ms, ..Pending::default() };
        pending.partial = withheld(&self.connection);
        if runs && let Some(answer) = answers.refining.pop() {
            let read = answer.and_then(|answer| {
                Sessions::read(&answer).ok_or_else(|| {
                    format!(
                        "{} was answered with something that is not a list of sessions",
                        Method::SessionsList
                    )
                })
            });
            if let Ok(Sessions { at_ms: Some(shown_ms), .. }) = read {
                self.clock = self.clock.narrowed(shown_ms, asked);
            }
            pending.know_runs(read);
        }
        for (kind, answer) in needed.into_iter().zip(&answers.needed) {
            let before = pending.listing.problems.len();
            self.reader.list(kind, answer.get(), &mut pending.listing).map_err(|error| {
                QueueError::Listing {
                    address: self.connection.address().to_owned(),
                    cause: error.to_string(),
                }
            })?;
            pending.unread.extend(unread_keys(kind, &pending.listing.problems[before..]));
            pending.kinds.push(kind);
        }
        for (kind, answer) in others.into_iter().zip(answers.refining) {
            let read = answer.and_then(|answer| {
                let mut listing = Listing::default();
                let read = self.reader.list(kind, answer.get(), &mut listing);
                read.map(|()| listing).map_err(|error| {
                    format!(
                        "{} was answered with something that is not a list of prompts: {error}",
                        Method::list(kind)
                    )
                })
            });
            match read {
                Ok(listing) => {
                    pending.unread.extend(unread_keys(kind, &listing.problems));
                    pending.listing.prompts.extend(listing.prompts);
                    pending.listing.problems.extend(listing.problems);
                    pending.kinds.push(kind);
                }
                Err(cause) => {
                    pending.lacks(&format!("prompts of the kind {} are not listed: {cause}", kind.as_str()));
                }
            }
        }
        self.names_runs |= pending.listing.prompts.iter().any(|prompt| prompt.run_id.is_some());
        self.known = (self.way() == Way::Prefix).then(|| {
            let keys = pending.listing.prompts.iter().map(|prompt| &prompt.key).chain(&pending.unread);
            Known::of(keys, pending.kinds.clone(), asked)
        });
        Ok(pending)
    }
}

/// Why the gateway may leave out prompts, pending or decided, if so.
fn withheld(connection: &Connection) -> Option<String> {
    connection.lacks("operator.admin").then(|| {
        "operator.admin was not granted, so the gateway lists only what this client may review: there may be more"
            .to_owned()
    })
}

/// The secrets to mask in the prompts of this gateway: an agent may have put them there.
pub(in crate::commands) fn secrets(connection: &Connection) -> Hidden {
    Hidden::of(connection.session().into_iter().flat_map(Session::secrets))
}

/// The keys of prompts that could not be read, if known.
fn unread_keys(kind: Kind, problems: &[PromptError]) -> Vec<Key> {
    problems.iter().filter_map(|problem| problem.id.as_deref()).map(|id| Key::new(kind, id)).collect()
}

/// Reads a saved listing, with the clock that was saved in it. Without one, the creation time of its newest prompt is
/// used, which is earlier: prompts that expired since may be kept.
pub(in crate::commands) fn saved(input: &Input, deadline: Deadline) -> Result<Pending, Error> {
    let bytes = input::read(input, Bounds { max_size: MAX_SIZE, deadline })?;
    let wrong = |cause: String| QueueError::Saved { name: input.name(), cause };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    let mut listing = Listing::default();
    let saved = Reader::keeping_raw().saved(&text, &mut listing).map_err(|error| wrong(error.to_string()))?;
    let Saved { now_ms, runs, partial, filtered } = saved;
    let prompts = &listing.prompts;
    let at_ms = now_ms.or_else(|| prompts.iter().map(|prompt| prompt.created_at_ms).max());
    let notes = [
        (now_ms.is_none() && !prompts.is_empty()).then(|| {
            "the file does not say when it was saved: ages and expiry count from its newest prompt".to_owned()
        }),
        (filtered > 0).then(|| format!("a filter left {filtered} prompts out when the file was saved")),
        prompts.iter().any(|prompt| prompt.doubt == Some(Doubt::Summary)).then(|| {
            "these are summaries, as `openclaw approvals pending --json` prints them: host, directory, arguments, environment and run are missing, so prompts with one summary may differ. To compare them, save the queue with: clearance queue ls --json > queue.json".to_owned()
        }),
    ];
    let notes = notes.into_iter().flatten().collect();
    Ok(Pending { listing, runs, at_ms: at_ms.unwrap_or_default(), partial, notes, ..Pending::default() })
}
