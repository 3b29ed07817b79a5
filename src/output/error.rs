//! Failures: a sentence, its causes and what to do next for people, one object for machines.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::{Paper, escaped};
use super::json::{VERSION, json, problems};
use crate::approvals::findings::diagnostic::Verdict;

/// A failure, as far as it is told.
#[derive(Debug)]
pub struct Failure<'f> {
    /// Stable name.
    pub code: &'f str,
    /// The outermost context and every cause, from the outside in.
    pub causes: Vec<String>,
    /// What to do next.
    pub remedy: Option<String>,
    /// The exit code.
    pub exit: u8,
    /// What is wrong with the document that the failure is about.
    pub verdict: Option<(&'f str, &'f Verdict)>,
}

/// Prints a failure for people.
pub fn text(err: &mut dyn Write, failure: &Failure<'_>, paper: Paper) -> io::Result<()> {
    if let Some((name, verdict)) = failure.verdict {
        super::listing(err, name, verdict, true)?;
    }
    paper.line(err, "error: ", &escaped(&failure.causes.join(": ")))?;
    // A step may have lines to copy into a file.
    for (at, line) in failure.remedy.iter().flat_map(|remedy| remedy.lines()).enumerate() {
        let label = if at == 0 { "  next:" } else { "       " };
        writeln!(err, "{label} {}", escaped(line))?;
    }
    Ok(())
}

/// Prints a warning, which has its next step in it.
pub fn warning(err: &mut dyn Write, text: &str, paper: Paper) -> io::Result<()> {
    paper.line(err, "warning: ", &escaped(text))
}

/// Prints a failure as one JSON object.
pub fn object(out: &mut dyn Write, failure: &Failure<'_>) -> io::Result<()> {
    let mut object = value(failure);
    object["version"] = json!(VERSION);
    json(out, &object)
}

/// A failure as a JSON value.
pub fn value(failure: &Failure<'_>) -> Value {
    let mut error = json!({
        "code": failure.code,
        "message": failure.causes.join(": "),
        "remedy": failure.remedy,
        "exit": failure.exit,
    });
    if let Some((_, verdict)) = failure.verdict {
        error["problems"] = serde_json::to_value(problems(verdict)).unwrap_or_default();
    }
    json!({ "error": error })
}
