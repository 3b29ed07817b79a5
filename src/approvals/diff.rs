//! Whether two documents say the same, and where they do not: the drift that `approvals diff` reports.
//!
//! Both are brought into one form first and then compared by [`super::changes`], as `set` does. What is left out of
//! that form is what a host does not look at when it decides about a command (`resolveExecApprovalsFromFile`,
//! `matchAllowlist` of 2026.4.14 and 2026.9.6): ids, usage, the socket, empty blocks, an empty `argPattern`, an entry
//! that stands twice, and the order of agents and entries, which [`Diff::reordered`] has more about.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::changes::{self, Change};
use super::native;
use super::readback;

/// How two documents, or two native policies, differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    /// The drift, by path. Secrets in it are masked.
    pub changes: Vec<Change>,
    /// Entries of which only bookkeeping differs: the id, when they were last used. No drift.
    pub bookkeeping: usize,
    /// Agents whose entries written by hand and those of prompts answered "always" follow each other in another order.
    /// No drift, since the same commands are allowed: but of two entries that match one command a host takes the
    /// first, and the `source` of that one decides whether the command counts as approved for good.
    pub reordered: Vec<String>,
}

impl Diff {
    /// Whether there is any drift.
    pub fn is_drift(&self) -> bool {
        !self.changes.is_empty()
    }
}

/// The differences of policy between two valid documents in today's form.
///
/// Takes them, since a large document is many times its text.
pub fn of_policy(before: Value, after: Value) -> Diff {
    let (before, after) = (plain(before), plain(after));
    let changes::Changes { policy, bookkeeping } = changes::between(&before, &after);
    let reordered = if policy.is_empty() { reordered(&before, &after) } else { Vec::new() };
    Diff { changes: policy, bookkeeping, reordered }
}

/// The differences of policy between two native policies. The order of their rules is policy.
pub fn of_native(before: &Value, after: &Value) -> Diff {
    Diff { changes: native::changes(before, after), ..Diff::default() }
}

/// Every difference, of whatever means something or nothing: ids, usage, order, the socket. Numbers are compared as
/// doubles, and the order of an object's fields is none. `no_token`: one side does not tell its socket token, so that
/// it cannot be compared.
pub fn exact(before: &Value, after: &Value, no_token: bool) -> Diff {
    if !no_token {
        return Diff { changes: readback::differences(before, after), ..Diff::default() };
    }
    let [before, after] = [before, after].map(|side| {
        let mut side = side.clone();
        if let Some(socket) = side.get_mut("socket").and_then(Value::as_object_mut) {
            socket.remove("token");
        }
        side
    });
    Diff { changes: readback::differences(&before, &after), ..Diff::default() }
}

/// A document without what goes without saying. Bookkeeping stays, since it is counted.
fn plain(mut plain: Value) -> Value {
    let Some(fields) = plain.as_object_mut() else { return plain };
    fields.remove("socket");
    // There is one version, however it is written.
    fields.remove("version");
    if let Some(agents) = fields.get_mut("agents").and_then(Value::as_object_mut) {
        agents.values_mut().filter_map(Value::as_object_mut).for_each(agent);
        agents.retain(|_, agent| !is_empty(agent));
    }
    fields.retain(|_, value| !is_empty(value));
    plain
}

fn agent(agent: &mut Map<String, Value>) {
    for (name, list) in agent.iter_mut() {
        let Value::Array(elements) = list else { continue };
        if name == "allowlist" {
            for entry in elements.iter_mut().filter_map(Value::as_object_mut) {
                if entry.get("argPattern").and_then(Value::as_str) == Some("") {
                    entry.remove("argPattern");
                }
            }
        }
        // What allows the same twice allows nothing more.
        let mut seen = HashSet::new();
        elements.retain(|element| seen.insert(changes::identity(name, element)));
    }
    agent.retain(|_, value| !is_empty(value));
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

/// The agents of two documents with one policy whose entries of different sources changed places.
fn reordered(before: &Value, after: &Value) -> Vec<String> {
    let agents = before.get("agents").and_then(Value::as_object).into_iter().flatten();
    agents
        .filter(|(id, agent)| runs(agent) != runs(&after["agents"][id.as_str()]))
        .map(|(id, _)| id.clone())
        .collect()
}

/// An allowlist as runs of entries of one source, each run sorted: the same wherever only entries of one source
/// changed places among themselves.
fn runs(agent: &Value) -> Vec<(String, Vec<String>)> {
    let mut runs: Vec<(String, Vec<String>)> = Vec::new();
    for entry in agent.get("allowlist").and_then(Value::as_array).into_iter().flatten() {
        let source = entry.get("source").map(Value::to_string).unwrap_or_default();
        let identity = changes::identity("allowlist", entry);
        match runs.last_mut() {
            Some((of, run)) if *of == source => run.push(identity),
            _ => runs.push((source, vec![identity])),
        }
    }
    for (_, run) in &mut runs {
        run.sort();
    }
    runs
}

#[cfg(test)]
mod tests;
