//! Whether and where two documents differ in meaning: the drift that `approvals diff` reports.
//!
//! Both are brought into one form and then compared by [`crate::approvals::compare::comparison`], as `set` does. That
//! form omits the parts that a host ignores when it decides about a command (`resolveExecApprovalsFromFile`,
//! `matchAllowlist` of 2026.4.14 and 2026.9.6): ids, usage, the socket, empty blocks, repeated entries, and the order
//! of agents and entries (see [`Diff::reordered`]).

use serde_json::Value;

use crate::approvals::compare::alike;
use crate::approvals::compare::changes::{Change, Changes};
use crate::approvals::compare::comparison;
use crate::approvals::compare::depth::Depth;
use crate::approvals::model::document::{Agents, Document, Policy};

/// How two documents, or two native policies, differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    /// The drift, by path. Secrets in it are masked.
    pub changes: Vec<Change>,
    /// Number of further differences, which are counted but not kept.
    pub omitted: usize,
    /// Number of entries of which only the id, the usage or the spelling differs. These are not drift.
    pub bookkeeping: usize,
    /// Agents in which the order of entries written by hand and entries of prompts answered "always" differs. This is
    /// not drift, since the same commands are allowed. But of two entries that match one command a host takes the
    /// first, and its `source` decides whether the command counts as permanently approved.
    pub reordered: Vec<String>,
}

impl Diff {
    /// Whether there is any drift.
    pub fn is_drift(&self) -> bool {
        !self.changes.is_empty()
    }
}

/// The differences of policy between two valid documents in today's form. Takes ownership, and drops the common parts
/// before it compares the rest, which would take many times the size of the text.
pub fn of_policy<'t>(mut before: Document<'t>, mut after: Document<'t>) -> Diff {
    for side in [&mut before, &mut after] {
        plain(side);
        alike::without_repeats(side);
    }
    let reordered = alike::reordered(&before, &after);
    let changes = comparison::policy(before, after);
    let reordered = if changes.policy.is_empty() { reordered } else { Vec::new() };
    Diff { reordered, ..Diff::from(changes) }
}

/// The differences of policy between two native policies. The order of their rules is policy.
pub fn of_native(before: &Value, after: &Value) -> Diff {
    Diff { changes: crate::approvals::compare::native::changes(before, after), ..Diff::default() }
}

/// Every difference, whether or not it affects policy: ids, usage, order, the socket. `no_token`: one side does not
/// show its socket token, so the tokens cannot be compared.
pub fn exact(before: &Value, after: &Value, no_token: bool) -> Diff {
    if !no_token {
        return comparison::values(before, after, Depth::Exact).into();
    }
    let [before, after] = [before, after].map(|side| {
        let mut side = side.clone();
        if let Some(socket) = side.get_mut("socket").and_then(Value::as_object_mut) {
            socket.remove("token");
        }
        side
    });
    comparison::values(&before, &after, Depth::Exact).into()
}

/// Every difference between two valid documents in today's form.
pub fn exact_documents<'t>(mut before: Document<'t>, mut after: Document<'t>, no_token: bool) -> Diff {
    for socket in [&mut before.socket, &mut after.socket].into_iter().flatten().filter(|_| no_token) {
        socket.token = None;
    }
    comparison::documents(&before, &after, Depth::Exact).into()
}

impl From<Changes> for Diff {
    fn from(changes: Changes) -> Self {
        let Changes { policy, omitted, bookkeeping } = changes;
        Self { changes: policy, omitted, bookkeeping, reordered: Vec::new() }
    }
}

/// Removes the parts that do not affect policy. Bookkeeping stays, since it is counted.
fn plain(document: &mut Document<'_>) {
    document.socket = None;
    document.defaults = document.defaults.filter(|policy| *policy != Policy::default());
    for (_, agent) in document.agents.iter_mut().flat_map(Agents::iter_mut) {
        agent.allowlist = agent.allowlist.take().filter(|entries| !entries.is_empty());
        agent.mcp_tools = agent.mcp_tools.take().filter(|tools| !tools.is_empty());
    }
    if let Some(agents) = &mut document.agents {
        agents.retain(|_, agent| !agent.is_empty());
    }
}

#[cfg(test)]
mod tests;
