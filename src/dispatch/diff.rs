//! `approvals diff`.

use std::io;

use super::{flags, look, of_connections, paper, within};
use crate::Streams;
use crate::cli::diff::{Diff, Operand};
use crate::commands::Error;
use crate::commands::diff::{self, Source};
use crate::commands::remote::Remote;
use crate::deadline::Deadline;
use crate::output;
use crate::report::exit::Exit;
use crate::settings::Flags;
use crate::store::input::Input;

/// Compares, and prints where the two differ.
pub fn run(args: Diff, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let Diff { a, b, exact, json, quiet, access } = args;
    let request = diff::Request { a: source(a), b: source(b), exact };
    let is_remote = |source: &Source| matches!(source, Source::Remote(_));
    if let (Some(flag), false) = (of_connections(&access), is_remote(&request.a) || is_remote(&request.b)) {
        return Err(Error::NoGateway { flag }.into());
    }
    let access = flags(None, access, quiet.quiet);
    let report = within(deadline, move || diff::run(request, &access, deadline))?;
    if quiet.quiet && !json && !report.diff.is_drift() {
        // What is wrong around the two is printed below.
    } else if json {
        output::json(streams.out, &report.json())?;
    } else {
        output::diff_text(streams.out, &report, look(streams.styled))?;
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &report.remarks, paper(&io::stderr()))?;
    Ok(if report.diff.is_drift() { Exit::Found } else { Exit::Done })
}

fn source(operand: Operand) -> Source {
    let remote =
        |gateway, node| Source::Remote(Remote { flags: Flags { gateway, ..Flags::default() }, node });
    match operand {
        Operand::File(path) => Source::File(Input::Path(path)),
        Operand::Stdin => Source::File(Input::Stdin),
        Operand::Local => Source::Store(None),
        Operand::Store(path) => Source::Store(Some(path)),
        Operand::Gateway(gateway) => remote(gateway, None),
        Operand::Node { id, gateway } => remote(gateway, Some(id)),
    }
}
