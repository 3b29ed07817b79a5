//! `run cancel`: what is active is aborted, then what it queued is denied, and both are looked at again.
//!
//! What a person cancels goes at once. What a rule cancels (`--superseded`, a guard's `--cancel-runs`) keeps to the slots
//! in which prompts may go beside other processes: see [`crate::queue::clearing`].

use std::cell::Cell;
use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;

use crate::commands::Error;
use crate::commands::queue::{Denial, Hold, Pending, Queue, QueueError, Sending, Way, decide};
use crate::deadline::Deadline;
use crate::gateway::api::sessions::AbortRuns;
use crate::gateway::error::GatewayError;
use crate::gateway::{Access, Session};
use crate::queue::cancel::{Abort, CancelError, CancelPlan, Cancelled, Known, Which, emptied, shared};
use crate::queue::clearing::Staying;
use crate::queue::purge::Answer;
use crate::queue::report::SkipReason;
use crate::queue::slots::{Opening, Side};
use crate::queue::{Decision, Intent, Key, Prompt, Reader, RunState, Slots};
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

/// How long nothing is sent after a gateway was too busy for a denial; doubled with each round in which it is.
const BUSY: Duration = Duration::from_millis(50);

/// The longest of those pauses, unless the gateway asks for more.
const LONGEST_BUSY: Duration = Duration::from_secs(2);

/// Left of the time for the last listing and the report.
const REPORTING: Duration = Duration::from_secs(1);

/// Who decides that a run is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Somebody who saw the plan.
    Person,
    /// A rule that other processes do not know.
    Rule,
}

/// What came of denials.
type Outcomes = Vec<(Key, Result<Answer, GatewayError>)>;

/// A plan, and the connection that it was made on.
#[derive(Debug)]
pub struct Ready {
    /// What would be done.
    pub plan: CancelPlan,
    shared: Vec<Prompt>,
    slots: Option<Slots>,
    hold: Hold,
}

/// Lists what runs and what is pending, and plans.
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

/// Ends with the plan.
pub async fn leave(ready: Ready) -> Result<Cancelled, Error> {
    ready.hold.close().await;
    Ok(Cancelled::planned(ready.plan))
}

/// Carries out a plan. For a plan of nothing, nothing is sent.
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
    let intents = shared.iter().map(|prompt| prompt.intent).collect();
    let rule = slots.map(|slots| Rule { slots, shared: &intents });
    if let Some(rule) = rule.filter(|_| report.plan.aim.abort.is_some()) {
        until_nothing_is_shared(queue, report, rule, deadline).await?;
    }
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
    let Err(error) = clear(queue, report, shared, rule, deadline).await else { return Ok(()) };
    if report.plan.aim.abort.is_none() && report.denied.is_empty() {
        return Err(error);
    }
    // What was done is reported, and what is not known to be gone is left.
    let over = |prompt: &&Prompt| report.denied.contains(&prompt.key) || report.gone.contains(&prompt.key);
    report.left = report.plan.prompts.iter().filter(|prompt| !over(prompt)).cloned().collect();
    report.unseen = Some(error.to_string());
    Ok(())
}

/// What prompts that are to go keep to.
#[derive(Debug, Clone, Copy)]
struct Rule<'a> {
    slots: Slots,
    /// The intents that other prompts had, too, when they were planned.
    shared: &'a HashSet<Intent>,
}

impl Rule<'_> {
    /// Whether a prompt is the last of a group that had others.
    fn is_last(&self, prompt: &Prompt, staying: &Staying<'_>) -> bool {
        self.shared.contains(&prompt.intent) && prompt.doubt.is_none() && !staying.shares(prompt)
    }
}

/// Denies the prompts of the run that others have, too, each in its slot, until the run has none of those: an abort takes
/// all of its prompts at once, at a moment that nobody can choose.
async fn until_nothing_is_shared(
    queue: &mut Queue,
    report: &mut Cancelled,
    rule: Rule<'_>,
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
        let (outcomes, ended) = deny_all(queue, now, targets, Some(rule), deadline).await;
        let denied = |(_, answer): &(Key, Result<Answer, GatewayError>)| {
            matches!(answer, Ok(Answer::Denied | Answer::AlreadyGone | Answer::Allowed(_)))
        };
        let all = outcomes.iter().all(denied);
        note(report, outcomes);
        ended?;
        if !all {
            return Err(QueueError::NoSlot.into());
        }
    }
}

/// How long recent answers took: the longest, forgotten by an eighth with each later one.
#[derive(Debug, Default)]
struct Latency(Cell<Duration>);

impl Latency {
    fn answered(&self, took: Duration) {
        self.0.set(took.max(self.0.get() * 7 / 8));
    }
}

/// Denies prompts, each in its slot if there is a rule, and at once if there is none. `now`: a listing that has them. What
/// came of it, and why it ended early, if so.
async fn deny_all(
    queue: &mut Queue,
    mut now: Pending,
    targets: Vec<Key>,
    rule: Option<Rule<'_>>,
    deadline: Deadline,
) -> (Outcomes, Result<(), Error>) {
    let mut outcomes = Outcomes::new();
    let mut left = targets;
    let latency = Latency::default();
    let mut busy = BUSY;
    loop {
        let pending = now.keys();
        let (listed, gone): (Vec<Key>, Vec<Key>) =
            left.into_iter().partition(|key| pending.contains(key) || now.unread.contains(key));
        outcomes.extend(gone.into_iter().map(|key| (key, Ok(Answer::AlreadyGone))));
        let going: HashSet<Key> = listed.iter().cloned().collect();
        let (round, wait_ms) = deny_open(queue, &now, &going, rule, &latency, deadline).await;
        let refused = round.iter().filter_map(|(_, answer)| match answer {
            Ok(Answer::Unavailable(wait_ms)) => Some(wait_ms.unwrap_or_default()),
            _ => None,
        });
        let asked_for = refused.max();
        busy = if asked_for.is_some() { (busy * 2).min(LONGEST_BUSY) } else { BUSY };
        let mut over: HashSet<Key> = HashSet::new();
        for (key, answer) in round {
            if rule.is_none() || !matches!(answer, Ok(Answer::NotYet | Answer::Unavailable(_))) {
                over.insert(key.clone());
                outcomes.push((key, answer));
            }
        }
        left = listed.into_iter().filter(|key| !over.contains(key)).collect();
        if left.is_empty() {
            return (outcomes, Ok(()));
        }
        let pause = asked_for.map(|asked_ms| Duration::from_millis(asked_ms).max(busy));
        let wait = Duration::from_millis(wait_ms).max(pause.unwrap_or_default());
        if deadline.left().is_none_or(|time| wait + REPORTING >= time) {
            let slow = rule.is_some_and(|rule| !rule.slots.fits(Side::Older, queue.moment(latency.0.get())));
            let why = if slow { SkipReason::TooSlow } else { SkipReason::Deadline };
            outcomes.extend(left.into_iter().map(|key| (key, Ok(Answer::NotSent(why)))));
            return (outcomes, Ok(()));
        }
        tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
        let asked = Instant::now();
        now = match queue.list_prompts().await {
            Ok(now) => now,
            Err(error) => return (outcomes, Err(error)),
        };
        latency.answered(asked.elapsed());
    }
}

/// Denies those of the prompts that may go now. What came of each that was looked at, and in how many milliseconds the
/// next one may go. A denial relies on what was listed, so it is sent only in a slot in which that was asked for.
async fn deny_open(
    queue: &Queue,
    now: &Pending,
    going: &HashSet<Key>,
    rule: Option<Rule<'_>>,
    latency: &Latency,
    deadline: Deadline,
) -> (Outcomes, u64) {
    let staying = rule.map(|rule| (rule, Staying::of(rule.slots, &now.listing.prompts, going)));
    // `Err`: in how many milliseconds to look again.
    let may_go = |prompt: &Prompt| -> Result<(), u64> {
        let Some((_, staying)) = &staying else { return Ok(()) };
        let moment = queue.moment(latency.0.get());
        match staying.opens(prompt, moment) {
            Opening::Open { since_ms, .. } if now.at_ms >= since_ms => Ok(()),
            // It was listed before the slot began.
            Opening::Open { .. } => Err(0),
            Opening::Shut { until_ms } => Err(until_ms.saturating_sub(moment.at_ms)),
        }
    };
    let (mut outcomes, mut open, mut wait_ms) = (Outcomes::new(), Vec::new(), u64::MAX);
    for prompt in now.listing.prompts.iter().filter(|prompt| going.contains(&prompt.key)) {
        if staying.as_ref().is_some_and(|(rule, staying)| rule.is_last(prompt, staying)) {
            outcomes.push((prompt.key.clone(), Ok(Answer::NotSent(SkipReason::SurvivorGone))));
            continue;
        }
        match may_go(prompt) {
            Ok(()) => open.push(prompt),
            Err(ms) => wait_ms = wait_ms.min(ms),
        }
    }
    let Some(session) = queue.connection.session() else { return (outcomes, wait_ms) };
    let way = queue.way();
    let one = |prompt: &Prompt| {
        let key = prompt.key.clone();
        // The slot may have ended while others were denied.
        let may_go = may_go(prompt);
        async move {
            let sent = Instant::now();
            let outcome = match (may_go, rule) {
                (Err(_), _) => Ok(Answer::NotYet),
                (Ok(()), Some(_)) => deny_once(session, queue, way, &key, deadline).await,
                (Ok(()), None) => deny(session, queue, way, &key, deadline).await,
            };
            latency.answered(sent.elapsed());
            (key, outcome)
        }
    };
    // The first one shows how long an answer takes.
    let mut rest = open.into_iter();
    if rule.is_some()
        && let Some(first) = rest.next()
    {
        outcomes.push(one(first).await);
    }
    outcomes.extend(stream::iter(rest).map(one).buffer_unordered(AT_ONCE).collect::<Outcomes>().await);
    let postponed = outcomes.iter().any(|(_, answer)| matches!(answer, Ok(Answer::NotYet)));
    (outcomes, if postponed { 0 } else { wait_ms })
}

/// Notes what came of denials.
fn note(report: &mut Cancelled, outcomes: Outcomes) {
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
}

/// Denies what is left of it, and looks at it again.
async fn clear(
    queue: &mut Queue,
    report: &mut Cancelled,
    shared: &[Prompt],
    rule: Option<Rule<'_>>,
    deadline: Deadline,
) -> Result<(), Error> {
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
    // Some may have been denied before the abort.
    let over: HashSet<&Key> = report.denied.iter().chain(&report.gone).collect();
    let gone = |key: &&Key| !pending.contains(key) && !after.unread.contains(key) && !over.contains(key);
    let gone: Vec<Key> = planned.iter().filter(gone).cloned().collect();
    report.gone.extend(gone);
    // What was planned and cannot be read any more is not what was shown.
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

/// Looks again until it is quiet, or there is no time left. On early gateways each denial starts an agent turn half a
/// second later, which nothing there can abort (measured on 2026.4.14) and which may ask again. The keys of what cannot
/// be read of the last look.
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

/// Aborts, and tells which runs were.
async fn abort(queue: &mut Queue, abort: &Abort) -> Result<Vec<String>, Error> {
    let call = match (&abort.session, &abort.run) {
        (Some(key), run) => AbortRuns::in_session(key, run.as_deref()),
        (None, Some(run)) => AbortRuns::of_run(run),
        (None, None) => return Ok(Vec::new()),
    };
    match queue.connection.write(&call).await {
        Ok(aborted) => Ok(aborted.runs()),
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
        let answer = deny_once(session, queue, way, key, deadline).await?;
        let Answer::Unavailable(Some(wait_ms)) = answer else { return Ok(answer) };
        let wait = Duration::from_millis(wait_ms.max(20));
        if deadline.left().is_none_or(|left| wait >= left) {
            return Ok(answer);
        }
        tokio::time::sleep(wait).await;
    }
}

async fn deny_once(
    session: &Session,
    queue: &Queue,
    way: Way,
    key: &Key,
    deadline: Deadline,
) -> Result<Answer, GatewayError> {
    match queue.sending(key) {
        Sending::Now => {}
        Sending::Gone => return Ok(Answer::AlreadyGone),
        Sending::Never(why) => return Ok(Answer::NotSent(why)),
        Sending::Stale => return Ok(Answer::Unavailable(None)),
    }
    let (_, reply) = decide(session, way, key, Decision::Deny, deadline).await;
    match reply.into() {
        Denial::Answered(answer) => Ok(answer),
        Denial::Unanswered(error) | Denial::Lost(error) => Err(error),
    }
}
