//! The calls that a guard makes to a gateway. Each is a future, and many of them are under way at once.

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

/// How long a call may take.
const CALLING: Duration = Duration::from_secs(30);
/// How long the listing of prompts of the rarer kinds may take: the commands are not kept waiting for them.
const BESIDE: Duration = Duration::from_secs(10);
/// How long the listing of sessions may take. It only refines which prompt stays, so nothing waits for it any longer.
pub(super) const REFINING: Duration = Duration::from_secs(3);

/// What a gateway answered to one call.
pub(super) type Payload = Result<Option<Box<RawValue>>, GatewayError>;

/// The answers that a listing is made of.
pub(super) struct Answers {
    /// One for each kind of prompt.
    pub(super) prompts: Vec<Payload>,
    pub(super) sessions: Payload,
}

/// What was asked, and came back.
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

/// Asks for everything that is pending, and for the sessions, at once. Without the sessions the prompts are enough.
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
