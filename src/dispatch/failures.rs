//! The end of a command without a report: failures, panics, and outputs that cannot be written.

use std::ffi::OsString;
use std::io;
use std::sync::Once;
use std::time::Duration;

use super::command_line::CommandLine;
use crate::commands::Error;
use crate::commands::queue::QueueError;
use crate::deadline::Deadline;
use crate::output::{self, Paper};
use crate::report::exit::Exit;
use crate::report::failure::Failure;
use crate::store::input::InputError;
use crate::streams::Streams;
use crate::system;

/// Time limit for looking up the gateway that a missing file's name could mean.
const LOOKING: Duration = Duration::from_secs(30);

/// Makes panics print their place only, which is enough for a bug report. Their message may quote a document, and a
/// secret in it.
pub fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            output::restore_terminal();
            let place = panic.location().map(ToString::to_string);
            let said = panic.payload().downcast_ref::<&str>().copied();
            // If standard error is closed, there is no place to report that.
            drop(output::error::panicked(&mut io::stderr(), place.as_deref(), said));
        }));
    });
}

/// Makes a write beyond the limit of a file's size (`ulimit -f`) an error like that of a full disk. Without a handler, its
/// signal kills the process in the middle of a write. A program that is started gets the signal as ever.
pub fn report_size_limits() {
    static ONCE: Once = Once::new();
    ONCE.call_once(system::report_size_limits);
}

/// Reports a panic. Its place is on standard error already.
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

/// Converts the result of writing into an exit code. A closed reader is not a failure; any other write error is.
pub fn finish(exit: io::Result<Exit>, streams: &mut Streams<'_>) -> Exit {
    match exit {
        Ok(exit) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            // If standard error is closed too, there is no place to report that.
            let _: io::Result<()> = output::error::unwritten(streams.err, &error);
            Exit::Store
        }
    }
}

/// The machine-readable form of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// None.
    Nothing,
    /// One object.
    Object,
    /// One object on one line, like the rest of the output.
    Line,
}

/// The requested machine output, known even if the command line is otherwise wrong.
pub fn machine(arguments: &[OsString]) -> Machine {
    // After `--` words are operands.
    let own = arguments.iter().take_while(|argument| *argument != "--");
    let words: Vec<&str> = own.filter_map(|argument| argument.to_str()).collect();
    let has = |sought: &[&str]| words.iter().any(|word| sought.contains(word));
    let format = words.windows(2).any(|pair| pair[0] == "--format" && matches!(pair[1], "json" | "sarif"));
    if format || has(&["--json", "--format=json", "--format=sarif"]) {
        Machine::Object
    } else if has(&["--ndjson"]) || has(&["explain"]) && has(&["--stdin"]) {
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

/// Reports a failure. A closed reader does not change the exit code.
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

/// Prints the machine-readable form of a failure.
pub fn printed(failure: &Failure<'_>, machine: Machine, streams: &mut Streams<'_>) -> io::Result<()> {
    match machine {
        Machine::Nothing => Ok(()),
        Machine::Object => output::json(streams.out, &failure.json()),
        Machine::Line => output::line(streams.out, &failure.json()),
    }
}

/// Treats a write to a closed reader as success.
pub fn unless_gone(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// The error and its causes, from the outside in.
pub fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

/// A failure for the renderers. `causes`: from the outside in.
pub fn failure(error: &Error, causes: Vec<String>) -> Failure<'_> {
    Failure {
        code: error.code(),
        causes,
        remedy: error.remedy(),
        exit: error.exit(),
        verdict: error.verdict(),
    }
}

/// As [`failure`], for one of several gateways: its next step names that gateway, and so does an error without an
/// address.
pub fn failure_of<'f>(error: &'f Error, gateway: &str, line: &CommandLine) -> Failure<'f> {
    let mut failure = failure(error, causes(error));
    failure.remedy = failure.remedy.map(|remedy| line.completed_for(gateway, &remedy));
    if matches!(error, Error::Queue(QueueError::Unconfirmed | QueueError::Declined)) {
        failure.causes.insert(0, gateway.to_owned());
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_one_of_several_gateways_names_it() {
        let words = "clearance queue dedupe --all-gateways --agent m".split(' ').map(OsString::from);
        let line = CommandLine::of(&words.collect::<Vec<_>>());
        let error = Error::from(QueueError::Unconfirmed);
        let unconfirmed = failure_of(&error, "prod", &line);
        assert_eq!(unconfirmed.causes[0], "prod");
        assert_eq!(
            unconfirmed.remedy.unwrap(),
            "check the plan above, then: clearance queue dedupe --gateway=prod --agent m --yes"
        );
        let error = Error::from(QueueError::Declined);
        assert_eq!(failure_of(&error, "prod", &line).causes, ["prod", "not confirmed: nothing was changed"]);
        let error = Error::from(QueueError::NoSlot);
        assert_eq!(
            failure_of(&error, "prod", &line).remedy.unwrap(),
            "retry with more time: clearance queue dedupe --gateway=prod --agent m --timeout 2m"
        );
    }
}
