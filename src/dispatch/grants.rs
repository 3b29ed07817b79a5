//! `grants …`

use std::io;

use super::access::flags;
use super::confirm::{self, ask};
use crate::cli::grants::{Ls, Revoke};
use crate::commands::grants::{ls, revoke};
use crate::commands::queue::QueueError;
use crate::commands::runtime::Runtime;
use crate::commands::{Error, gateway as gateways};
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::queue::grants::Filter;
use crate::report::exit::{self, Exit};
use crate::report::grants::RevokePlan;
use crate::report::queue::Verdict;
use crate::streams::Streams;

/// `grants ls`
pub fn list(args: Ls, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let request = ls::Request { filter: Filter { agent: args.agent, job: args.job }, all: args.all };
    let flags = flags(args.gateway.gateway, args.access, args.quiet.quiet);
    let list = gateways::run(ls::run(&request, &flags, deadline))?;
    let verdict = list.verdict();
    if args.quiet.quiet && !args.json && list.rows.is_empty() && verdict == Verdict::Done {
        return Ok(Exit::Done);
    }
    if args.json {
        output::json(streams.out, &list.json())?;
    } else {
        output::grants_text(streams.out, &list, Paper::of(&io::stdout()))?;
    }
    Ok(exit::of_queue(verdict))
}

/// `grants revoke`
pub fn revoke(args: Revoke, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let request = revoke::Request {
        ids: args.grant,
        filter: Filter { agent: args.agent, job: args.job },
        dry_run: args.dry_run,
    };
    let flags = flags(args.gateway.gateway, args.access, args.quiet.quiet);
    let runtime = Runtime::new()?;
    let report = match runtime.run(revoke::plan(&request, &flags, deadline))? {
        revoke::Planning::Finished(report) => *report,
        revoke::Planning::Ready(ready) => {
            runtime.keep_alive(|| confirmed(&ready.plan, (args.yes, args.json), streams))?;
            runtime.run(revoke::carry_out(*ready))?
        }
    };
    if args.quiet.quiet && !args.json && report.is_nothing() {
        return Ok(Exit::Done);
    }
    let paper = Paper::of(&io::stdout());
    if args.json {
        output::json(streams.out, &report.json())?;
    } else {
        if !report.carried_out {
            output::revoke_plan_text(streams.out, &report.plan, paper)?;
        }
        output::revoked_text(streams.out, &report, paper)?;
    }
    Ok(exit::of_queue(report.verdict()))
}

/// Shows a plan, and asks for confirmation unless `--yes` is given.
fn confirmed(plan: &RevokePlan, (yes, json): (bool, bool), streams: &mut Streams<'_>) -> anyhow::Result<()> {
    let Streams { out, err, .. } = streams;
    let printed = match (json, yes) {
        // The report includes the plan.
        (true, true) => Ok(()),
        (true, false) => output::revoke_plan_text(*err, plan, Paper::of(&io::stderr())),
        (false, _) => {
            output::revoke_plan_text(*out, plan, Paper::of(&io::stdout())).and_then(|()| out.flush())
        }
    };
    if yes {
        return Ok(());
    }
    if !json {
        confirm::shown(printed)?;
    } else if printed.is_err() {
        return Err(Error::from(QueueError::Unconfirmed).into());
    }
    Ok(ask(*err, &output::revoke_question(plan)).map_err(Error::from)?)
}
