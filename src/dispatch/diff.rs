//! `approvals diff`.

use std::io;

use super::access::{flags, of_connections};
use super::deadlines::within;
use crate::cli::diff::{Diff, Operand};
use crate::commands::Error;
use crate::commands::diff;
use crate::commands::documents::Place;
use crate::deadline::Deadline;
use crate::output::{self, Look, Paper};
use crate::report::approvals::wider::WiderReport;
use crate::report::exit::Exit;
use crate::settings::Flags;
use crate::streams::Streams;

/// Compares two documents, and prints the differences.
pub fn run(args: Diff, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let Diff { a, b, exact, no_wider, release, config, json, quiet, access } = args;
    let request = diff::Request { a: place(a), b: place(b), exact };
    if let (Some(flag), false) = (of_connections(&access), request.a.is_remote() || request.b.is_remote()) {
        return Err(Error::NoGateway { flag }.into());
    }
    let access = flags(None, access, quiet.quiet);
    if no_wider {
        let parameters = diff::NoWider { request, release, config };
        let report = within(deadline, move || diff::no_wider(parameters, &access, deadline))?;
        return print_wider(&report, quiet.quiet, json, streams);
    }
    let report = within(deadline, move || diff::run(request, &access, deadline))?;
    if quiet.quiet && !json && !report.diff.is_drift() {
        // Remarks on both documents are printed below.
    } else if json {
        output::json(streams.out, &report.json())?;
    } else {
        output::diff_text(streams.out, &report, Look::of(streams.styled))?;
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &report.remarks, Paper::of(&io::stderr()))?;
    Ok(if report.diff.is_drift() { Exit::Found } else { Exit::Done })
}

fn print_wider(
    report: &WiderReport,
    is_quiet: bool,
    json: bool,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    if json {
        output::json(streams.out, &report.json())?;
    } else if !is_quiet || report.is_wider() {
        output::wider_text(streams.out, report, Look::of(streams.styled))?;
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &report.remarks, Paper::of(&io::stderr()))?;
    Ok(if report.is_wider() { Exit::Found } else { Exit::Done })
}

/// The place that an operand names.
pub fn place(operand: Operand) -> Place {
    let remote = |gateway, node| Place::remote(Flags { gateway, ..Flags::default() }, node);
    match operand {
        Operand::File(path) => Place::File(path),
        Operand::Stdin => Place::Stdin,
        Operand::Local => Place::Host,
        Operand::Version(id) => Place::Version(id),
        Operand::Store(path) => Place::Store(path),
        Operand::Gateway(gateway) => remote(gateway, None),
        Operand::Node { id, gateway } => remote(gateway, Some(id)),
    }
}
