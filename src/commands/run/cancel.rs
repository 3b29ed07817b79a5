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
use crate::queue::cancel::{Abort, CancelError, CancelPlan, Cancelled, Known, Which};
use crate::queue::purge::Answer;
use crate::queue::{Decision, Key, Prompt, Reader, RunState};
use crate::settings::Flags;

/// Denials under way at once: what current gateways answer at their best pace (measured: 16).
const AT_ONCE: usize = 16;

/// How long it must be quiet behind a denial that starts a turn, where that turn has shown (measured: it shows after
/// 0.5 s).
const FOLLOW_UP: Duration = Duration::from_secs(2);

/// How long a turn that has not shown is waited for. A machine with too much to do starts it late (seen on
/// 2026.4.14: later than 2 s).
const LATE_FOLLOW_UP: Duration = Duration::from_secs(8);

/// How often it is looked at whether it is quiet.
const AGAIN: Duration = Duration::from_millis(200);

/// Left of the time for the last listing and the report.
const REPORTING: Duration = Duration::from_secs(1);

/// Plans, has the plan confirmed, and carries it out. `confirm` is shown the plan and says whether to go on: `None` for
/// a plan alone. A plan of nothing is not confirmed, and nothing is sent for it.
pub async fn run(
    which: Which,
    flags: &Flags,
    mut deadline: Deadline,
    confirm: Option<impl AsyncFnOnce(&CancelPlan) -> Result<(), QueueError>>,
) -> Result<Cancelled, Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, Reader::new(), deadline).await?;
    let mut pending = queue.list().await?;
    if which != Which::Superseded {
        queue.name_runs(&mut pending, None).await?;
    }
    let known = Known {
        prompts: &pending.listing.prompts,
        runs: &pending.runs,
        sessions: &pending.sessions,
        complete: pending.runs_unknown.is_none() && !pending.more_sessions,
        names_runs: queue.capabilities().names_runs,
    };
    let aim = known.aim(which).map_err(QueueError::from)?;
    let held = |prompt: &&Prompt| aim.holds(prompt, &pending.runs);
    let prompts: Vec<Prompt> = pending.listing.prompts.iter().filter(held).cloned().collect();
    let plan = CancelPlan {
        gateway: queue.connection.address().to_owned(),
        nothing: prompts.is_empty() && aim.is_idle(&pending.runs),
        aim,
        prompts,
        now_ms: pending.at_ms,
        denial_starts_turn: queue.capabilities().denial_starts_turn,
        runs_unknown: pending.runs_unknown.clone(),
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
    if let Some(confirm) = confirm.filter(|_| !report.plan.nothing) {
        queue.connection.put_off(&mut deadline, confirm(&report.plan)).await?;
        report.carried_out = true;
        carry_out(&mut queue, &mut report, deadline).await?;
    }
    queue.connection.close().await;
    Ok(report)
}

async fn carry_out(queue: &mut Queue, report: &mut Cancelled, deadline: Deadline) -> Result<(), Error> {
    let aim = &report.plan.aim;
    if let Some(abort) = &aim.abort {
        report.aborted = self::abort(queue, abort).await?;
        // What was not known to exist, and was not running, does not exist.
        if !aim.sure && report.aborted.is_empty() {
            let unknown = match &aim.which {
                Which::Session(key) => CancelError::UnknownSession(key.clone()),
                Which::Run(run) => CancelError::UnknownRun(run.clone()),
                Which::Superseded => return Ok(()),
            };
            return Err(QueueError::from(unknown).into());
        }
    }
    let Err(error) = clear(queue, report, deadline).await else { return Ok(()) };
    if report.plan.aim.abort.is_none() && report.denied.is_empty() {
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
    let held = after.listing.prompts.iter().filter(|prompt| match report.plan.aim.which {
        // A run that ended since was not looked at by anybody.
        Which::Superseded => planned.contains(&prompt.key),
        // A prompt of the run cannot be distinguished from one of the session's next run.
        Which::Run(_) if report.plan.aim.attributed.is_some() => planned.contains(&prompt.key),
        // Also what it asked for while it was being aborted.
        _ => report.plan.aim.holds(prompt, &after.runs),
    });
    let targets: Vec<Key> = held.map(|prompt| prompt.key.clone()).collect();
    let gone = |key: &&Key| !pending.contains(key) && !after.unread.contains(key);
    report.gone = planned.iter().filter(gone).cloned().collect();
    // What was planned and cannot be read any more is not what was shown.
    report.still_listed = planned.iter().filter(|key| after.unread.contains(key)).cloned().collect();
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
    let unread = verify(queue, report, deadline).await?;
    report.correct(&answered, &before, &unread);
    Ok(())
}

/// Looks again until it is quiet, or there is no time left. On early gateways each denial starts an agent turn half a
/// second later, which nothing there can abort (measured on 2026.4.14) and which may ask again. The keys of what cannot
/// be read of the last look.
async fn verify(queue: &mut Queue, report: &mut Cancelled, deadline: Deadline) -> Result<Vec<Key>, Error> {
    let planned: Vec<Key> = report.plan.prompts.iter().map(|prompt| prompt.key.clone()).collect();
    let followed = report.plan.denial_starts_turn && !report.denied.is_empty();
    let after = |time: Duration| Deadline::after(if followed { time } else { Duration::ZERO });
    let (shortest, longest) = (after(FOLLOW_UP), after(LATE_FOLLOW_UP));
    let mut shown = false;
    loop {
        let mut last = queue.list().await?;
        let aim = &report.plan.aim;
        let session = aim.abort.as_ref().and_then(|abort| abort.session.as_deref());
        if session.is_some() && aim.state(&last.runs) == RunState::Unknown {
            queue.name_runs(&mut last, session).await?;
        }
        let left = |prompt: &&Prompt| match aim.which {
            Which::Superseded => planned.contains(&prompt.key),
            _ => aim.holds(prompt, &last.runs),
        };
        report.left = last.listing.prompts.iter().filter(left).cloned().collect();
        report.active = aim.state(&last.runs) == RunState::Active;
        shown |= report.active || !report.left.is_empty();
        let quiet = if shown { shortest } else { longest };
        let done = quiet.left().is_none() && !report.active;
        if done || deadline.left().is_none_or(|left| left <= REPORTING) {
            return Ok(last.unread);
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
