//! `queue dedupe`: shows the plan, asks for confirmation, and carries it out.

use std::io::{self, IsTerminal, Write};

use super::super::access::flags;
use super::super::command_line::CommandLine;
use super::super::confirm::{self, ask};
use super::super::several;
use super::{filter, layout, millis};
use crate::cli::queue::Dedupe;
use crate::commands::Error;
use crate::commands::each::Each;
use crate::commands::queue::QueueError;
use crate::commands::queue::dedupe::{self, Planning, Ready};
use crate::commands::runtime::Runtime;
use crate::commands::targets::{self, Targets};
use crate::deadline::Deadline;
use crate::output::{self, Layout, Paper};
use crate::report::exit::Exit;
use crate::report::queue::{Asked, Dedupe as Report};
use crate::settings::{Environment, Flags};
use crate::store::input::Input;
use crate::streams::Streams;

/// The options for showing and confirming plans.
#[derive(Debug, Clone, Copy)]
struct Manner {
    yes: bool,
    json: bool,
    all: bool,
}

impl Manner {
    fn layout(self) -> Layout {
        layout(false, self.all)
    }
}

/// `queue dedupe`
pub fn dedupe(
    args: Dedupe,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let asked = match (args.check, args.dry_run || args.file.is_some()) {
        (true, _) => Asked::Check,
        (false, true) => Asked::Plan,
        (false, false) => Asked::Purge,
    };
    let request = dedupe::Request {
        filter: filter(args.filters),
        scope: args.by,
        keep: args.keep,
        margin_ms: millis(args.margin),
        asked,
        settle: args.settle,
        rounds: args.rounds,
        among: None,
    };
    let manner = Manner { yes: args.yes, json: args.json, all: args.all };
    let mut names = Vec::new();
    let reports = if let Some(path) = &args.file {
        vec![dedupe::of_file(&request, &Input::named(path), deadline)]
    } else {
        let access = flags(None, args.access, args.quiet.quiet);
        let targets = Targets { names: args.gateway, all: args.all_gateways, access };
        let targets = targets.find(&Environment::of_process(), deadline)?;
        names.extend(targets.iter().map(targets::shown));
        of_gateways(&request, &targets, manner, deadline, streams)?
    };
    let is_nothing = |report: &Result<_, Error>| report.as_ref().is_ok_and(Report::is_nothing);
    if args.quiet.quiet && !args.json && reports.iter().all(is_nothing) {
        return Ok(Exit::Done);
    }
    print((reports, names, line), &request, manner, streams)
}

fn of_gateways(
    request: &dedupe::Request,
    targets: &[Flags],
    manner: Manner,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Vec<Result<Report, Error>>> {
    let runtime = Runtime::new()?;
    let watched = io::stderr().is_terminal() && targets.len() == 1;
    let Streams { out, err, .. } = streams;
    let plans = if manner.yes {
        None
    } else {
        let plans = runtime.run(async { Ok(dedupe::plan_all(request, targets, deadline).await) })?;
        let confirmed = |plan: Result<Planning, Error>| match plan {
            Ok(plan) => confirmed(plan, manner, *out, *err),
            Err(error) => Ok(Err(error)),
        };
        Some(runtime.keep_alive(|| plans.into_iter().map(confirmed).collect::<io::Result<_>>())?)
    };
    let mut progress = |left: usize| {
        if watched {
            output::progress(*err, left);
        }
    };
    let reports = match plans {
        Some(plans) => runtime.run(async { Ok(dedupe::carry_out_all(plans, &mut progress).await) }),
        None => runtime.run(async {
            // Nobody waits for the plan, so a write error is ignored.
            let mut show = |ready: &Ready| drop(show(ready, manner, *out));
            Ok(dedupe::run_all(request, targets, deadline, &mut show, &mut progress).await)
        }),
    };
    if watched {
        output::progress_over(*err);
    }
    Ok(reports?)
}

/// Prints a plan before it is carried out. With --json the report has the plan.
fn show(ready: &Ready, manner: Manner, out: &mut dyn Write) -> io::Result<()> {
    if manner.json && manner.yes {
        return Ok(());
    }
    output::plan_text(out, &ready.gateway, &ready.planned, manner.layout())?;
    out.flush()
}

/// Shows a plan and asks for confirmation, if it denies anything. The outer error: a plan could not be written to
/// standard output, so that the plans of all gateways must be dropped.
fn confirmed(
    planning: Planning,
    manner: Manner,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<Result<Planning, Error>> {
    if let Planning::Ready(ready) = &planning
        && ready.needs_confirmation()
    {
        if manner.json {
            let layout = Layout { paper: Paper::of(&io::stderr()), ..manner.layout() };
            if output::plan_text(err, &ready.gateway, &ready.planned, layout).is_err() {
                return Ok(Err(QueueError::Unconfirmed.into()));
            }
        } else {
            confirm::shown(show(ready, manner, out))?;
        }
        if let Err(refused) = ask(err, &output::dedupe_question(&ready.planned)) {
            return Ok(Err(refused.into()));
        }
    }
    Ok(Ok(planning))
}

/// Prints the report of each gateway. `names`: as they were given, in the same order.
fn print(
    (reports, names, line): (Vec<Result<Report, Error>>, Vec<String>, &CommandLine),
    request: &dedupe::Request,
    manner: Manner,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let exit = dedupe::exit(&reports);
    let layout = manner.layout();
    // With a single gateway its error is the error of the command.
    let reports = match <[_; 1]>::try_from(reports) {
        Ok([report]) => vec![Ok(report?)],
        Err(reports) => reports,
    };
    let names = names.into_iter().chain(std::iter::repeat(String::new()));
    let all: Vec<Each<Report>> =
        reports.into_iter().zip(names).map(|(result, gateway)| Each { gateway, result }).collect();
    let show = |done: &Report, _: bool, streams: &mut Streams<'_>| {
        let unknown = done.runs_unknown.as_deref();
        output::runs_unknown_text(streams.err, unknown, Paper::of(&io::stderr()))?;
        if manner.json {
            return Ok(());
        }
        if request.asked != Asked::Purge || done.planned.duplicates == 0 {
            output::plan_text(streams.out, &done.gateway, &done.planned, layout)?;
        }
        output::dedupe_text(streams.out, done, layout.paper)
    };
    several::print((&all, line), manner.json, streams, show, Report::json)?;
    Ok(exit)
}
