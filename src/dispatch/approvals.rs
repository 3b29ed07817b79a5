//! `approvals validate`, `get` and `set`, and the code that all of `approvals` share.

use std::io;

use super::access::remote;
use super::command_line::CommandLine;
use super::deadlines::{guarded, within};
use crate::approvals::Syntax;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::severity::Severity;
use crate::cli::approvals::{Format, Get, Notation, Set, Validate};
use crate::commands::documents::Place;
use crate::commands::{get, set, validate};
use crate::deadline::Deadline;
use crate::output::{self, Look, Paper};
use crate::report::approvals::{FileReport, Got, SetOutcome, validation};
use crate::report::exit::{self, Exit};
use crate::store::versions::Writer;
use crate::streams::Streams;

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
        Format::Human => output::human(streams.out, &files, Look::of(streams.styled))?,
        Format::Json => output::json(streams.out, &validation(&files, &remarks))?,
        Format::Github => output::github(streams.out, &files)?,
        Format::Sarif => output::sarif(streams.out, &files)?,
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &remarks, Paper::of(&io::stderr()))?;
    Ok(exit::of_validation(validate::tally(&files)))
}

/// Adds a hint to missing files that have the name of a gateway.
pub fn instead_of_missing(files: &mut [FileReport], line: &CommandLine, deadline: Deadline) {
    for file in files {
        if let Err(failed) = &mut file.result
            && let Some(remedy) = line.instead_of_missing(&file.name, deadline)
        {
            failed.remedy = Some(remedy);
        }
    }
}

/// Prints the page of a code. `codes`: the codes to suggest for an unknown name.
pub fn explain(name: &str, codes: &[Code], streams: &mut Streams<'_>) -> io::Result<Exit> {
    let Some(code) = Code::named(name) else {
        output::unknown_code_text(streams.err, name, codes)?;
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
    let place = match (remote(args.remote, false)?, args.file) {
        (Some(remote), _) => remote,
        (None, Some(path)) => Place::document(path),
        (None, None) => Place::store(args.store),
    };
    let wanted = get::Wanted {
        policies: args.effective,
        official: args.json,
        config: args.config,
        release: args.release,
    };
    let got = within(deadline, move || get::run(&place, &wanted, deadline))?;
    match (&got, args.json) {
        (Got::Document(snapshot), true) => output::json(streams.out, &snapshot.json())?,
        (Got::Document(snapshot), false) => {
            let look = Look::of(streams.styled);
            output::snapshot_text(streams.out, snapshot, look.paper)?;
            output::effective_text(streams.out, snapshot, look)?;
        }
        (Got::Native(snapshot), true) => output::json(streams.out, &snapshot.json())?,
        (Got::Native(snapshot), false) => {
            output::native_text(streams.out, snapshot, Paper::of(&io::stdout()))?;
        }
    }
    if let Got::Document(snapshot) = &got
        && !snapshot.remarks.is_empty()
    {
        streams.out.flush()?;
        output::remarks_text(streams.err, &snapshot.remarks, Paper::of(&io::stderr()))?;
    }
    if got.problems() > 0 {
        streams.out.flush()?;
        // A gateway's document has to be fetched first.
        let validate = match &got {
            Got::Document(snapshot) if snapshot.place.is_some() => {
                "clearance approvals get --json | jq .file | clearance approvals validate -"
            }
            _ => "clearance approvals validate",
        };
        output::invalid_text(streams.err, &got, &line.completed(validate))?;
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
        new: set::New::In(args.file.map_or(Place::Stdin, Place::document)),
        place: remote(args.remote, args.quiet.quiet)?.unwrap_or_else(|| Place::store(args.store)),
        base_hash: args.base_hash,
        dry_run: args.dry_run,
        allow_legacy: args.allow_legacy,
        drop_unknown: args.drop_unknown,
        downgrade: args.downgrade,
        writer: Writer::Set,
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
        output::unprinted_text(streams.err, "document")?;
    }
    printed?;
    output::remarks_text(streams.err, &report.remarks, Paper::of(&io::stderr()))?;
    if report.departures.is_empty() {
        return Ok(Exit::Done);
    }
    output::departures_text(streams.err, &line.completed("clearance approvals get"))?;
    Ok(Exit::Partly)
}
