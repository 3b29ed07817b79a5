//! Assembles the evaluation of a command for 2026.4.14, which splits the text itself. A chain is read part by part up to
//! the first one that nothing allows; the command of `sh -c` is read only if it is a chain and nothing allows the shell.
//!
//! Source: `evaluateShellAllowlist`, `evaluateExecAllowlist`, `evaluateSegments`, `evaluateShellWrapperInlineChain` and
//! `buildEnforcedShellCommand` of that release.

use std::ops::Range;

use super::configuration::Setup;
use super::evaluation::{By, Evaluation, Plan, Segment};
use super::inline_code;
use super::prelude;
use super::profile::Profile;
use super::question::{Entry, Question};
use super::reading::{Group, Read};
use super::resolve::{Lookup, World};
use super::segment::{self, Judged};
use super::splitter::{self, Part};
use super::words::trim;

#[cfg(test)]
mod tests;

/// How often the command of a shell may be that of another.
const MAX_DEPTH: usize = 2;

/// Checks the command of a question against the entries.
pub(super) fn evaluate(
    question: &Question<'_>,
    profile: Profile,
    setup: &Setup,
    entries: &[Entry],
    world: &World<'_>,
) -> Evaluation {
    let reader = Reader { lookup: Lookup::new(question, profile, setup, world), entries };
    match reader.groups(question.command) {
        Ok(groups) => assemble(&reader, question.command, groups),
        Err(reason) => not_analysable(reason),
    }
}

fn not_analysable(reason: &str) -> Evaluation {
    Evaluation {
        not_analysable: Some(reason.to_owned()),
        segments: Vec::new(),
        satisfied: false,
        plan: Plan::Renders(None),
        durable: false,
        inline_code: false,
        heredoc: false,
    }
}

/// Checks texts against the entries.
struct Reader<'r> {
    lookup: Lookup<'r>,
    entries: &'r [Entry],
}

impl<'r> Reader<'r> {
    /// The parts of a command up to the first one that nothing can allow, each read for itself; or why there are none.
    fn groups(&self, command: &str) -> Result<Vec<Group<'r>>, &'static str> {
        if splitter::has_line_continuation(command) {
            return Err("line continuation");
        }
        let split: Result<Vec<_>, _> = parts(command).iter().map(|part| split(command, part)).collect();
        let mut groups = Vec::new();
        for (words, operator) in split? {
            let group = self.group(words, operator);
            let is_last = !group.satisfied && !prelude::is_prelude(&self.lookup, &group);
            groups.push(group);
            if is_last {
                break;
            }
        }
        Ok(groups)
    }

    /// Reads the pieces of a pipeline up to the first one that nothing allows.
    fn group(&self, words: Vec<Words>, operator: Option<&'static str>) -> Group<'r> {
        let mut satisfied = true;
        let mut pieces = Vec::with_capacity(words.len());
        for Words { argv, raw, span } in words {
            let mut judged = segment::judge(&self.lookup, self.entries, &argv, &raw).into_owned();
            if satisfied {
                if judged.by.is_none() && self.is_allowed_chain(&judged, 1) {
                    judged.by = Some(By::InlineChain);
                }
                satisfied = judged.by.is_some();
            } else {
                (judged.by, judged.entry) = (None, None);
            }
            pieces.push(Read { argv, judged, span });
        }
        Group { pieces, satisfied, operator }
    }

    /// Whether the command of a shell is a chain of which every piece is allowed. `depth` counts the shells around it.
    fn is_allowed_chain(&self, judged: &Judged<'_, '_>, depth: usize) -> bool {
        if judged.unwrapped.blocked.is_some() || depth > MAX_DEPTH {
            return false;
        }
        let Some(command) = judged.inline.as_deref() else { return false };
        let parts = splitter::chain(command);
        parts.is_some_and(|parts| parts.iter().all(|part| self.is_allowed_part(command, part, depth)))
    }

    /// Whether every piece of a part of a shell's command is allowed.
    fn is_allowed_part(&self, command: &str, part: &Part, depth: usize) -> bool {
        let Ok((words, _)) = split(command, part) else { return false };
        words.into_iter().all(|Words { argv, raw, .. }| {
            let judged = segment::judge(&self.lookup, self.entries, &argv, &raw);
            judged.by.is_some() || self.is_allowed_chain(&judged, depth + 1)
        })
    }
}

/// The words of a piece, its text and its bytes of the command.
struct Words {
    argv: Vec<String>,
    raw: String,
    span: Range<usize>,
}

/// The parts of a chain; a text without one is its only part.
fn parts(command: &str) -> Vec<Part> {
    let whole = Part { span: 0..command.len(), operator: None };
    splitter::chain(command).unwrap_or_else(|| vec![whole])
}

/// Splits a part of a chain into the words of its pipeline.
fn split(command: &str, part: &Part) -> Result<(Vec<Words>, Option<&'static str>), &'static str> {
    let text = command.get(part.span.clone()).unwrap_or_default();
    let words = splitter::pipeline(text)?.into_iter().map(|piece| {
        let argv = splitter::words(&piece.raw).filter(|argv| !argv.is_empty())?;
        let span = part.span.start + piece.span.start..part.span.start + piece.span.end;
        Some(Words { argv, raw: piece.raw, span })
    });
    let words: Option<Vec<_>> = words.collect();
    Ok((words.ok_or("unable to parse shell segment")?, part.operator))
}

/// Joins the parts up to the first one that nothing allows.
fn assemble(reader: &Reader<'_>, command: &str, groups: Vec<Group<'_>>) -> Evaluation {
    let preludes = prelude::allowed(&reader.lookup, &groups);
    let mut reads = Vec::new();
    let mut satisfied = true;
    for (mut group, is_prelude) in groups.into_iter().zip(preludes) {
        if is_prelude {
            for read in &mut group.pieces {
                (read.judged.by, read.judged.entry) = (Some(By::Skills), None);
            }
        }
        reads.append(&mut group.pieces);
        satisfied = group.satisfied || is_prelude;
        if !satisfied {
            break;
        }
    }
    let plan = if satisfied { rebuilt(command, &reads) } else { Plan::Renders(None) };
    let has_code = |read: &Read<'_>| inline_code::in_argv(reader.lookup.profile, &read.judged.unwrapped.argv);
    Evaluation {
        not_analysable: None,
        satisfied,
        plan,
        durable: reads.iter().all(|read| read.judged.entry.is_some_and(|entry| entry.allow_always)),
        inline_code: reader.lookup.setup.strict_inline_eval && reads.iter().any(has_code),
        heredoc: reads.iter().any(|read| read.argv.iter().any(|word| word.starts_with("<<"))),
        segments: reads.into_iter().map(segment_of).collect(),
    }
}

/// A piece as it is reported.
fn segment_of(read: Read<'_>) -> Segment {
    let Read { argv, judged, span } = read;
    let Judged { unwrapped, program, by, entry, .. } = judged;
    let by = match (by, entry) {
        (Some(By::Allowlist), Some(entry)) if entry.allow_always => Some(By::Durable),
        (by, _) => by,
    };
    Segment {
        effective: (*unwrapped.argv != *argv).then(|| unwrapped.argv.into_owned()),
        argv,
        resolved: program.resolved,
        real: program.real,
        by,
        entry: entry.map(|entry| entry.id.clone()),
        never: unwrapped.blocked.map(|name| format!("a gateway does not check what {name} starts")),
        near: Vec::new(),
        span,
    }
}

/// The text that is started in place of a satisfied command: every word in single quotes, wrappers gone. The release splits
/// the trimmed text again, which may fail where the text itself could be split.
fn rebuilt(command: &str, reads: &[Read<'_>]) -> Plan {
    let source = trim(command);
    let mut reads = reads.iter();
    let mut text = String::new();
    for part in parts(source) {
        let count = match splitter::pipeline(source.get(part.span.clone()).unwrap_or_default()) {
            Ok(pieces) => pieces.len(),
            Err(reason) => return Plan::Unavailable(reason),
        };
        let pieces: Vec<_> = reads.by_ref().take(count).map(quoted).collect();
        if pieces.len() < count {
            return Plan::Unavailable("segment mapping failed");
        }
        text.push_str(&pieces.join(" | "));
        if let Some(operator) = part.operator {
            text.push(' ');
            text.push_str(operator);
            text.push(' ');
        }
    }
    if reads.next().is_some() {
        Plan::Unavailable("segment count mismatch")
    } else {
        Plan::Renders(Some(text))
    }
}

/// The words of a piece in single quotes, with the real path of the program in front.
fn quoted(read: &Read<'_>) -> String {
    let program = &read.judged.program;
    let path = program.real.as_deref().or(program.resolved.as_deref()).map_or("", trim);
    let argv = &read.judged.unwrapped.argv;
    let first = argv.first().map(|word| if path.is_empty() { word } else { path });
    let words = first.into_iter().chain(argv.iter().skip(1).map(String::as_str));
    words.map(|word| format!("'{}'", word.replace('\'', "'\"'\"'"))).collect::<Vec<_>>().join(" ")
}
