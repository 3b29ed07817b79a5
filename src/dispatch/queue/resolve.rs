//! `queue resolve`: shows what is decided, asks for confirmation, and sends the decisions.

use std::io;

use super::super::access::flags;
use super::super::confirm::{self, ask};
use super::{filter, layout};
use crate::cli::queue::Resolve;
use crate::commands::Error;
use crate::commands::queue::QueueError;
use crate::commands::queue::resolve::{self, Confirmed, Planning, Ready, Ruling};
use crate::commands::queue::resolve_many::{self, Planning as PlanningMany, Ready as ReadyMany};
use crate::commands::runtime::Runtime;
use crate::deadline::Deadline;
use crate::output::{self, Layout, Paper};
use crate::queue::Decision;
use crate::report::exit::{self, Exit};
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

/// `queue resolve`
pub fn resolve(args: Resolve, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let mut ids = args.id;
    let last = ids.pop().unwrap_or_default();
    let decision = Decision::named(&last).ok_or(QueueError::NoDecision(last)).map_err(Error::from)?;
    let shown = Shown { yes: args.yes, json: args.json, all: args.all, quiet: args.quiet.quiet };
    let flags = flags(args.gateway.gateway, args.access, shown.quiet);
    let request = resolve_many::Request {
        ids,
        filter: filter(args.filters),
        ruling: Ruling { decision, expires_in_days: args.expires_in_days },
        dry_run: args.dry_run,
    };
    request.check().map_err(Error::from)?;
    match &request.ids[..] {
        [id] if !request.dry_run => one(id, request.ruling, &flags, shown, deadline, streams),
        _ => several(&request, &flags, shown, deadline, streams),
    }
}

/// Decides one prompt.
fn one(
    id: &str,
    ruling: Ruling,
    flags: &Flags,
    shown: Shown,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let runtime = Runtime::new()?;
    let resolved = match runtime.run(resolve::plan(id, ruling, flags, deadline))? {
        Planning::Finished(resolved) => *resolved,
        Planning::Ready(ready) => {
            let asked = ruling.decision != Decision::Deny && !shown.yes;
            let confirmed = if asked {
                runtime.keep_alive(|| confirmed(&ready, ruling.decision, streams))?
            } else {
                Confirmed::Unasked
            };
            runtime.run(resolve::carry_out(*ready, confirmed))?
        }
    };
    if shown.json {
        output::json(streams.out, &resolved.json())?;
    } else {
        output::resolved_text(streams.out, &resolved, Paper::of(&io::stdout()))?;
    }
    Ok(Exit::Done)
}

fn confirmed(ready: &Ready, decision: Decision, streams: &mut Streams<'_>) -> Result<Confirmed, Error> {
    if output::prompt_text(streams.err, &ready.prompt, ready.now_ms, Paper::of(&io::stderr())).is_err() {
        return Err(QueueError::Unconfirmed.into());
    }
    ask(streams.err, output::resolve_question(decision, ready.prompt.is_of_cron_job()))?;
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
