//! Terminal output while a command on prompts runs: questions, progress, the alternate screen.

use std::io::{self, Write};

use crate::queue::Decision;
use crate::report::queue::Planned;

/// The terminal's alternate screen. The former contents are restored on every exit.
pub struct Screen<'o> {
    out: &'o mut dyn Write,
    shown: bool,
}

impl<'o> Screen<'o> {
    /// An alternate screen that is not shown yet.
    pub fn new(out: &'o mut dyn Write) -> Self {
        Self { out, shown: false }
    }

    /// The output while the screen is not shown.
    pub fn out(&mut self) -> &mut dyn Write {
        self.out
    }

    /// Shows the screen, once, and returns its output.
    pub fn open(&mut self) -> io::Result<&mut dyn Write> {
        if !self.shown {
            self.shown = true;
            write!(self.out, "\x1b[?1049h")?;
        }
        Ok(self.out)
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        if self.shown {
            // Errors are ignored: the terminal may be gone.
            let _ = write!(self.out, "\x1b[?1049l").and_then(|()| self.out.flush());
        }
    }
}

/// Shows how many prompts are still to be denied. Errors are ignored.
pub fn progress(err: &mut dyn Write, left: usize) {
    drop(write!(err, "\r\x1b[K{left} left"));
}

/// Clears the progress.
pub fn progress_over(err: &mut dyn Write) {
    drop(write!(err, "\r\x1b[K"));
}

/// An empty line between two listings.
pub fn blank_line(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)
}

/// Prints a question. The answer is typed after it.
pub fn question(err: &mut dyn Write, question: &str) -> io::Result<()> {
    write!(err, "{question} [y/N] ")?;
    err.flush()
}

/// The question before a purge.
pub fn dedupe_question(planned: &Planned) -> String {
    format!("Deny {}?", super::counted(planned.duplicates, "prompt"))
}

/// The question before a decision.
pub fn resolve_question(decision: Decision) -> &'static str {
    match decision {
        Decision::AllowOnce => "Allow this one time?",
        Decision::AllowAlways => "Allow, and add an allowlist entry?",
        Decision::Deny => "Deny it?",
    }
}
