//! Questions on the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, stat};
use rustix::termios::{QueueSelector, tcflush};

use crate::commands::queue::QueueError;
use crate::output::{self, Paper};

/// Whether there is a terminal to ask on.
pub fn interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The result of writing a plan to standard output, before the question. `Err`: the plan was not shown, so the command
/// must end without asking and without changing anything.
pub fn shown(written: io::Result<()>) -> io::Result<()> {
    let unchanged = |error: io::Error| io::Error::new(error.kind(), format!("{error}; nothing was changed"));
    written.map_err(unchanged)?;
    if is_closed() {
        return Err(io::Error::other("standard output is closed; nothing was changed"));
    }
    Ok(())
}

/// Whether this process was started without a standard output. The standard library then opens the null device for
/// reading and writing in its place; a shell's `>/dev/null` opens it for writing only.
fn is_closed() -> bool {
    let out = io::stdout();
    let null = fstat(&out).is_ok_and(|of| {
        FileType::from_raw_mode(of.st_mode) == FileType::CharacterDevice
            && stat("/dev/null").is_ok_and(|null| null.st_rdev == of.st_rdev)
    });
    null && fcntl_getfl(&out).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR)
}

/// Asks a question on the terminal, if there is one. Any answer but yes counts as no. The wait has no time limit: only
/// an answer, the end of the input or Ctrl-C ends it.
pub fn ask(err: &mut dyn Write, question: &str) -> Result<(), QueueError> {
    if !interactive() {
        return Err(QueueError::Unconfirmed);
    }
    // Input typed before the question is not an answer to it. If the terminal cannot discard it, the question is asked
    // all the same.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    if output::question(err, question, Paper::of(&io::stderr())).is_err() {
        return Err(QueueError::Unconfirmed);
    }
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(_) if matches!(line.trim(), "y" | "Y" | "yes" | "Yes" | "YES") => Ok(()),
        _ => Err(QueueError::Declined),
    }
}
