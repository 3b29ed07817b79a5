//! What is said below a listing or a plan: what was not understood, what could not be compared, and what a wider scope
//! would find.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::escape::{Paper, escaped};
use crate::queue::Doubt;
use crate::queue::scope::Alone;
use crate::queue::wider::Wider;

/// Prints what was not understood, and what else is to be known of a listing.
pub fn remarks(
    out: &mut dyn Write,
    paper: Paper,
    problems: &[String],
    partial: Option<&str>,
    notes: &[String],
) -> io::Result<()> {
    for problem in problems {
        paper.line(out, "skipped a prompt that could not be read: ", &escaped(problem))?;
    }
    for note in partial.into_iter().chain(notes.iter().map(String::as_str)) {
        paper.line(out, "note: ", &escaped(note))?;
    }
    Ok(())
}

pub(super) fn wider_text(out: &mut dyn Write, paper: Paper, wider: Option<Wider>) -> io::Result<()> {
    let Some(Wider { scope, duplicates }) = wider else { return Ok(()) };
    let scope = scope.as_str();
    let more = plural(duplicates, "duplicate");
    paper.line(out, "note: ", &format!("--by {scope} would find {duplicates} more {more}"))
}

/// Prints how many prompts may be duplicates of which only a summary is known.
pub(super) fn undecided_text(out: &mut dyn Write, paper: Paper, undecided: usize) -> io::Result<()> {
    match undecided {
        0 => Ok(()),
        1 => paper.line(out, "undecided: ", "1 prompt may be a duplicate"),
        several => paper.line(out, "undecided: ", &format!("{several} prompts may be duplicates")),
    }
}

/// Why a prompt could have no duplicate, in a line below what it asks for.
pub(super) fn alone(why: Alone) -> Option<&'static str> {
    Some(match why {
        Alone::Doubt(Doubt::Elided) => {
            "cannot be compared: the gateway hides or shortens part of this command"
        }
        Alone::Doubt(Doubt::Environment) => {
            "never treated as a duplicate: the gateway does not list environment values"
        }
        Alone::Doubt(Doubt::Summary) => "cannot be compared: the file has only a summary of this prompt",
        Alone::Call => {
            "compared by its tool call only: the gateway does not list the arguments of a plugin's call, so a retry is not recognised"
        }
        // Of whole listings: they are counted.
        Alone::NoAgent | Alone::NoSession | Alone::NoRun => return None,
    })
}

/// Prints how many prompts could have no duplicate, and why.
pub(super) fn alone_text(
    out: &mut dyn Write,
    paper: Paper,
    alone: &BTreeMap<Alone, usize>,
) -> io::Result<()> {
    for (why, &count) in alone {
        let why = self::alone(*why).unwrap_or(match why {
            Alone::NoSession => "names no session: only --by agent compares it",
            Alone::NoRun => "names no run: --by run cannot compare it",
            _ => "names no agent: never treated as a duplicate",
        });
        paper.line(out, "note: ", &format!("{why} ({count} {})", plural(count, "prompt")))?;
    }
    Ok(())
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { what.to_owned() } else { format!("{what}s") }
}
