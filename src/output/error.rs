//! Failures as text: a sentence, its causes and the next step.

use std::io::{self, Write};

use super::escape::{Paper, escaped};
use super::narrow::Look;
use crate::report::failure::Failure;

/// Prints a failure.
pub fn text(err: &mut dyn Write, failure: &Failure<'_>, paper: Paper) -> io::Result<()> {
    if let Some((name, verdict)) = failure.verdict {
        super::listing(err, name, verdict, Look { styled: true, paper })?;
    }
    paper.line(err, "error: ", &escaped(&failure.causes.join(": ")))?;
    // A step may include lines to copy into a file.
    for (at, step) in failure.remedy.iter().flat_map(|remedy| remedy.lines()).enumerate() {
        let label = if at == 0 { "  next:" } else { "       " };
        writeln!(err, "{label} {}", escaped(step))?;
    }
    Ok(())
}

/// Prints a warning; its text includes the next step.
pub fn warning(err: &mut dyn Write, text: &str, paper: Paper) -> io::Result<()> {
    paper.line(err, "warning: ", &escaped(text))
}

/// Prints the place of a panic. `message`: its message, if that is a constant and quotes nothing.
pub fn panicked(err: &mut dyn Write, place: Option<&str>, message: Option<&str>) -> io::Result<()> {
    let place = place.map_or_else(String::new, |place| format!(" at {place}"));
    let message = message.map_or_else(String::new, |message| format!(": {message}"));
    writeln!(err, "error: internal error{place}{message}")
}

/// Prints that the output could not be written.
pub fn unwritten(err: &mut dyn Write, error: &io::Error) -> io::Result<()> {
    writeln!(err, "error: cannot write the output: {error}")
}
