//! What is valid but dangerous or dead, with a place for each finding, and the mends that widen nothing.
//!
//! [`lint`] reads a document once into our types, judges it, and only where there is something to tell reads it again
//! for places. What it says of matching follows `matchAllowlist` of the published package `openclaw` 2026.9.6, and
//! of policy `resolveExecApprovalsFromFile`; `tests/` holds both as an evaluator.

mod arguments;
mod coverage;
mod entries;
mod fix;
mod pattern;
mod place;
mod policy;
mod programs;
mod release;
mod rules;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::approvals::bounds::Budget;
use crate::approvals::check::document::parse_within;
use crate::approvals::compare::changes::Change;
use crate::approvals::edit::unknown::known;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::{Diagnostic, Verdict};
use crate::approvals::findings::severity::Severity;
use crate::approvals::model::document::Document;
use crate::approvals::model::path::{Path, Step};
use crate::approvals::redact::credentials::quotable;
use crate::approvals::text::syntax::Syntax;
pub use fix::{FixError, without};
pub use place::unused_silences;
pub use release::{denies_unanswered, is_release};
use rules::Sink;
pub use rules::{Rules, Silence};

/// What cannot be read out of a document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'f> {
    /// How the document is called where it is silenced: its path below clearance.toml, or a gateway's name.
    pub name: &'f str,
    /// Whether others can read it in a repository.
    pub versioned: bool,
    /// When an entry counts as stale; `None` not to look.
    pub stale: Option<Stale>,
    /// The release that is to take the document; `None` for the latest.
    pub release: Option<&'f str>,
    /// Whether a host before 2026.8 keeps it, on which generated entries match in every directory.
    pub early: bool,
    /// When to end.
    pub budget: Budget<'f>,
}

/// When an entry counts as stale.
#[derive(Debug, Clone, Copy)]
pub struct Stale {
    /// Now, in Unix milliseconds.
    pub now_ms: f64,
    /// Days after which.
    pub days: u32,
}

impl Stale {
    /// Whole days since an instant, if they are too many.
    fn since(self, at_ms: f64) -> Option<f64> {
        const DAY_MS: f64 = 86_400_000.0;
        let days = ((self.now_ms - at_ms) / DAY_MS).floor();
        (days >= f64::from(self.days)).then_some(days)
    }
}

/// An entry that a mend removes: the document says the same without it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Removal {
    /// The agent's id.
    pub agent: String,
    /// Index in the agent's allowlist, from 0.
    pub index: usize,
    /// Which finding it mends.
    pub code: Code,
    /// Its pattern as it may be shown: secrets masked, hostile characters not yet escaped.
    pub pattern: String,
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

impl Counts {
    /// One more of a severity.
    pub fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }

    /// These and others.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            warnings: self.warnings + other.warnings,
            notes: self.notes + other.notes,
        }
    }

    /// All of them.
    pub fn sum(self) -> usize {
        self.errors + self.warnings + self.notes
    }

    /// Whether there is a finding of this severity or above.
    pub fn reach(self, severity: Severity) -> bool {
        let warnings = severity <= Severity::Warning && self.warnings > 0;
        self.errors > 0 || warnings || (severity == Severity::Note && self.notes > 0)
    }
}

/// What is to be said of one document.
#[derive(Debug, Clone, Default)]
pub struct Linted {
    /// The findings, by place; of an invalid document what makes it so.
    pub verdict: Verdict,
    /// Whether it is invalid. Then it was looked at further only where unknown fields are all that is wrong.
    pub invalid: bool,
    /// All findings, also those beyond [`Verdict::MOST`].
    pub counts: Counts,
    /// Findings that are silenced.
    pub silenced: usize,
    /// Which of the [`Rules::silences`] silenced something.
    pub used: Vec<usize>,
    /// What `--fix` would remove, by agent and index: as much as there is room for. The next `--fix` removes the rest.
    pub removals: Vec<Removal>,
    /// The fields that no release knows, which `--fix` would remove too: as many as are listed.
    pub unknown: Vec<Change>,
    /// How many there are.
    pub unknown_count: usize,
}

/// A finding before its place is worked out.
#[derive(Debug, Clone)]
struct Raw {
    code: Code,
    path: Path,
    message: String,
    /// The agent that it concerns.
    agent: Option<String>,
    /// The entry's pattern, as it is written.
    pattern: Option<String>,
    /// The entry that a mend removes.
    removes: Option<usize>,
}

impl Raw {
    /// Bytes that it takes in memory.
    fn size(&self) -> usize {
        let step = |step: &Step| match step {
            Step::Key(key) => size_of::<Step>() + key.len(),
            Step::Index(_) => size_of::<Step>(),
        };
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let path: usize = self.path.steps().iter().map(step).sum();
        size_of::<Self>() + path + self.message.len() + text(&self.agent) + text(&self.pattern)
    }
}

/// Judges a document.
pub fn lint(bytes: &[u8], syntax: Syntax, facts: &Facts<'_>, rules: &Rules) -> Linted {
    let verdict = match parse_within(bytes, syntax, facts.budget) {
        Ok(document) => return judged(bytes, syntax, &document, facts, rules),
        Err(verdict) => verdict,
    };
    let counts = Counts { errors: verdict.errors(), warnings: verdict.warnings(), notes: 0 };
    // Where anything else is wrong, or too much to be listed, the rest is not looked at.
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
    // A host ignores unknown fields and goes by the rest, so the rest is looked at: an entry is where it was.
    let linted = judged(bytes, syntax, &document, facts, rules);
    let mut both = verdict;
    both.omitted += linted.verdict.omitted;
    both.omitted_errors += linted.verdict.omitted_errors;
    both.unfinished |= linted.verdict.unfinished;
    both.diagnostics.extend(linted.verdict.diagnostics);
    both.diagnostics.sort_by_key(|found| (found.start.line, found.start.column));
    both.keep(Verdict::MOST);
    let (unknown, unknown_count) = (known.fields.clone(), known.count);
    Linted {
        verdict: both,
        invalid: true,
        counts: linted.counts.and(counts),
        unknown,
        unknown_count,
        ..linted
    }
}

/// `document`: what stands in the text, perhaps without fields that nobody knows.
fn judged(bytes: &[u8], syntax: Syntax, document: &Document<'_>, facts: &Facts<'_>, rules: &Rules) -> Linted {
    let mut sink = Sink::of(rules, facts, bytes.len());
    policy::judge(document, &mut sink);
    entries::judge(document, facts, &mut sink);
    coverage::judge(document, facts, &mut sink);
    release::judge(document, facts, &mut sink);
    let Sink { raws, counts, silenced, used, unfinished, mut removals, .. } = sink;
    // An entry that is dead in two ways goes once.
    removals.sort_by(|a, b| (&a.agent, a.index).cmp(&(&b.agent, b.index)));
    removals.dedup_by(|later, first| (&later.agent, later.index) == (&first.agent, first.index));
    let mut linted =
        Linted { counts, silenced, used: used.into_iter().collect(), removals, ..Linted::default() };
    if !raws.is_empty() {
        linted.verdict = place::placed(bytes, syntax, document, raws, rules);
    }
    let told = &linted.verdict.diagnostics;
    let errors = told.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    linted.verdict.omitted = counts.sum().saturating_sub(told.len());
    linted.verdict.omitted_errors = counts.errors.saturating_sub(errors);
    linted.verdict.unfinished |= unfinished;
    if unfinished {
        // Half of what can go is not what was looked at.
        linted.removals.clear();
    }
    linted
}

/// What is to be said of an entry that is added: by itself, or where the document is small enough as the last entry of
/// its agent in the new text, where others may cover it.
pub fn of_entry(text: Option<&[u8]>, agent: &str, entry: &Value, facts: &Facts<'_>) -> Vec<Diagnostic> {
    /// Bytes of a document that is looked at whole.
    const SMALL: usize = 1 << 20;
    let alone = json!({"version": 1, "agents": {agent: {"allowlist": [entry]}}}).to_string();
    let text = text.filter(|text| text.len() <= SMALL).unwrap_or(alone.as_bytes());
    let last = serde_json::from_slice::<Value>(text)
        .ok()
        .and_then(|document| document["agents"][agent]["allowlist"].as_array()?.len().checked_sub(1));
    let Linted { verdict, .. } = lint(text, Syntax::Json, facts, &Rules::default());
    let is_about = |found: &Diagnostic| match found.path.steps() {
        [_, Step::Key(id), Step::Key(field), Step::Index(index), ..] => {
            id == agent && field == "allowlist" && Some(*index) == last
        }
        _ => false,
    };
    verdict.diagnostics.into_iter().filter(|found| found.code.is_lint() && is_about(found)).collect()
}

fn removal(raw: &Raw) -> Option<Removal> {
    let pattern = quotable(raw.pattern.as_deref()?).into_owned();
    Some(Removal { agent: raw.agent.clone()?, index: raw.removes?, code: raw.code, pattern })
}
