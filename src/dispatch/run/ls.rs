//! `run ls`

use std::io::{self, Write};
use std::time::Duration;

use super::super::access::flags;
use super::super::command_line::CommandLine;
use super::super::several;
use super::super::watch::{Output, Printed, redraw};
use super::layout;
use crate::cli::run::Ls;
use crate::commands::each::{self, Each};
use crate::commands::queue::QueueError;
use crate::commands::run::ls;
use crate::commands::targets::Targets;
use crate::commands::{Error, gateway as gateways};
use crate::deadline::Deadline;
use crate::output::{self, KnownRuns, Paper};
use crate::queue::cancel::RunList;
use crate::report::exit::Exit;
use crate::settings::{Environment, Flags};
use crate::streams::Streams;

/// `run ls`. `timeout`: of the command, or of each step of `--watch`.
pub fn list(
    args: Ls,
    line: &CommandLine,
    timeout: Duration,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let deadline = Deadline::after(timeout);
    let access = flags(None, args.access, args.quiet.quiet);
    let quiet = args.quiet.quiet && !args.json;
    let format = Format { json: args.json, ndjson: args.ndjson, all: args.all };
    let several = args.all_gateways || args.gateway.len() > 1;
    if several && args.watch {
        return Err(Error::from(QueueError::WatchesOne { noun: "run" }).into());
    }
    if several {
        let targets = Targets { names: args.gateway, all: args.all_gateways, access };
        let targets = targets.find(&Environment::of_process(), deadline)?;
        let listed = gateways::run(async { Ok(ls::run_all(&targets, deadline).await) })?;
        let is_nothing = |one: &Each<RunList>| matches!(&one.result, Ok(list) if list.is_nothing());
        if quiet && listed.iter().all(is_nothing) {
            return Ok(Exit::Done);
        }
        let show = |list: &RunList, is_first: bool, streams: &mut Streams<'_>| {
            if !is_first && !format.json && !format.ndjson {
                output::blank_line(streams.out)?;
            }
            format.print(list, true, streams)
        };
        several::print((&listed, line), args.json, streams, show, RunList::json)?;
        return Ok(each::exit(&listed, exit));
    }
    let flags = Flags { gateway: args.gateway.into_iter().next(), ..access };
    if args.watch {
        return watch(&flags, timeout, format, streams);
    }
    let list = gateways::run(ls::run(&flags, deadline))?;
    if quiet && list.is_nothing() {
        return Ok(Exit::Done);
    }
    format.print(&list, false, streams)?;
    if args.json {
        output::json(streams.out, &list.json())?;
    }
    Ok(exit(&list))
}

/// Any run may hold a prompt that could not be read.
fn exit(list: &RunList) -> Exit {
    if list.problems.is_empty() { Exit::Done } else { Exit::Partly }
}

/// How runs are printed.
#[derive(Debug, Clone, Copy)]
struct Format {
    json: bool,
    ndjson: bool,
    all: bool,
}

impl Format {
    /// Prints everything but the object of `--json`. `named`: each line names its gateway.
    fn print(self, list: &RunList, named: bool, streams: &mut Streams<'_>) -> io::Result<()> {
        let err = Paper::of(&io::stderr());
        output::runs_unknown_text(streams.err, list.runs_unknown.as_deref(), err)?;
        match (self.json, self.ndjson) {
            (true, _) => Ok(()),
            (false, true) => {
                output::runs_ndjson(streams.out, list, named)?;
                output::queue_remarks(streams.err, err, &list.problems, list.partial.as_deref(), &[])
            }
            (false, false) => output::runs_text(streams.out, list, layout(self.all)),
        }
    }
}

/// The runs of `--watch`.
struct Watched {
    format: Format,
    /// The runs that were printed.
    known: KnownRuns,
    /// Whether it was noted that the states of runs are unknown: once, until they are known again.
    is_noted: bool,
    /// The unreadable prompts that were noted.
    unread: Vec<String>,
}

impl Printed<RunList> for Watched {
    fn screen(
        &mut self,
        out: &mut dyn Write,
        list: &RunList,
        lines: usize,
        status: Option<&str>,
    ) -> io::Result<()> {
        output::runs_screen(out, list, layout(self.format.all), lines, status)
    }

    fn changes(&mut self, out: &mut dyn Write, err: &mut dyn Write, list: &RunList) -> io::Result<()> {
        let paper = Paper::of(&io::stderr());
        let note = list.runs_unknown.as_deref();
        output::runs_unknown_text(err, note.filter(|_| !self.is_noted), paper)?;
        self.is_noted = note.is_some();
        if self.unread != list.problems {
            self.unread.clone_from(&list.problems);
            output::queue_remarks(err, paper, &self.unread, list.partial.as_deref(), &[])?;
        }
        let changes =
            if self.format.ndjson { output::runs_changes_ndjson } else { output::runs_changes_text };
        self.known = changes(out, &self.known, list)?;
        Ok(())
    }
}

/// `run ls --watch`
fn watch(flags: &Flags, step: Duration, format: Format, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let redraw = redraw(format.ndjson);
    let watched = Watched { format, known: KnownRuns::new(), is_noted: false, unread: Vec::new() };
    let mut output = Output::new(streams, redraw.is_some(), watched);
    let ended = gateways::run(ls::watch(flags, step, redraw, |now| output.show(&now)));
    let printed = output.finish();
    ended?;
    printed?;
    Ok(Exit::Done)
}
