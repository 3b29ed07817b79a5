//! Carrying out a purge on a connection: what the state machine in `queue` asks for is done, and what came of it is told.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::task::JoinHandle;

use super::{Queue, decide, is_gone};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::gateway::error::GatewayError;
use crate::gateway::events::{self, Event};
use crate::gateway::{Clock, Events, Session};
use crate::queue::purge::{Answer, Found, Input, Next, Purge};
use crate::queue::{Key, Kind};

/// Why a purge stopped sending before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Everything has an outcome.
    Done,
    /// The connection is gone; the purge has not been told yet.
    Lost,
}

/// What was asked, and came back.
enum Done {
    Denied(Key, Result<(), GatewayError>),
    Checked(Key, Result<Found, GatewayError>),
}

/// Drives a purge until everything has an outcome or the connection is gone. `progress` is told how many prompts have
/// none yet.
pub(super) async fn drive(
    queue: &Queue,
    events: Option<&mut Events>,
    purge: &mut Purge,
    deadline: Deadline,
    stop: &mut Stop,
    progress: &mut dyn FnMut(usize),
) -> Result<Ended, Error> {
    let Some(session) = queue.connection.session() else { return Ok(Ended::Lost) };
    let clock = session.hello().clock;
    let mut events = events;
    let mut under_way = FuturesUnordered::new();
    loop {
        // What is known already comes before what is done next.
        while let Some(event) = events.as_mut().and_then(|events| events.waiting()) {
            hear(purge, &event, clock);
        }
        let wait = match purge.next(clock.now_ms()) {
            Next::Done => return Ok(Ended::Done),
            Next::Deny(key) => {
                under_way.push(ask(session, key, true, deadline));
                continue;
            }
            Next::Check(key) => {
                under_way.push(ask(session, key, false, deadline));
                continue;
            }
            Next::Wait(until) => until,
        };
        progress(purge.open());
        tokio::select! {
            Some(done) = under_way.next(), if !under_way.is_empty() => {
                if tell(purge, done, clock) {
                    return Ok(Ended::Lost);
                }
            }
            event = next(&mut events) => if let Some(event) = event {
                hear(purge, &event, clock);
            } else {
                // Without events the survivors are asked for; whether the connection is gone the next call tells.
                events = None;
                purge.tell(Input::Deaf, clock.now_ms());
            },
            () = until(wait, clock) => {}
            () = stop.asked() => purge.tell(Input::Stop, clock.now_ms()),
        }
    }
}

/// What is asked to stop: Ctrl-C, once. It listens from the beginning to the end, also between two purges: once a
/// program has listened for the signal, nothing else ends it.
#[derive(Debug)]
pub(super) struct Stop {
    told: bool,
    signal: JoinHandle<()>,
}

impl Stop {
    /// Listens from now on.
    pub(super) fn listening() -> Self {
        let signal = tokio::spawn(async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        });
        Self { told: false, signal }
    }

    /// Ends when somebody asks, once.
    pub(super) async fn asked(&mut self) {
        if self.told {
            std::future::pending::<()>().await;
        }
        let _ended = (&mut self.signal).await;
        self.told = true;
    }

    /// Whether somebody has asked.
    pub(super) fn was_asked(&self) -> bool {
        self.told || self.signal.is_finished()
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

async fn until(at_ms: Option<u64>, clock: Clock) {
    match at_ms {
        Some(at_ms) => {
            tokio::time::sleep(Duration::from_millis(at_ms.saturating_sub(clock.now_ms()).max(1))).await;
        }
        None => std::future::pending().await,
    }
}

async fn ask(session: &Session, key: Key, deny: bool, deadline: Deadline) -> Done {
    if deny {
        let answer = decide(session, &key, "deny", deadline).await.map(|_| ());
        return Done::Denied(key, answer);
    }
    let found = check(session, &key, deadline).await;
    Done::Checked(key, found)
}

/// Whether a prompt is pending. `exec.approval.get` knows none that is decided (measured on 2026.4.14 and 2026.9.6); for
/// the other kinds it is their list, which has nothing but what is pending.
async fn check(session: &Session, key: &Key, deadline: Deadline) -> Result<Found, GatewayError> {
    #[derive(Deserialize)]
    struct Row<'r> {
        #[serde(borrow)]
        id: std::borrow::Cow<'r, str>,
    }
    if key.kind == Kind::Exec {
        return match session.call("exec.approval.get", &json!({ "id": &*key.id }), deadline).await {
            Ok(_) => Ok(Found::Pending),
            Err(error) if is_gone(&error) => Ok(Found::Gone),
            Err(error) => Err(error),
        };
    }
    let answer = session.call(&super::method(key.kind, "list"), &json!({}), deadline).await?;
    let text = answer.as_deref().map_or("null", RawValue::get);
    let Ok(rows) = serde_json::from_str::<Vec<Row<'_>>>(text) else { return Ok(Found::Unknown) };
    Ok(if rows.iter().any(|row| row.id == *key.id) { Found::Pending } else { Found::Gone })
}

/// Tells what came back. `true`: the connection is gone.
fn tell(purge: &mut Purge, done: Done, clock: Clock) -> bool {
    let now_ms = clock.now_ms();
    let busy = |error: &GatewayError| match error {
        GatewayError::Failed { failure, .. } => failure.retry_after(),
        _ => None,
    };
    let millis = |wait: Duration| Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    match done {
        Done::Denied(key, Ok(())) => purge.tell(Input::Answered(key, Answer::Denied), now_ms),
        Done::Denied(key, Err(error)) if is_gone(&error) => {
            purge.tell(Input::Answered(key, Answer::AlreadyGone), now_ms);
        }
        Done::Denied(key, Err(error)) => match (busy(&error), is_lost(&error)) {
            (Some(wait), _) => {
                purge.tell(Input::Answered(key, Answer::Unavailable(millis(wait))), now_ms);
            }
            (None, true) => return true,
            (None, false) => {
                purge.tell(Input::Answered(key, Answer::Refused(error.to_string().into())), now_ms);
            }
        },
        Done::Checked(key, Ok(found)) => purge.tell(Input::Checked(key, found, now_ms), now_ms),
        Done::Checked(key, Err(error)) => match (busy(&error), is_lost(&error)) {
            (Some(wait), _) => {
                purge.tell(Input::Checked(key, Found::Unavailable(millis(wait)), now_ms), now_ms);
            }
            (None, true) => return true,
            (None, false) => purge.tell(Input::Checked(key, Found::Unknown, now_ms), now_ms),
        },
    }
    false
}

/// Whether an error means that no answer comes any more. A call that ran into the deadline is not among them: the
/// machine knows the deadline.
pub(super) fn is_lost(error: &GatewayError) -> bool {
    matches!(
        error.root(),
        GatewayError::Closed { .. } | GatewayError::Silent(_) | GatewayError::Violation { .. }
    )
}

/// The id in a payload, whatever else is in it.
#[derive(Deserialize)]
pub(super) struct Named<'n> {
    #[serde(borrow)]
    pub(super) id: std::borrow::Cow<'n, str>,
}

fn hear(purge: &mut Purge, event: &Event, clock: Clock) {
    match event {
        Event::Resolved(kind, payload) => {
            if let Ok(named) = serde_json::from_str::<Named<'_>>(payload.get()) {
                purge.tell(Input::Resolved(Key::new(kind_of(*kind), &*named.id)), clock.now_ms());
            }
        }
        Event::Gap => purge.tell(Input::Deaf, clock.now_ms()),
        _ => {}
    }
}

pub(super) fn kind_of(kind: events::Kind) -> Kind {
    match kind {
        events::Kind::Exec => Kind::Exec,
        events::Kind::Plugin => Kind::Plugin,
        events::Kind::OpenClaw => Kind::System,
    }
}

/// The keys of what was denied.
pub(super) fn denied(entries: &[crate::queue::report::Entry]) -> HashSet<Key> {
    let denied = entries.iter().filter(|entry| entry.outcome == crate::queue::report::Outcome::Denied);
    denied.map(|entry| entry.key.clone()).collect()
}
