//! From a parsed command line to a command and its printer, one file for a noun or for a verb that needs one.

pub mod allowlist;
pub mod approvals;
pub mod diff;
pub mod gateway;
pub mod lint;
pub mod pages;
pub mod queue;
pub mod run;
mod spool;

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::oneshot;

use crate::cli::gateway::{Access, Approvals};
use crate::commands::Error;
use crate::commands::gateway::observer;
use crate::commands::queue::QueueError;
use crate::commands::remote::Remote;
use crate::deadline::{Deadline, Gate, OutOfTime};
use crate::output::error::Failure;
use crate::output::{self, Paper};
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

/// What the flags say about a gateway or node; `None` for this host and its files.
pub fn remote(args: Approvals, quiet: bool) -> Result<Option<Remote>, Error> {
    let Approvals { gateway, node, access } = args;
    let wanted = gateway.is_some() || node.is_some();
    let of_connections = of_connections(&access);
    let flags = flags(gateway, access, quiet);
    if wanted {
        return Ok(Some(Remote { flags, node }));
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

/// A question that was asked on the terminal. A person takes as long as a person takes: nothing but an answer, the end
/// of the input or Ctrl-C ends the wait.
#[derive(Debug)]
pub struct Question(oneshot::Receiver<io::Result<String>>);

impl Question {
    /// Asks, if there is somebody to ask.
    pub fn ask(err: &mut dyn Write, question: &str) -> Result<Self, QueueError> {
        if !interactive() {
            return Err(QueueError::Unconfirmed);
        }
        // What was typed before the question is no answer to it. A terminal that cannot forget it is as it was.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        let asked = write!(err, "{question} [y/N] ").and_then(|()| err.flush());
        if asked.is_err() {
            return Err(QueueError::Unconfirmed);
        }
        let (sender, receiver) = oneshot::channel();
        // Beside the runtime, which has connections to keep alive.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line);
            // Nobody listens any more where the command has ended.
            drop(sender.send(read.map(|_| line)));
        });
        Ok(Self(receiver))
    }

    /// The answer. Anything but a yes is a no.
    pub async fn answer(self) -> Result<(), QueueError> {
        agreed(self.0.await)
    }

    /// The same where there is no runtime.
    pub fn wait(self) -> Result<(), QueueError> {
        agreed(self.0.blocking_recv())
    }
}

fn agreed(line: Result<io::Result<String>, oneshot::error::RecvError>) -> Result<(), QueueError> {
    match line {
        Ok(Ok(line)) if matches!(line.trim(), "y" | "Y" | "yes" | "Yes" | "YES") => Ok(()),
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

/// A command line to paste, with `--gateway` at this place joined to the value behind it.
pub fn joined_gateway(arguments: &[OsString], at: usize) -> String {
    let value = arguments.get(at + 1).map(|value| value.to_string_lossy()).unwrap_or_default();
    if crate::settings::without_secret(&value) != value {
        // Not repeated: an address may hold a secret.
        return "write --gateway=NAME or --gateway=URL".to_owned();
    }
    let quoted = |argument: &OsString| approvals::shell_quoted(Path::new(argument));
    let before = arguments.iter().take(at).skip(1).map(quoted);
    let joined = OsString::from(format!("--gateway={value}"));
    let after = arguments.iter().skip(at + 2).map(quoted);
    let words = ["clearance".to_owned()].into_iter().chain(before).chain([quoted(&joined)]).chain(after);
    words.collect::<Vec<_>>().join(" ")
}

/// The command line of a comparison to paste, with `--gateway` as its second document where it has one already; otherwise
/// what to write.
pub fn gateway_as_operand(arguments: &[OsString]) -> String {
    /// The other options that take a value.
    const VALUES: [&str; 5] =
        ["--timeout", "--token-file", "--password-file", "--tls-fingerprint", "--ca-file"];
    let text: Vec<Cow<'_, str>> = arguments.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    let (mut words, mut operands) = (vec!["clearance".to_owned()], 0);
    let mut rest = text.iter().peekable();
    while let Some(word) = rest.next() {
        if word == "--gateway" || word.starts_with("--gateway=") {
            let joined = word.strip_prefix("--gateway=").map(str::to_owned);
            let value =
                joined.or_else(|| rest.next_if(|next| !next.starts_with('-')).map(ToString::to_string));
            // Not repeated: an address may hold a secret.
            let value = value.map(|value| (crate::settings::without_secret(&value) == value, value));
            match value {
                None => words.push("gateway".to_owned()),
                Some((true, value)) => {
                    words.push(approvals::shell_quoted(Path::new(&format!("gateway:{value}"))));
                }
                Some((false, _)) => operands = 2,
            }
            continue;
        }
        if VALUES.contains(&&**word) {
            words.extend(
                [Some(word), rest.next()]
                    .into_iter()
                    .flatten()
                    .map(|word| approvals::shell_quoted(Path::new(&**word))),
            );
            continue;
        }
        operands += usize::from((!word.starts_with('-') || word == "-") && operands_begin(&words));
        words.push(approvals::shell_quoted(Path::new(&**word)));
    }
    if operands == 1 {
        return words.join(" ");
    }
    "write gateway, gateway:NAME or gateway:URL in the place of one of the two documents".to_owned()
}

/// Whether what comes behind these words is an operand of `diff`, and not a part of the command's own name.
fn operands_begin(words: &[String]) -> bool {
    words.iter().any(|word| word == "diff")
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

/// A failure, as it is told. `causes`: from the outside in.
pub fn failure(error: &Error, causes: Vec<String>) -> Failure<'_> {
    Failure {
        code: error.code(),
        causes,
        remedy: error.remedy(),
        exit: error.exit() as u8,
        verdict: error.verdict(),
    }
}
