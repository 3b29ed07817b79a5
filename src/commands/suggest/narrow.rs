//! Entries that can be narrowed: dead ones, unused ones, and those that match more programs than were used.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::judge::Judge;
use super::observed::{Denied, Observed};
use crate::approvals::decide::{Comparison, Decision, Prepared, Verdict, wider};
use crate::approvals::findings::codes::Code;
use crate::approvals::lint::{self, Facts, Overrides};
use crate::approvals::{Budget, Syntax, quotable};
use crate::commands::documents::ABSENT;
use crate::report::approvals::suggest::{Narrow, Narrowing};

/// A day in milliseconds.
const DAY_MS: f64 = 86_400_000.0;

/// An agent that the entries of `*` are tried with.
const ANY_AGENT: &str = "main";

/// When an entry counts as unused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stale {
    /// Now, in Unix milliseconds.
    pub(super) now_ms: f64,
    /// The time without a use, in milliseconds.
    pub(super) for_ms: f64,
}

/// The key of an agent in the document, and an index in its list.
type Place = (String, usize);

/// The uses of entries.
#[derive(Debug, Default)]
struct Uses {
    /// The programs that each entry allowed.
    programs: BTreeMap<Place, BTreeSet<String>>,
    /// A denied command that each entry allows.
    denied: BTreeMap<Place, String>,
}

/// Finds what can be narrowed, and the document after that. `None`: it stays as it is.
pub(super) fn narrow(
    judge: &Judge<'_>,
    observed: &Observed,
    stale: Option<Stale>,
    budget: Budget<'_>,
) -> (Vec<Narrowing>, Option<Value>) {
    let uses = uses(judge, observed);
    let mut found = findings(judge, observed, &uses, stale, budget);
    let mut patch = patched(&judge.document, &found);
    // What the wider comparison cannot prove narrower is left to a person.
    if patch.as_ref().is_some_and(|patch| !is_narrower(judge, patch)) {
        for narrowing in &mut found {
            if matches!(narrowing.kind, Narrow::Wide { .. }) {
                narrowing.kind = Narrow::Unknown;
            }
        }
        patch = patched(&judge.document, &found).filter(|patch| is_narrower(judge, patch));
    }
    (found, patch)
}

fn uses(judge: &Judge<'_>, observed: &Observed) -> Uses {
    let mut uses = Uses::default();
    let mut loaded: BTreeMap<&str, _> = BTreeMap::new();
    for (call, tally) in &observed.calls {
        let loaded =
            loaded.entry(call.agent.as_str()).or_insert_with(|| judge.prepared(&judge.document, &call.agent));
        let decision = judge.decide_call(loaded, call);
        for segment in decision.evaluation.iter().flat_map(|evaluation| &evaluation.segments) {
            let Some(entry) = &segment.entry else { continue };
            let path = if judge.profile.reads_arguments() { &segment.real } else { &segment.resolved };
            let programs = uses.programs.entry(entry.stored.clone()).or_default();
            // A program of which only denied commands were asked for was not used.
            if tally.allowed + tally.undecided > 0 {
                programs.extend(path.clone());
            }
        }
    }
    denied(judge, observed, &mut uses);
    uses
}

/// Adds the denied commands that run under the document, whichever agent asked for them.
fn denied(judge: &Judge<'_>, observed: &Observed, uses: &mut Uses) {
    let listed = judge.document["agents"].as_object().into_iter().flatten().map(|(agent, _)| agent.as_str());
    let asking = observed.calls.keys().map(|call| call.agent.as_str());
    let agents: BTreeSet<&str> = listed.chain(asking).filter(|agent| *agent != "*").collect();
    for agent in agents {
        let loaded = judge.prepared(&judge.document, agent);
        for (denied, decision) in running(judge, observed, &loaded, agent) {
            let segments = decision.evaluation.iter().flat_map(|evaluation| &evaluation.segments);
            for entry in segments.filter_map(|segment| segment.entry.as_ref()) {
                let shown = || quotable(&denied.command).into_owned();
                uses.denied.entry(entry.stored.clone()).or_insert_with(shown);
            }
        }
    }
}

/// The denied commands that run under a loaded document.
fn running<'o>(
    judge: &Judge<'_>,
    observed: &'o Observed,
    loaded: &Prepared,
    agent: &str,
) -> impl Iterator<Item = (&'o Denied, Decision)> {
    let whole = observed.denied.iter().filter(|denied| !denied.is_elided);
    whole.filter_map(move |denied| {
        let decision = judge.decide(loaded, agent, &denied.command, denied.directory.as_deref());
        (decision.verdict == Verdict::Runs).then_some((denied, decision))
    })
}

/// A denied command that some entries of an agent allow, if there were no others.
fn allowed(judge: &Judge<'_>, observed: &Observed, agent: &str, entries: Vec<Value>) -> Option<String> {
    let mut alone = judge.policy.clone();
    alone["agents"].as_object_mut()?.get_mut(agent)?["allowlist"] = Value::Array(entries);
    let name = if agent == "*" { ANY_AGENT } else { agent };
    let loaded = judge.prepared(&alone, name);
    running(judge, observed, &loaded, name).next().map(|(denied, _)| quotable(&denied.command).into_owned())
}

/// Whether an entry is a glob that somebody wrote.
fn is_glob(entry: &Value) -> bool {
    pattern_of(entry).contains(['*', '?']) && entry["source"] != "allow-always"
}

fn findings(
    judge: &Judge<'_>,
    observed: &Observed,
    uses: &Uses,
    stale: Option<Stale>,
    budget: Budget<'_>,
) -> Vec<Narrowing> {
    let text = judge.target.text.as_deref().map_or(ABSENT, str::as_bytes);
    let release = judge.target.surroundings.release.release.as_str();
    let facts = Facts { release: Some(release), budget, ..Facts::default() };
    let removals = lint::lint(text, Syntax::Json, &facts, &Overrides::default()).removals;
    let dead: BTreeMap<Place, &'static str> = removals
        .into_iter()
        // What covers an entry may be replaced by something that does not.
        .filter(|removal| removal.code != Code::CoveredEntry)
        .map(|removal| ((removal.agent, removal.index), removal.code.as_str()))
        .collect();
    let mut found = Vec::new();
    for (agent, index, entry) in entries(&judge.document) {
        let place = (agent.to_owned(), index);
        let pattern = pattern_of(entry);
        let programs = uses.programs.get(&place);
        let is_used = programs.is_some_and(|programs| !programs.is_empty());
        let is_glob = is_glob(entry);
        let kind = if let Some(code) = dead.get(&place) {
            Some(Narrow::Dead(code))
        } else if let Some(stale) = stale.filter(|_| !is_used).and_then(|stale| stale.of(entry)) {
            Some(stale)
        } else if let Some(programs) = programs.filter(|_| is_glob && is_used)
            && programs.iter().all(|path| is_plain(path))
        {
            // The entries in its place may allow a denied command as well: whichever stands first in the list, a person decides.
            let replaced = programs.iter().map(|program| narrower(entry, program)).collect();
            Some(match allowed(judge, observed, agent, replaced) {
                Some(command) => Narrow::AllowsDenied { command },
                None => Narrow::Wide { programs: programs.iter().cloned().collect() },
            })
        } else if let Some(command) = uses.denied.get(&place) {
            Some(Narrow::AllowsDenied { command: command.clone() })
        } else {
            is_glob.then_some(Narrow::Unknown)
        };
        let pattern = quotable(pattern).into_owned();
        found.extend(kind.map(|kind| Narrowing { agent: agent.to_owned(), index, pattern, kind }));
    }
    found
}

impl Stale {
    fn of(self, entry: &Value) -> Option<Narrow> {
        let Some(at_ms) = entry["lastUsedAt"].as_f64() else { return Some(Narrow::Stale { days: None }) };
        let unused_ms = self.now_ms - at_ms;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole days, not negative"
        )]
        let days = || (unused_ms / DAY_MS).floor().max(0.0) as u64;
        (unused_ms >= self.for_ms).then(|| Narrow::Stale { days: Some(days()) })
    }
}

/// The entries of a document: the agent, the index, and the entry.
fn entries(document: &Value) -> impl Iterator<Item = (&str, usize, &Value)> {
    let agents = document["agents"].as_object().into_iter().flatten();
    agents.flat_map(|(agent, rules)| {
        let entries = rules["allowlist"].as_array().into_iter().flatten().enumerate();
        entries.map(move |(index, entry)| (agent.as_str(), index, entry))
    })
}

fn pattern_of(entry: &Value) -> &str {
    entry.as_str().or_else(|| entry["pattern"].as_str()).unwrap_or_default()
}

/// Whether a path means only itself as a pattern.
fn is_plain(path: &str) -> bool {
    path.starts_with('/') && !path.contains(['*', '?', '\\'])
}

/// The document after the edits. `None`: there are none.
fn patched(document: &Value, found: &[Narrowing]) -> Option<Value> {
    let edits: BTreeMap<(&str, usize), &Narrow> = found
        .iter()
        .filter(|narrowing| narrowing.kind.is_edit())
        .map(|narrowing| ((narrowing.agent.as_str(), narrowing.index), &narrowing.kind))
        .collect();
    if edits.is_empty() {
        return None;
    }
    let mut after = document.clone();
    for (agent, rules) in after.get_mut("agents")?.as_object_mut()? {
        let Some(list) = rules.get_mut("allowlist").and_then(Value::as_array_mut) else { continue };
        let old = std::mem::take(list);
        for (index, entry) in old.into_iter().enumerate() {
            match edits.get(&(agent.as_str(), index)) {
                Some(Narrow::Dead(_) | Narrow::Stale { .. }) => {}
                Some(Narrow::Wide { programs }) => {
                    list.extend(programs.iter().map(|program| narrower(&entry, program)));
                }
                Some(Narrow::Unknown | Narrow::AllowsDenied { .. }) | None => list.push(entry),
            }
        }
    }
    Some(after)
}

/// An entry for one program, with the arguments of a wider one.
fn narrower(entry: &Value, program: &str) -> Value {
    let mut narrower = Map::new();
    narrower.insert("pattern".to_owned(), program.into());
    if let Some(arguments) = entry.get("argPattern") {
        narrower.insert("argPattern".to_owned(), arguments.clone());
    }
    Value::Object(narrower)
}

/// Whether the document after the edits is proven to allow no more.
fn is_narrower(judge: &Judge<'_>, after: &Value) -> bool {
    let (before, after) = (judge.document.to_string(), after.to_string());
    let comparison = Comparison {
        before: Some(&before),
        after: Some(&after),
        configuration: &judge.target.surroundings.configuration,
        profile: judge.profile,
    };
    wider(&comparison).is_ok_and(|found| found.widenings.is_empty() && found.omitted == 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(index: usize, kind: Narrow) -> Narrowing {
        Narrowing { agent: "main".to_owned(), index, pattern: String::new(), kind }
    }

    #[test]
    fn the_edits_replace_and_remove_entries_in_their_places() {
        let document = json!({"version": 1, "agents": {"main": {"security": "allowlist", "allowlist": [
            "a", {"pattern": "/usr/bin/*", "argPattern": "^x$", "id": "1"}, {"pattern": "c"}]}}});
        let programs = vec!["/usr/bin/git".to_owned(), "/usr/bin/rg".to_owned()];
        let found =
            [of(0, Narrow::Dead("never-matches")), of(1, Narrow::Wide { programs }), of(2, Narrow::Unknown)];
        assert_eq!(
            patched(&document, &found).unwrap()["agents"]["main"],
            json!({"security": "allowlist", "allowlist": [
                {"pattern": "/usr/bin/git", "argPattern": "^x$"}, {"pattern": "/usr/bin/rg", "argPattern": "^x$"},
                {"pattern": "c"}]})
        );
        assert_eq!(patched(&document, &found[2..]), None);
    }

    #[test]
    fn an_entry_is_stale_after_its_time_or_if_it_was_never_used() {
        let stale = Stale { now_ms: 10.0 * DAY_MS, for_ms: 3.0 * DAY_MS };
        assert_eq!(stale.of(&json!({"lastUsedAt": 8.0 * DAY_MS})), None);
        assert_eq!(stale.of(&json!({"lastUsedAt": 5.5 * DAY_MS})), Some(Narrow::Stale { days: Some(4) }));
        assert_eq!(stale.of(&json!("/a")), Some(Narrow::Stale { days: None }));
    }
}
