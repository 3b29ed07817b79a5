//! Assembles the evaluation of a command for 2026.6.11 and 2026.9.6, which parse the grammar of Bash: every part is read
//! against the entries, then safe bins, then builtins. Source: `evaluateShellAllowlistWithAuthorization` of both releases.

use std::ops::Range;

use super::configuration::Setup;
use super::evaluation::{By, Evaluation, Plan, Segment};
use super::inline_code;
use super::packages::{self, Package};
use super::profile::Profile;
use super::question::{Entry, Question};
use super::resolve::{Lookup, World};
use super::segment::{self, Judged};
use super::shell::{self, Context, Step};
use super::words::trim;
use super::wrappers;

mod candidates;
mod inside;
mod render;

use candidates::Candidate;

/// Parts for which the nearest entries are looked for. More would help nobody, and cost time.
const MAX_NEAR: usize = 16;

/// Reads the command of a question against the entries.
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
        Ok(candidates) => satisfaction(&lookup, entries, question.command, candidates),
        Err(reason) => not_analysable(&lookup, question.command, reason, &found.steps),
    }
}

/// An evaluation that ends at the grammar. The release still lists the programs that it saw, for `strictInlineEval`.
fn not_analysable(lookup: &Lookup<'_>, command: &str, reason: &str, steps: &[Step]) -> Evaluation {
    let (top, nested): (Vec<_>, Vec<_>) = steps.iter().partition(|step| step.context == Context::Top);
    let steps: Vec<&Step> = top.into_iter().chain(nested).collect();
    let read = |step: &&Step| {
        let judged = unjudged(lookup, &step.argv);
        let has_code = has_code(lookup.profile, &step.argv, &judged);
        (segment(step.argv.clone(), within(command, &step.span), judged, None), has_code)
    };
    let (segments, has_code): (Vec<_>, Vec<_>) = steps.iter().map(read).unzip();
    Evaluation {
        not_analysable: Some(reason.to_owned()),
        segments,
        satisfied: false,
        plan: Plan::Renders(None),
        durable: false,
        inline_code: has_code.into_iter().any(|has_code| has_code),
        heredoc: false,
    }
}

/// Reads every part against the entries.
fn satisfaction(
    lookup: &Lookup<'_>,
    entries: &[Entry],
    command: &str,
    candidates: Vec<Candidate>,
) -> Evaluation {
    let profile = lookup.profile;
    let judge = |candidate: Candidate| {
        let judged = if candidate.never.is_some() {
            unjudged(lookup, &candidate.argv)
        } else {
            segment::judge(lookup, entries, &candidate.argv, &candidate.text)
        };
        (candidate, judged)
    };
    let parts: Vec<(Candidate, Judged<'_>)> = candidates.into_iter().map(judge).collect();
    let plan = render::plan(command, profile, &parts);
    let satisfied = parts.iter().all(|(_, judged)| judged.by.is_some());
    let durable = parts.iter().all(|(_, judged)| judged.entry.is_some_and(|entry| entry.allow_always));
    let inline_code = parts.iter().any(|(candidate, judged)| has_code(profile, &candidate.argv, judged));
    let mut missing = 0;
    let segments = parts.into_iter().map(|(candidate, judged)| {
        let never = candidate.never.or_else(|| never(profile, &judged));
        let near = if judged.by.is_none() && never.is_none() && missing < MAX_NEAR {
            missing += 1;
            segment::near(lookup, entries, &judged)
        } else {
            Vec::new()
        };
        Segment { near, ..segment(candidate.argv, within(command, &candidate.span), judged, never) }
    });
    let segments = segments.collect();
    Evaluation { not_analysable: None, segments, satisfied, plan, durable, inline_code, heredoc: false }
}

/// A part that nothing can allow, unwrapped and resolved all the same.
fn unjudged<'e>(lookup: &Lookup<'_>, argv: &[String]) -> Judged<'e> {
    let unwrapped = wrappers::unwrap(lookup.profile, argv);
    let program = lookup.program(unwrapped.argv.first().map_or("", String::as_str));
    Judged { unwrapped, program, by: None, entry: None, inline: None }
}

/// Whether a part has code in its arguments.
fn has_code(profile: Profile, argv: &[String], judged: &Judged<'_>) -> bool {
    inline_code::in_command(profile, &judged.unwrapped.argv).is_some()
        || inline_code::in_command(profile, argv).is_some()
}

/// Why no entry can allow a part, if that is seen only after unwrapping.
fn never(profile: Profile, judged: &Judged<'_>) -> Option<String> {
    let is_hidden =
        judged.by.is_none() && packages::target(profile, &judged.unwrapped.argv) == Package::Blocked;
    is_hidden.then(|| "the gateway does not know what the package manager starts".to_owned())
}

/// The bytes of a span that are in the command: in a payload with escapes a span may end behind it, or in a character.
fn within(command: &str, span: &Range<usize>) -> Range<usize> {
    let end = command.floor_char_boundary(span.end);
    command.floor_char_boundary(span.start).min(end)..end
}

/// A part as it is reported.
fn segment(argv: Vec<String>, span: Range<usize>, judged: Judged<'_>, never: Option<String>) -> Segment {
    let Judged { unwrapped, program, by, entry, .. } = judged;
    let by = match (by, entry) {
        (Some(By::Allowlist), Some(entry)) if entry.allow_always => Some(By::Durable),
        (by, _) => by,
    };
    let is_named = unwrapped.argv.first().is_some_and(|word| !trim(word).is_empty());
    Segment {
        effective: (is_named && unwrapped.argv != argv).then_some(unwrapped.argv),
        argv,
        resolved: program.resolved,
        real: program.real,
        by,
        entry: entry.map(|entry| entry.id.clone()),
        never,
        near: Vec::new(),
        span,
    }
}
