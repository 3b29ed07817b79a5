//! `approvals explain`.

use std::io;

use super::access::remote;
use super::command_line::CommandLine;
use super::deadlines::within;
use super::failures::{Machine, failed};
use crate::approvals::decide;
use crate::cli::explain::{Context, Explain, Verdict};
use crate::commands::documents::Place;
use crate::commands::explain::{self, CasesRequest, Request, cases, joined};
use crate::deadline::Deadline;
use crate::output::{self, Look, Paper};
use crate::report::exit::Exit;
use crate::streams::Streams;

/// Explains one command, or every case of standard input.
pub fn run(
    args: Explain,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let Explain {
        command,
        words,
        file,
        store,
        remote: flags,
        release,
        agent,
        cwd,
        path,
        context,
        config,
        programs,
        stdin,
        expect,
        json,
    } = args;
    if stdin {
        let request = CasesRequest { release, programs };
        let out = &mut *streams.out;
        let wrong = cases::run(&request, deadline, |answer| match answer {
            Some(answer) => output::line(out, answer),
            None => out.flush(),
        })?;
        out.flush()?;
        // Standard output has an answer for that line too.
        return match wrong {
            Some(error) => Ok(failed(&error.into(), line, Machine::Nothing, streams)?),
            None => Ok(Exit::Done),
        };
    }
    let place = match (remote(flags, json)?, file) {
        (Some(remote), _) => remote,
        (None, Some(path)) => Place::document(path),
        (None, None) => Place::store(store),
    };
    let command = match command {
        Some(dash) if dash == "-" => None,
        Some(command) => Some(command),
        None => Some(joined(&words)),
    };
    let context = match context {
        Context::Interactive => decide::Context::Interactive,
        Context::Cron => decide::Context::Cron,
    };
    let request = Request { command, place, release, agent, directory: cwd, path, context, config, programs };
    let mut report = within(deadline, move || explain::run(&request, deadline))?;
    for allow in &mut report.allow {
        allow.command = line.completed(&allow.command);
    }
    if json {
        output::json(streams.out, &report.json())?;
    } else {
        output::explained_text(streams.out, &report, Look::of(streams.styled))?;
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &report.remarks, Paper::of(&io::stderr()))?;
    if report.document.problems > 0 {
        output::faulty_document_text(streams.err, &line.completed("clearance approvals validate"))?;
    }
    let wanted = expect.map_or(decide::Verdict::Runs, |expect| match expect {
        Verdict::Runs => decide::Verdict::Runs,
        Verdict::Asks => decide::Verdict::Asks,
        Verdict::Denied => decide::Verdict::Denied,
        Verdict::Unknown => decide::Verdict::Unknown,
    });
    Ok(if report.verdict == wanted { Exit::Done } else { Exit::Found })
}
