//! The agents that two documents are compared for.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::Agent;
use crate::approvals::decide::agent_id;
use crate::approvals::decide::document::Loaded;

/// The agent of a session that names none.
const MAIN: &str = "main";

/// Every agent that a document or the configuration names, `main`, and one that nothing names.
pub(super) fn all(old: &Loaded<'_>, new: &Loaded<'_>, configuration: &Value) -> Vec<Agent> {
    let mut ids: BTreeSet<String> = old.agents().chain(new.agents()).map(str::to_owned).collect();
    ids.remove("*");
    ids.insert(MAIN.to_owned());
    ids.extend(configured(configuration));
    let forms: BTreeSet<String> = ids.iter().map(|id| agent_id::normalize(id)).collect();
    let mut other = "any-other".to_owned();
    while forms.contains(&other) {
        other.push('-');
        other.push('x');
    }
    let named = ids.into_iter().map(Agent::Named);
    named.chain([Agent::AnyOther(other)]).collect()
}

/// The agents that the configuration names, in either form.
fn configured(configuration: &Value) -> Vec<String> {
    let Some(agents) = configuration.get("agents") else { return Vec::new() };
    let list = agents.get("list").and_then(Value::as_array).into_iter().flatten();
    let ids = list.filter_map(|agent| agent.get("id").and_then(Value::as_str));
    let keys =
        agents.get("entries").and_then(Value::as_object).into_iter().flat_map(|entries| entries.keys());
    ids.chain(keys.map(String::as_str)).map(agent_id::normalize).collect()
}
