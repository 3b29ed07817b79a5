//! The top layer: parses the command line, calls a command, prints its report and returns an exit code.
//!
//! One file for each noun, or for a verb that needs one. This layer decides and formats nothing: commands decide, and
//! `output` prints.

mod access;
mod allowlist;
mod approvals;
mod approvals_watch;
mod command_line;
mod completions;
mod confirm;
mod deadlines;
mod diff;
mod explain;
mod failures;
mod gateway;
mod grants;
mod lint;
mod pages;
mod paste;
mod policy_tests;
mod queue;
mod run;
mod several;
mod spool;
mod suggest;
mod usage;
mod versions;
mod watch;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use clap::Parser;

use self::command_line::CommandLine;
use crate::cli::approvals::Verb;
use crate::cli::lazy::Lazy;
use crate::cli::{
    Cli, Noun, gateway as gateway_cli, grants as grants_cli, queue as queue_cli, run as run_cli,
};
use crate::deadline::Deadline;
use crate::report::exit::Exit;
use crate::streams::Streams;

/// The default of `--timeout`.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs one command line, and catches panics.
pub fn start(arguments: &[OsString], streams: &mut Streams<'_>) -> Exit {
    let machine = failures::machine(arguments);
    failures::quiet_panics();
    failures::report_size_limits();
    let ended = AssertUnwindSafe(|| match completions::answer(arguments, streams) {
        Some(exit) => Ok(exit),
        None => match dispatched(arguments, streams) {
            Ok(exit) => Ok(exit),
            Err(error) => failures::failed(&error, &CommandLine::of(arguments), machine, streams),
        },
    });
    let exit = catch_unwind(ended).unwrap_or_else(|_| failures::crashed(machine, streams));
    failures::finish(exit.and_then(|exit| streams.out.flush().map(|()| exit)), streams)
}

fn dispatched(arguments: &[OsString], streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return Ok(usage::usage(&error, arguments, streams)?),
    };
    let timeout = cli.timeout.unwrap_or(TIMEOUT);
    let deadline = Deadline::after(timeout);
    let line = CommandLine::of(arguments);
    match cli.noun {
        Noun::Approvals(Lazy(Verb::Validate(Lazy(args)))) => approvals::check(args, &line, deadline, streams),
        Noun::Approvals(Lazy(Verb::Lint(Lazy(args)))) => lint::run(args, &line, deadline, streams),
        Noun::Approvals(Lazy(Verb::Get(Lazy(args)))) => approvals::show(args, &line, deadline, streams),
        Noun::Approvals(Lazy(Verb::Set(Lazy(args)))) => approvals::replace(args, &line, deadline, streams),
        Noun::Approvals(Lazy(Verb::Diff(Lazy(args)))) => diff::run(args, deadline, streams),
        Noun::Approvals(Lazy(Verb::Watch(Lazy(args)))) => {
            approvals_watch::run(args, (cli.timeout.map(Deadline::after), deadline), streams)
        }
        Noun::Approvals(Lazy(Verb::Versions(Lazy(args)))) => versions::versions(args, deadline, streams),
        Noun::Approvals(Lazy(Verb::Restore(Lazy(args)))) => versions::restore(args, &line, deadline, streams),
        Noun::Approvals(Lazy(Verb::Explain(Lazy(args)))) => explain::run(args, &line, deadline, streams),
        Noun::Approvals(Lazy(Verb::Test(Lazy(args)))) => policy_tests::run(args, deadline, streams),
        Noun::Approvals(Lazy(Verb::Suggest(Lazy(args)))) => suggest::suggest(args, &line, deadline, streams),
        Noun::Approvals(Lazy(Verb::Upgrade(Lazy(args)))) => suggest::upgrade(args, deadline, streams),
        Noun::Approvals(Lazy(Verb::Allowlist(Lazy(verb)))) => allowlist::run(verb, &line, deadline, streams),
        Noun::Queue(Lazy(queue_cli::Verb::Ls(Lazy(args)))) => queue::list(args, &line, timeout, streams),
        Noun::Queue(Lazy(queue_cli::Verb::Dedupe(Lazy(args)))) => {
            queue::dedupe(args, &line, deadline, streams)
        }
        Noun::Queue(Lazy(queue_cli::Verb::Guard(args))) => {
            queue::guard(args.0, &line, (cli.timeout.map(Deadline::after), deadline), streams)
        }
        Noun::Queue(Lazy(queue_cli::Verb::Resolve(Lazy(args)))) => {
            queue::resolve(args, &line, timeout, streams)
        }
        Noun::Queue(Lazy(queue_cli::Verb::History(Lazy(args)))) => queue::history(args, deadline, streams),
        Noun::Grants(Lazy(grants_cli::Verb::Ls(Lazy(args)))) => grants::list(args, deadline, streams),
        Noun::Grants(Lazy(grants_cli::Verb::Revoke(Lazy(args)))) => grants::revoke(args, deadline, streams),
        Noun::Queue(Lazy(queue_cli::Verb::Triage(Lazy(args)))) => {
            queue::triage(args, cli.timeout.map(Deadline::after), TIMEOUT, streams)
        }
        Noun::Run(Lazy(run_cli::Verb::Ls(Lazy(args)))) => run::list(args, &line, timeout, streams),
        Noun::Run(Lazy(run_cli::Verb::Cancel(Lazy(args)))) => run::cancel(args, deadline, streams),
        Noun::Gateway(Lazy(gateway_cli::Verb::Status(Lazy(args)))) => {
            gateway::status(args, &line, deadline, streams)
        }
        Noun::Gateway(Lazy(gateway_cli::Verb::Add(Lazy(args)))) => gateway::add(args, deadline, streams),
        Noun::Gateway(Lazy(gateway_cli::Verb::Dev(Lazy(args)))) => {
            gateway::dev(&args, cli.timeout.map(Deadline::after), streams)
        }
        Noun::Approvals(Lazy(Verb::Schema(Lazy(args)))) => Ok(pages::schema(&args, streams)?),
        Noun::Completions { shell } => Ok(completions::script(shell, streams)?),
        Noun::Man { command } => Ok(pages::manual(&command, streams)?),
    }
}
