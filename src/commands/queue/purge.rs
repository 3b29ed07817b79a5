//! Runs a purge over a connection: it sends what the state machine in `queue` asks for, and passes the answers back to
//! it.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::task::JoinHandle;

use super::deciding::{self, Denial, Known, Sending, Way, decide, is_lost};
use super::steady::Steady;
use super::{Queue, QueueError};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::gateway::api::events::Event;
use crate::gateway::api::prompts;
use crate::gateway::error::GatewayError;
use crate::gateway::{Clock, Events, Session};
use crate::queue::clock::{GatewayTime, Now, SteadyTime};
use crate::queue::denials::{Answer, Found};
use crate::queue::purge::{Input, Next, Purge, STOPPING_MS};
use crate::queue::{Decision, Key, Kind};

/// Why a purge stopped sending before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopExit {
    /// Everything has an outcome.
    Done,
    /// The connection is lost; the state machine has no input for that yet.
    Lost,
}

/// The clocks of a purge.
#[derive(Debug, Clone, Copy)]
struct Clocks {
    gateway: Clock,
    steady: Steady,
}

impl Clocks {
    fn now(self) -> Now {
        self.steady.beside(&self.gateway)
    }
}

/// A finished call, with its answer.
enum Done {
    Denied(Key, Denial),
    Checked(Key, Result<Found, GatewayError>),
    Named(Result<(Vec<Key>, Instant), GatewayError>, GatewayTime),
}

/// A call to make.
enum Work {
    Deny(Key, Way),
    Check(Key),
    /// Request the keys of everything pending of these kinds.
    Name(Vec<Kind>, GatewayTime),
}

/// Runs a purge until every prompt has an outcome or the connection is lost. `progress` receives the number of prompts
/// without an outcome.
pub(super) async fn drive(
    queue: &mut Queue,
    events: Option<&mut Events>,
    purge: &mut Purge,
    deadline: Deadline,
    stop: &mut Stop,
    progress: &mut dyn FnMut(usize),
) -> Result<LoopExit, Error> {
    let way = queue.way();
    let clock = Clocks { gateway: queue.clock(), steady: queue.steady };
    let Queue { connection, known, .. } = queue;
    let Some(session) = connection.session() else { return Ok(LoopExit::Lost) };
    purge.handle(Input::Clock(clock.gateway.unsure_ms()), clock.now());
    let mut events = events;
    let mut under_way = FuturesUnordered::new();
    // Denials that wait for a listing.
    let mut held: Vec<Key> = Vec::new();
    loop {
        // Received events are handled before the next step.
        while let Some(event) = events.as_mut().and_then(|events| events.waiting()) {
            hear(purge, known, &event, clock);
        }
        let wait = match purge.next(clock.now()) {
            Next::Done => return Ok(LoopExit::Done),
            Next::Deny(key) => {
                let sending = known.as_ref().map_or(Sending::Now, |known| known.sending_by_listing(&key));
                match sending {
                    Sending::Now => under_way.push(ask(session, Work::Deny(key, way), deadline)),
                    Sending::Stale => {
                        if held.is_empty() {
                            let kinds = known.as_ref().map_or(Vec::new(), |known| known.kinds().to_vec());
                            let work = Work::Name(kinds, clock.now().gateway);
                            under_way.push(ask(session, work, deadline));
                        }
                        held.push(key);
                    }
                    Sending::Gone => purge.handle(Input::Answered(key, Answer::AlreadyGone), clock.now()),
                    Sending::Never(why) => {
                        purge.handle(Input::Answered(key, Answer::NotSent(why)), clock.now());
                    }
                }
                continue;
            }
            Next::Check(key) => {
                under_way.push(ask(session, Work::Check(key), deadline));
                continue;
            }
            Next::Wait(until) => until,
        };
        progress(purge.open());
        tokio::select! {
            Some(done) = under_way.next(), if !under_way.is_empty() => {
                let done = match done {
                    Done::Named(names, at) => {
                        if named(purge, known, &mut held, (names, at), clock) {
                            return Ok(LoopExit::Lost);
                        }
                        continue;
                    }
                    done => done,
                };
                if answered(purge, known, done, clock) {
                    return Ok(LoopExit::Lost);
                }
            }
            event = next(&mut events) => if let Some(event) = event {
                hear(purge, known, &event, clock);
            } else {
                // Without events the survivors are checked; the next call shows whether the connection is gone.
                events = None;
                purge.handle(Input::Unsubscribed, clock.now());
            },
            () = until(wait, clock) => {}
            () = stop.asked() => purge.handle(Input::Stop, clock.now()),
        }
    }
}

/// The stop signal: Ctrl-C, once. It listens from start to end, also between two purges: once a program has listened
/// for the signal, the signal does not end it by itself.
#[derive(Debug)]
pub(super) struct Stop {
    asked: bool,
    signal: JoinHandle<()>,
}

impl Stop {
    /// Starts to listen.
    pub(super) fn listening() -> Self {
        let signal = tokio::spawn(async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        Self { asked: false, signal }
    }

    /// Waits for the signal. Returns once.
    pub(super) async fn asked(&mut self) {
        if self.asked {
            std::future::pending::<()>().await;
        }
        let _ended = (&mut self.signal).await;
        self.asked = true;
    }

    /// Waits for a future, but only briefly after the signal. The signal may have arrived before.
    pub(super) async fn spare<T>(
        &mut self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let stopped = async {
            if !self.asked {
                self.asked().await;
            }
            tokio::time::sleep(Duration::from_millis(STOPPING_MS)).await;
        };
        tokio::select! {
            done = work => done,
            () = stopped => Err(QueueError::Stopped.into()),
        }
    }

    /// Whether the signal has arrived.
    pub(super) fn was_asked(&self) -> bool {
        self.asked || self.signal.is_finished()
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.signal.abort();
    }
}

async fn next(events: &mut Option<&mut Events>) -> Option<Event> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}

async fn until(time: Option<SteadyTime>, clock: Clocks) {
    match time {
        Some(time) => {
            tokio::time::sleep(clock.steady.until(time).max(Duration::from_millis(1))).await;
        }
        None => std::future::pending().await,
    }
}

async fn ask(session: &Session, work: Work, deadline: Deadline) -> Done {
    match work {
        Work::Deny(key, way) => {
            let (_, reply) = decide(session, way, &key, Decision::Deny, deadline).await;
            Done::Denied(key, reply.into())
        }
        Work::Check(key) => {
            let found = deciding::check(session, &key, deadline).await;
            Done::Checked(key, found)
        }
        Work::Name(kinds, at) => Done::Named(deciding::names(session, &kinds, deadline).await, at),
    }
}

/// Handles a listing of keys: the denials that waited for it may be sent again immediately. `true`: the connection is
/// lost.
fn named(
    purge: &mut Purge,
    known: &mut Option<Known>,
    held: &mut Vec<Key>,
    (names, at): (Result<(Vec<Key>, Instant), GatewayError>, GatewayTime),
    clock: Clocks,
) -> bool {
    let again = match names {
        Ok((keys, asked)) => {
            let kinds = known.take().map_or(Vec::new(), |known| known.kinds().to_vec());
            *known = Some(Known::of(&keys, kinds, asked));
            purge.handle(Input::Listed(keys.into_iter().collect(), at), clock.now());
            Answer::NotYet
        }
        Err(error) if is_lost(&error) => return true,
        Err(_) => Answer::Unavailable(None),
    };
    for key in held.drain(..) {
        purge.handle(Input::Answered(key, again.clone()), clock.now());
    }
    false
}

/// Passes an answer to the purge. `true`: the connection is lost.
fn answered(purge: &mut Purge, known: &mut Option<Known>, done: Done, clock: Clocks) -> bool {
    let now = clock.now();
    match done {
        Done::Denied(key, denial) => {
            let answer = match denial {
                Denial::Answered(answer) => answer,
                Denial::Unanswered(error) => Answer::Refused(error.to_string().into()),
                Denial::Lost(_) => return true,
            };
            let over = matches!(answer, Answer::Denied | Answer::AlreadyGone | Answer::Allowed(_));
            if let Some(known) = known.as_mut().filter(|_| over) {
                known.went(&key);
            }
            purge.handle(Input::Answered(key, answer), now);
        }
        Done::Checked(key, Ok(found)) => purge.handle(Input::Checked(key, found, now.gateway), now),
        Done::Checked(_, Err(_)) => return true,
        Done::Named(..) => {}
    }
    false
}

fn hear(purge: &mut Purge, known: &mut Option<Known>, event: &Event, clock: Clocks) {
    match event {
        Event::Requested(kind, payload) => {
            if let (Some(known), Some(id)) = (known, prompts::id(payload)) {
                known.came(&Key::new(*kind, &*id));
            }
        }
        Event::Resolved(kind, payload) => {
            if let Some(id) = prompts::id(payload) {
                let key = Key::new(*kind, &*id);
                if let Some(known) = known {
                    known.went(&key);
                }
                purge.handle(Input::Resolved(key), clock.now());
            }
        }
        Event::Gap => purge.handle(Input::Unsubscribed, clock.now()),
        _ => {}
    }
}

/// The keys of denied prompts.
pub(super) fn denied(entries: &[crate::queue::report::Entry]) -> HashSet<Key> {
    let denied = entries.iter().filter(|entry| entry.outcome == crate::queue::report::Outcome::Denied);
    denied.map(|entry| entry.key.clone()).collect()
}
