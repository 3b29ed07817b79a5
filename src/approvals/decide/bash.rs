//! Assembles the evaluation of a command for 2026.6.11 and 2026.9.6, which parse the grammar of Bash: every part is read
//! against the entries, then safe bins, then builtins. Source: `evaluateShellAllowlistWithAuthorization` of both releases.

use std::ops::Range;

use super::configuration::Setup;
use super::evaluation::{By, Evaluation, Plan, Segment};
use super::inline_code;
use super::profile::Profile;
use super::question::{Entry, Question};
use super::resolve::{Lookup, World};
use super::segment::Judged;
use super::shell::{self, Context, Step};
use super::words::trim;
use super::wrappers::Unwrapped;

mod candidates;
mod inside;
mod render;

use candidates::Candidate;

/// Checks the command of a question against the entries.
pub(super) fn evaluate(
    question: &Question<'_>,
    profile: Profile,
    setup: &Setup,
    entries: &[Entry],
    world: &World<'_>,
) -> Evaluation {
    let lookup = Lookup::new(question, profile, setup, world);
    let found = match shell::explain(question.command, profile) {
        Ok(found) => found,
        Err(unparsed) => return not_analysable(&lookup, question.command, unparsed.message(), &[]),
    };
    match candidates::candidates(&found, profile) {
        Ok(candidates) => satisfaction(&lookup, entries, question.command, &candidates),
        Err(reason) => not_analysable(&lookup, question.command, reason, &found.steps),
    }
}

/// An evaluation that ends at the grammar. The release still lists the programs that it saw, for `strictInlineEval`.
fn not_analysable(lookup: &Lookup<'_>, command: &str, reason: &str, steps: &[Step]) -> Evaluation {
    let is_top = |step: &&Step| step.context == Context::Top;
    let mut segments = Vec::with_capacity(steps.len());
    let mut inline_code = false;
    for step in steps.iter().filter(is_top).chain(steps.iter().filter(|step| !is_top(step))) {
        let judged = Judged::unjudged(lookup, &step.argv);
        inline_code |= has_code(lookup, &step.argv, &judged);
        segments.push(segment(step, command, judged, None));
    }
    Evaluation {
        not_analysable: Some(reason.to_owned()),
        segments,
        satisfied: false,
        plan: Plan::Renders(None),
        durable: false,
        inline_code,
        heredoc: false,
    }
}

/// Checks every part against the entries.
fn satisfaction(
    lookup: &Lookup<'_>,
    entries: &[Entry],
    command: &str,
    candidates: &[Candidate<'_>],
) -> Evaluation {
    let profile = lookup.profile;
    let mut parts = Vec::with_capacity(candidates.len());
    let mut never = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let (judged, reason) = judged(lookup, entries, candidate);
        parts.push((candidate, judged));
        never.push(reason);
    }
    let plan = render::plan(command, profile, &parts);
    let satisfied = parts.iter().all(|(_, judged)| judged.by.is_some());
    let durable = parts.iter().all(|(_, judged)| judged.entry.is_some_and(|entry| entry.allow_always));
    let inline_code = parts.iter().any(|(candidate, judged)| has_code(lookup, &candidate.step.argv, judged));
    let segments = parts.into_iter().zip(never).map(|((candidate, judged), never)| {
        let never = never.or_else(|| hidden(&judged));
        segment(&candidate.step, command, judged, never)
    });
    let segments = segments.collect();
    Evaluation { not_analysable: None, segments, satisfied, plan, durable, inline_code, heredoc: false }
}

/// Checks a part against the entries, unless nothing can allow it: then with the reason.
fn judged<'e, 'c>(
    lookup: &Lookup<'_>,
    entries: &'e [Entry],
    candidate: &'c Candidate<'_>,
) -> (Judged<'e, 'c>, Option<String>) {
    let step = &candidate.step;
    let unjudged = Judged::unjudged(lookup, &step.argv);
    match candidate.never(lookup.profile, &unjudged.unwrapped) {
        None => (unjudged.against(lookup, entries, &step.argv, &step.text), None),
        never => (unjudged, never),
    }
}

/// Whether a part has code in its arguments, and `strictInlineEval` is on.
fn has_code(lookup: &Lookup<'_>, argv: &[String], judged: &Judged<'_, '_>) -> bool {
    let Unwrapped { argv: unwrapped, wrappers, .. } = &judged.unwrapped;
    let in_command = |argv: &[String]| inline_code::in_command(lookup.profile, argv);
    lookup.setup.strict_inline_eval && (in_command(unwrapped) || !wrappers.is_empty() && in_command(argv))
}

/// Why no entry can allow a part, if that is seen only after unwrapping.
fn hidden(judged: &Judged<'_, '_>) -> Option<String> {
    let is_hidden = judged.by.is_none() && judged.is_hidden;
    is_hidden.then(|| "the gateway does not know what the package manager starts".to_owned())
}

/// The bytes of a span that are in the command: in a payload with escapes a span may end after it, or in a character.
fn within(command: &str, span: &Range<usize>) -> Range<usize> {
    let end = command.floor_char_boundary(span.end);
    command.floor_char_boundary(span.start).min(end)..end
}

/// A part as it is reported.
fn segment(step: &Step, command: &str, judged: Judged<'_, '_>, never: Option<String>) -> Segment {
    let Judged { unwrapped, program, by, entry, .. } = judged;
    let by = match (by, entry) {
        (Some(By::Allowlist), Some(entry)) if entry.allow_always => Some(By::Durable),
        (by, _) => by,
    };
    let is_named = unwrapped.argv.first().is_some_and(|word| !trim(word).is_empty());
    let is_changed = is_named && *unwrapped.argv != *step.argv;
    Segment {
        argv: step.argv.clone(),
        effective: is_changed.then(|| unwrapped.argv.into_owned()),
        resolved: program.resolved,
        real: program.real,
        by,
        entry: entry.map(|entry| entry.id.clone()),
        never,
        near: Vec::new(),
        span: within(command, &step.span),
    }
}
