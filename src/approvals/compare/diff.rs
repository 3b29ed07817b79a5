//! Whether two documents say the same, and where they do not: the drift that `approvals diff` reports.
//!
//! Both are brought into one form first and then compared by [`crate::approvals::compare::changes`], as `set` does. What is left out of
//! that form is what a host does not look at when it decides about a command (`resolveExecApprovalsFromFile`,
//! `matchAllowlist` of 2026.4.14 and 2026.9.6): ids, usage, the socket, empty blocks, an empty `argPattern`, an entry
//! that stands twice, and the order of agents and entries, which [`Diff::reordered`] has more about.

use serde_json::{Map, Value};

use crate::approvals::compare::alike;
use crate::approvals::compare::changes::{self, Change};
use crate::approvals::compare::exact;
use crate::approvals::model::document::Document;

/// How two documents, or two native policies, differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    /// The drift, by path. Secrets in it are masked.
    pub changes: Vec<Change>,
    /// Differences beyond those, which are counted and not kept.
    pub omitted: usize,
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

/// The differences of policy between two valid documents in today's form. Takes them, and leaves out what they have in
/// common before it compares the rest: that would be many times the text.
pub fn of_policy<'t>(mut before: Document<'t>, mut after: Document<'t>) -> Diff {
    alike::without_repeats(&mut before);
    alike::without_repeats(&mut after);
    let reordered = alike::reordered(&before, &after);
    let common = alike::leave_out(&mut before, &mut after);
    let value = |document: Document<'_>| serde_json::to_value(document).unwrap_or_default();
    let (before, after) = (plain(value(before)), plain(value(after)));
    let changes::Changes { policy, omitted, bookkeeping } = changes::between(&before, &after);
    let reordered = if policy.is_empty() { reordered } else { Vec::new() };
    let (omitted, bookkeeping) = (omitted + common.omitted, bookkeeping + common.bookkeeping);
    Diff { changes: policy, omitted, bookkeeping, reordered }
}

/// The differences of policy between two native policies. The order of their rules is policy.
pub fn of_native(before: &Value, after: &Value) -> Diff {
    Diff { changes: crate::approvals::compare::native::changes(before, after), ..Diff::default() }
}

/// Every difference, of whatever means something or nothing: ids, usage, order, the socket. Numbers are compared as
/// doubles, and the order of an object's fields is none. `no_token`: one side does not tell its socket token, so that
/// it cannot be compared.
pub fn exact(before: &Value, after: &Value, no_token: bool) -> Diff {
    if !no_token {
        return Diff { changes: exact::differences(before, after), ..Diff::default() };
    }
    let [before, after] = [before, after].map(|side| {
        let mut side = side.clone();
        if let Some(socket) = side.get_mut("socket").and_then(Value::as_object_mut) {
            socket.remove("token");
        }
        side
    });
    Diff { changes: exact::differences(&before, &after), ..Diff::default() }
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
    agent.retain(|_, value| !is_empty(value));
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
