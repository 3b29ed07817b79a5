//! Concurrent calls: those that a command needs, and those that only refine its result.
//!
//! A refining call never fails a command. A loaded gateway may answer one method and not another (seen on 2026.9.6: the
//! prompts are listed while `sessions.list` times out), and a token may lack the scope for one of them.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Connection, PATIENCE};
use crate::backoff::Backoff;
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::gateway::Session;
use crate::gateway::api::{self, Method};
use crate::gateway::error::GatewayError;

/// Timeout of refining calls at a gateway that did not answer them before.
const SHORTEST: Duration = Duration::from_millis(250);

/// The first and the longest step of the backoff while a gateway is too busy for a call.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The result of a refining call.
type Answer = Result<Box<RawValue>, GatewayError>;

/// A call that only reads.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(in crate::commands) struct AnyCall {
    #[serde(skip)]
    method: Method,
    params: Value,
}

impl AnyCall {
    /// The call with these parameters. Its payload is returned unparsed.
    pub(in crate::commands) fn of(call: &impl api::Call<Answer = Box<RawValue>>) -> Self {
        // Strings and numbers can always be serialized.
        Self { method: call.method(), params: serde_json::to_value(call).unwrap_or_default() }
    }
}

impl api::Call for AnyCall {
    type Answer = Box<RawValue>;

    fn method(&self) -> Method {
        self.method
    }
}

/// The answers to the calls.
#[derive(Debug)]
pub(in crate::commands) struct Gathered {
    /// The answers to the needed calls, in their order.
    pub(in crate::commands) needed: Vec<Box<RawValue>>,
    /// The answers to the refining calls, in their order, or the reason why an answer is missing.
    pub(in crate::commands) refining: Vec<Result<Box<RawValue>, String>>,
}

impl Connection {
    /// Makes the calls, concurrently if the transport allows it. A failed `needed` call is an error. A failed
    /// `refining` call is a reason in the result. The wait for refining calls is limited to a share of the remaining
    /// time.
    pub(in crate::commands) async fn gather(
        &mut self,
        needed: &[AnyCall],
        refining: &[AnyCall],
    ) -> Result<Gathered, Error> {
        let mut refined: Vec<_> = refining.iter().map(|_| None).collect();
        let answers = match self.link.session() {
            Some(session) => {
                at_once(session, needed, refining, &mut refined, self.patience, self.deadline).await
            }
            None => Vec::new(),
        };
        let mut read = Vec::with_capacity(needed.len());
        let mut answers = answers.into_iter();
        for call in needed {
            match answers.next() {
                Some(Ok(Some(answer))) => read.push(answer),
                // Makes the calls one by one, with retries where they are safe.
                _ => read.push(self.read(call).await?),
            }
        }
        let refining = self.reasons(refining, refined).await;
        Ok(Gathered { needed: read, refining })
    }

    /// Repeats the calls that were lost with a connection that has been restored. For the other calls, returns the
    /// reason why there is no answer.
    async fn reasons(
        &mut self,
        calls: &[AnyCall],
        answers: Vec<Option<Answer>>,
    ) -> Vec<Result<Box<RawValue>, String>> {
        let waited = share(self.patience, self.deadline);
        let mut slow = false;
        let mut reasons = Vec::with_capacity(calls.len());
        let over_http = self.link.session().is_none();
        for (call, answer) in calls.iter().zip(answers) {
            let method = call.method;
            let lost = |error: &GatewayError| {
                matches!(error, GatewayError::NotSent { .. } | GatewayError::Uncertain { .. })
            };
            let unanswered = || format!("{method} was not answered in {}", seconds(waited));
            reasons.push(match answer {
                None if !over_http => {
                    slow = true;
                    Err(unanswered())
                }
                Some(Ok(answer)) => Ok(answer),
                Some(Err(error)) if !lost(&error) => Err(error.to_string()),
                _ => {
                    let deadline = self.deadline.at_most(waited);
                    let again = self.link.call(call, deadline).await;
                    again.map_err(|error| match error.root() {
                        GatewayError::TimedOut { .. } => {
                            slow = true;
                            unanswered()
                        }
                        _ => error.to_string(),
                    })
                }
            });
        }
        // A caller that lists repeatedly does not wait the whole time on each listing.
        self.patience = if slow { (self.patience / 2).max(SHORTEST) } else { PATIENCE };
        reasons
    }
}

/// Makes all calls concurrently. Refining calls may take until the needed calls are answered, and a little longer.
async fn at_once(
    session: &Session,
    needed: &[AnyCall],
    refining: &[AnyCall],
    refined: &mut [Option<Answer>],
    patience: Duration,
    deadline: Deadline,
) -> Vec<Result<Option<Box<RawValue>>, GatewayError>> {
    let calls = needed.iter().map(|call| session.call(call, deadline));
    let mut essential = std::pin::pin!(join_all(calls));
    let mut others: FuturesUnordered<_> =
        refining.iter().enumerate().map(|(at, call)| refine(session, at, call, deadline)).collect();
    let mut answers = None;
    let mut until = Instant::now();
    while answers.is_none() || !others.is_empty() {
        tokio::select! {
            // Needed calls are sent first, because a gateway may answer in the order of the calls.
            biased;
            all = &mut essential, if answers.is_none() => {
                answers = Some(all);
                until = Instant::now() + share(patience, deadline);
            }
            Some((at, answer)) = others.next(), if !others.is_empty() => refined[at] = Some(answer),
            () = sleep_until(until), if answers.is_some() => break,
        }
    }
    answers.unwrap_or_default()
}

/// The limit of a wait: at most a third of the remaining time.
fn share(patience: Duration, deadline: Deadline) -> Duration {
    patience.min(deadline.left().unwrap_or_default() / 3)
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Makes one call, and retries it while the gateway is too busy.
async fn refine(session: &Session, at: usize, call: &AnyCall, deadline: Deadline) -> (usize, Answer) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let error = match session.call(call, deadline).await {
            Ok(answer) => return (at, Ok(answer.unwrap_or_else(|| RawValue::NULL.to_owned()))),
            Err(error) => error,
        };
        match error.retry_after() {
            Some(asked) => sleep(backoff.wait_at_least(asked)).await,
            None => return (at, Err(error)),
        }
    }
}
