//! `run cancel`: shows the plan, asks for confirmation, and carries it out.

use std::io;

use super::super::access::flags;
use super::super::confirm::{self, ask};
use super::layout;
use crate::cli::run::Cancel;
use crate::commands::Error;
use crate::commands::queue::QueueError;
use crate::commands::run::cancel::{self, By};
use crate::commands::runtime::Runtime;
use crate::deadline::Deadline;
use crate::output::{self, Layout, Paper};
use crate::queue::cancel::{CancelPlan, Which};
use crate::report::exit::Exit;
use crate::streams::Streams;

/// How to show and confirm a plan.
#[derive(Debug, Clone, Copy)]
struct Shown {
    yes: bool,
    json: bool,
    all: bool,
}

/// Shows a plan, and asks for confirmation unless `--yes` is given.
fn confirmed(plan: &CancelPlan, shown: Shown, streams: &mut Streams<'_>) -> anyhow::Result<()> {
    let Streams { out, err, .. } = streams;
    let Shown { yes, json, all } = shown;
    let printed = match (json, yes) {
        // The report includes the plan.
        (true, true) => Ok(()),
        (true, false) => {
            let layout = Layout { paper: Paper::of(&io::stderr()), ..layout(all) };
            output::cancel_plan_text(*err, plan, layout)
        }
        (false, _) => output::cancel_plan_text(*out, plan, layout(all)).and_then(|()| out.flush()),
    };
    if yes {
        return Ok(());
    }
    if !json {
        confirm::shown(printed)?;
    } else if printed.is_err() {
        return Err(Error::from(QueueError::Unconfirmed).into());
    }
    Ok(ask(*err, &output::cancel_question(plan)).map_err(Error::from)?)
}

/// `run cancel`
pub fn run(args: Cancel, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let shown = Shown { yes: args.yes, json: args.json, all: args.all };
    let which = match (args.run, args.session) {
        (Some(run), _) => Which::Run(run),
        (None, Some(session)) => Which::Session(session),
        (None, None) => Which::Superseded,
    };
    let flags = flags(args.gateway.gateway, args.access, args.quiet.quiet);
    let runtime = Runtime::new()?;
    let ready = runtime.run(cancel::plan(which, By::Person, &flags, deadline))?;
    let report = if args.dry_run || ready.plan.nothing {
        runtime.run(cancel::leave(ready))?
    } else {
        runtime.keep_alive(|| confirmed(&ready.plan, shown, streams))?;
        runtime.run(cancel::carry_out(ready))?
    };
    // If the runs are unknown, superseded runs are unknown too.
    if args.quiet.quiet && !args.json && report.plan.nothing && report.plan.runs_unknown.is_none() {
        return Ok(Exit::Done);
    }
    output::runs_unknown_text(streams.err, report.plan.runs_unknown.as_deref(), Paper::of(&io::stderr()))?;
    if args.json {
        output::json(streams.out, &report.json())?;
    } else {
        if !report.carried_out && !report.plan.nothing {
            output::cancel_plan_text(streams.out, &report.plan, layout(args.all))?;
        }
        output::cancelled_text(streams.out, &report, layout(args.all))?;
    }
    Ok(if report.is_complete() { Exit::Done } else { Exit::Partly })
}
