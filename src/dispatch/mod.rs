//! From a parsed command line to a command and its printer, one file for a noun or for a verb that needs one.

pub mod again;
pub mod allowlist;
pub mod approvals;
pub mod diff;
pub mod gateway;
pub mod lint;
pub mod pages;
pub mod paste;
pub mod queue;
pub mod run;
mod spool;

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::fd::AsFd;

use rustix::termios::{QueueSelector, tcflush};

use crate::cli::gateway::{Access, Approvals};
use crate::commands::Error;
use crate::commands::documents::Place;
use crate::commands::gateway::observer;
use crate::commands::queue::QueueError;
use crate::deadline::{Deadline, Gate, OutOfTime};
use crate::output::{self, Look, Paper};
use crate::report::failure::Failure;
use crate::settings::{Ask, Flags, Wait, Warnings};

/// What the flags say about a gateway. `quiet`: that it is waited for is not reported.
pub fn flags(gateway: Option<String>, access: Access, quiet: bool) -> Flags {
    let Access {
        token_file,
        password_file,
        ask_token,
        ask_password,
        tls_fingerprint,
        ca_file,
        wait,
        verbose,
    } = access;
    let ask = match (ask_token, ask_password) {
        (true, _) => Some(Ask::Token),
        (false, true) => Some(Ask::Password),
        (false, false) => None,
    };
    let wait = if wait { Wait::Full } else { Wait::WhileAlive };
    let unwatched = quiet && !verbose;
    let observer = observer(verbose, move |address, step| {
        if !unwatched {
            print_past_the_streams(|err| output::progress_text(err, address, step, paper(&io::stderr())));
        }
    });
    Flags {
        gateway,
        token_file,
        password_file,
        ask,
        tls_fingerprint,
        ca_file,
        own_credential: false,
        warnings: Warnings::to(warn),
        wait,
        observer,
    }
}

/// Prints a warning at once.
fn warn(text: &str) {
    print_past_the_streams(|err| output::error::warning(err, text, paper(&io::stderr())));
}

/// Prints on standard error at once, from whichever thread: whoever holds its lock holds it until the end.
fn print_past_the_streams(print: impl FnOnce(&mut File) -> io::Result<()>) {
    let Ok(err) = io::stderr().as_fd().try_clone_to_owned() else { return };
    // Without standard error there is nobody who reads it.
    drop(print(&mut File::from(err)));
}

/// The gateway or node that the flags name; `None` for this host and its files.
pub fn remote(args: Approvals, quiet: bool) -> Result<Option<Place>, Error> {
    let Approvals { gateway, node, access } = args;
    let wanted = gateway.is_some() || node.is_some();
    let of_connections = of_connections(&access);
    let flags = flags(gateway, access, quiet);
    if wanted {
        return Ok(Some(Place::remote(flags, node)));
    }
    match flags.given().or(of_connections) {
        Some(flag) => Err(Error::NoGateway { flag }),
        None => Ok(None),
    }
}

/// A flag that says how to connect, if one is given: it may be meant for several gateways, but not for none.
pub fn of_connections(access: &Access) -> Option<&'static str> {
    match (access.wait, access.verbose) {
        (true, _) => Some("--wait"),
        (false, true) => Some("--verbose"),
        (false, false) => None,
    }
}

/// Whether there is somebody to ask.
pub fn interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// What a stream prints on, as it is now: a terminal may have another width than before.
pub fn paper(stream: &(impl IsTerminal + AsFd)) -> Paper {
    /// Of a terminal that does not say.
    const USUAL: usize = 80;
    let width = || terminal_size::terminal_size_of(stream).map_or(USUAL, |(width, _)| usize::from(width.0));
    Paper { width: stream.is_terminal().then(width) }
}

/// How a report on standard output looks.
pub fn look(styled: bool) -> Look {
    Look { styled, paper: paper(&io::stdout()) }
}

/// Asks a question on the terminal, if there is somebody to ask. Anything but a yes is a no. A person takes as long as a
/// person takes: nothing but an answer, the end of the input or Ctrl-C ends the wait.
pub fn ask(err: &mut dyn Write, question: &str) -> Result<(), QueueError> {
    if !interactive() {
        return Err(QueueError::Unconfirmed);
    }
    // What was typed before the question is not an answer to it. A terminal that cannot forget it is as it was.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    if output::question(err, question).is_err() {
        return Err(QueueError::Unconfirmed);
    }
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(_) if matches!(line.trim(), "y" | "Y" | "yes" | "Yes" | "YES") => Ok(()),
        _ => Err(QueueError::Declined),
    }
}

/// Computes a report of what only reads, and is left behind where that takes longer than the deadline.
pub fn within<T: Send + 'static>(
    deadline: Deadline,
    command: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let unfinished = |OutOfTime| Error::Unfinished { timeout: deadline.timeout() };
    deadline.within(command).map_err(unfinished)?
}

/// The same of what writes behind the gate.
pub fn guarded<T: Send + 'static>(
    deadline: Deadline,
    command: impl FnOnce(&Gate) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let unfinished = |OutOfTime| Error::Unfinished { timeout: deadline.timeout() };
    deadline.guarded(command).map_err(unfinished)?
}

/// The error and what caused it, from the outside in.
pub fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

/// The same of one of several gateways: its next step is about that one.
pub fn failure_of<'f>(error: &'f Error, gateway: &str) -> Failure<'f> {
    let mut failure = failure(error, causes(error));
    failure.remedy = failure.remedy.map(|remedy| again::for_gateway(&remedy, gateway));
    failure
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
