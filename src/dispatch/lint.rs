//! `approvals lint`: from its flags to the findings, and through a mend to those that are left.

use std::io::{self, Write};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::again::CommandLine;
use super::approvals::{explain, instead_of_missing};
use super::{ask, interactive, look, paper, remote};
use crate::Streams;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::severity::Severity;
use crate::cli::approvals::{FailOn, Format, Lint};
use crate::commands::Error;
use crate::commands::lint::{self, Checked, Request, Source};
use crate::deadline::Deadline;
use crate::output;
use crate::report::exit::{self, Exit};

/// Looks, mends if asked to, and reports what is left.
pub fn run(
    args: Lint,
    line: &CommandLine,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    if let Some(name) = &args.explain {
        return Ok(explain(name, Code::LINTS, streams)?);
    }
    let source = match (remote(args.remote, args.quiet.quiet)?, args.store) {
        (Some(remote), _) => Source::Remote(remote),
        (None, Some(path)) => Source::Store(path),
        (None, None) => Source::Paths(args.paths),
    };
    if args.fix && matches!(&source, Source::Paths(paths) if paths.iter().any(|path| path.as_os_str() == "-"))
    {
        return Err(Error::FixStdin.into());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let request = Request {
        source,
        config: args.config,
        stale_days: args.stale,
        release: args.release,
        max_size: args.max_size,
        exclude: args.exclude,
        now_ms: now.as_secs_f64() * 1000.0,
        remote_flags: line.remote_flags().into(),
    };
    let mut checked = lint::run(&request, deadline)?;
    if args.fix && checked.mends().next().is_some() {
        let machine = args.format != Format::Human;
        let plan: &mut dyn Write = if machine { &mut *streams.err } else { &mut *streams.out };
        output::mends_text(plan, checked.mends())?;
        plan.flush()?;
        let asked = Instant::now();
        agreed(args.yes, streams)?;
        // A person's time to think is not the command's.
        let deadline = deadline.later(asked.elapsed());
        let fixed = checked.fix(deadline)?;
        checked = lint::run(&request, deadline)?;
        checked.report.fixed = fixed;
    }
    instead_of_missing(&mut checked.report.files, line, deadline);
    let report = &checked.report;
    if args.fix && report.fixed.is_empty() && report.invalid > 0 {
        let text = "note: --fix changed nothing: correct the errors first, then run it again";
        writeln!(streams.err, "{text}")?;
    }
    // Notes are nothing to report, unless they are asked for.
    let least = if args.fail_on == FailOn::Note { Severity::Note } else { Severity::Warning };
    let found = args.format != Format::Human
        || !report.fixed.is_empty()
        || report.files.iter().any(|file| file.has_something(least));
    if found || !args.quiet.quiet {
        print(&checked, args.format, streams)?;
    }
    streams.out.flush()?;
    output::remarks_text(streams.err, &checked.report.remarks, paper(&io::stderr()))?;
    let failing = match args.fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Note => Some(Severity::Note),
        FailOn::Never => None,
    };
    Ok(exit::of_validation(lint::tally(&checked.report, failing)))
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

fn print(checked: &Checked, format: Format, streams: &mut Streams<'_>) -> std::io::Result<()> {
    let report = &checked.report;
    match format {
        Format::Human => output::lint_human(streams.out, report, look(streams.styled)),
        Format::Json => output::json(streams.out, &report.json()),
        Format::Github => output::github(streams.out, &report.files),
        Format::Sarif => output::lint_sarif(streams.out, &report.files),
    }
}
