//! `run cancel`: what is active is aborted, then what it queued is denied, and both are looked at again.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;

use crate::commands::Error;
use crate::commands::queue::{Queue, QueueError, Sending, Way, decide};
use crate::deadline::Deadline;
use crate::gateway::error::GatewayError;
use crate::gateway::{Access, Session};
use crate::queue::cancel::{Abort, CancelPlan, Cancelled, Which};
use crate::queue::purge::Answer;
use crate::queue::{Decision, Key, Prompt, Reader, RunState};
use crate::settings::Flags;

/// Denials under way at once: what current gateways answer at their best pace (measured: 16).
const AT_ONCE: usize = 16;

/// How long after a denial the turn that it starts shows, at the latest (measured: 0.5 s).
const FOLLOW_UP: Duration = Duration::from_secs(2);

/// How often it is looked at whether it is quiet.
const AGAIN: Duration = Duration::from_millis(200);

/// Left of the time for the last listing and the report.
const REPORTING: Duration = Duration::from_secs(1);

/// Plans, has the plan confirmed, and carries it out. `confirm` is shown the plan and says whether to go on: `None` for
/// a plan alone.
pub async fn run(
    which: Which,
    flags: &Flags,
    deadline: Deadline,
    confirm: Option<impl FnOnce(&CancelPlan) -> Result<(), QueueError>>,
) -> Result<Cancelled, Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, Reader::new(), deadline).await?;
    let pending = queue.list().await?;
    let legacy = !queue.capabilities().names_runs;
    // Prompts of early gateways carry no run: the session that the run is of stands for it.
    let (which, run) = match which {
        Which::Run(run) if legacy => match pending.runs.sessions_of(&run)[..] {
            [session] => (Which::Session(session.to_owned()), Some(run.clone())),
            _ => return Err(QueueError::RunWithoutSession { run }.into()),
        },
        Which::Run(run) => (Which::Run(run.clone()), Some(run)),
        other => (other, None),
    };
    let held = |prompt: &&Prompt| which.holds(prompt, &pending.runs);
    let prompts: Vec<Prompt> = pending.listing.prompts.iter().filter(held).cloned().collect();
    let session = match &which {
        Which::Session(key) => Some(key.clone()),
        Which::Run(_) => prompts.first().and_then(|prompt| prompt.session_key.as_deref().map(str::to_owned)),
        Which::Superseded => None,
    };
    let abort = match &which {
        Which::Superseded => None,
        Which::Run(_) | Which::Session(_) => Some(Abort { session, run }),
    };
    let plan = CancelPlan {
        gateway: queue.connection.address().to_owned(),
        which,
        abort,
        prompts,
        now_ms: pending.at_ms,
        legacy,
    };
    let mut report = Cancelled {
        plan,
        carried_out: false,
        aborted: Vec::new(),
        denied: Vec::new(),
        gone: Vec::new(),
        allowed: Vec::new(),
        skipped: Vec::new(),
        failed: Vec::new(),
        still_listed: Vec::new(),
        left: Vec::new(),
        active: false,
        unseen: None,
    };
    if let Some(confirm) = confirm {
        confirm(&report.plan)?;
        report.carried_out = true;
        carry_out(&mut queue, &mut report, deadline).await?;
    }
    queue.connection.close().await;
    Ok(report)
}

async fn carry_out(queue: &mut Queue, report: &mut Cancelled, deadline: Deadline) -> Result<(), Error> {
    if let Some(abort) = report.plan.abort.clone() {
        report.aborted = self::abort(queue, &abort).await?;
    }
    let Err(error) = clear(queue, report, deadline).await else { return Ok(()) };
    if report.plan.abort.is_none() && report.denied.is_empty() {
        return Err(error);
    }
    // What was done is told, and what it is not known of is left.
    let over = |prompt: &&Prompt| report.denied.contains(&prompt.key) || report.gone.contains(&prompt.key);
    report.left = report.plan.prompts.iter().filter(|prompt| !over(prompt)).cloned().collect();
    report.unseen = Some(error.to_string());
    Ok(())
}

/// Denies what is left of it, and looks at it again.
async fn clear(queue: &mut Queue, report: &mut Cancelled, deadline: Deadline) -> Result<(), Error> {
    let planned: Vec<Key> = report.plan.prompts.iter().map(|prompt| prompt.key.clone()).collect();
    let after = queue.list().await?;
    let pending = after.keys();
    // Also what it asked for while it was being aborted.
    let held = after.listing.prompts.iter().filter(|prompt| match report.plan.which {
        // A run that ended since was not looked at by anybody.
        Which::Superseded => planned.contains(&prompt.key),
        _ => report.plan.which.holds(prompt, &after.runs),
    });
    let targets: Vec<Key> = held.map(|prompt| prompt.key.clone()).collect();
    report.gone = planned.iter().filter(|key| !pending.contains(key)).cloned().collect();
    let way = queue.way();
    let Some(session) = queue.connection.session() else { return Ok(()) };
    let queue_now = &*queue;
    let outcomes: Vec<(Key, Result<Answer, GatewayError>)> = stream::iter(targets)
        .map(|key| async move {
            let outcome = deny(session, queue_now, way, &key, deadline).await;
            (key, outcome)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (key, outcome) in outcomes {
        match outcome {
            Ok(Answer::Denied) => report.denied.push(key),
            Ok(Answer::AlreadyGone) => report.gone.push(key),
            Ok(Answer::Allowed(decision)) => {
                report.allowed.push((key.clone(), decision));
                report.gone.push(key);
            }
            Ok(Answer::Refused(words)) => report.failed.push((key, words.into())),
            Ok(Answer::NotSent(why)) => report.skipped.push((key, why)),
            Ok(Answer::Unavailable(_) | Answer::NotYet) => {
                report.failed.push((key, "the gateway is too busy".to_owned()));
            }
            Err(error) => report.failed.push((key, error.to_string())),
        }
    }
    let answered: Vec<Key> = report.denied.iter().chain(&report.gone).cloned().collect();
    let before = after.listing.prompts;
    verify(queue, report, deadline).await?;
    report.correct(&answered, &before);
    Ok(())
}

/// Looks again until it is quiet, or there is no time left. On early gateways each denial starts an agent turn half a
/// second later, which nothing there can abort (measured on 2026.4.14) and which may ask again.
async fn verify(queue: &mut Queue, report: &mut Cancelled, deadline: Deadline) -> Result<(), Error> {
    let planned: Vec<Key> = report.plan.prompts.iter().map(|prompt| prompt.key.clone()).collect();
    let followed = report.plan.legacy && !report.denied.is_empty();
    let shortest = if followed { Deadline::after(FOLLOW_UP) } else { Deadline::after(Duration::ZERO) };
    loop {
        let last = queue.list().await?;
        let left = |prompt: &&Prompt| match report.plan.which {
            Which::Superseded => planned.contains(&prompt.key),
            _ => report.plan.which.holds(prompt, &last.runs),
        };
        report.left = last.listing.prompts.iter().filter(left).cloned().collect();
        report.active = match &report.plan.which {
            Which::Run(run) => {
                let session = report.plan.abort.as_ref().and_then(|abort| abort.session.as_deref());
                last.runs.state(run, session, 0) == RunState::Active
            }
            Which::Session(key) => last.runs.session(key) == RunState::Active,
            Which::Superseded => false,
        };
        let done = shortest.left().is_none() && !report.active;
        if done || deadline.left().is_none_or(|left| left <= REPORTING) {
            return Ok(());
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Aborts, and tells which runs were.
async fn abort(queue: &mut Queue, abort: &Abort) -> Result<Vec<String>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Aborted {
        run_ids: Vec<String>,
        aborted_run_id: Option<String>,
    }
    let result = match abort {
        Abort { session: Some(key), run: None } => {
            queue.connection.write::<Aborted>("chat.abort", &json!({ "sessionKey": key })).await
        }
        Abort { session: Some(key), run: Some(run) } => {
            let params = json!({ "sessionKey": key, "runId": run });
            queue.connection.write::<Aborted>("chat.abort", &params).await
        }
        Abort { session: None, run: Some(run) } => {
            queue.connection.write::<Aborted>("sessions.abort", &json!({ "runId": run })).await
        }
        Abort { session: None, run: None } => return Ok(Vec::new()),
    };
    match result {
        Ok(aborted) => Ok(aborted.run_ids.into_iter().chain(aborted.aborted_run_id).collect()),
        // What has ended is not there to be aborted; its prompts are.
        Err(GatewayError::Failed { failure, .. }) if failure.code == "INVALID_REQUEST" => Ok(Vec::new()),
        Err(error) => Err(queue.connection.fault(error)),
    }
}

/// Denies one prompt, as often as the gateway is too busy for it, and as long as what is known of it holds.
async fn deny(
    session: &Session,
    queue: &Queue,
    way: Way,
    key: &Key,
    deadline: Deadline,
) -> Result<Answer, GatewayError> {
    loop {
        match queue.sending(key) {
            Sending::Now => {}
            Sending::Gone => return Ok(Answer::AlreadyGone),
            Sending::Never(why) => return Ok(Answer::NotSent(why)),
            Sending::Stale => return Ok(Answer::Unavailable(None)),
        }
        let (_, reply) = decide(session, way, key, Decision::Deny, deadline).await;
        let answer = reply.of_denial()?;
        let Answer::Unavailable(Some(wait_ms)) = answer else { return Ok(answer) };
        let wait = Duration::from_millis(wait_ms.max(20));
        if deadline.left().is_none_or(|left| wait >= left) {
            return Ok(answer);
        }
        tokio::time::sleep(wait).await;
    }
}
