//! `run cancel`: aborts the active run, denies the prompts that it queued, and verifies both.
//!
//! If a person cancels, prompts are denied immediately. If a rule cancels (`--superseded`, a guard's `--cancel-runs`),
//! prompts are denied in the slots in which several processes may deny safely: see [`crate::queue::staying`].

use std::collections::HashSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::commands::Error;
use crate::commands::queue::{Denial, Hold, Pending, Queue, QueueError, Sending, decide, millis};
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::gateway::api::sessions::AbortRuns;
use crate::gateway::error::GatewayError;
use crate::queue::cancel::{Abort, CancelError, CancelPlan, Cancelled, Known, Which, emptied, shared};
use crate::queue::clearing::{Clearing, Input, Next, Rule};
use crate::queue::denials::Answer;
use crate::queue::report::{Failure, Outcome};
use crate::queue::staying::Staying;
use crate::queue::{Decision, Intent, Key, Prompt, Reader, RunState, Slots};
use crate::settings::Flags;

/// How long it must be quiet after a denial that starts a turn, if that turn was seen (measured: it starts after 0.5
/// s).
const FOLLOW_UP: Duration = Duration::from_secs(2);

/// How long to wait for a turn that was not seen yet. An overloaded machine starts it late (seen on 2026.4.14: later
/// than 2 s).
const LATE_FOLLOW_UP: Duration = Duration::from_secs(8);

/// The polling period while waiting for quiet.
const AGAIN: Duration = Duration::from_millis(200);

/// The part of the time that is reserved for the last listing and the report.
const REPORTING: Duration = Duration::from_secs(1);

/// What decides that a run is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A person who saw the plan.
    Person,
    /// A rule that other processes do not know.
    Rule,
}

/// The outcomes of denials.
pub(in crate::commands) type Outcomes = Vec<(Key, Outcome)>;

/// A plan, and the connection that it was made on.
#[derive(Debug)]
pub struct Ready {
    /// The plan.
    pub plan: CancelPlan,
    shared: Vec<Prompt>,
    slots: Option<Slots>,
    hold: Hold,
}

/// Lists runs and pending prompts, and makes a plan.
pub async fn plan(which: Which, by: By, flags: &Flags, deadline: Deadline) -> Result<Ready, Error> {
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
    let shared = shared(&prompts, &pending.listing.prompts);
    let by_rule = by == By::Rule || aim.which == Which::Superseded;
    let slots = queue.connection.slots().filter(|_| by_rule);
    let plan = CancelPlan {
        gateway: queue.connection.address().to_owned(),
        nothing: prompts.is_empty() && aim.is_idle(&pending.runs),
        aim,
        prompts,
        now_ms: pending.at_ms,
        denial_starts_turn: queue.capabilities().denial_starts_turn,
        runs_unknown: pending.runs_unknown.clone(),
    };
    Ok(Ready { plan, shared, slots, hold: Hold::new(queue, deadline) })
}

/// Ends after the plan.
pub async fn leave(ready: Ready) -> Result<Cancelled, Error> {
    ready.hold.close().await;
    Ok(Cancelled::planned(ready.plan))
}

/// Carries out a plan. For an empty plan nothing is sent.
pub async fn carry_out(ready: Ready) -> Result<Cancelled, Error> {
    if ready.plan.nothing {
        return leave(ready).await;
    }
    let Ready { plan, shared, slots, hold } = ready;
    let (mut queue, deadline) = hold.resume();
    let mut report = Cancelled { carried_out: true, ..Cancelled::planned(plan) };
    cancel(&mut queue, &mut report, &shared, slots, deadline).await?;
    queue.connection.close().await;
    Ok(report)
}

async fn cancel(
    queue: &mut Queue,
    report: &mut Cancelled,
    shared: &[Prompt],
    slots: Option<Slots>,
    deadline: Deadline,
) -> Result<(), Error> {
    let intents = || shared.iter().map(|prompt| prompt.intent).collect();
    let rule = slots.map(|slots| Rule { slots, shared: intents() });
    if let Some(rule) = rule.as_ref().filter(|_| report.plan.aim.abort.is_some()) {
        until_nothing_is_shared(queue, report, rule, deadline).await?;
    }
    let aim = &report.plan.aim;
    if let Some(abort) = &aim.abort {
        // The abort did not clear what is gone before it. Without that listing the abort still has to be sent.
        if let Ok(now) = queue.list_prompts().await {
            let pending = now.keys();
            let over: HashSet<&Key> = report.denied.iter().chain(&report.gone).collect();
            let planned = report.plan.prompts.iter().map(|prompt| &prompt.key);
            let gone =
                |key: &&Key| !pending.contains(*key) && !now.unread.contains(key) && !over.contains(key);
            let gone: Vec<Key> = planned.filter(gone).cloned().collect();
            report.gone.extend(gone);
        }
        report.gone_before.clone_from(&report.gone);
        report.aborted = self::abort(queue, abort).await?;
        // A run that was not known and was not aborted does not exist.
        if !aim.sure && report.aborted.is_empty() {
            let unknown = match &aim.which {
                Which::Session(key) => CancelError::UnknownSession(key.clone()),
                Which::Run(run) => CancelError::UnknownRun(run.clone()),
                Which::Superseded => return Ok(()),
            };
            return Err(QueueError::from(unknown).into());
        }
    }
    let Err(error) = clear(queue, report, shared, rule, deadline).await else { return Ok(()) };
    if report.plan.aim.abort.is_none() && report.denied.is_empty() {
        return Err(error);
    }
    // The report has what was done; prompts that are not known to be gone count as left.
    let over = |prompt: &&Prompt| report.denied.contains(&prompt.key) || report.gone.contains(&prompt.key);
    report.left = report.plan.prompts.iter().filter(|prompt| !over(prompt)).cloned().collect();
    report.unseen = Some(error.to_string());
    Ok(())
}

/// Denies the prompts of the run that have others in their groups, each in its slot, until the run has none of those:
/// an abort clears all of its prompts together, at a time that cannot be chosen.
async fn until_nothing_is_shared(
    queue: &mut Queue,
    report: &mut Cancelled,
    rule: &Rule,
    deadline: Deadline,
) -> Result<(), Error> {
    loop {
        let now = queue.list().await?;
        let held = |prompt: &&Prompt| report.plan.aim.holds(prompt, &now.runs);
        let held: Vec<&Prompt> = now.listing.prompts.iter().filter(held).collect();
        let going = held.iter().map(|prompt| prompt.key.clone()).collect();
        let staying = Staying::of(rule.slots, &now.listing.prompts, &going);
        if held.iter().any(|prompt| rule.is_last(prompt, &staying)) {
            return Err(QueueError::LastOfGroup.into());
        }
        let shared = held.iter().filter(|prompt| staying.shares(prompt));
        let targets: Vec<Key> = shared.map(|prompt| prompt.key.clone()).collect();
        if targets.is_empty() {
            return Ok(());
        }
        let (outcomes, ended) = deny_all(queue, now, targets, Some(rule.clone()), deadline).await;
        let denied = |(_, outcome): &(Key, Outcome)| {
            matches!(outcome, Outcome::Denied | Outcome::AlreadyGone | Outcome::Allowed(_))
        };
        let all = outcomes.iter().all(denied);
        note(report, outcomes);
        ended?;
        if !all {
            return Err(QueueError::NoSlot.into());
        }
    }
}

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

/// Adds the outcomes of denials to the report.
fn note(report: &mut Cancelled, outcomes: Outcomes) {
    for (key, outcome) in outcomes {
        match outcome {
            Outcome::Denied => report.denied.push(key),
            Outcome::AlreadyGone => report.gone.push(key),
            Outcome::Allowed(decision) => {
                report.allowed.push((key.clone(), decision));
                report.gone.push(key);
            }
            Outcome::Failed(Failure::Refused(words)) => report.failed.push((key, words.into())),
            Outcome::Failed(Failure::NoAnswer) => report.failed.push((key, "no answer".to_owned())),
            Outcome::Failed(Failure::StillListed) => report.still_listed.push(key),
            Outcome::Skipped(why) => report.skipped.push((key, why)),
        }
    }
}

/// Denies the prompts that are left, and verifies.
async fn clear(
    queue: &mut Queue,
    report: &mut Cancelled,
    shared: &[Prompt],
    rule: Option<Rule>,
    deadline: Deadline,
) -> Result<(), Error> {
    let planned: Vec<Key> = report.plan.prompts.iter().map(|prompt| prompt.key.clone()).collect();
    let after = queue.list().await?;
    let pending = after.keys();
    let held = after.listing.prompts.iter().filter(|prompt| match report.plan.aim.which {
        // A run that ended since the plan was not part of it.
        Which::Superseded => planned.contains(&prompt.key),
        // A prompt of the run cannot be distinguished from one of the session's next run.
        Which::Run(_) if report.plan.aim.attributed.is_some() => planned.contains(&prompt.key),
        // Includes prompts that it requested while it was being aborted.
        _ => report.plan.aim.holds(prompt, &after.runs),
    });
    let targets: Vec<Key> = held.map(|prompt| prompt.key.clone()).collect();
    // Some prompts may have been denied before the abort.
    let over: HashSet<&Key> = report.denied.iter().chain(&report.gone).collect();
    let gone = |key: &&Key| !pending.contains(key) && !after.unread.contains(key) && !over.contains(key);
    let gone: Vec<Key> = planned.iter().filter(gone).cloned().collect();
    report.gone.extend(gone);
    // A planned prompt that cannot be read any more is not the one that was shown.
    report.still_listed = planned.iter().filter(|key| after.unread.contains(key)).cloned().collect();
    let before = after.listing.prompts.clone();
    let (outcomes, ended) = deny_all(queue, after, targets, rule, deadline).await;
    note(report, outcomes);
    ended?;
    let answered: Vec<Key> = report.denied.iter().chain(&report.gone).cloned().collect();
    let unread = verify(queue, report, shared, deadline).await?;
    report.correct(&answered, &before, &unread);
    Ok(())
}

/// Lists again until it is quiet, or no time is left. On early gateways each denial starts an agent turn half a second
/// later, which cannot be aborted (measured on 2026.4.14) and may ask again. Returns the keys of prompts that cannot be
/// read in the last listing.
async fn verify(
    queue: &mut Queue,
    report: &mut Cancelled,
    shared: &[Prompt],
    deadline: Deadline,
) -> Result<Vec<Key>, Error> {
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
            if last.unread.is_empty() {
                let left: HashSet<Intent> = last.listing.prompts.iter().map(|prompt| prompt.intent).collect();
                report.emptied = emptied(shared, &left);
            }
            return Ok(last.unread);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Aborts, and returns which runs were aborted.
async fn abort(queue: &mut Queue, abort: &Abort) -> Result<Vec<String>, Error> {
    let call = match (&abort.session, &abort.run) {
        (Some(key), run) => AbortRuns::in_session(key, run.as_deref()),
        (None, Some(run)) => AbortRuns::of_run(run),
        (None, None) => return Ok(Vec::new()),
    };
    match queue.connection.write(&call).await {
        Ok(aborted) => Ok(aborted.runs()),
        // A run that has ended cannot be aborted, but may hold prompts.
        Err(GatewayError::Failed { failure, .. }) if failure.code == "INVALID_REQUEST" => Ok(Vec::new()),
        Err(error) => Err(queue.connection.fault(error)),
    }
}
