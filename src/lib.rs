//! The command-line manager for OpenClaw exec approvals, as a library: `main` is [`run`] and nothing else.
//!
//! Imports run one way: [`run`] reads the command line (`cli`), and `dispatch` calls one of the `commands`, which use
//! `settings`, `store`, `gateway`, `embedded` and the pure `approvals` and `queue`; what they return is printed by
//! `output`. See `tests/cli/rooms.rs`.

pub mod approvals;
mod backoff;
mod cli;
mod commands;
pub mod deadline;
mod dispatch;
pub mod embedded;
pub mod gateway;
mod output;
pub mod queue;
mod report;
mod settings;
pub mod store;
mod streams;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::Duration;

use clap::Parser;

use cli::approvals::Verb;
use cli::lazy::Lazy;
use cli::{Cli, Noun, gateway as gateway_cli, queue as queue_cli, run as run_cli};
use commands::Error;
use deadline::Deadline;
use dispatch::again::CommandLine;
use report::failure::Failure;
use store::input::InputError;

pub use report::exit::Exit;
pub use streams::Streams;

/// How long a command may take unless it is told otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs one command line and says how it ended. Never panics: a bug is an exit code too.
pub fn run(arguments: impl IntoIterator<Item = OsString>, streams: &mut Streams<'_>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let machine = machine(&arguments);
    quiet_panics();
    let ended = AssertUnwindSafe(|| match dispatched(&arguments, streams) {
        Ok(exit) => Ok(exit),
        Err(error) => failed(&error, &CommandLine::of(&arguments), machine, streams),
    });
    let exit = catch_unwind(ended).unwrap_or_else(|_| crashed(machine, streams));
    finish(exit.and_then(|exit| streams.out.flush().map(|()| exit)), streams)
}

/// Where a panic happened is what a report needs. What it says may quote a document, and a secret in it.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
            let said =
                panic.payload().downcast_ref::<&str>().map_or_else(String::new, |said| format!(": {said}"));
            // There is nowhere left to say that standard error is gone.
            drop(writeln!(io::stderr(), "error: internal error{place}{said}"));
        }));
    });
}

/// The place of the panic is on standard error already.
fn crashed(machine: Machine, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let failure = Failure {
        code: "bug",
        causes: vec!["this is a bug in clearance".to_owned()],
        remedy: Some("report the message above, and what was run".to_owned()),
        exit: Exit::Bug,
        verdict: None,
    };
    reported(&failure, Exit::Bug, machine, streams)
}

/// A reader that has seen enough is no failure; an output that cannot be written is.
fn finish(exit: io::Result<Exit>, streams: &mut Streams<'_>) -> Exit {
    match exit {
        Ok(exit) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            // There is nowhere left to say that standard error is gone too.
            let _: io::Result<()> = writeln!(streams.err, "error: cannot write the output: {error}");
            Exit::Store
        }
    }
}

/// What machines read of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Machine {
    Nothing,
    Object,
    /// The same on one line, as everything else is.
    Line,
}

/// What the command line asks for, known even where it is wrong in other ways.
fn machine(arguments: &[OsString]) -> Machine {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let has = |sought: &[&str]| words.iter().any(|word| sought.contains(word));
    let format = words.windows(2).any(|pair| pair[0] == "--format" && matches!(pair[1], "json" | "sarif"));
    if format || has(&["--json", "--format=json", "--format=sarif"]) {
        Machine::Object
    } else if has(&["--ndjson"]) {
        Machine::Line
    } else {
        Machine::Nothing
    }
}

fn failed(
    error: &anyhow::Error,
    line: &CommandLine,
    machine: Machine,
    streams: &mut Streams<'_>,
) -> io::Result<Exit> {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return Err(io::Error::new(io.kind(), io.to_string()));
    }
    let causes = dispatch::causes(error.as_ref());
    let (mut failure, exit) = if let Some(known) = error.downcast_ref::<Error>() {
        (dispatch::failure(known, causes), known.exit())
    } else {
        let failure = Failure { code: "bug", causes, remedy: None, exit: Exit::Bug, verdict: None };
        (failure, Exit::Bug)
    };
    failure.remedy = failure.remedy.map(|remedy| line.completed(&remedy));
    if let Some(Error::Input(InputError::Missing(name))) = error.downcast_ref::<Error>() {
        failure.remedy = line.instead_of_missing(name, Deadline::after(TIMEOUT)).or(failure.remedy);
    }
    reported(&failure, exit, machine, streams)
}

/// Reports a failure. A reader that is gone changes nothing about how the command ended.
fn reported(
    failure: &Failure<'_>,
    exit: Exit,
    machine: Machine,
    streams: &mut Streams<'_>,
) -> io::Result<Exit> {
    let object = printed(failure, machine, streams.out);
    let text = output::error::text(streams.err, failure, dispatch::paper(&io::stderr()));
    unless_gone(object).and_then(|()| unless_gone(text)).map(|()| exit)
}

/// Prints what machines read of a failure.
fn printed(failure: &Failure<'_>, machine: Machine, out: &mut dyn Write) -> io::Result<()> {
    match machine {
        Machine::Nothing => Ok(()),
        Machine::Object => output::json(out, &failure.json()),
        Machine::Line => output::line(out, &failure.json()),
    }
}

fn unless_gone(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

fn dispatched(arguments: &[OsString], streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return Ok(usage(&error, arguments, streams)?),
    };
    let deadline = Deadline::after(cli.timeout.unwrap_or(TIMEOUT));
    let line = CommandLine::of(arguments);
    match cli.noun {
        Noun::Approvals(Lazy(Verb::Validate(Lazy(args)))) => {
            dispatch::approvals::check(args, &line, deadline, streams)
        }
        Noun::Approvals(Lazy(Verb::Lint(Lazy(args)))) => dispatch::lint::run(args, &line, deadline, streams),
        Noun::Approvals(Lazy(Verb::Get(Lazy(args)))) => {
            dispatch::approvals::show(args, &line, deadline, streams)
        }
        Noun::Approvals(Lazy(Verb::Set(Lazy(args)))) => {
            dispatch::approvals::replace(args, &line, deadline, streams)
        }
        Noun::Approvals(Lazy(Verb::Diff(Lazy(args)))) => dispatch::diff::run(args, deadline, streams),
        Noun::Approvals(Lazy(Verb::Allowlist(Lazy(verb)))) => {
            dispatch::allowlist::run(verb, &line, deadline, streams)
        }
        Noun::Queue(Lazy(queue_cli::Verb::Ls(Lazy(args)))) => {
            dispatch::queue::list(args, cli.timeout.map(Deadline::after), TIMEOUT, streams)
        }
        Noun::Queue(Lazy(queue_cli::Verb::Dedupe(Lazy(args)))) => {
            dispatch::queue::dedupe(args, deadline, streams)
        }
        Noun::Queue(Lazy(queue_cli::Verb::Guard(args))) => {
            dispatch::queue::guard(args.0, &line, (cli.timeout.map(Deadline::after), deadline), streams)
        }
        Noun::Queue(Lazy(queue_cli::Verb::Resolve(Lazy(args)))) => {
            dispatch::queue::resolve(args, deadline, streams)
        }
        Noun::Run(Lazy(run_cli::Verb::Ls(Lazy(args)))) => dispatch::run::list(args, deadline, streams),
        Noun::Run(Lazy(run_cli::Verb::Cancel(Lazy(args)))) => dispatch::run::cancel(args, deadline, streams),
        Noun::Gateway(Lazy(gateway_cli::Verb::Status(Lazy(args)))) => {
            dispatch::gateway::status(args, &line, deadline, streams)
        }
        Noun::Gateway(Lazy(gateway_cli::Verb::Dev(Lazy(args)))) => {
            dispatch::gateway::dev(&args, cli.timeout.map(Deadline::after), streams)
        }
        Noun::Approvals(Lazy(Verb::Schema)) => {
            output::json(streams.out, &approvals::check::schema::derived())?;
            Ok(Exit::Done)
        }
        Noun::Completions { shell } => {
            streams.out.write_all(&dispatch::pages::completions(shell))?;
            Ok(Exit::Done)
        }
        Noun::Man { command } => {
            if let Some(page) = dispatch::pages::manual(&command)? {
                streams.out.write_all(&page)?;
                return Ok(Exit::Done);
            }
            let command = command.join(" ");
            writeln!(streams.err, "error: there is no command `clearance {}`", command.escape_debug())?;
            writeln!(streams.err, "  next: clearance --help lists the commands")?;
            Ok(Exit::Usage)
        }
    }
}

/// Help goes to standard output and is a success; a wrong command line is told on standard error.
fn usage(error: &clap::Error, arguments: &[OsString], streams: &mut Streams<'_>) -> io::Result<Exit> {
    let text = error.render();
    if !error.use_stderr() {
        if streams.styled {
            write!(streams.out, "{}", text.ansi())?;
        } else {
            write!(streams.out, "{text}")?;
        }
        return Ok(Exit::Done);
    }
    let line = text.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let mut failure = Failure {
        code: "usage",
        causes: vec![line],
        remedy: Some("clearance --help".to_owned()),
        exit: Exit::Usage,
        verdict: None,
    };
    let misplaced = misplaced_gateway(error, arguments).map(|(cause, remedy)| (cause.to_owned(), remedy));
    if let Some((cause, remedy)) = misplaced.or_else(|| misplaced_operand(error, arguments)) {
        failure.causes = vec![cause];
        failure.remedy = Some(remedy);
        unless_gone(output::error::text(streams.err, &failure, dispatch::paper(&io::stderr())))?;
    } else {
        unless_gone(write!(streams.err, "{}", text.ansi()))?;
    }
    unless_gone(printed(&failure, machine(arguments), streams.out))?;
    Ok(Exit::Usage)
}

/// The same where a command that takes no operand has one.
fn misplaced_operand(error: &clap::Error, arguments: &[OsString]) -> Option<(String, String)> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let unexpected =
        (error.kind() == ErrorKind::UnknownArgument).then(|| error.get(ContextKind::InvalidArg))?;
    match unexpected {
        Some(ContextValue::String(operand)) if !operand.starts_with('-') => {
            CommandLine::of(arguments).misplaced_operand(operand)
        }
        _ => None,
    }
}

/// Where a gateway's name or address is not where this command takes it: what is wrong, and what to write instead.
fn misplaced_gateway(error: &clap::Error, arguments: &[OsString]) -> Option<(&'static str, String)> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    const EQUALS: &str =
        "--gateway takes its value after an equals sign here: behind a space it could be the pattern";
    const OPERAND: &str = "diff takes a gateway as one of the two documents, and not as --gateway";
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(unexpected)) = error.get(ContextKind::InvalidArg) else { return None };
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if unexpected == "--gateway" && has("diff") {
        return Some((OPERAND, dispatch::paste::gateway_as_operand(arguments)));
    }
    let is_value = |argument: &OsString| argument.to_str().is_some_and(|text| !text.starts_with('-'));
    let at = arguments.windows(2).position(|pair| pair[0] == "--gateway" && is_value(&pair[1]))?;
    if unexpected.starts_with('-') || !has("allowlist") {
        return None;
    }
    Some((EQUALS, dispatch::paste::joined_gateway(arguments, at)))
}
