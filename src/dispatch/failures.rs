//! How a command ends that has no report: failures, panics, and outputs that cannot be written.

use std::ffi::OsString;
use std::io;
use std::sync::Once;
use std::time::Duration;

use super::again::{self, CommandLine};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::report::exit::Exit;
use crate::report::failure::Failure;
use crate::store::input::InputError;
use crate::streams::Streams;

/// How long a file that could have been meant is looked for.
const LOOKING: Duration = Duration::from_secs(30);

/// Where a panic happened is what a report needs. What it says may quote a document, and a secret in it.
pub fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            let said = panic.payload().downcast_ref::<&str>().copied();
            // There is nowhere left to say that standard error is gone.
            drop(output::error::panicked(&mut io::stderr(), place.as_deref(), said));
        }));
    });
}

/// The place of the panic is on standard error already.
pub fn crashed(machine: Machine, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let failure = Failure {
        code: Exit::Bug.code(),
        causes: vec!["this is a bug in clearance".to_owned()],
        remedy: Some("report the message above, and what was run".to_owned()),
        exit: Exit::Bug,
        verdict: None,
    };
    reported(&failure, Exit::Bug, machine, streams)
}

/// A reader that has seen enough is no failure; an output that cannot be written is.
pub fn finish(exit: io::Result<Exit>, streams: &mut Streams<'_>) -> Exit {
    match exit {
        Ok(exit) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            // There is nowhere left to say that standard error is gone too.
            let _: io::Result<()> = output::error::unwritten(streams.err, &error);
            Exit::Store
        }
    }
}

/// What machines read of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// Nothing.
    Nothing,
    /// One object.
    Object,
    /// The same on one line, as everything else is.
    Line,
}

/// What the command line asks for, known even where it is wrong in other ways.
pub fn machine(arguments: &[OsString]) -> Machine {
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

/// Reports why a command has no report of its own.
pub fn failed(
    error: &anyhow::Error,
    line: &CommandLine,
    machine: Machine,
    streams: &mut Streams<'_>,
) -> io::Result<Exit> {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return Err(io::Error::new(io.kind(), io.to_string()));
    }
    let causes = causes(error.as_ref());
    let (mut failure, exit) = if let Some(known) = error.downcast_ref::<Error>() {
        (failure(known, causes), known.exit())
    } else {
        let failure =
            Failure { code: Exit::Bug.code(), causes, remedy: None, exit: Exit::Bug, verdict: None };
        (failure, Exit::Bug)
    };
    failure.remedy = failure.remedy.map(|remedy| line.completed(&remedy));
    if let Some(Error::Input(InputError::Missing(name))) = error.downcast_ref::<Error>() {
        failure.remedy = line.instead_of_missing(name, Deadline::after(LOOKING)).or(failure.remedy);
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
    let object = printed(failure, machine, streams);
    let text = output::error::text(streams.err, failure, Paper::of(&io::stderr()));
    unless_gone(object).and_then(|()| unless_gone(text)).map(|()| exit)
}

/// Prints what machines read of a failure.
pub fn printed(failure: &Failure<'_>, machine: Machine, streams: &mut Streams<'_>) -> io::Result<()> {
    match machine {
        Machine::Nothing => Ok(()),
        Machine::Object => output::json(streams.out, &failure.json()),
        Machine::Line => output::line(streams.out, &failure.json()),
    }
}

/// A write whose reader is gone is as good as done.
pub fn unless_gone(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// The error and what caused it, from the outside in.
pub fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

/// A failure, as it is told. `causes`: from the outside in.
pub fn failure(error: &Error, causes: Vec<String>) -> Failure<'_> {
    Failure {
        code: error.code(),
        causes,
        remedy: error.remedy(),
        exit: error.exit(),
        verdict: error.verdict(),
    }
}

/// The same of one of several gateways: its next step is about that one.
pub fn failure_of<'f>(error: &'f Error, gateway: &str) -> Failure<'f> {
    let mut failure = failure(error, causes(error));
    failure.remedy = failure.remedy.map(|remedy| again::for_gateway(&remedy, gateway));
    failure
}
