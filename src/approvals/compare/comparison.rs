//! Finds where two documents differ: one comparator with a configurable depth.
//!
//! It compares JSON and not our types, so that it also works for a stored text that is not valid and for a gateway's
//! version of a document. Of two valid documents only the parts that differ become JSON.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::approvals::compare::alike;
use crate::approvals::compare::changes::{Change, Changes, masked};
use crate::approvals::compare::depth::Depth;
use crate::approvals::compare::identity;
use crate::approvals::compare::pairing::{Kind, Pairing, canonical};
use crate::approvals::findings::finding::shown;
use crate::approvals::model::document::{Agent, Agents, Document, Entry};
use crate::approvals::model::path::{Path, Step};
use crate::approvals::model::scalar::Version;

/// Compares two values to a depth.
///
/// Objects are compared field by field, without their order, and numbers as doubles: 1 equals 1.0. At [`Depth::Stored`]
/// and [`Depth::Exact`] the order of an allowlist's entries counts, because it is policy: of several entries that match
/// a command a host takes the first (`matchAllowlist` in 2026.4.14 and 2026.9.6), and the `source` of that entry
/// decides whether the command counts as permanently approved (`hasSegmentDurableExecApproval`). Both releases keep the
/// order (measured).
///
/// A path refers to `before`, and to entries by their index there. An element that is only in `after` is listed at its
/// list. Entries that changed places are one change of their list, from the first that moved to the last. At
/// [`Depth::Policy`] an entry is added or removed as a whole, at its list. Secrets are masked.
pub fn values(before: &Value, after: &Value, depth: Depth) -> Changes {
    let mut comparison = Comparison::to(depth);
    comparison.root(before, after);
    comparison.changes
}

/// Compares the policy of two valid documents. Takes ownership, and drops the parts that both have.
pub fn policy<'t>(mut before: Document<'t>, mut after: Document<'t>) -> Changes {
    let common = alike::leave_out(&mut before, &mut after);
    let mut changes = values(&value(&before), &value(&after), Depth::Policy);
    changes.bookkeeping += common.bookkeeping;
    changes.omitted += common.omitted;
    changes
}

/// Compares two valid documents at [`Depth::Stored`] or [`Depth::Exact`]. It works like [`values`], without making
/// values of agents that are equal and of entries that are at the same places.
pub fn documents(before: &Document<'_>, after: &Document<'_>, depth: Depth) -> Changes {
    let mut comparison = Comparison::to(depth);
    let is_one_sided = before.agents.is_some() != after.agents.is_some();
    let whole = is_one_sided && depth == Depth::Exact;
    if !whole {
        comparison.agents(before, after);
    }
    let rest = |document: &Document<'_>| {
        let agents =
            document.agents.as_ref().map(|agents| if whole { agents.clone() } else { Agents::default() });
        let (socket, defaults) = (document.socket.clone(), document.defaults);
        value(&Document { version: Version, socket, defaults, agents })
    };
    comparison.root(&rest(before), &rest(after));
    comparison.changes
}

/// Compares the rules of two native policies. Every rule may be the one that decides.
pub(super) fn rules(path: &Path, before: &[Value], after: &[Value]) -> Vec<Change> {
    let mut comparison = Comparison::to(Depth::Stored);
    comparison.ordered(path, Kind::Rules, before, after);
    comparison.changes.policy
}

fn value<T: serde::Serialize>(typed: &T) -> Value {
    serde_json::to_value(typed).unwrap_or_default()
}

struct Comparison {
    depth: Depth,
    changes: Changes,
    /// Number of elements that were left out before the first of the allowlist and of the MCP tools.
    skipped: [usize; 2],
}

type Compare = fn(&mut Comparison, Path, Option<&Value>, Option<&Value>);

impl Comparison {
    fn to(depth: Depth) -> Self {
        Self { depth, changes: Changes::default(), skipped: [0; 2] }
    }

    fn root(&mut self, before: &Value, after: &Value) {
        let root = Path::default();
        let is_object = before.is_object() && after.is_object();
        if self.depth != Depth::Policy && !is_object {
            return self.value(root, Some(before), Some(after));
        }
        // A value that is not an object has no policy fields.
        let is_first = before.is_null() || after.is_null();
        let [before, after] = [before, after].map(Value::as_object);
        for name in names(before, after) {
            let path = root.join(Step::Key(name.to_owned()));
            let [before, after] = [before, after].map(|side| side.and_then(|side| side.get(name)));
            match name {
                // There is one version, and a document that is created always has it.
                "version" if is_first => {}
                "socket" if self.depth == Depth::Stored => {}
                "socket" | "defaults" => self.block(&path, before, after, Self::value),
                "agents" => self.block(&path, before, after, Self::agent),
                "rules" if self.depth != Depth::Policy => match (before, after) {
                    (Some(Value::Array(before)), Some(Value::Array(after))) => {
                        self.ordered(&path, Kind::Rules, before, after);
                    }
                    _ => self.value(path, before, after),
                },
                _ => self.value(path, before, after),
            }
        }
    }

    /// Compares field by field. An absent block equals an empty one, except at full depth.
    fn block(&mut self, path: &Path, before: Option<&Value>, after: Option<&Value>, field: Compare) {
        if self.depth == Depth::Exact && (before.is_none() || after.is_none()) {
            return self.value(path.clone(), before, after);
        }
        self.fields(path, before, after, field);
    }

    /// Compares field by field if both sides are objects or absent, else as a whole.
    fn fields(&mut self, path: &Path, before: Option<&Value>, after: Option<&Value>, field: Compare) {
        if [before, after].into_iter().flatten().any(|value| !value.is_object()) {
            return self.value(path.clone(), before, after);
        }
        let [before, after] = [before, after].map(|side| side.and_then(Value::as_object));
        for name in names(before, after) {
            let path = path.join(Step::Key(name.to_owned()));
            field(self, path, before.and_then(|side| side.get(name)), after.and_then(|side| side.get(name)));
        }
    }

    fn value(&mut self, path: Path, before: Option<&Value>, after: Option<&Value>) {
        let is_same = match (before, after) {
            (Some(before), Some(after)) => before == after || canonical(before) == canonical(after),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            self.push(path, before.cloned(), after.cloned());
        }
    }

    fn push(&mut self, path: Path, before: Option<Value>, after: Option<Value>) {
        // Everything that a gateway lost is listed.
        if self.changes.policy.len() >= Changes::MOST && self.depth != Depth::Stored {
            self.changes.omitted += 1;
            return;
        }
        let [before, after] = [before, after].map(|side| side.map(|value| masked(&path, value)));
        self.changes.policy.push(Change { path: shown(path), before, after });
    }

    fn agent(&mut self, path: Path, before: Option<&Value>, after: Option<&Value>) {
        let is_one_sided = before.is_none() || after.is_none();
        let is_empty = |side: Option<&Value>| side.and_then(Value::as_object).is_none_or(Map::is_empty);
        // An agent that was removed or merged into another. At the depth of policy: only an agent without rules of its
        // own.
        if is_one_sided && (self.depth != Depth::Policy || (is_empty(before) && is_empty(after))) {
            return self.value(path, before, after);
        }
        self.fields(&path, before, after, Self::agent_field);
    }

    fn agent_field(&mut self, path: Path, before: Option<&Value>, after: Option<&Value>) {
        let kind = match path.steps() {
            [.., Step::Key(list)] if list == "allowlist" => Kind::Allowlist,
            [.., Step::Key(list)] if list == "mcpTools" => Kind::McpTools,
            _ => return self.value(path, before, after),
        };
        if self.depth == Depth::Policy {
            return self.unordered(path, kind, before, after);
        }
        match (before, after) {
            (Some(Value::Array(before)), Some(Value::Array(after))) => {
                self.ordered(&path, kind, before, after);
            }
            // A gateway drops a list with its last entry.
            (Some(Value::Array(before)), None) if !before.is_empty() => {
                self.ordered(&path, kind, before, &[]);
            }
            _ => self.value(path, before, after),
        }
    }

    /// Compares elements by identity, whatever their order. Duplicates are paired in their order.
    fn unordered(&mut self, path: Path, kind: Kind, before: Option<&Value>, after: Option<&Value>) {
        if [before, after].into_iter().flatten().any(|value| !value.is_array()) {
            return self.value(path, before, after);
        }
        let [before, after] = [before, after].map(|side| by_identity(kind, side));
        let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in all {
            let [before, after] =
                [&before, &after].map(|side| side.get(key).map_or(&[][..], |elements| &elements[..]));
            let both = before.len().min(after.len());
            let differ = |(before, after): &(&&Value, &&Value)| before != after;
            self.changes.bookkeeping += before.iter().zip(after).filter(differ).count();
            for gone in &before[both..] {
                self.push(path.clone(), Some(policy_of(gone)), None);
            }
            for new in &after[both..] {
                self.push(path.clone(), None, Some(policy_of(new)));
            }
        }
    }

    /// Compares elements in their order, each field by field with its counterpart.
    fn ordered(&mut self, path: &Path, kind: Kind, before: &[Value], after: &[Value]) {
        let skipped = match kind {
            Kind::Allowlist => self.skipped[0],
            Kind::McpTools => self.skipped[1],
            Kind::Rules => 0,
        };
        let pairs = Pairing::of(kind, self.depth, before, after);
        for (index, element) in before.iter().enumerate().filter(|(index, _)| !pairs.same[*index]) {
            let path = path.join(Step::Index(skipped + index));
            match pairs.after_of[index] {
                Some(at) => self.element(&path, kind, element, &after[at]),
                None => self.value(path, Some(element), None),
            }
        }
        for (at, element) in after.iter().enumerate() {
            if !pairs.taken[at] {
                // The position of a rule is part of its meaning.
                let place = if kind == Kind::Rules { path.join(Step::Index(at)) } else { path.clone() };
                self.value(place, None, Some(element));
            }
        }
        let has_order = kind != Kind::McpTools || self.depth == Depth::Exact;
        if let Some((was, is)) = pairs.moved().filter(|_| has_order) {
            let [was, is] = [was, is]
                .map(|order| order.into_iter().map(|index| before[index].clone()).collect::<Value>());
            self.push(path.clone(), Some(was), Some(is));
        }
    }

    fn element(&mut self, path: &Path, kind: Kind, before: &Value, after: &Value) {
        let gains_id = kind.may_gain_id(self.depth, before.get("id"), after.get("id"));
        if !gains_id {
            return self.fields(path, Some(before), Some(after), Self::value);
        }
        let mut after = after.clone();
        if let Some(fields) = after.as_object_mut() {
            fields.remove("id");
        }
        self.fields(path, Some(before), Some(&after), Self::value);
    }

    /// The agents of two documents that both have agents.
    fn agents(&mut self, before: &Document<'_>, after: &Document<'_>) {
        let path = Path::default().join(Step::Key("agents".to_owned()));
        let by_id = |document| -> HashMap<&str, &Agent<'_>> { agents_of(document).collect() };
        let (left, right) = (by_id(before), by_id(after));
        let ids: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        for id in ids {
            let path = path.join(Step::Key(id.to_owned()));
            match (left.get(id), right.get(id)) {
                (Some(before), Some(after)) if before == after => {}
                (Some(before), Some(after)) => self.pair(path, before, after),
                (before, after) => {
                    let [before, after] = [before, after].map(|side| side.map(value));
                    self.agent(path, before.as_ref(), after.as_ref());
                }
            }
        }
    }

    /// An agent of both documents, without the equal entries at the ends of its lists.
    fn pair(&mut self, path: Path, before: &Agent<'_>, after: &Agent<'_>) {
        let depth = self.depth;
        let entries = middle(before.allowlist.as_deref(), after.allowlist.as_deref(), |before, after| {
            same(before, after, depth)
        });
        let tools =
            middle(before.mcp_tools.as_deref(), after.mcp_tools.as_deref(), |before, after| before == after);
        self.skipped = [entries.skipped, tools.skipped];
        let [before, after] = [
            value(&Agent { allowlist: entries.before, mcp_tools: tools.before, ..policy_fields(before) }),
            value(&Agent { allowlist: entries.after, mcp_tools: tools.after, ..policy_fields(after) }),
        ];
        self.agent(path, Some(&before), Some(&after));
        self.skipped = [0; 2];
    }
}

fn names<'v>(
    before: Option<&'v Map<String, Value>>,
    after: Option<&'v Map<String, Value>>,
) -> BTreeSet<&'v str> {
    before.into_iter().chain(after).flat_map(Map::keys).map(String::as_str).collect()
}

fn agents_of<'d, 't>(document: &'d Document<'t>) -> impl Iterator<Item = (&'d str, &'d Agent<'t>)> {
    document.agents.iter().flat_map(Agents::iter)
}

fn policy_fields(agent: &Agent<'_>) -> Agent<'static> {
    let Agent { security, ask, ask_fallback, auto_allow_skills, .. } = *agent;
    Agent { security, ask, ask_fallback, auto_allow_skills, ..Agent::default() }
}

/// Whether an entry is stored as it was sent.
fn same(before: &Entry<'_>, after: &Entry<'_>, depth: Depth) -> bool {
    let keeps_id = before.id == after.id || (depth == Depth::Stored && before.id.is_none());
    keeps_id
        && before.pattern == after.pattern
        && before.source == after.source
        && before.command_text == after.command_text
        && before.arg_pattern == after.arg_pattern
        && before.last_used_at == after.last_used_at
        && before.last_used_command == after.last_used_command
        && before.last_resolved_path == after.last_resolved_path
}

/// Two lists without the equal elements at their beginning and their end.
struct Middle<T> {
    before: Option<Vec<T>>,
    after: Option<Vec<T>>,
    /// Number of elements that were removed at the beginning.
    skipped: usize,
}

fn middle<T: Clone>(before: Option<&[T]>, after: Option<&[T]>, same: impl Fn(&T, &T) -> bool) -> Middle<T> {
    let (Some(left), Some(right)) = (before, after) else {
        return Middle { before: before.map(<[T]>::to_vec), after: after.map(<[T]>::to_vec), skipped: 0 };
    };
    let start = left.iter().zip(right).take_while(|(left, right)| same(left, right)).count();
    let rest = left[start..].iter().rev().zip(right[start..].iter().rev());
    let end = rest.take_while(|(left, right)| same(left, right)).count();
    let cut = |list: &[T]| Some(list[start..list.len() - end].to_vec());
    Middle { before: cut(left), after: cut(right), skipped: start }
}

/// A list's elements by identity.
fn by_identity(kind: Kind, list: Option<&Value>) -> BTreeMap<String, Vec<&Value>> {
    let mut lists: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for element in list.and_then(Value::as_array).into_iter().flatten() {
        let key = match kind {
            Kind::Allowlist if element.is_object() => identity::of_value(element),
            Kind::McpTools if element.is_object() => of_tool(element),
            _ => element.to_string(),
        };
        lists.entry(key).or_default().push(element);
    }
    lists
}

/// The identity of an MCP tool.
fn of_tool(tool: &Value) -> String {
    let fields = ["server", "tool", "source"].map(|field| tool.get(field).cloned().unwrap_or_default());
    Value::from_iter(fields).to_string()
}

/// Fields of an entry or MCP tool that do not affect what is allowed.
const BOOKKEEPING: [&str; 6] =
    ["id", "lastUsedAt", "lastUsedCommand", "lastResolvedPath", "commandText", "addedAt"];

fn policy_of(element: &Value) -> Value {
    match element.as_object() {
        Some(object) => object
            .iter()
            .filter(|(field, _)| !BOOKKEEPING.contains(&field.as_str()))
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect(),
        None => element.clone(),
    }
}

#[cfg(test)]
mod tests;
