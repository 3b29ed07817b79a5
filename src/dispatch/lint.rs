//! `approvals lint`: reports the findings, applies the fixes and reports the remaining findings.

use std::io::{self, Write};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::access::remote;
use super::approvals::{explain, instead_of_missing};
use super::command_line::CommandLine;
use super::confirm::{ask, interactive};
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::severity::Severity;
use crate::cli::approvals::{FailOn, Format, Lint};
use crate::commands::Error;
use crate::commands::documents::Place;
use crate::commands::lint::{self, Request, Target};
use crate::deadline::Deadline;
use crate::output::{self, Look, Paper};
use crate::report::approvals::LintReport;
use crate::report::exit::{self, Exit};
use crate::streams::Streams;

/// Checks, fixes with `--fix`, and reports the remaining findings.
pub fn run(
    args: Lint,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    if let Some(name) = &args.explain {
        return Ok(explain(name, Code::LINTS, streams)?);
    }
    let target = match (remote(args.remote, args.quiet.quiet)?, args.store) {
        (Some(remote), _) => Target::Place(remote),
        (None, Some(path)) => Target::Place(Place::Store(path)),
        (None, None) => Target::Paths(args.paths),
    };
    if args.fix && matches!(&target, Target::Paths(paths) if paths.iter().any(|path| path.as_os_str() == "-"))
    {
        return Err(Error::FixStdin.into());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let request = Request {
        target,
        config: args.config,
        stale_days: args.stale,
        release: args.release,
        max_size: args.max_size,
        exclude: args.exclude,
        now_ms: now.as_secs_f64() * 1000.0,
        remote_flags: line.remote_flags().into(),
    };
    let mut plan = lint::plan(&request, deadline)?;
    if args.fix && plan.fixes().next().is_some() {
        let machine = args.format != Format::Human;
        let shown: &mut dyn Write = if machine { &mut *streams.err } else { &mut *streams.out };
        output::fixes_text(shown, plan.fixes())?;
        shown.flush()?;
        let asked = Instant::now();
        agreed(args.yes, streams)?;
        // The time that a person takes to answer does not count towards the deadline.
        let deadline = deadline.later(asked.elapsed());
        let (fixed, warnings) = lint::carry_out(plan, deadline)?;
        plan = lint::plan(&request, deadline)?;
        plan.report.fixed = fixed;
        plan.report.remarks.extend(warnings);
    }
    instead_of_missing(&mut plan.report.files, line, deadline);
    let report = &plan.report;
    if args.fix && report.fixed.is_empty() && report.invalid > 0 {
        output::unfixed_text(streams.err)?;
    }
    // With --quiet, notes alone print nothing unless they are requested.
    let least = if args.fail_on == FailOn::Note { Severity::Note } else { Severity::Warning };
    let found = args.format != Format::Human
        || !report.fixed.is_empty()
        || report.files.iter().any(|file| file.has_something(least));
    if found || !args.quiet.quiet {
        print(report, args.format, streams)?;
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &plan.report.remarks, Paper::of(&io::stderr()))?;
    let failing = match args.fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Note => Some(Severity::Note),
        FailOn::Never => None,
    };
    Ok(exit::of_validation(lint::tally(&plan.report, failing)))
}

fn agreed(yes: bool, streams: &mut Streams<'_>) -> Result<(), Error> {
    if yes {
        return Ok(());
    }
    if !interactive() {
        return Err(Error::FixUnconfirmed);
    }
    Ok(ask(streams.err, "remove them?")?)
}

fn print(report: &LintReport, format: Format, streams: &mut Streams<'_>) -> std::io::Result<()> {
    match format {
        Format::Human => output::lint_human(streams.out, report, Look::of(streams.styled)),
        Format::Json => output::json(streams.out, &report.json()),
        Format::Github => output::github(streams.out, &report.files),
        Format::Sarif => output::lint_sarif(streams.out, &report.files),
    }
}
