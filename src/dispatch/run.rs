//! `run …`

use std::io;

use super::{Question, flags, paper};
use crate::Streams;
use crate::cli::run::{Cancel, Ls};
use crate::commands::gateway as gateways;
use crate::commands::run::cancel::By;
use crate::commands::run::{cancel, ls};
use crate::deadline::Deadline;
use crate::output::{self, Layout};
use crate::queue::cancel::{CancelPlan, Which};
use crate::report::exit::Exit;

fn layout(all: bool) -> Layout {
    Layout { paper: paper(&io::stdout()), full: false, all }
}

/// `run ls`
pub fn list(args: Ls, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let flags = flags(args.gateway.gateway, args.access, args.quiet.quiet);
    let list = gateways::run(ls::run(&flags, deadline))?;
    if args.quiet.quiet
        && !args.json
        && list.rows.is_empty()
        && list.problems.is_empty()
        && list.partial.is_none()
    {
        return Ok(Exit::Done);
    }
    output::runs_unknown_text(streams.err, list.runs_unknown.as_deref(), paper(&io::stderr()))?;
    if args.json {
        output::json(streams.out, &list.json())?;
    } else {
        output::runs_text(streams.out, &list, layout(args.all))?;
    }
    // A prompt that was not understood may be held by any run.
    Ok(if list.problems.is_empty() { Exit::Done } else { Exit::Partly })
}

/// `run cancel`
pub fn cancel(args: Cancel, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let which = match (args.run, args.session) {
        (Some(run), _) => Which::Run(run),
        (None, Some(session)) => Which::Session(session),
        (None, None) => Which::Superseded,
    };
    let flags = flags(args.gateway.gateway, args.access, args.quiet.quiet);
    let Streams { out, err, .. } = streams;
    let confirm = async |plan: &CancelPlan| {
        let shown = match (args.json, args.yes) {
            (true, true) => Ok(()),
            (true, false) => output::cancel_plan_text(
                err,
                plan,
                Layout { paper: paper(&io::stderr()), ..layout(args.all) },
            ),
            (false, _) => output::cancel_plan_text(out, plan, layout(args.all)).and_then(|()| out.flush()),
        };
        if args.yes {
            return Ok(());
        }
        if shown.is_err() {
            return Err(crate::commands::queue::QueueError::Unconfirmed);
        }
        Question::ask(err, &output::cancel_question(plan))?.answer().await
    };
    let confirm = (!args.dry_run).then_some(confirm);
    let report = gateways::run(cancel::run(which, By::Person, &flags, deadline, confirm))?;
    // Where runs are unknown, nothing is known to be superseded either.
    if args.quiet.quiet && !args.json && report.plan.nothing && report.plan.runs_unknown.is_none() {
        return Ok(Exit::Done);
    }
    output::runs_unknown_text(streams.err, report.plan.runs_unknown.as_deref(), paper(&io::stderr()))?;
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
