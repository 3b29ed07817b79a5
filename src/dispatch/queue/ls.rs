//! `queue ls`

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::time::Duration;

use super::super::access::flags;
use super::super::command_line::CommandLine;
use super::super::failures::failure_of;
use super::{filter, layout};
use crate::cli::queue::Ls;
use crate::commands::queue::{QueueError, ls};
use crate::commands::targets::Targets;
use crate::commands::{Error, gateway as gateways};
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::report::exit::{self, Exit};
use crate::report::queue as report;
use crate::settings::{Environment, Flags};
use crate::store::input::Input;
use crate::streams::Streams;

/// `queue ls`. `end`: `--timeout`, if given.
pub fn list(
    args: Ls,
    line: &CommandLine,
    end: Option<Deadline>,
    step: Duration,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let request = ls::Request {
        filter: filter(args.filters),
        duplicates: args.duplicates,
        scope: args.by,
        sort: args.sort,
        whole: args.json || args.ndjson,
    };
    let deadline = end.unwrap_or_else(|| Deadline::after(step));
    let access = flags(None, args.access, args.quiet.quiet);
    // Machine output is always complete.
    let quiet = args.quiet.quiet && !args.json;
    let several = args.all_gateways || args.gateway.len() > 1;
    if several && args.watch {
        return Err(Error::from(QueueError::WatchesOne).into());
    }
    if several {
        let targets = Targets { names: args.gateway, all: args.all_gateways, access };
        let targets = targets.find(&Environment::of_process(), deadline)?;
        let listed = gateways::run(ls::run_all(&request, &targets, deadline))?;
        let format = (args.json, args.ndjson);
        let is_nothing = |one: &ls::Listed| matches!(&one.result, Ok(queued) if queued.is_nothing());
        if quiet && listed.iter().all(is_nothing) {
            return Ok(Exit::Done);
        }
        return list_several((&listed, line), format, layout(args.full, args.all), streams);
    }
    let flags = Flags { gateway: args.gateway.into_iter().next(), ..access };
    if args.watch {
        let layout = || layout(args.full, args.all);
        return watch((&request, &flags), (end, step), args.ndjson, layout, streams);
    }
    let queued = match &args.file {
        Some(path) => ls::of_file(&request, &Input::named(path), deadline)?,
        None => gateways::run(ls::run(&request, &flags, deadline))?,
    };
    if quiet && queued.is_nothing() {
        return Ok(Exit::Done);
    }
    output::runs_unknown_text(streams.err, queued.runs_unknown.as_deref(), Paper::of(&io::stderr()))?;
    match (args.json, args.ndjson) {
        (true, _) => output::json(streams.out, &queued.json())?,
        (false, true) => output::queue_ndjson(streams.out, &queued, false)?,
        (false, false) => output::queue_text(streams.out, &queued, layout(args.full, args.all))?,
    }
    if args.ndjson && !args.json {
        // Each line of --ndjson is a prompt.
        output::queue_remarks(
            streams.err,
            Paper::of(&io::stderr()),
            &queued.problems,
            queued.partial.as_deref(),
            &queued.notes,
        )?;
    }
    Ok(exit::of_queue(queued.verdict()))
}

/// `queue ls` of several gateways. A failed one does not hide the others.
fn list_several(
    (listed, line): (&[ls::Listed], &CommandLine),
    (json, ndjson): (bool, bool),
    layout: output::Layout,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let err = Paper::of(&io::stderr());
    let mut failures = Vec::new();
    let mut first = true;
    for ls::Listed { gateway, result } in listed {
        match result {
            Ok(queued) => {
                output::runs_unknown_text(streams.err, queued.runs_unknown.as_deref(), err)?;
                if json {
                    // All listings are in one object.
                } else if ndjson {
                    output::queue_ndjson(streams.out, queued, true)?;
                    let partial = queued.partial.as_deref();
                    output::queue_remarks(streams.err, err, &queued.problems, partial, &queued.notes)?;
                } else {
                    if !std::mem::take(&mut first) {
                        output::blank_line(streams.out)?;
                    }
                    output::queue_text(streams.out, queued, layout)?;
                }
            }
            Err(error) => {
                let failure = failure_of(error, gateway, line);
                output::error::text(streams.err, &failure, err)?;
                failures.push((gateway, failure));
            }
        }
    }
    if json {
        let mut failures = failures.iter();
        let queues = listed.iter().filter_map(|ls::Listed { result, .. }| match result {
            Ok(queued) => Some(Ok(queued)),
            Err(_) => failures.next().map(|(gateway, failure)| Err(failure.of_gateway(Some(gateway)))),
        });
        output::json(streams.out, &report::queues(queues))?;
    }
    Ok(ls::exit(listed))
}

/// `queue ls --watch`
fn watch(
    (request, flags): (&ls::Request, &Flags),
    (end, step): (Option<Deadline>, Duration),
    ndjson: bool,
    layout: impl Fn() -> output::Layout,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    /// The redraw period: ages are shown in seconds.
    const REDRAW: Duration = Duration::from_secs(1);
    /// The silence of a gateway after which a note is shown.
    const QUIET: Duration = Duration::from_secs(5);
    let mut printed = Ok(());
    let mut seen = BTreeSet::new();
    let mut noted = false;
    let mut unread = Vec::new();
    let redraw = (io::stdout().is_terminal() && !ndjson).then_some(REDRAW);
    let mut screen = output::Screen::new(streams.out);
    let watched = gateways::run(ls::watch(request, flags, step, end, redraw, |now| {
        let drawn = if redraw.is_some() {
            let status = (now.quiet > QUIET)
                .then(|| format!("No answer from the gateway for {}s.", now.quiet.as_secs()));
            let lines = terminal_size::terminal_size_of(io::stdout()).map_or(24, |(_, lines)| lines.0);
            let draw =
                |out| output::queue_screen(out, now.queued, layout(), usize::from(lines), status.as_deref());
            screen.open().and_then(draw)
        } else if now.changed {
            // Printed once, until the state is known again.
            let note = now.queued.runs_unknown.as_deref();
            let news = note.filter(|_| !noted);
            noted = note.is_some();
            let printed = output::runs_unknown_text(streams.err, news, Paper::of(&io::stderr()));
            let printed = printed.and_then(|()| {
                if unread == now.queued.problems {
                    return Ok(());
                }
                unread.clone_from(&now.queued.problems);
                let partial = now.queued.partial.as_deref();
                output::queue_remarks(
                    streams.err,
                    Paper::of(&io::stderr()),
                    &unread,
                    partial,
                    &now.queued.notes,
                )
            });
            let changes = if ndjson { output::changes_ndjson } else { output::changes_text };
            printed.and_then(|()| changes(screen.out(), &seen, now.queued)).map(|now| seen = now)
        } else {
            Ok(())
        };
        printed = drawn.and_then(|()| screen.out().flush());
        printed.is_ok()
    }));
    drop(screen);
    watched?;
    printed?;
    Ok(Exit::Done)
}
