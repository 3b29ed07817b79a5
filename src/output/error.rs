//! Failures for people: a sentence, its causes and the next step.

use std::io::{self, Write};

use super::escape::{Paper, escaped};
use super::narrow::Look;
use crate::report::failure::Failure;

/// Prints a failure for people.
pub fn text(err: &mut dyn Write, failure: &Failure<'_>, paper: Paper) -> io::Result<()> {
    if let Some((name, verdict)) = failure.verdict {
        super::listing(err, name, verdict, Look { styled: true, paper })?;
    }
    paper.line(err, "error: ", &escaped(&failure.causes.join(": ")))?;
    // A step may have lines to copy into a file.
    for (at, step) in failure.remedy.iter().flat_map(|remedy| remedy.lines()).enumerate() {
        let label = if at == 0 { "  next:" } else { "       " };
        writeln!(err, "{label} {}", escaped(step))?;
    }
    Ok(())
}

/// Prints a warning, which has its next step in it.
pub fn warning(err: &mut dyn Write, text: &str, paper: Paper) -> io::Result<()> {
    paper.line(err, "warning: ", &escaped(text))
}
