//! Questions on the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::commands::queue::QueueError;
use crate::output::{self, Paper};
use crate::system::{discard_typed, is_output_closed};

/// Whether there is a terminal to ask on. Only on Unix: elsewhere input that was typed before a question cannot be
/// discarded, and would answer it.
pub fn interactive() -> bool {
    cfg!(unix) && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// The result of writing a plan to standard output, before the question. `Err`: the plan was not shown, so the command
/// must end without asking and without changing anything.
pub fn shown(written: io::Result<()>) -> io::Result<()> {
    let unchanged = |error: io::Error| io::Error::new(error.kind(), format!("{error}; nothing was changed"));
    written.map_err(unchanged)?;
    if is_output_closed() {
        return Err(io::Error::other("standard output is closed; nothing was changed"));
    }
    Ok(())
}

/// Asks a question on the terminal, if there is one. Any answer but yes counts as no. The wait has no time limit: only
/// an answer, the end of the input or Ctrl-C ends it.
pub fn ask(err: &mut dyn Write, question: &str) -> Result<(), QueueError> {
    if !interactive() {
        return Err(QueueError::Unconfirmed);
    }
    // Input typed before the question is not an answer to it. If the terminal cannot discard it, the question is asked
    // all the same.
    discard_typed();
    if output::question(err, question, Paper::of(&io::stderr())).is_err() {
        return Err(QueueError::Unconfirmed);
    }
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(_) if matches!(line.trim(), "y" | "Y" | "yes" | "Yes" | "YES") => Ok(()),
        _ => Err(QueueError::Declined),
    }
}
