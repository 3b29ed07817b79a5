//! Edits that keep the meaning of a document on another release. An edit stays only if no command gets a wider verdict by
//! it than it has now, and none that had the same verdict gets another one.

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::Value;

use super::both::{Both, Compared, differing, is_other};
use super::witnesses::Source;
use crate::approvals::decide::{Prepared, Profile, Verdict, effective};
use crate::approvals::quotable;
use crate::commands::explain::missing_entries;
use crate::commands::suggest::judge::Judge;
use crate::report::approvals::upgrade::{Edit, Ending, PolicyChange};

/// The most edits of entries: each is checked with every command of its agent.
const MOST: usize = 200;

/// The most decisions that edits are checked with: some seconds.
const MOST_CHECKS: usize = 300_000;

/// Finds edits one after the other.
pub(super) struct Editor<'e> {
    both: &'e Both<'e>,
    compared: &'e [Compared],
    document: Value,
    edits: Vec<Edit>,
    /// The entries to remove: they keep their index until the end.
    removed: BTreeSet<(String, usize)>,
    /// The number of decisions that edits were checked with.
    checks: Cell<usize>,
}

/// A document loaded for the agent of the last command: those of one agent come one after another.
struct Loader<'l> {
    text: &'l str,
    profile: Profile,
    last: Option<(&'l str, Prepared)>,
}

impl<'l> Loader<'l> {
    fn of(&mut self, agent: &'l str) -> &Prepared {
        let (text, profile) = (self.text, self.profile);
        let known = self.last.take().filter(|(last, _)| *last == agent);
        let known = known.unwrap_or_else(|| (agent, Prepared::of(Some(text), agent, profile)));
        &self.last.insert(known).1
    }
}

impl<'e> Editor<'e> {
    pub(super) fn new(both: &'e Both<'e>, compared: &'e [Compared]) -> Self {
        let document = both.judge.document.clone();
        Self { both, compared, document, edits: Vec::new(), removed: BTreeSet::new(), checks: Cell::new(0) }
    }

    /// Sets the fields of the policy that the new release would read otherwise.
    pub(super) fn keep_policies(&mut self, mut changes: Vec<PolicyChange>) -> Vec<PolicyChange> {
        for change in &changes {
            let PolicyChange { agent, field, before, .. } = change.clone();
            let places = [Some("defaults".to_owned()), agent.map(|agent| format!("agents.{agent}"))];
            for place in places.into_iter().flatten() {
                let mut edited = self.document.clone();
                if !set(&mut edited, &place, field, before) {
                    continue;
                }
                let left = self.differing(&edited);
                let was = self.differing(&self.document);
                if left.len() < was.len()
                    && left.iter().all(|change| was.contains(change))
                    && self.is_safe(&edited, None)
                {
                    self.document = edited;
                    self.edits.push(Edit::Set { key: format!("{place}.{field}"), value: before });
                    break;
                }
            }
        }
        let left = self.differing(&self.document);
        for change in &mut changes {
            change.is_kept =
                !left.iter().any(|left| left.agent == change.agent && left.field == change.field);
        }
        changes
    }

    /// The fields that a document would still leave different.
    fn differing(&self, document: &Value) -> Vec<PolicyChange> {
        let judge = self.both.judge;
        let configuration = &judge.target.surroundings.configuration;
        let before = effective(judge.target.text.as_deref(), configuration, judge.profile);
        let after = effective(Some(&document.to_string()), configuration, self.both.to);
        before.and_then(|before| Ok(differing(&before, &after?))).unwrap_or_default()
    }

    /// Adds entries for commands that ran, and removes entries that allowed nothing.
    pub(super) fn keep_commands(&mut self) {
        let compared = self.compared;
        for one in compared {
            if self.edits.len() >= MOST || self.checks.get() >= MOST_CHECKS {
                return;
            }
            let rank = |ending: &Ending| rank(ending.verdict);
            if one.after.verdict == Verdict::Unknown || one.before.verdict == Verdict::Unknown {
                continue;
            }
            if rank(&one.before) > rank(&one.after) && one.witness.source != Source::Made {
                self.add_for(one);
            } else if rank(&one.before) < rank(&one.after) {
                self.remove_for(one);
            }
        }
    }

    /// Adds the entries that make a command run on the new release as it did before.
    fn add_for(&mut self, one: &Compared) {
        let (both, witness) = (self.both, &one.witness);
        let text = self.document.to_string();
        let directory = witness.directory.as_deref();
        let question = both.judge.question(&witness.agent, &witness.command, directory, Some(&text));
        let loaded = Prepared::of(Some(&text), &witness.agent, both.to);
        let decision = both.decide(both.to, &loaded, witness);
        if decision.verdict == Verdict::Runs {
            return;
        }
        let entries = both.judge.on_host(directory, witness.program.as_deref(), |host| {
            missing_entries(&question, both.to, host, &decision, false)
        });
        // An entry without an expression allows more than the command.
        if entries.is_empty() || entries.iter().any(|allow| allow.arg_pattern.is_none()) {
            return;
        }
        let pairs: Vec<_> =
            entries.iter().map(|allow| (allow.pattern.clone(), allow.arg_pattern.clone())).collect();
        let Some(edited) = Judge::with(&self.document, &witness.agent, &pairs) else { return };
        if self.is_safe(&edited, Some(&witness.agent)) {
            self.document = edited;
            self.edits.extend(entries.into_iter().map(|allow| Edit::Add {
                agent: allow.agent,
                pattern: allow.pattern,
                arg_pattern: allow.arg_pattern,
            }));
        }
    }

    /// Removes the entries that allow a command on the new release and allow nothing now.
    fn remove_for(&mut self, one: &Compared) {
        let loaded = Prepared::of(Some(&self.document.to_string()), &one.witness.agent, self.both.to);
        let decision = self.both.decide(self.both.to, &loaded, &one.witness);
        let segments = decision.evaluation.iter().flat_map(|evaluation| &evaluation.segments);
        let places: BTreeSet<(String, usize)> =
            segments.filter_map(|segment| Some(segment.entry.as_ref()?.stored.clone())).collect();
        for place in places {
            if self.removed.contains(&place) {
                continue;
            }
            let mut edited = self.document.clone();
            let Some(entry) = edited["agents"][&place.0]["allowlist"].get_mut(place.1) else { continue };
            let pattern = entry.as_str().or_else(|| entry["pattern"].as_str()).unwrap_or_default();
            let pattern = quotable(pattern).into_owned();
            // An entry that matches nothing, so that the others keep their index.
            *entry = serde_json::json!({"pattern": NOTHING});
            if self.is_safe(&edited, None) {
                self.document = edited;
                self.edits.push(Edit::Remove { agent: place.0.clone(), index: place.1, pattern });
                self.removed.insert(place);
            }
        }
    }

    /// Whether no command gets a wider verdict by a document than it has now, and none that keeps its verdict as it is loses
    /// it. `agent`: the only agent whose list changed.
    fn is_safe(&self, edited: &Value, agent: Option<&str>) -> bool {
        let text = edited.to_string();
        let mut loader = Loader { text: &text, profile: self.both.to, last: None };
        let wanted = |one: &&Compared| agent.is_none_or(|agent| one.witness.agent == agent);
        self.compared.iter().filter(wanted).all(|one| {
            self.checks.set(self.checks.get() + 1);
            let ending = self.both.ending(self.both.to, loader.of(&one.witness.agent), &one.witness);
            let is_kept = !is_other(&one.before, &ending);
            let widest = reach(&one.before).max(reach(&one.after));
            is_kept || is_other(&one.before, &one.after) && reach(&ending) <= widest
        })
    }

    /// The edits, the document with them, and the indexes of the commands that keep their verdict by them.
    pub(super) fn done(self) -> (Vec<Edit>, Option<Value>, BTreeSet<usize>) {
        if self.edits.is_empty() {
            return (self.edits, None, BTreeSet::new());
        }
        let mut document = self.document;
        let lists = document.get_mut("agents").and_then(Value::as_object_mut).into_iter().flatten();
        for (agent, rules) in lists {
            if let Some(list) = rules.get_mut("allowlist").and_then(Value::as_array_mut) {
                let mut index = 0;
                list.retain(|_| {
                    index += 1;
                    !self.removed.contains(&(agent.clone(), index - 1))
                });
            }
        }
        let text = document.to_string();
        let mut loader = Loader { text: &text, profile: self.both.to, last: None };
        let mut kept = BTreeSet::new();
        for (index, one) in self.compared.iter().enumerate() {
            if is_other(&one.before, &one.after) {
                let ending = self.both.ending(self.both.to, loader.of(&one.witness.agent), &one.witness);
                kept.extend((!is_other(&one.before, &ending)).then_some(index));
            }
        }
        (self.edits, Some(document), kept)
    }
}

/// A pattern that no program matches.
const NOTHING: &str = "/(removed)";

/// How much a verdict allows.
const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Runs => 2,
        Verdict::Asks => 1,
        Verdict::Denied | Verdict::Unknown => 0,
    }
}

/// How much an ending allows: of two verdicts that are the same, that of a prompt without an answer decides.
fn reach(ending: &Ending) -> (u8, u8) {
    (rank(ending.verdict), ending.unanswered.map_or(0, rank))
}

/// Sets a field of the defaults or of an agent. `false`: the document has something else there.
fn set(document: &mut Value, place: &str, field: &str, value: &str) -> bool {
    let object = |value: &mut Value| {
        if value.is_null() {
            *value = Value::Object(serde_json::Map::new());
        }
    };
    let mut at = document;
    let keys: Vec<&str> = match place.split_once('.') {
        Some((first, rest)) => vec![first, rest],
        None => vec![place],
    };
    for key in keys {
        let Some(fields) = at.as_object_mut() else { return false };
        at = fields.entry(key).or_insert(Value::Null);
        object(at);
    }
    at.as_object_mut().is_some_and(|fields| {
        fields.insert(field.to_owned(), value.into());
        true
    })
}
