//! Questions on the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{QueueSelector, tcflush};

use crate::commands::queue::QueueError;
use crate::output;

/// Whether there is a terminal to ask on.
pub fn interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
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
    if output::question(err, question).is_err() {
        return Err(QueueError::Unconfirmed);
    }
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(_) if matches!(line.trim(), "y" | "Y" | "yes" | "Yes" | "YES") => Ok(()),
        _ => Err(QueueError::Declined),
    }
}
