//! `queue resolve`: shows what is decided, asks for confirmation, and sends the decisions.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::super::access::flags;
use super::super::command_line::CommandLine;
use super::super::confirm::{self, ask};
use super::super::deadlines::{guarded, within};
use super::{filter, layout};
use crate::cli::queue::Resolve;
use crate::commands::Error;
use crate::commands::queue::QueueError;
use crate::commands::queue::entry::{self, Proposal};
use crate::commands::queue::resolve::{self, Confirmed, Planning, Ready, Ruling};
use crate::commands::queue::resolve_many::{self, Planning as PlanningMany, Ready as ReadyMany};
use crate::commands::runtime::Runtime;
use crate::deadline::Deadline;
use crate::output::{self, Layout, Paper};
use crate::queue::{Decision, Prompt};
use crate::report::approvals::SetOutcome;
use crate::report::exit::{self, Exit};
use crate::report::queue::{Added, Decisions, Entry, Resolved};
use crate::settings::Flags;
use crate::streams::Streams;

/// How to show and confirm a plan.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Shown {
    yes: bool,
    json: bool,
    all: bool,
    quiet: bool,
}

/// How an entry is added.
#[derive(Clone, Copy)]
struct Adding<'a> {
    /// A table of the programs of the gateway's host.
    programs: Option<&'a Path>,
    /// The command line, to complete the remedy.
    line: &'a CommandLine,
}

/// `queue resolve`. `timeout`: of everything before the question; for a single prompt, also of everything after it.
pub fn resolve(
    args: Resolve,
    line: &CommandLine,
    timeout: Duration,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let mut ids = args.id;
    let last = ids.pop().unwrap_or_default();
    let decision = Decision::named(&last).ok_or(QueueError::NoDecision(last)).map_err(Error::from)?;
    let shown = Shown { yes: args.yes, json: args.json, all: args.all, quiet: args.quiet.quiet };
    let flags = flags(args.gateway.gateway, args.access, shown.quiet);
    let request = resolve_many::Request {
        ids,
        filter: filter(args.filters),
        ruling: Ruling { decision, expires_in_days: args.expires_in_days },
        adds_entry: args.add_entry,
        dry_run: args.dry_run,
    };
    request.check().map_err(Error::from)?;
    let adding = args.add_entry.then_some(Adding { programs: args.programs.as_deref(), line });
    if let Some(adding) = adding.filter(|_| request.dry_run) {
        return planned(&request, &flags, shown, adding, Deadline::after(timeout), streams);
    }
    match &request.ids[..] {
        [id] if !request.dry_run => one((id, request.ruling), &flags, shown, adding, timeout, streams),
        _ => several(&request, &flags, shown, Deadline::after(timeout), streams),
    }
}

/// Decides one prompt.
fn one(
    (id, ruling): (&str, Ruling),
    flags: &Flags,
    shown: Shown,
    adding: Option<Adding<'_>>,
    timeout: Duration,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let deadline = Deadline::after(timeout);
    let Ruling { decision, .. } = ruling;
    let runtime = Runtime::new()?;
    let resolved = match runtime.run(resolve::plan(id, ruling, flags, deadline))? {
        Planning::Finished(_) if adding.is_some() => {
            return Err(decided_before(id).into());
        }
        Planning::Finished(resolved) => *resolved,
        Planning::Ready(ready) => {
            let asked = decision != Decision::Deny && !shown.yes;
            let confirmed = || -> anyhow::Result<(Option<Proposal>, Confirmed)> {
                let proposal = adding
                    .map(|adding| proposed(&ready.prompt, flags, adding.programs, deadline))
                    .transpose()?;
                let entry = proposal.as_ref().map(|proposal| &proposal.entry);
                let confirmed =
                    if asked { confirmed(&ready, decision, entry, streams)? } else { Confirmed::Unasked };
                Ok((proposal, confirmed))
            };
            let (proposal, confirmed) = runtime.keep_alive(confirmed)?;
            let mut resolved = runtime.run(resolve::carry_out(*ready, confirmed))?;
            resolved.entry = proposal.map(|proposal| {
                let entry = proposal.entry.clone();
                let added = stored(proposal, Deadline::after(timeout));
                (entry, added)
            });
            resolved
        }
    };
    if shown.json {
        output::json(streams.out, &resolved.json())?;
    } else {
        output::resolved_text(streams.out, &resolved, Paper::of(&io::stdout()))?;
    }
    match adding {
        Some(Adding { line, .. }) => entry_of(&resolved, shown.json, line, streams),
        None => Ok(Exit::Done),
    }
}

fn decided_before(id: &str) -> Error {
    let why = "it was decided before, and its command is not known any more".to_owned();
    QueueError::NoEntry { id: id.to_owned(), why }.into()
}

/// Shows one prompt, the entry that allows exactly its command, and what it would change. Nothing is decided or stored.
fn planned(
    request: &resolve_many::Request,
    flags: &Flags,
    shown: Shown,
    adding: Adding<'_>,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let mut report = match Runtime::new()?.run(resolve_many::plan(request, flags, deadline))? {
        PlanningMany::Finished(report) => *report,
        // A dry run has nothing to carry out.
        PlanningMany::Ready(ready) => Decisions::planned(ready.plan),
    };
    let Some(prompt) = report.plan.prompts.first() else {
        return Err(decided_before(request.ids.first().map_or("", String::as_str)).into());
    };
    let proposal = proposed(prompt, flags, adding.programs, deadline)?;
    let layout = layout(false, shown.all);
    if shown.json {
        let added = match proposal.planned.set.outcome {
            SetOutcome::Unchanged => Added::Before,
            SetOutcome::Planned | SetOutcome::Stored => Added::Planned,
        };
        report.entry = Some((proposal.entry, added));
        output::json(streams.out, &report.json())?;
    } else {
        output::decisions_plan_text(streams.out, &report.plan, layout)?;
        output::entry_text(streams.out, &proposal.entry, layout.paper)?;
        output::edit_text(streams.out, &proposal.planned)?;
        output::decisions_text(streams.out, &report, layout)?;
    }
    Ok(exit::of_queue(report.verdict()))
}

/// Finds the entry to add, on a thread that is abandoned at the deadline.
fn proposed(
    prompt: &Prompt,
    flags: &Flags,
    programs: Option<&Path>,
    deadline: Deadline,
) -> anyhow::Result<Proposal> {
    let (prompt, flags, programs) = (prompt.clone(), flags.clone(), programs.map(Path::to_owned));
    within(deadline, move || entry::propose(&prompt, &flags, programs.as_deref(), deadline))
}

/// Stores the entry. The prompt is decided already, so an error is a part of the report.
fn stored(proposal: Proposal, deadline: Deadline) -> Added {
    let stored = guarded(deadline, move |gate| entry::store(proposal, gate, deadline));
    stored.unwrap_or_else(|error| Added::Failed(format!("{error:#}")))
}

/// Prints what became of the entry. If it is not stored, the command is done in part.
fn entry_of(
    resolved: &Resolved,
    json: bool,
    line: &CommandLine,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let Some((entry, added)) = &resolved.entry else { return Ok(Exit::Done) };
    if let Added::Failed(why) = added {
        let remedy = line.completed(&entry.next);
        output::entry_failed_text(streams.err, why, &remedy, Paper::of(&io::stderr()))?;
        return Ok(Exit::Partly);
    }
    if !json {
        output::added_entry_text(streams.out, entry, added, Paper::of(&io::stdout()))?;
    }
    Ok(Exit::Done)
}

fn confirmed(
    ready: &Ready,
    decision: Decision,
    entry: Option<&Entry>,
    streams: &mut Streams<'_>,
) -> Result<Confirmed, Error> {
    let paper = Paper::of(&io::stderr());
    let shown = output::prompt_text(streams.err, &ready.prompt, ready.now_ms, paper);
    let shown = shown.and_then(|()| match entry {
        Some(entry) => output::entry_text(streams.err, entry, paper),
        None => Ok(()),
    });
    if shown.is_err() {
        return Err(QueueError::Unconfirmed.into());
    }
    ask(streams.err, output::resolve_question(decision, entry.is_some(), ready.prompt.is_of_cron_job()))?;
    Ok(Confirmed::ByPerson)
}

/// Decides several prompts.
fn several(
    request: &resolve_many::Request,
    flags: &Flags,
    shown: Shown,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let runtime = Runtime::new()?;
    let report = match runtime.run(resolve_many::plan(request, flags, deadline))? {
        PlanningMany::Finished(report) => *report,
        PlanningMany::Ready(ready) => {
            runtime.keep_alive(|| confirmed_plan(&ready, shown, streams))?;
            runtime.run(resolve_many::carry_out(*ready))?
        }
    };
    if shown.quiet && !shown.json && report.is_nothing() {
        return Ok(Exit::Done);
    }
    let layout = layout(false, shown.all);
    if shown.json {
        output::json(streams.out, &report.json())?;
    } else {
        if !report.carried_out {
            output::decisions_plan_text(streams.out, &report.plan, layout)?;
        }
        output::decisions_text(streams.out, &report, layout)?;
    }
    Ok(exit::of_queue(report.verdict()))
}

/// Shows a plan, and asks for confirmation unless `--yes` is given.
fn confirmed_plan(ready: &ReadyMany, shown: Shown, streams: &mut Streams<'_>) -> anyhow::Result<()> {
    let Streams { out, err, .. } = streams;
    let layout = layout(false, shown.all);
    let printed = match (shown.json, shown.yes) {
        // The report includes the plan.
        (true, true) => Ok(()),
        (true, false) => {
            let layout = Layout { paper: Paper::of(&io::stderr()), ..layout };
            output::decisions_plan_text(*err, &ready.plan, layout)
        }
        (false, _) => output::decisions_plan_text(*out, &ready.plan, layout).and_then(|()| out.flush()),
    };
    if shown.yes {
        return Ok(());
    }
    if !shown.json {
        confirm::shown(printed)?;
    } else if printed.is_err() {
        return Err(Error::from(QueueError::Unconfirmed).into());
    }
    Ok(ask(*err, &output::decisions_question(&ready.plan)).map_err(Error::from)?)
}
