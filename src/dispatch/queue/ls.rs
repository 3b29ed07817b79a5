//! `queue ls`

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use super::super::access::flags;
use super::super::command_line::CommandLine;
use super::super::several;
use super::super::watch::{Output, Printed, redraw};
use super::{filter, layout};
use crate::cli::queue::Ls;
use crate::commands::each::{self, Each};
use crate::commands::queue::{QueueError, ls};
use crate::commands::targets::Targets;
use crate::commands::{Error, gateway as gateways};
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::report::exit::{self, Exit};
use crate::report::queue::Queued;
use crate::settings::{Environment, Flags};
use crate::store::input::Input;
use crate::streams::Streams;

/// `queue ls`. `timeout`: of the command, or of each step of `--watch`.
pub fn list(
    args: Ls,
    line: &CommandLine,
    timeout: Duration,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let request = ls::Request {
        filter: filter(args.filters),
        duplicates: args.duplicates,
        scope: args.by,
        sort: args.sort,
        whole: args.json || args.ndjson,
    };
    let deadline = Deadline::after(timeout);
    let access = flags(None, args.access, args.quiet.quiet);
    // Machine output is always complete.
    let quiet = args.quiet.quiet && !args.json;
    let several = args.all_gateways || args.gateway.len() > 1;
    if several && args.watch {
        return Err(Error::from(QueueError::WatchesOne { noun: "queue" }).into());
    }
    if several {
        let targets = Targets { names: args.gateway, all: args.all_gateways, access };
        let targets = targets.find(&Environment::of_process(), deadline)?;
        let listed = gateways::run(async { Ok(ls::run_all(&request, &targets, deadline).await) })?;
        let format = (args.json, args.ndjson);
        let is_nothing = |one: &Each<Queued>| matches!(&one.result, Ok(queued) if queued.is_nothing());
        if quiet && listed.iter().all(is_nothing) {
            return Ok(Exit::Done);
        }
        return list_several((&listed, line), format, layout(args.full, args.all), streams);
    }
    let flags = Flags { gateway: args.gateway.into_iter().next(), ..access };
    if args.watch {
        let watched = Watched {
            full: args.full,
            all: args.all,
            ndjson: args.ndjson,
            seen: BTreeSet::new(),
            is_noted: false,
            unread: Vec::new(),
        };
        return watch((&request, &flags), timeout, watched, streams);
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

/// `queue ls` of several gateways.
fn list_several(
    (listed, line): (&[Each<Queued>], &CommandLine),
    (json, ndjson): (bool, bool),
    layout: output::Layout,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let err = Paper::of(&io::stderr());
    let show = |queued: &Queued, is_first: bool, streams: &mut Streams<'_>| {
        output::runs_unknown_text(streams.err, queued.runs_unknown.as_deref(), err)?;
        if json {
            return Ok(());
        }
        if ndjson {
            output::queue_ndjson(streams.out, queued, true)?;
            let partial = queued.partial.as_deref();
            return output::queue_remarks(streams.err, err, &queued.problems, partial, &queued.notes);
        }
        if !is_first {
            output::blank_line(streams.out)?;
        }
        output::queue_text(streams.out, queued, layout)
    };
    several::print((listed, line), json, streams, show, Queued::json)?;
    Ok(each::exit(listed, |queued| exit::of_queue(queued.verdict())))
}

/// The queue of `--watch`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Watched {
    full: bool,
    all: bool,
    ndjson: bool,
    /// The ids that were printed.
    seen: BTreeSet<String>,
    /// Whether it was noted that the states of runs are unknown: once, until they are known again.
    is_noted: bool,
    /// The unreadable prompts that were noted.
    unread: Vec<String>,
}

impl Printed<Queued> for Watched {
    fn screen(
        &mut self,
        out: &mut dyn Write,
        queued: &Queued,
        lines: usize,
        status: Option<&str>,
    ) -> io::Result<()> {
        output::queue_screen(out, queued, layout(self.full, self.all), lines, status)
    }

    fn changes(&mut self, out: &mut dyn Write, err: &mut dyn Write, queued: &Queued) -> io::Result<()> {
        let paper = Paper::of(&io::stderr());
        let note = queued.runs_unknown.as_deref();
        output::runs_unknown_text(err, note.filter(|_| !self.is_noted), paper)?;
        self.is_noted = note.is_some();
        if self.unread != queued.problems {
            self.unread.clone_from(&queued.problems);
            output::queue_remarks(err, paper, &self.unread, queued.partial.as_deref(), &queued.notes)?;
        }
        let changes = if self.ndjson { output::changes_ndjson } else { output::changes_text };
        self.seen = changes(out, &self.seen, queued)?;
        Ok(())
    }
}

/// `queue ls --watch`
fn watch(
    (request, flags): (&ls::Request, &Flags),
    step: Duration,
    watched: Watched,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let redraw = redraw(watched.ndjson);
    let mut output = Output::new(streams, redraw.is_some(), watched);
    let ended = gateways::run(ls::watch(request, flags, step, redraw, |now| output.show(&now)));
    let printed = output.finish();
    ended?;
    printed?;
    Ok(Exit::Done)
}
