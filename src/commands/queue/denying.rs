//! Denying prompts, several at once, as their listings and answers come. `run cancel` and `queue resolve` share this module.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::{Denial, Pending, Queue, Sending, decide, millis};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::queue::clearing::{Clearing, Input, Next, Rule};
use crate::queue::denials::Answer;
use crate::queue::report::Outcome;
use crate::queue::{Decision, Key};

/// The part of the time that is reserved for the last listing and the report.
pub(in crate::commands) const REPORTING: Duration = Duration::from_secs(1);

/// The outcomes of denials.
pub(in crate::commands) type Outcomes = Vec<(Key, Outcome)>;

/// Denies prompts, each in its slot if there is a rule, else immediately. `now`: a listing with the prompts. Returns
/// the outcomes so far, and why it ended early, if so.
pub(in crate::commands) async fn deny_all(
    queue: &mut Queue,
    now: Pending,
    targets: Vec<Key>,
    rule: Option<Rule>,
    deadline: Deadline,
) -> (Outcomes, Result<(), Error>) {
    let left = deadline.left().unwrap_or_default().saturating_sub(REPORTING);
    let mut clearing = Clearing::new(targets, rule, queue.now().steady.plus(millis(left)));
    let mut now = now;
    loop {
        clearing.handle(Input::Clock(queue.unsure_ms()), queue.now());
        let at = now.at();
        clearing.handle(Input::Listed(now.listing.prompts, at, now.unread), queue.now());
        if deny_listed(queue, &mut clearing, deadline).await {
            return (clearing.take(), Ok(()));
        }
        now = match queue.list_prompts().await {
            Ok(now) => now,
            Err(error) => return (clearing.take(), Err(error)),
        };
    }
}

/// Denies the prompts that may be denied by the last listing. `false`: another listing is needed first.
async fn deny_listed(queue: &Queue, clearing: &mut Clearing, deadline: Deadline) -> bool {
    let Some(session) = queue.connection.session() else {
        clearing.end(queue.now());
        return true;
    };
    let way = queue.way();
    let mut in_flight = FuturesUnordered::new();
    loop {
        let until = match clearing.next(queue.now()) {
            Next::Done => return true,
            Next::List => return false,
            Next::Deny(key) => {
                let answer = match queue.sending(&key) {
                    Sending::Now => {
                        in_flight.push(async move {
                            let (_, reply) = decide(session, way, &key, Decision::Deny, deadline).await;
                            (key, reply)
                        });
                        continue;
                    }
                    Sending::Gone => Answer::AlreadyGone,
                    Sending::Never(why) => Answer::NotSent(why),
                    Sending::Stale => Answer::NotYet,
                };
                clearing.handle(Input::Answered(key, answer), queue.now());
                continue;
            }
            Next::Wait(until) => until,
        };
        let wait = async {
            match until {
                Some(until) => tokio::time::sleep(queue.until(until).max(Duration::from_millis(1))).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some((key, reply)) = in_flight.next(), if !in_flight.is_empty() => {
                let answer = match reply.into() {
                    Denial::Answered(answer) => answer,
                    Denial::Unanswered(error) | Denial::Lost(error) => {
                        Answer::Refused(error.to_string().into())
                    }
                };
                clearing.handle(Input::Answered(key, answer), queue.now());
            }
            () = wait => {}
        }
    }
}
