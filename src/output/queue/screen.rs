//! Terminal output while a command on prompts runs: questions, progress, the alternate screen.

use std::io::{self, Write};

use super::super::escape::{Paper, escaped};
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

/// Notes that the connection is lost, and why, or that it is back.
pub fn connection_text(err: &mut dyn Write, lost: Option<&str>, paper: Paper) -> io::Result<()> {
    match lost {
        Some(cause) => paper.line(err, "note: connection lost, reconnecting: ", &escaped(cause)),
        None => paper.line(err, "note: ", "connected again"),
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
pub fn question(err: &mut dyn Write, question: &str, paper: Paper) -> io::Result<()> {
    let mut text = Vec::new();
    // One column is for the space before the answer.
    let paper = Paper { width: paper.width.map(|width| width.saturating_sub(1)), ..paper };
    paper.line(&mut text, "", &format!("{question} [y/N]"))?;
    err.write_all(text.trim_ascii_end())?;
    write!(err, " ")?;
    err.flush()
}

/// The question before a purge.
pub fn dedupe_question(planned: &Planned) -> String {
    format!("Deny {}?", super::counted(planned.duplicates, "prompt"))
}

/// The question before a decision. `adds_entry`: whether an entry is added, too. `job`: whether the prompt is of a cron
/// job, where allow-always mints a standing grant and adds no entry.
pub fn resolve_question(decision: Decision, adds_entry: bool, job: bool) -> &'static str {
    match decision {
        Decision::AllowOnce if adds_entry => "Allow this one time, and add the entry above?",
        Decision::AllowOnce => "Allow this one time?",
        Decision::AllowAlways if job => "Allow, and mint a standing grant for its cron job?",
        Decision::AllowAlways => "Allow, and add an allowlist entry?",
        Decision::Deny => "Deny it?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_wrapped_at_the_width_of_the_terminal() {
        let shown = |width| {
            let mut out = Vec::new();
            let asked = resolve_question(Decision::AllowAlways, false, false);
            question(&mut out, asked, Paper { width, styled: false }).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(None), "Allow, and add an allowlist entry? [y/N] ");
        assert_eq!(shown(Some(41)), "Allow, and add an allowlist entry? [y/N] ");
        assert_eq!(shown(Some(40)), "Allow, and add an allowlist entry?\n  │ [y/N] ");
    }
}
