//! Reports what is valid but dangerous or without effect, with a place for each finding, and makes fixes that never
//! widen permissions.
//!
//! [`lint`] reads a document once into our types and judges it. Only if there is something to report it reads the
//! document again for places. What an entry or a policy allows is decided by the evaluator
//! ([`crate::approvals::decide`]), for each release that could read the document.

mod arguments;
mod command_lines;
mod compatibility;
mod counts;
mod coverage;
mod dangers;
mod entries;
mod facts;
mod fallback;
mod fix;
mod judge;
mod links;
mod listed;
mod pattern;
mod place;
mod policy;
mod programs;
mod raw;
mod release;
mod silences;
mod sink;
#[cfg(test)]
mod tests;
mod trial;
mod witnesses;

use serde_json::{Value, json};

use crate::approvals::check::document::parse_within;
use crate::approvals::compare::changes::Change;
use crate::approvals::edit::unknown::known;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::{Diagnostic, Verdict};
use crate::approvals::findings::severity::Severity;
use crate::approvals::model::document::Document;
use crate::approvals::model::path::Step;
use crate::approvals::text::syntax::Syntax;
pub use counts::Counts;
pub use facts::{Facts, Files, Keeper, Stale, Timed};
pub use fix::{FixError, without};
pub use place::unused_silences;
pub use raw::Removal;
pub use release::{denies_unanswered, is_release};
pub use silences::{Overrides, Silence};
use sink::Sink;

/// The result of linting one document.
#[derive(Debug, Clone, Default)]
pub struct Linted {
    /// The findings, sorted by place; for an invalid document the problems that make it invalid.
    pub verdict: Verdict,
    /// Whether it is invalid. Then it was linted only if unknown fields are its only problem.
    pub invalid: bool,
    /// All findings, including those beyond [`Verdict::MOST`].
    pub counts: Counts,
    /// Number of silenced findings.
    pub silenced: usize,
    /// For each of the [`Overrides::silences`], whether it silenced a finding.
    pub used: Vec<usize>,
    /// The entries that `--fix` would remove, by agent and index, up to a limit. The next `--fix` removes the rest.
    pub removals: Vec<Removal>,
    /// The unknown fields that `--fix` would also remove, up to a limit.
    pub unknown: Vec<Change>,
    /// Number of unknown fields.
    pub unknown_count: usize,
}

/// Judges a document.
pub fn lint(bytes: &[u8], syntax: Syntax, facts: &Facts<'_>, overrides: &Overrides) -> Linted {
    let verdict = match parse_within(bytes, syntax, facts.budget) {
        Ok(document) => return judged(bytes, syntax, &document, facts, overrides),
        Err(verdict) => verdict,
    };
    let counts = Counts { errors: verdict.errors(), warnings: verdict.warnings(), notes: 0 };
    // If the document has another problem, or too many to list, it is not linted further.
    let unknown = |found: &Diagnostic| found.code == Code::UnknownField;
    let others = verdict.unfinished || verdict.omitted > 0 || !verdict.diagnostics.iter().all(unknown);
    let known = if others { None } else { known(bytes, syntax, facts.budget) };
    let document =
        known.as_ref().and_then(|known| parse_within(known.text.as_bytes(), syntax, facts.budget).ok());
    let (Some(known), Some(document)) = (&known, document) else {
        let mut verdict = verdict;
        verdict.unfinished |= !others && facts.budget.is_spent();
        return Linted { invalid: verdict.errors() > 0, verdict, counts, ..Linted::default() };
    };
    // A host ignores unknown fields and uses the rest, so the rest is linted. The entries keep their places.
    let linted = judged(bytes, syntax, &document, facts, overrides);
    let mut both = verdict;
    both.omitted += linted.verdict.omitted;
    both.omitted_errors += linted.verdict.omitted_errors;
    both.unfinished |= linted.verdict.unfinished;
    both.diagnostics.extend(linted.verdict.diagnostics);
    both.diagnostics.sort_by_key(|found| (found.start.line, found.start.column));
    both.keep(Verdict::MOST);
    // If a misspelt rule is among them, nothing is removed: a person has to see what was meant.
    let (unknown, unknown_count, removals) = match known.meant {
        0 => (known.fields.clone(), known.count, linted.removals),
        _ => (Vec::new(), 0, Vec::new()),
    };
    Linted {
        removals,
        verdict: both,
        invalid: true,
        counts: linted.counts.and(counts),
        unknown,
        unknown_count,
        ..linted
    }
}

/// `document`: the document in the text, possibly without unknown fields.
fn judged(
    bytes: &[u8],
    syntax: Syntax,
    document: &Document<'_>,
    facts: &Facts<'_>,
    overrides: &Overrides,
) -> Linted {
    let mut sink = Sink::of(overrides, facts, bytes.len());
    policy::judge(document, facts, &mut sink);
    entries::judge(document, facts, &mut sink);
    coverage::judge(document, facts, &mut sink);
    compatibility::judge(document, facts, &mut sink);
    let Sink { raws, counts, silenced, used, unfinished, mut removals, .. } = sink;
    // An entry with two such problems is removed once.
    removals.sort_by(|a, b| (&a.agent, a.index).cmp(&(&b.agent, b.index)));
    removals.dedup_by(|later, first| (&later.agent, later.index) == (&first.agent, first.index));
    let mut linted =
        Linted { counts, silenced, used: used.into_iter().collect(), removals, ..Linted::default() };
    if !raws.is_empty() {
        linted.verdict = place::placed(bytes, syntax, document, raws, overrides);
    }
    let reported = &linted.verdict.diagnostics;
    let errors = reported.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    linted.verdict.omitted = counts.sum().saturating_sub(reported.len());
    linted.verdict.omitted_errors = counts.errors.saturating_sub(errors);
    linted.verdict.unfinished |= unfinished;
    if unfinished {
        // After a timeout the list of removals is incomplete.
        linted.removals.clear();
    }
    linted
}

/// Whether a program runs other programs, by its path or name.
pub fn is_launcher(path: &str) -> bool {
    let name = programs::name(path);
    let plain = programs::plain(name);
    let is_known = |sought: &str| witnesses::all().any(|(known, _)| *known == sought);
    programs::may_be_shell(path) || is_known(name) || is_known(plain) || is_known(&plain.to_ascii_lowercase())
}

/// The findings for an entry that is added. It is linted alone, or, if the document is small enough, as the last entry
/// of its agent in the new text, where other entries may cover it.
pub fn of_entry(text: Option<&[u8]>, agent: &str, entry: &Value, facts: &Facts<'_>) -> Vec<Diagnostic> {
    /// Maximum size in bytes of a document that is linted as a whole.
    const SMALL: usize = 1 << 20;
    let alone = json!({"version": 1, "agents": {agent: {"allowlist": [entry]}}}).to_string();
    let text = text.filter(|text| text.len() <= SMALL).unwrap_or(alone.as_bytes());
    let last = serde_json::from_slice::<Value>(text)
        .ok()
        .and_then(|document| document["agents"][agent]["allowlist"].as_array()?.len().checked_sub(1));
    let Linted { verdict, .. } = lint(text, Syntax::Json, facts, &Overrides::default());
    let is_about = |found: &Diagnostic| match found.path.steps() {
        [_, Step::Key(id), Step::Key(field), Step::Index(index), ..] => {
            id == agent && field == "allowlist" && Some(*index) == last
        }
        _ => false,
    };
    verdict.diagnostics.into_iter().filter(|found| found.code.is_lint() && is_about(found)).collect()
}
