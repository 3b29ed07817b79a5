//! Notes below a listing or a plan: unreadable prompts, prompts that could not be compared, and duplicates in a wider
//! scope.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::escape::{Paper, escaped, name};
use super::span;
use crate::queue::Doubt;
use crate::queue::history::{DeniedBefore, MOMENT_MS, Resolver};
use crate::queue::scope::Alone;
use crate::queue::wider::Wider;

/// What `denied` beside a pending prompt means.
pub(super) const COMPARED: &str = "`denied` counts recent denials with the same command text, host, node and agent; the gateway's history has no directory, arguments or environment, so they may have been other commands";

/// Prints unreadable prompts and the other notes of a listing.
pub fn remarks(
    out: &mut dyn Write,
    paper: Paper,
    problems: &[String],
    partial: Option<&str>,
    notes: &[String],
) -> io::Result<()> {
    skipped(out, paper, "prompt", problems)?;
    for note in partial.into_iter().chain(notes.iter().map(String::as_str)) {
        paper.line(out, "note: ", &escaped(note))?;
    }
    Ok(())
}

/// Prints what could not be read. `what`: its noun.
pub(in crate::output) fn skipped(
    out: &mut dyn Write,
    paper: Paper,
    what: &str,
    problems: &[String],
) -> io::Result<()> {
    for problem in problems {
        paper.line(out, &format!("skipped a {what} that could not be read: "), &escaped(problem))?;
    }
    Ok(())
}

pub(super) fn wider_text(out: &mut dyn Write, paper: Paper, wider: Option<Wider>) -> io::Result<()> {
    let Some(Wider { scope, duplicates }) = wider else { return Ok(()) };
    let scope = scope.as_str();
    let more = plural(duplicates, "duplicate");
    paper.line(out, "note: ", &format!("--by {scope} would find {duplicates} more {more}"))
}

/// Prints how many prompts that are known only by a summary may be duplicates.
pub(super) fn undecided_text(out: &mut dyn Write, paper: Paper, undecided: usize) -> io::Result<()> {
    match undecided {
        0 => Ok(()),
        1 => paper.line(out, "undecided: ", "1 prompt may be a duplicate"),
        several => paper.line(out, "undecided: ", &format!("{several} prompts may be duplicates")),
    }
}

/// Why a prompt could not have duplicates, in a line below its command.
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
        // These are counted for the whole listing.
        Alone::NoAgent | Alone::NoSession | Alone::NoRun => return None,
    })
}

/// Prints how many prompts could not have duplicates, and why.
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

/// The recent denials of what a prompt asks for.
pub(super) fn denied_before(denied: &DeniedBefore, now_ms: u64) -> String {
    let DeniedBefore { count, at_least, last_ms, resolver } = denied;
    let least = if *at_least { "at least " } else { "" };
    let ago = span(now_ms.saturating_sub(*last_ms));
    let within = MOMENT_MS / 60_000;
    let by = by(resolver.as_ref());
    match count {
        1 => format!("{ago} ago, by {by}"),
        count => format!("{least}{count}x in the last {within}m, last {ago} ago, by {by}"),
    }
}

/// Who or what decided.
pub(in crate::output) fn by(resolver: Option<&Resolver>) -> String {
    match resolver {
        Some(Resolver { own: true, .. }) => "this device".to_owned(),
        Some(Resolver { kind, id: Some(id), .. }) => format!("{} ({})", name(id), name(kind)),
        Some(Resolver { kind, id: None, .. }) => name(kind),
        None => "unknown".to_owned(),
    }
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { what.to_owned() } else { format!("{what}s") }
}
