//! The command-line manager for OpenClaw exec approvals, as a library: `main` is [`run`] and nothing else.
//!
//! Imports run one way: [`run`] reads the command line (`cli`) and calls one of the `commands`, which use `settings`,
//! `store`, `gateway`, `embedded` and the pure `approvals`; what they return is printed by `output`. See
//! `tests/cli/rooms.rs`.

pub mod approvals;
mod cli;
mod commands;
pub mod deadline;
mod dispatch;
pub mod embedded;
pub mod gateway;
mod outcome;
mod output;
pub mod queue;
mod report;
mod settings;
pub mod store;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use clap::{CommandFactory, Parser};

use approvals::Syntax;
use approvals::codes::Code;
use approvals::report::{Got, SetOutcome, Snapshot};
use cli::approvals::{Format, Get, Notation, Set, Validate, Verb};
use cli::{Cli, Noun, gateway as gateway_cli, queue as queue_cli, run as run_cli};
use commands::{Error, gateway as gateways, get, set, validate};
use deadline::Deadline;
use dispatch::{flags, remote};
use embedded::Generation;
use output::error::Failure;
use store::input::Input;

pub use outcome::Exit;

/// How long a command may take unless it is told otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where a command prints: results to `out`, everything else to `err`.
pub struct Streams<'s> {
    /// Standard output.
    pub out: &'s mut dyn Write,
    /// Standard error.
    pub err: &'s mut dyn Write,
    /// Whether `out` shows colours; `err` is told them always, and strips what it does not show.
    pub styled: bool,
}

/// Runs one command line and says how it ended. Never panics: a bug is an exit code too.
pub fn run(arguments: impl IntoIterator<Item = OsString>, streams: &mut Streams<'_>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let machine = wants_json(&arguments);
    let result = catch_unwind(AssertUnwindSafe(|| dispatched(&arguments, streams)));
    let exit = match result {
        Ok(Ok(exit)) => Ok(exit),
        Ok(Err(error)) => failed(&error, machine, streams),
        // The panic's own message is on standard error already.
        Err(_) => writeln!(streams.err, "this is a bug in clearance: please report the message above")
            .map(|()| Exit::Bug),
    };
    finish(exit.and_then(|exit| streams.out.flush().map(|()| exit)), streams)
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

/// Whether the command line asks for JSON, known even where it is wrong in other ways.
fn wants_json(arguments: &[OsString]) -> bool {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    words.iter().any(|word| matches!(*word, "--json" | "--ndjson" | "--format=json" | "--format=sarif"))
        || words.windows(2).any(|pair| pair[0] == "--format" && matches!(pair[1], "json" | "sarif"))
}

fn failed(error: &anyhow::Error, machine: bool, streams: &mut Streams<'_>) -> io::Result<Exit> {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return Err(io::Error::new(io.kind(), io.to_string()));
    }
    let causes = error.chain().map(ToString::to_string).collect();
    let (failure, exit) = if let Some(known) = error.downcast_ref::<Error>() {
        (failure(known, causes), known.exit())
    } else {
        let failure = Failure { code: "bug", causes, remedy: None, exit: Exit::Bug as u8, verdict: None };
        (failure, Exit::Bug)
    };
    if machine {
        output::error::object(streams.out, &failure)?;
    }
    output::error::text(streams.err, &failure)?;
    Ok(exit)
}

/// A failure, as it is told. `causes`: from the outside in.
fn failure(error: &Error, causes: Vec<String>) -> Failure<'_> {
    Failure {
        code: error.code(),
        causes,
        remedy: error.remedy(),
        exit: error.exit() as u8,
        verdict: error.verdict(),
    }
}

fn dispatched(arguments: &[OsString], streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return Ok(usage(&error, arguments, streams)?),
    };
    let deadline = Deadline::after(cli.timeout.unwrap_or(TIMEOUT));
    match cli.noun {
        Noun::Approvals(Verb::Validate(args)) => run_validate(args, deadline, streams),
        Noun::Approvals(Verb::Lint(args)) => dispatch::lint::run(args, deadline, streams),
        Noun::Approvals(Verb::Get(args)) => run_get(args, deadline, streams),
        Noun::Approvals(Verb::Set(args)) => run_set(args, deadline, streams),
        Noun::Approvals(Verb::Diff(args)) => dispatch::diff::run(args, deadline, streams),
        Noun::Approvals(Verb::Allowlist(verb)) => dispatch::allowlist::run(verb, deadline, streams),
        Noun::Queue(queue_cli::Verb::Ls(args)) => {
            dispatch::queue::list(args, cli.timeout.map(Deadline::after), TIMEOUT, streams)
        }
        Noun::Queue(queue_cli::Verb::Dedupe(args)) => dispatch::queue::dedupe(args, deadline, streams),
        Noun::Queue(queue_cli::Verb::Guard(args)) => {
            dispatch::queue::guard(*args, cli.timeout.map(Deadline::after), deadline)
        }
        Noun::Queue(queue_cli::Verb::Resolve(args)) => dispatch::queue::resolve(args, deadline, streams),
        Noun::Run(run_cli::Verb::Ls(args)) => dispatch::run::list(args, deadline, streams),
        Noun::Run(run_cli::Verb::Cancel(args)) => dispatch::run::cancel(args, deadline, streams),
        Noun::Gateway(gateway_cli::Verb::Status(args)) => run_status(args, deadline, streams),
        Noun::Gateway(gateway_cli::Verb::Dev(args)) => {
            run_dev(&args, cli.timeout.map(Deadline::after), streams)
        }
        Noun::Approvals(Verb::Schema) => {
            output::json(streams.out, &approvals::schema::derived())?;
            Ok(Exit::Done)
        }
        Noun::Completions { shell } => {
            streams.out.write_all(&completions(shell))?;
            Ok(Exit::Done)
        }
        Noun::Man { command } => {
            if let Some(page) = manual(&command)? {
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
        exit: Exit::Usage as u8,
        verdict: None,
    };
    if follows_gateway(error, arguments) {
        // Not repeated: an address may hold a secret.
        failure.causes = vec!["what --gateway names follows an equals sign".to_owned()];
        failure.remedy = Some("write --gateway=NAME or --gateway=URL".to_owned());
        output::error::text(streams.err, &failure)?;
    } else {
        write!(streams.err, "{}", text.ansi())?;
    }
    if wants_json(arguments) {
        output::error::object(streams.out, &failure)?;
    }
    Ok(Exit::Usage)
}

/// Whether the argument that was not expected is a gateway's name or address without its equals sign.
fn follows_gateway(error: &clap::Error, arguments: &[OsString]) -> bool {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let Some(ContextValue::String(unexpected)) = error.get(ContextKind::InvalidArg) else { return false };
    error.kind() == ErrorKind::UnknownArgument
        && arguments.windows(2).any(|pair| pair[0] == "--gateway" && pair[1] == unexpected.as_str())
}

fn run_validate(args: Validate, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
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
    };
    let reports = validate::run(&request, deadline)?;
    match args.format {
        Format::Human => output::human(streams.out, &reports, streams.styled)?,
        Format::Json => output::validation_json(streams.out, &reports)?,
        Format::Github => output::github(streams.out, &reports)?,
        Format::Sarif => output::sarif(streams.out, &reports)?,
    }
    Ok(outcome::of_validation(validate::tally(&reports)))
}

/// Prints the page of a code; `codes` are those that are named where there is none of that name.
fn explain(name: &str, codes: &[Code], streams: &mut Streams<'_>) -> io::Result<Exit> {
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

fn run_get(args: Get, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let source = match (remote(args.remote)?, args.file, args.store) {
        (Some(remote), ..) => get::Source::Remote(remote),
        (None, Some(path), _) => get::Source::File(path),
        (None, None, Some(path)) => get::Source::Store(path),
        (None, None, None) => get::Source::Local,
    };
    let got = get::run(source, deadline)?;
    match (&got, args.json) {
        (Got::Document(snapshot), true) => output::snapshot_json(streams.out, snapshot)?,
        (Got::Document(snapshot), false) => output::snapshot_text(streams.out, snapshot)?,
        (Got::Native(snapshot), true) => output::native_json(streams.out, snapshot)?,
        (Got::Native(snapshot), false) => output::native_text(streams.out, snapshot)?,
    }
    if let Got::Document(Snapshot { remarks, .. }) = &got
        && !remarks.is_empty()
    {
        streams.out.flush()?;
        output::remarks_text(streams.err, remarks)?;
    }
    let count = got.problems();
    if count > 0 {
        streams.out.flush()?;
        let warning = match &got {
            Got::Native(_) => format!("warning: the policy is not valid ({count})"),
            // What validates a file cannot be told of a gateway.
            Got::Document(Snapshot { place: Some(_), .. }) => format!(
                "warning: the document is not valid ({count}); the same with --json | jq .file | clearance approvals validate - shows where"
            ),
            Got::Document(_) => format!(
                "warning: the document is not valid; clearance approvals validate shows where ({count})"
            ),
        };
        writeln!(streams.err, "{warning}")?;
    }
    Ok(Exit::Done)
}

fn run_set(args: Set, deadline: Deadline, streams: &mut Streams<'_>) -> anyhow::Result<Exit> {
    let request = set::Request {
        new: args.file.map_or(Input::Stdin, |path| Input::named(&path)),
        place: match remote(args.remote)? {
            Some(remote) => set::Place::Remote(remote),
            None => set::Place::Local(args.store),
        },
        base_hash: args.base_hash,
        dry_run: args.dry_run,
        allow_legacy: args.allow_legacy,
        downgrade: args.downgrade,
    };
    let report = set::run(&request, deadline)?;
    let printed = if args.json {
        output::set_json(streams.out, &report)
    } else {
        output::set_text(streams.out, &report)
    };
    let printed = printed.and_then(|()| streams.out.flush());
    if printed.is_err() && report.outcome == SetOutcome::Stored {
        writeln!(streams.err, "the document was stored all the same; only this report could not be written")?;
    }
    printed?;
    if report.departures.is_empty() {
        return Ok(Exit::Done);
    }
    writeln!(streams.err, "error: what is stored now is not what was sent: see the list above")?;
    writeln!(streams.err, "  next: clearance approvals get with the same flags shows what is stored")?;
    Ok(Exit::Partly)
}

fn run_status(
    args: gateway_cli::Status,
    deadline: Deadline,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let flags = flags(args.gateway, args.access);
    let status = gateways::run(gateways::status::run(&flags, deadline))?;
    if args.json {
        output::status_json(streams.out, &status)?;
    } else {
        output::status_text(streams.out, &status)?;
    }
    Ok(status.result.map_or_else(|refused| refused.exit, |_| Exit::Done))
}

fn run_dev(
    args: &gateway_cli::Dev,
    end: Option<Deadline>,
    streams: &mut Streams<'_>,
) -> anyhow::Result<Exit> {
    let request = gateways::dev::Request {
        port: args.port,
        scenario: args.scenario.clone(),
        coalesce: args.coalesce == gateway_cli::Switch::On,
        cancel_on_failover: args.cancel_on_failover == gateway_cli::Switch::On,
        generation: match args.generation {
            gateway_cli::Generation::Legacy => Generation::Legacy,
            gateway_cli::Generation::Current => Generation::Current,
        },
        tls: args.tls,
    };
    let mut printed = Ok(());
    gateways::run(gateways::dev::run(&request, end, |dev| {
        let text =
            if args.json { output::dev_json(streams.out, dev) } else { output::dev_text(streams.out, dev) };
        printed = text.and_then(|()| streams.out.flush());
        // Whoever started it must know how to reach it: without that it is of no use.
        printed.is_ok()
    }))?;
    printed?;
    Ok(Exit::Done)
}

fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "clearance", &mut script);
    script
}

/// The manual page of a command, in roff. `None`: there is no such command.
fn manual(path: &[String]) -> io::Result<Option<Vec<u8>>> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut command = &root;
    for word in path {
        match command.find_subcommand(word) {
            Some(found) => command = found,
            None => return Ok(None),
        }
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(Some(page))
}
