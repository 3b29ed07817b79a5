//! `approvals suggest` and `approvals upgrade`.

use std::io::{self, Write};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::access::remote;
use super::command_line::CommandLine;
use super::confirm::{ask, shown};
use super::deadlines::{guarded, within};
use crate::cli::suggest::{Suggest, Target, Upgrade};
use crate::commands::documents::Place;
use crate::commands::suggest::{self, HostRequest, Request};
use crate::commands::{Error, upgrade};
use crate::deadline::Deadline;
use crate::output::{self, Look, Paper};
use crate::report::exit::Exit;
use crate::streams::Streams;

/// `approvals suggest`
pub fn suggest(
    args: Suggest,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let Suggest { target, release, agent, at_least, undecided, narrow, stale, json, patch, apply, yes } =
        args;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let flag = if target.file.is_some() { "--patch" } else { "--apply" };
    let is_stdin = |path: &std::path::PathBuf| path.as_os_str() == "-";
    let from_stdin = target.prompts.iter().chain(&target.file).chain(&target.programs).any(is_stdin);
    let (host, prompts) = host(target, release, json || patch)?;
    let next = match prompts.as_slice() {
        [] if !host.place.is_remote() && !narrow => {
            format!("name prompts: {}", line.completed("clearance … --prompts history.ndjson"))
        }
        // Standard input is read by now.
        [only] if is_stdin(only) => {
            let command = line.completed(&format!("clearance … --prompts FILE {flag}"));
            format!("save the prompts in a file, then: {command}")
        }
        _ if from_stdin => format!("save standard input in a file, and name it; then add {flag}"),
        _ => line.completed(&format!("clearance … {flag}")),
    };
    let request = Request {
        host,
        prompts,
        least: at_least,
        counts_undecided: undecided,
        agents: agent,
        narrow,
        stale,
        now_ms: now.as_secs_f64() * 1000.0,
    };
    let found = within(deadline, move || suggest::run(&request, deadline))?;
    let report = &found.report;
    let exit = if report.problems.is_empty() { Exit::Done } else { Exit::Partly };
    if patch {
        output::patch((streams.out, streams.err), report.patch.as_ref())?;
        streams.out.flush()?;
        output::evidence_text(streams.err, &report.problems, &report.remarks, Paper::of(&io::stderr()))?;
        return Ok(exit);
    }
    if !apply {
        if json {
            output::json(streams.out, &report.json(None))?;
        } else {
            output::suggested_text(streams.out, report, Some(&next), Look::of(streams.styled))?;
        }
        streams.out.flush()?;
        output::evidence_text(streams.err, &report.problems, &report.remarks, Paper::of(&io::stderr()))?;
        return Ok(exit);
    }
    let plan: &mut dyn Write = if json { &mut *streams.err } else { &mut *streams.out };
    let printed =
        output::suggested_text(plan, report, None, Look::of(streams.styled)).and_then(|()| plan.flush());
    shown(printed)?;
    output::evidence_text(streams.err, &report.problems, &report.remarks, Paper::of(&io::stderr()))?;
    suggest::may_apply(&found)?;
    if report.patch.is_none() {
        if json {
            output::json(streams.out, &report.json(None))?;
        }
        return Ok(exit);
    }
    let asked = Instant::now();
    if !yes {
        ask(streams.err, &output::apply_question(report)).map_err(Error::from)?;
    }
    // The time that a person takes to answer does not count towards the deadline.
    let deadline = deadline.later(asked.elapsed());
    let (found, set) = guarded(deadline, move |gate| {
        let set = suggest::apply(&found, gate, deadline)?;
        Ok((found, set))
    })?;
    let Some(set) = set else { return Ok(exit) };
    if json {
        let applied = serde_json::to_value(set.json()).unwrap_or_default();
        output::json(streams.out, &found.report.json(Some(applied)))?;
    } else {
        output::set_text(streams.out, &set)?;
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &set.remarks, Paper::of(&io::stderr()))?;
    if set.departures.is_empty() {
        return Ok(exit);
    }
    output::departures_text(streams.err, &line.completed("clearance approvals get"))?;
    Ok(Exit::Partly)
}

/// `approvals upgrade`
pub fn upgrade(args: Upgrade, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let Upgrade { target, to, from, tests, json, patch } = args;
    let (host, prompts) = host(target, from, json || patch)?;
    let request = upgrade::Request { host, to, prompts, tests };
    let report = within(deadline, move || upgrade::run(&request, deadline))?;
    if patch {
        output::patch((streams.out, streams.err), report.patch.as_ref())?;
    } else if json {
        output::json(streams.out, &report.json())?;
    } else {
        output::upgrade_text(streams.out, &report, Look::of(streams.styled))?;
    }
    streams.out.flush()?;
    output::evidence_text(streams.err, &report.problems, &report.remarks, Paper::of(&io::stderr()))?;
    Ok(match (report.is_same(), report.problems.is_empty()) {
        (false, _) => Exit::Found,
        (true, false) => Exit::Partly,
        (true, true) => Exit::Done,
    })
}

/// The document and its host, and the files with prompts.
fn host(
    target: Target,
    release: Option<String>,
    quiet: bool,
) -> Result<(HostRequest, Vec<std::path::PathBuf>), Error> {
    let Target { file, store, remote: flags, prompts, cwd, path, config, programs } = target;
    let place = match (remote(flags, quiet)?, file) {
        (Some(remote), _) => remote,
        (None, Some(path)) => Place::document(path),
        (None, None) => Place::store(store),
    };
    let stdin =
        [matches!(place, Place::Stdin), programs.as_deref().is_some_and(|file| file.as_os_str() == "-")];
    let uses = prompts.iter().filter(|file| file.as_os_str() == "-").count()
        + stdin.into_iter().filter(|uses| *uses).count();
    if uses > 1 {
        return Err(Error::StdinTwice);
    }
    Ok((HostRequest { place, release, directory: cwd, path, config, programs }, prompts))
}
