//! The calls that a guard makes to a gateway. Each is a future, and many of them are in flight concurrently.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::value::RawValue;

use super::super::deciding::{self, Denial, Way, decide};
use crate::commands::Error;
use crate::commands::run::cancel::{self, By};
use crate::deadline::Deadline;
use crate::gateway::Session;
use crate::gateway::api::Method;
use crate::gateway::api::prompts::ListPrompts;
use crate::gateway::api::sessions::ListSessions;
use crate::gateway::error::GatewayError;
use crate::queue::cancel::{Cancelled, Which};
use crate::queue::denials::Found;
use crate::queue::guard::line::Cancel;
use crate::queue::{Decision, Key, Kind};
use crate::settings::Flags;

/// The timeout of a call.
const CALLING: Duration = Duration::from_secs(30);
/// The timeout of listing prompts of the rarer kinds, so that commands do not wait longer for them.
const BESIDE: Duration = Duration::from_secs(10);
/// The timeout of listing sessions. The list only refines which prompt is kept, so nothing waits longer for it.
pub(super) const REFINING: Duration = Duration::from_secs(3);

/// What a gateway answered to one call.
pub(super) type Payload = Result<Option<Box<RawValue>>, GatewayError>;

/// The answers of one listing.
pub(super) struct Answers {
    /// One answer for each kind of prompt.
    pub(super) prompts: Vec<Payload>,
    pub(super) sessions: Payload,
}

/// A finished call, with its answer.
pub(super) enum Done {
    Denied(Key, Option<Instant>, Denial),
    Checked(Key, Result<Found, GatewayError>),
    Listed(Result<Answers, GatewayError>),
    Cancelled(String, Result<Cancel, String>),
}

pub(super) type Work<'s> = Pin<Box<dyn Future<Output = Done> + 's>>;

pub(super) async fn deny(session: &Session, way: Way, key: Key) -> Done {
    let deadline = Deadline::after(CALLING);
    let (written, reply) = decide(session, way, &key, Decision::Deny, deadline).await;
    Done::Denied(key, written, reply.into())
}

pub(super) async fn check(session: &Session, key: Key) -> Done {
    let found = deciding::check(session, &key, Deadline::after(CALLING)).await;
    Done::Checked(key, found)
}

/// Requests everything that is pending and the sessions, concurrently. If the sessions fail, the prompts suffice.
pub(super) async fn list(session: &Session, kinds: Vec<Kind>) -> Done {
    let calls = kinds.into_iter().map(|kind| {
        let within = if kind == Kind::Exec { CALLING } else { BESIDE };
        async move { session.call(&ListPrompts::of(kind), Deadline::after(within)).await }
    });
    let listed = session.call(&ListSessions {}, Deadline::after(REFINING));
    let (prompts, sessions) = join(join_all(calls), listed).await;
    if let Some(cause) = session.ended() {
        return Done::Listed(Err(GatewayError::NotSent { method: Method::SessionsList.to_string(), cause }));
    }
    Done::Listed(Ok(Answers { prompts, sessions }))
}

pub(super) async fn cancelled(run: String, flags: Flags) -> Done {
    let result = cancel_run(run.clone(), &flags).await;
    let result = result.map_err(|error| error.to_string()).map(|report| Cancel {
        aborted: report.aborted.len(),
        denied: report.denied.len(),
        left: report.left.len() + report.failed.len(),
    });
    Done::Cancelled(run, result)
}

async fn cancel_run(run: String, flags: &Flags) -> Result<Cancelled, Error> {
    let plan = cancel::plan(Which::Run(run), By::Rule, flags, Deadline::after(CALLING)).await?;
    cancel::carry_out(plan).await
}
