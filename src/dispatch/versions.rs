//! `approvals versions` and `restore`.

use std::io;
use std::time::Instant;

use super::access::flags;
use super::command_line::CommandLine;
use super::confirm::{self, ask};
use super::deadlines::{guarded, within};
use super::diff::place;
use crate::cli::diff::Operand;
use crate::cli::versions::{Restore, Show, Verb, Versions};
use crate::commands::Error;
use crate::commands::past::{self, restore};
use crate::commands::queue::QueueError;
use crate::deadline::Deadline;
use crate::output::{self, Look, Paper};
use crate::report::approvals::SetOutcome;
use crate::report::approvals::restore::RestoreReport;
use crate::report::exit::Exit;
use crate::streams::Streams;

/// `approvals versions`
pub fn versions(args: Versions, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let Versions { verb, target, limit, verify, json } = args;
    if let Some(Verb::Show(args)) = verb {
        return show(&args, deadline, streams);
    }
    if verify {
        let verified = within(deadline, move || Ok(past::verify(deadline)?))?;
        if json {
            output::json(streams.out, &verified.json())?;
        } else {
            output::verified_text(streams.out, &verified)?;
        }
        return Ok(if verified.is_whole() { Exit::Done } else { Exit::Found });
    }
    let named = target.as_ref().map(Operand::to_string);
    let place = target.map(place);
    let listing = within(deadline, move || Ok(past::list(place.as_ref(), limit, deadline)?))?;
    if json {
        output::json(streams.out, &listing.json())?;
    } else {
        output::versions_text(streams.out, &listing, named.as_deref(), Paper::of(&io::stdout()))?;
    }
    Ok(Exit::Done)
}

fn show(args: &Show, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let id = args.id;
    let shown = within(deadline, move || Ok(past::show(id, deadline)?))?;
    let paper = Paper::of(&io::stderr());
    let Streams { out, err, .. } = streams;
    if args.json {
        output::json(*out, &shown.json())?;
        if !shown.fits {
            output::version_altered_text(*err, &shown, paper)?;
        }
    } else {
        output::version_text((*out, *err), &shown, paper)?;
    }
    Ok(if shown.fits { Exit::Done } else { Exit::Found })
}

/// `approvals restore`
pub fn restore(
    args: Restore,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let Restore { id, to, base_hash, dry_run, yes, json, quiet, access } = args;
    let access = flags(None, access, quiet.quiet);
    let request = restore::Request { id, to: to.map(place), access, base_hash };
    let plan = within(deadline, move || restore::plan(&request, deadline))?;
    let quiet = quiet.quiet && !json;
    if plan.report.is_unchanged() || dry_run {
        if !(quiet && plan.report.is_unchanged()) {
            print_plan(&plan.report, json, streams)?;
            if dry_run && !json && !plan.report.is_unchanged() {
                output::restored_text(streams.out, &plan.report)?;
            }
        }
        return Ok(Exit::Done);
    }
    let asked = Instant::now();
    confirmed(&plan.report, (yes, json), streams)?;
    // The time that a person takes to answer does not count towards the deadline.
    let deadline = deadline.later(asked.elapsed());
    let report = guarded(deadline, move |gate| restore::carry_out(plan, gate, deadline))?;
    let printed = if json {
        output::json(streams.out, &report.json())
    } else {
        output::restored_text(streams.out, &report)
    };
    let printed = printed.and_then(|()| streams.out.flush());
    if printed.is_err() && report.set.outcome == SetOutcome::Stored {
        output::unprinted_text(streams.err, "document")?;
    }
    printed?;
    output::remarks_text(streams.err, &report.set.remarks, Paper::of(&io::stderr()))?;
    if report.set.departures.is_empty() {
        return Ok(Exit::Done);
    }
    output::departures_text(streams.err, &line.completed("clearance approvals get"))?;
    Ok(Exit::Partly)
}

fn print_plan(report: &RestoreReport, json: bool, streams: &mut Streams<'_>) -> io::Result<()> {
    if json {
        return output::json(streams.out, &report.json());
    }
    output::restore_plan_text(streams.out, report, Look::of(streams.styled))
}

/// Shows a plan, and asks for confirmation unless `--yes` is given.
fn confirmed(
    report: &RestoreReport,
    (yes, json): (bool, bool),
    streams: &mut Streams<'_>,
) -> anyhow::Result<()> {
    let look = Look::of(streams.styled);
    let Streams { out, err, .. } = streams;
    let printed = match (json, yes) {
        // The report includes the plan.
        (true, true) => Ok(()),
        (true, false) => output::restore_plan_text(*err, report, look),
        (false, _) => output::restore_plan_text(*out, report, look).and_then(|()| out.flush()),
    };
    if yes {
        return Ok(());
    }
    if !json {
        confirm::shown(printed)?;
    } else if printed.is_err() {
        return Err(Error::from(QueueError::Unconfirmed).into());
    }
    Ok(ask(*err, &output::restore_question(report)).map_err(Error::from)?)
}
