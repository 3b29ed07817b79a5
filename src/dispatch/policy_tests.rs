//! `approvals test`

use std::io;

use crate::cli::policy_tests::{Format, Test};
use crate::commands::policy_tests::{self, Request};
use crate::deadline::Deadline;
use crate::output::{self, Look, Paper};
use crate::report::exit::Exit;
use crate::streams::Streams;

/// Decides the cases, and reports those that fail.
pub fn run(args: Test, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let request = Request {
        paths: args.paths,
        releases: args.release,
        exclude: args.exclude,
        max_size: args.max_size,
        requires_coverage: args.require_coverage,
    };
    let report = policy_tests::run(request, deadline)?;
    let exit = report.exit();
    match args.format {
        Format::Human if args.quiet.quiet && exit == Exit::Done => {}
        Format::Human => output::tests_human(streams.out, &report, Look::of(streams.styled))?,
        Format::Json => output::json(streams.out, &report.json())?,
        Format::Github => output::tests_github(streams.out, &report)?,
        Format::Junit => output::junit(streams.out, &report)?,
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &report.remarks, Paper::of(&io::stderr()))?;
    Ok(exit)
}
