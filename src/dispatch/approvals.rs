//! `approvals validate`, `get` and `set`, and what all of `approvals` share.

use std::io;

use super::again::CommandLine;
use super::{guarded, look, paper, remote, within};
use crate::Streams;
use crate::approvals::Syntax;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::severity::Severity;
use crate::cli::approvals::{Format, Get, Notation, Set, Validate};
use crate::commands::{get, set, validate};
use crate::deadline::Deadline;
use crate::output;
use crate::report::approvals::{FileReport, Got, SetOutcome, Snapshot, validation};
use crate::report::exit::{self, Exit};
use crate::store::input::Input;

/// `approvals validate`
pub fn check(
    args: Validate,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    if let Some(name) = &args.explain {
        return Ok(explain(name, Code::ALL, streams)?);
    }
    let request = validate::Request {
        paths: args.paths,
        syntax: match args.syntax {
            Notation::Auto => None,
            Notation::Json => Some(Syntax::Json),
            Notation::Json5 => Some(Syntax::Json5),
        },
        allow_legacy: args.allow_legacy,
        max_size: args.max_size,
        exclude: args.exclude,
    };
    let validate::Validated { mut files, remarks } = validate::run(request, deadline)?;
    instead_of_missing(&mut files, line, deadline);
    let report = !args.quiet.quiet
        || args.format != Format::Human
        || files.iter().any(|file| file.has_something(Severity::Warning));
    match args.format {
        _ if !report => {}
        Format::Human => output::human(streams.out, &files, look(streams.styled))?,
        Format::Json => output::json(streams.out, &validation(&files, &remarks))?,
        Format::Github => output::github(streams.out, &files)?,
        Format::Sarif => output::sarif(streams.out, &files)?,
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &remarks, paper(&io::stderr()))?;
    Ok(exit::of_validation(validate::tally(&files)))
}

/// Files that are missing may be gateways.
pub fn instead_of_missing(files: &mut [FileReport], line: &CommandLine, deadline: Deadline) {
    for file in files {
        if let Err(failed) = &mut file.result
            && let Some(remedy) = line.instead_of_missing(&file.name, deadline)
        {
            failed.remedy = Some(remedy);
        }
    }
}

/// Prints the page of a code; `codes` are those that are named where there is none of that name.
pub fn explain(name: &str, codes: &[Code], streams: &mut Streams<'_>) -> io::Result<Exit> {
    let Some(code) = Code::named(name) else {
        let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        writeln!(streams.err, "error: there is no code `{}`", name.escape_debug())?;
        if let Some(nearest) = Code::nearest(name) {
            writeln!(streams.err, "  did you mean `{nearest}`?")?;
        }
        writeln!(streams.err, "  next: choose one of {}", codes.join(", "))?;
        return Ok(Exit::Usage);
    };
    output::explanation(streams.out, code)?;
    Ok(Exit::Done)
}

/// `approvals get`
pub fn show(
    args: Get,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let source = match (remote(args.remote, false)?, args.file, args.store) {
        (Some(remote), ..) => get::Source::Remote(remote),
        (None, Some(path), _) => get::Source::File(path),
        (None, None, Some(path)) => get::Source::Store(path),
        (None, None, None) => get::Source::Local,
    };
    let got = within(deadline, move || get::run(source, deadline))?;
    match (&got, args.json) {
        (Got::Document(snapshot), true) => output::json(streams.out, &snapshot.json())?,
        (Got::Document(snapshot), false) => output::snapshot_text(streams.out, snapshot)?,
        (Got::Native(snapshot), true) => output::json(streams.out, &snapshot.json())?,
        (Got::Native(snapshot), false) => output::native_text(streams.out, snapshot)?,
    }
    if let Got::Document(Snapshot { remarks, .. }) = &got
        && !remarks.is_empty()
    {
        streams.out.flush()?;
        output::remarks_text(streams.err, remarks, paper(&io::stderr()))?;
    }
    let count = got.problems();
    if count > 0 {
        streams.out.flush()?;
        let warning = match &got {
            Got::Native(_) => format!("warning: the policy is not valid ({count})"),
            // A gateway's document has to be read first.
            Got::Document(Snapshot { place: Some(_), .. }) => format!(
                "warning: the document is not valid ({count}); {} shows where",
                line.completed("clearance approvals get --json | jq .file | clearance approvals validate -")
            ),
            Got::Document(_) => format!(
                "warning: the document is not valid ({count}); {} shows where",
                line.completed("clearance approvals validate")
            ),
        };
        writeln!(streams.err, "{warning}")?;
    }
    Ok(Exit::Done)
}

/// `approvals set`
pub fn replace(
    args: Set,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let request = set::Request {
        new: args.file.map_or(Input::Stdin, |path| Input::named(&path)),
        place: match remote(args.remote, args.quiet.quiet)? {
            Some(remote) => set::Place::Remote(remote),
            None => set::Place::Local(args.store),
        },
        base_hash: args.base_hash,
        dry_run: args.dry_run,
        allow_legacy: args.allow_legacy,
        drop_unknown: args.drop_unknown,
        downgrade: args.downgrade,
    };
    let report = guarded(deadline, move |gate| set::run(&request, gate, deadline))?;
    let printed = if args.quiet.quiet && !args.json && report.is_nothing() {
        Ok(())
    } else if args.json {
        output::json(streams.out, &report.json())
    } else {
        output::set_text(streams.out, &report)
    };
    let printed = printed.and_then(|()| streams.out.flush());
    if printed.is_err() && report.outcome == SetOutcome::Stored {
        writeln!(streams.err, "the document was stored all the same; only this report could not be written")?;
    }
    printed?;
    output::remarks_text(streams.err, &report.remarks, paper(&io::stderr()))?;
    if report.departures.is_empty() {
        return Ok(Exit::Done);
    }
    writeln!(streams.err, "error: what is stored now is not what was sent: see the list above")?;
    writeln!(streams.err, "  next: {} shows what is stored", line.completed("clearance approvals get"))?;
    Ok(Exit::Partly)
}
