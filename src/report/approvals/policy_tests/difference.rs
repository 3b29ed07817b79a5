//! What differs from what a case expects, and why the gateway decides so, in words.

use std::collections::HashMap;

use crate::approvals::decide::{Decision, Entry, EntryId, Segment, Verdict};
use crate::approvals::findings::diagnostic::Position;
use crate::approvals::policy_tests::{Listed, Mismatch};
use crate::report::approvals::reasons::{Reasons, origin};

/// What differs from what a case expects, and why.
#[derive(Debug)]
pub struct Difference {
    /// The differences, in words.
    pub differences: Vec<String>,
    /// The reason of the decision, in the release's words.
    pub reason: String,
    /// The reasons, in words.
    pub why: Vec<String>,
}

/// What a gateway does, as the end of a sentence that begins with "the gateway".
const fn deed(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Runs => "runs it",
        Verdict::Asks => "asks",
        Verdict::Denied => "denies it",
        Verdict::Unknown => "cannot be predicted: a fact is missing",
    }
}

/// The places of the entries of a document.
#[derive(Debug, Clone, Default)]
pub struct EntryPlaces {
    document: String,
    places: HashMap<(String, usize), Position>,
}

impl EntryPlaces {
    /// The places of these entries. `document`: its name.
    pub fn of(document: &str, listed: &[Listed]) -> Self {
        let places = listed.iter().map(|entry| ((entry.agent.clone(), entry.index), entry.at)).collect();
        Self { document: document.to_owned(), places }
    }

    /// An entry with its place, in words.
    fn shown(&self, id: &EntryId, pattern: &str) -> String {
        let place = match self.places.get(&id.stored) {
            Some(at) => format!("{}:{}:{}", self.document, at.line, at.column),
            None => format!("{}, agents.{}.allowlist[{}]", self.document, id.stored.0, id.stored.1),
        };
        format!("{pattern} ({place})")
    }
}

impl Difference {
    /// What differs, and why. `entries`: the entries in force. `matched`: those that match.
    pub fn of(
        mismatches: &[Mismatch],
        decision: &Decision,
        entries: &[Entry],
        matched: &[Entry],
        places: &EntryPlaces,
        release: &str,
    ) -> Self {
        let differences = mismatches.iter().map(|mismatch| difference(mismatch, decision, matched, places));
        let pattern = |id: &EntryId| {
            let entry = entries.iter().find(|entry| entry.id == *id);
            entry.map_or_else(String::new, |entry| entry.pattern.clone())
        };
        let mut differences: Vec<String> = differences.collect();
        differences.dedup();
        Self {
            differences,
            reason: decision.reason.clone(),
            why: reasons(decision, release, |id| places.shown(id, &pattern(id))),
        }
    }
}

fn difference(mismatch: &Mismatch, decision: &Decision, matched: &[Entry], places: &EntryPlaces) -> String {
    match mismatch {
        Mismatch::Verdict { expected } => {
            format!("expected {}, but the gateway {}", expected.as_str(), deed(decision.verdict))
        }
        Mismatch::Unanswered { expected } => {
            let found =
                decision.unanswered.as_ref().map_or("unknown", |unanswered| unanswered.verdict.as_str());
            format!("expected {} if nobody answers, but the verdict is {found}", expected.as_str())
        }
        Mismatch::Entry { expected, exists: false, nearest } => {
            let near = nearest.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            format!("expected the entry {expected}, which the document does not have for this agent{near}")
        }
        Mismatch::Entry { expected, .. } if matched.is_empty() => {
            format!("expected the entry {expected} to match, but no entry does")
        }
        Mismatch::Entry { expected, .. } => {
            let found: Vec<String> =
                matched.iter().map(|entry| places.shown(&entry.id, &entry.pattern)).collect();
            format!("expected the entry {expected} to match, but the match is {}", found.join(" and "))
        }
    }
}

/// The most segments and near entries that are listed of one case.
const MOST: usize = 8;

/// Why a gateway decides so, in words. `release`: the one that decides.
fn reasons(decision: &Decision, release: &str, shown: impl Fn(&EntryId) -> String) -> Vec<String> {
    let Decision { verdict, reason, evaluation, policy, missing, .. } = decision;
    let found = evaluation.as_ref();
    let why = Reasons {
        verdict: *verdict,
        reason,
        not_analysable: found.and_then(|found| found.not_analysable.as_deref()),
        plan: found.map(|found| (&found.plan, found.satisfied)),
        release,
    };
    let mut lines: Vec<String> = missing.iter().take(MOST).map(|name| format!("unknown: {name}")).collect();
    if !missing.is_empty() {
        lines.push("list what is on the host in the table [host]".to_owned());
    }
    lines.extend(why.sentences());
    for (name, (value, from)) in [("security", &policy.security), ("ask", &policy.ask)] {
        lines.push(format!("{name} is {value}: {}", origin(from)));
    }
    let segments = found.map(|found| found.segments.as_slice()).unwrap_or_default();
    for segment in segments.iter().take(MOST) {
        of_segment(segment, &shown, &mut lines);
    }
    let more = segments.len().saturating_sub(MOST);
    if more > 0 {
        lines.push(format!("and {more} more parts of the command"));
    }
    lines
}

fn of_segment(segment: &Segment, shown: impl Fn(&EntryId) -> String, lines: &mut Vec<String>) {
    let command = segment.effective.as_ref().unwrap_or(&segment.argv).join(" ");
    let program = match (&segment.resolved, &segment.real) {
        (Some(found), Some(real)) if real != found => format!("{found}, a link to {real}"),
        (Some(path), _) | (None, Some(path)) => path.clone(),
        (None, None) => "no program found".to_owned(),
    };
    let allowed = match (&segment.entry, segment.by) {
        (Some(id), _) => format!("is allowed by the entry {}", shown(id)),
        (None, Some(_)) => "is allowed without an entry".to_owned(),
        (None, None) => "matches no entry".to_owned(),
    };
    lines.push(format!("`{command}` ({program}) {allowed}"));
    if segment.entry.is_none() && segment.by.is_none() {
        lines.extend(segment.never.iter().map(|never| format!("no entry can allow it: {never}")));
        let near = segment.near.iter().take(MOST);
        lines.extend(near.map(|(id, miss)| format!("near miss: {}: {miss}", shown(id))));
    }
}
