//! `queue dedupe`: one prompt of each group is kept, the rest are denied.

use std::collections::HashSet;
use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;

use super::hold::Hold;
use super::purge::{LoopExit, Stop, denied, drive};
use super::steady::millis;
use super::{Pending, Queue, QueueError, saved};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::queue::filter::Filter;
use crate::queue::purge::{self, FRESH_MS, Tuning};
use crate::queue::report::{self, Entry, Failure, Outcome, Totals};
use crate::queue::{self, Keep, Key, Plan, Purge, Reader, Rules, Scope};
use crate::report::exit::{Exit, of_queue, of_several};
use crate::report::queue::{Asked, Dedupe, Emptied, Planned, Round, Verdict};
use crate::settings::Flags;
use crate::store::input::Input;

/// The part of the time that is reserved for the last listing and the report.
const REPORTING: Duration = Duration::from_millis(500);

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The filter of prompts.
    pub filter: Filter,
    /// The scope in which prompts are duplicates.
    pub scope: Scope,
    /// Which prompt of a group is kept.
    pub keep: Keep,
    /// How long the kept prompt must still live, in milliseconds.
    pub margin_ms: u64,
    /// Whether to stop after the plan, and with which verdict.
    pub asked: Asked,
    /// How long to keep cleaning afterwards.
    pub settle: Option<Duration>,
    /// The maximum number of such purges.
    pub rounds: u32,
    /// The prompts that may be kept or denied; `None`: all.
    pub among: Option<HashSet<Key>>,
}

impl Request {
    pub(super) fn plan<'p>(&self, pending: &'p Pending) -> Plan<'p> {
        self.plan_among(pending, |_| true)
    }

    /// A plan of some of the pending prompts.
    fn plan_among<'p>(&self, pending: &'p Pending, among: impl Fn(&Key) -> bool) -> Plan<'p> {
        let chosen = |key: &Key| self.among.as_ref().is_none_or(|among| among.contains(key)) && among(key);
        let admits =
            |prompt: &&queue::Prompt| self.filter.admits(prompt, pending.at_ms) && chosen(&prompt.key);
        let admitted = pending.listing.prompts.iter().filter(admits);
        let rules =
            Rules { scope: self.scope, keep: self.keep, margin_ms: self.margin_ms, now_ms: pending.at_ms };
        queue::plan(admitted, &pending.runs, rules)
    }
}

/// Makes a plan for a saved listing.
pub fn of_file(request: &Request, input: &Input, deadline: Deadline) -> Result<Dedupe, Error> {
    let pending = saved(input, deadline)?;
    let plan = request.plan(&pending);
    let planned = Planned::of(&plan, &pending.runs);
    Ok(report(request, input.name(), &pending, planned, Vec::new()))
}

/// A plan for one gateway.
#[derive(Debug)]
pub enum Planning {
    /// The report, if there is nothing to carry out.
    Finished(Box<Dedupe>),
    /// A plan that can be carried out.
    Ready(Box<Ready>),
}

/// A plan that can be carried out, and the connection that it was made on.
#[derive(Debug)]
pub struct Ready {
    /// The gateway.
    pub gateway: String,
    /// The plan.
    pub planned: Planned,
    request: Request,
    before: Pending,
    hold: Hold,
}

impl Ready {
    /// Whether a person has to confirm the plan. A plan that only watches for future duplicates denies no known prompt.
    pub fn needs_confirmation(&self) -> bool {
        self.planned.duplicates > 0
    }
}

/// Lists what is pending, and makes a plan.
pub async fn plan(request: &Request, flags: &Flags, deadline: Deadline) -> Result<Planning, Error> {
    let mut queue = Queue::open(flags, Access::LISTENING, Reader::new(), deadline).await?;
    let pending = queue.list().await?;
    let gateway = queue.connection.address().to_owned();
    let legacy = queue.capabilities().denial_starts_turn;
    let mut planned = Planned { legacy, ..Planned::of(&request.plan(&pending), &pending.runs) };
    if planned.duplicates > 0 {
        planned.know(&queue.recent_denials(&pending, deadline).await);
    }
    if request.asked != Asked::Purge || planned.duplicates == 0 && request.settle.is_none() {
        queue.connection.close().await;
        let report = report(request, gateway, &pending, planned, Vec::new());
        return Ok(Planning::Finished(Box::new(report)));
    }
    let hold = Hold::new(queue, deadline);
    let ready = Ready { gateway, planned, request: request.clone(), before: pending, hold };
    Ok(Planning::Ready(Box::new(ready)))
}

/// Makes plans for several gateways concurrently.
pub async fn plan_all(
    request: &Request,
    targets: &[Flags],
    deadline: Deadline,
) -> Vec<Result<Planning, Error>> {
    join_all(targets.iter().map(|flags| plan(request, flags, deadline))).await
}

/// Carries out the plans of several gateways concurrently. `progress` receives how many prompts are still to be denied,
/// if there is one gateway.
pub async fn carry_out_all(
    plans: Vec<Result<Planning, Error>>,
    progress: &mut dyn FnMut(usize),
) -> Vec<Result<Dedupe, Error>> {
    if plans.len() == 1 {
        let mut reports = Vec::new();
        for planning in plans {
            reports.push(finish(planning, progress).await);
        }
        return reports;
    }
    join_all(plans.into_iter().map(async |planning| finish(planning, &mut |_| {}).await)).await
}

async fn finish(planning: Result<Planning, Error>, progress: &mut dyn FnMut(usize)) -> Result<Dedupe, Error> {
    match planning? {
        Planning::Finished(report) => Ok(*report),
        Planning::Ready(ready) => carry_out(*ready, progress).await,
    }
}

/// The progress of one of several gateways.
enum Step {
    Planned(Result<Planning, Error>),
    Finished(Box<Result<Dedupe, Error>>),
}

/// Makes and carries out plans for several gateways independently: a slow one does not delay the others. `show`
/// receives each plan before it is carried out.
pub async fn run_all(
    request: &Request,
    targets: &[Flags],
    deadline: Deadline,
    show: &mut dyn FnMut(&Ready),
    progress: &mut dyn FnMut(usize),
) -> Vec<Result<Dedupe, Error>> {
    if let [flags] = targets {
        let planning = plan(request, flags, deadline).await;
        if let Ok(Planning::Ready(ready)) = &planning
            && ready.needs_confirmation()
        {
            show(ready);
        }
        return vec![finish(planning, progress).await];
    }
    let mut steps = FuturesUnordered::<Pin<Box<dyn Future<Output = (usize, Step)> + '_>>>::new();
    for (at, flags) in targets.iter().enumerate() {
        steps.push(Box::pin(async move { (at, Step::Planned(plan(request, flags, deadline).await)) }));
    }
    let mut reports: Vec<(usize, Result<Dedupe, Error>)> = Vec::new();
    while let Some((at, step)) = steps.next().await {
        match step {
            Step::Planned(planning) => {
                if let Ok(Planning::Ready(ready)) = &planning
                    && ready.needs_confirmation()
                {
                    show(ready);
                }
                steps.push(Box::pin(async move {
                    (at, Step::Finished(Box::new(finish(planning, &mut |_| {}).await)))
                }));
            }
            Step::Finished(report) => reports.push((at, *report)),
        }
    }
    reports.sort_by_key(|(at, _)| *at);
    reports.into_iter().map(|(_, report)| report).collect()
}

/// Carries out a plan, and lists again. Only planned prompts are denied; prompts that arrived since are ignored.
async fn carry_out(ready: Ready, progress: &mut dyn FnMut(usize)) -> Result<Dedupe, Error> {
    let Ready { gateway, planned, request, before: pending, hold } = ready;
    let request = &request;
    let (mut queue, deadline) = hold.resume();
    // Held until this ends, but not while somebody reads the plan, which may take hours. The queue is listed again.
    let _alone = queue.connection.alone().await?;
    let mut stop = Stop::listening();
    let mut rounds = Vec::new();
    let mut before = pending;
    let mut unseen = None;
    let until = request.settle.map(Deadline::after);
    loop {
        let (mut round, after) = purge(request, &mut queue, &before, deadline, &mut stop, progress).await?;
        let after = match after {
            Ok(after) => after,
            // The report has what was done so far.
            Err(error) => {
                rounds.push(round);
                unseen = Some(error);
                break;
            }
        };
        let watched = until.filter(|_| !stop.was_asked() && deadline.left().is_some());
        let Some(until) = watched else {
            rounds.push(round);
            before = after;
            break;
        };
        let settled = match settled(request, &mut queue, after, until, deadline, &mut stop).await {
            Ok(settled) => settled,
            Err(error) => {
                rounds.push(round);
                unseen = Some(error);
                break;
            }
        };
        let again = matches!(settled, Settled::Again(_));
        let (Settled::Again(later) | Settled::Quiet(later)) = settled;
        // An agent asks again a moment after its denial, possibly after the listing at the end of the purge.
        note_again(&mut round, &request.plan(&before), &before, &later);
        rounds.push(round);
        before = later;
        if !again || stop.was_asked() || rounds.len() > request.rounds as usize {
            break;
        }
    }
    queue.connection.close().await;
    let mut report = report(request, gateway, &before, planned, rounds);
    if let Some(error) = unseen {
        // The last listing is older than the last denial.
        let over = report.rounds.last().into_iter().flat_map(|round| &round.entries);
        let over = over
            .filter(|entry| {
                matches!(entry.outcome, Outcome::Denied | Outcome::AlreadyGone | Outcome::Allowed(_))
            })
            .count();
        report.pending = report.pending.saturating_sub(over);
        report.partial =
            Some(format!("the queue could not be listed again, so this report may be out of date: {error}"));
        if report.verdict == Verdict::Done {
            report.verdict = Verdict::Partly;
        }
    }
    Ok(report)
}

fn report(
    request: &Request,
    gateway: String,
    last: &Pending,
    planned: Planned,
    rounds: Vec<Round>,
) -> Dedupe {
    let entries = rounds.iter().flat_map(|round| &round.entries);
    let mut totals = Totals::of(entries, &[]);
    totals.requeued =
        rounds.last().map_or(0, |round| round.requeued.iter().filter(|row| row.duplicate).count());
    let duplicates = rounds.iter().map(|round| round.entries.len()).sum::<usize>().max(planned.duplicates);
    let verdict = match request.asked {
        Asked::Purge => crate::report::queue::verdict(Asked::Purge, duplicates, &totals),
        asked => crate::report::queue::verdict(asked, planned.duplicates, &totals),
    };
    // A prompt that could not be read may be a duplicate.
    let understood = last.listing.problems.is_empty() && planned.beside.undecided == 0;
    let verdict = if verdict == Verdict::Done && !understood { Verdict::Partly } else { verdict };
    let emptied = rounds.iter().any(|round| !round.emptied.is_empty());
    let verdict = if emptied && verdict == Verdict::Done { Verdict::Partly } else { verdict };
    Dedupe {
        gateway,
        asked: request.asked,
        planned,
        problems: last.listing.problems.iter().map(ToString::to_string).collect(),
        partial: last.partial.clone(),
        runs_unknown: last.runs_unknown.clone(),
        notes: last.notes.clone(),
        rounds,
        totals,
        verdict,
        pending: last.listing.prompts.len(),
    }
}

/// One purge of what is planned for a listing, and the listing after it, if there is one.
pub(super) async fn purge(
    request: &Request,
    queue: &mut Queue,
    before: &Pending,
    deadline: Deadline,
    stop: &mut Stop,
    progress: &mut dyn FnMut(usize),
) -> Result<(Round, Result<Pending, Error>), Error> {
    let plan = request.plan(before);
    let left = deadline.left().unwrap_or_default().saturating_sub(REPORTING);
    let ends = queue.now().steady.plus(millis(left));
    let slots = queue.connection.slots();
    let mut work = Purge::new(Tuning { deadline: Some(ends), slots, ..Tuning::default() });
    for group in plan.duplicated() {
        work.add(group, before.at());
    }
    let mut events = queue.connection.take_events();
    if queue.now().gateway.since(before.at()) > FRESH_MS {
        // A person may have read the plan meanwhile. The answer arrives after every event of that time.
        let now = stop.spare(Box::pin(queue.list_again(before))).await?;
        outdate(&mut work, request, (&plan, before), &now);
        caught_up(queue, &now, events.is_some(), &mut work);
    } else if queue.capabilities().sends_decisions && events.is_some() {
        // Such a gateway sends every decision to every operator, and the connection is older than the listing.
        work.handle(purge::Input::Subscribed(before.at()), queue.now());
    }
    loop {
        let heard = events.as_mut().filter(|_| queue.capabilities().sends_decisions);
        match drive(queue, heard, &mut work, deadline, stop, progress).await? {
            LoopExit::Done => break,
            // The rest continues after a new listing.
            LoopExit::Lost => {
                let sent = |key: &&Key| work.is_sent(key);
                let sent: Vec<Key> = keys(&plan).filter(sent).cloned().collect();
                work.handle(purge::Input::Lost, queue.now());
                let again = match stop.spare(Box::pin(again(queue, before))).await {
                    Ok(again) => again,
                    Err(error) => {
                        // Every prompt has an outcome now.
                        work.end(queue.now());
                        let entries = work.take().into_iter().map(|entry| unanswered(entry, &sent)).collect();
                        return Ok((
                            Round { entries, requeued: Vec::new(), emptied: Vec::new() },
                            Err(error),
                        ));
                    }
                };
                events = queue.connection.take_events();
                work.handle(purge::Input::Restored, queue.now());
                outdate(&mut work, request, (&plan, before), &again);
                caught_up(queue, &again, events.is_some(), &mut work);
            }
        }
    }
    queue.connection.give_events(events);
    let mut entries: Vec<Entry> = work.take();
    let after = match stop.spare(Box::pin(queue.list_again(before))).await {
        Ok(after) => after,
        Err(error) => return Ok((Round { entries, requeued: Vec::new(), emptied: Vec::new() }, Err(error))),
    };
    report::correct(&mut entries, &before.listing.prompts, &after.listing.prompts, &after.unread);
    let mut round = Round { entries, requeued: Vec::new(), emptied: Vec::new() };
    note_again(&mut round, &plan, before, &after);
    round.emptied = Emptied::of(&plan, &after.listing.prompts, &after.unread);
    Ok((round, Ok(after)))
}

/// Notes the prompts that re-request what was denied. A prompt that a filter left out of the plan is older than the
/// denial, and does not count.
fn note_again(round: &mut Round, plan: &Plan<'_>, before: &Pending, after: &Pending) {
    let known = before.keys();
    round.asked_again(plan, &denied(&round.entries), &after.listing.prompts);
    round.requeued.retain(|again| !known.contains(&again.prompt.key));
}

/// Skips the groups that a new listing changed since the plan was made from `before`. Prompts that arrived since are not
/// in the plan, and none of them is kept instead of a planned one.
fn outdate(work: &mut Purge, request: &Request, (plan, before): (&Plan<'_>, &Pending), now: &Pending) {
    let known = before.keys();
    let later = request.plan_among(now, |key| known.contains(key));
    plan.outdated_by(&later).for_each(|survivor| work.outdate(survivor));
}

/// Passes the pending prompts to the purge, and whether every decision will be received from now on.
fn caught_up(queue: &Queue, now: &Pending, listening: bool, work: &mut Purge) {
    work.handle(purge::Input::Listed(now.keys(), now.at()), queue.now());
    if queue.capabilities().sends_decisions && listening {
        work.handle(purge::Input::Subscribed(now.at()), queue.now());
    }
}

/// Connects and lists again.
async fn again(queue: &mut Queue, before: &Pending) -> Result<Pending, Error> {
    queue.reopen().await?;
    queue.list_again(before).await
}

/// The members of all groups with duplicates of a plan.
fn keys<'p>(plan: &'p Plan<'_>) -> impl Iterator<Item = &'p Key> {
    plan.duplicated().flat_map(|group| group.members.iter().map(|member| &member.key))
}

/// Corrects a skipped prompt if its denial was sent: then it was not answered.
fn unanswered(mut entry: Entry, sent: &[Key]) -> Entry {
    if matches!(entry.outcome, Outcome::Skipped(_)) && sent.contains(&entry.key) {
        entry.outcome = Outcome::Failed(Failure::NoAnswer);
    }
    entry
}

enum Settled {
    /// New duplicates arrived.
    Again(Pending),
    /// No duplicates arrived until the end.
    Quiet(Pending),
}

/// Watches until new duplicates arrive, or until the end.
async fn settled(
    request: &Request,
    queue: &mut Queue,
    mut pending: Pending,
    until: Deadline,
    deadline: Deadline,
    stop: &mut Stop,
) -> Result<Settled, Error> {
    /// The polling period for a gateway that sends no events.
    const EVERY: Duration = Duration::from_secs(1);
    loop {
        if request.plan(&pending).duplicates() > 0 {
            return Ok(Settled::Again(pending));
        }
        let left = until.left().into_iter().chain(deadline.left().map(|left| left.saturating_sub(REPORTING)));
        let (Some(_), Some(left)) = (until.left(), left.min()) else { return Ok(Settled::Quiet(pending)) };
        let stopped = tokio::select! {
            () = tokio::time::sleep(EVERY.min(left)) => false,
            () = stop.asked() => true,
        };
        pending = stop.spare(Box::pin(queue.list_again(&pending))).await?;
        if stopped || left <= EVERY {
            let again = request.plan(&pending).duplicates() > 0;
            return Ok(if again { Settled::Again(pending) } else { Settled::Quiet(pending) });
        }
    }
}

/// The exit code for the reports of all gateways. The first row that matches:
///
/// | gateways | exit |
/// | --- | --- |
/// | one was not confirmed, and nothing was sent to any | usage |
/// | none failed, all are done or found duplicates, and one found some | found |
/// | all end with the same exit code | that one |
/// | any others | partly |
pub fn exit(reports: &[Result<Dedupe, Error>]) -> Exit {
    let unconfirmed =
        |error: &Error| matches!(error, Error::Queue(QueueError::Unconfirmed | QueueError::Declined));
    // Only a purge has rounds.
    let nothing_sent = reports.iter().flatten().all(|report| report.rounds.is_empty());
    if nothing_sent && reports.iter().filter_map(|report| report.as_ref().err()).any(unconfirmed) {
        return Exit::Usage;
    }
    let is = |report: &Result<Dedupe, Error>, wanted: &[Verdict]| {
        report.as_ref().is_ok_and(|report| wanted.contains(&report.verdict))
    };
    if reports.iter().all(|report| is(report, &[Verdict::Done, Verdict::Found]))
        && reports.iter().any(|report| is(report, &[Verdict::Found]))
    {
        return Exit::Found;
    }
    of_several(reports.iter().map(|report| match report {
        Ok(report) => of_queue(report.verdict),
        Err(error) => error.exit(),
    }))
}
