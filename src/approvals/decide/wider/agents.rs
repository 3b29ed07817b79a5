//! The agents that two documents are compared for.

use std::collections::BTreeSet;

use serde_json::Value;

use super::model::Agent;
use crate::approvals::decide::agent_id::{self, MAIN};
use crate::approvals::decide::document::Loaded;
use crate::approvals::decide::profile::Profile;

/// Every agent that a document or the configuration names, `main`, and one that nothing names.
pub(super) fn all(old: &Loaded<'_>, new: &Loaded<'_>, configuration: &Value, profile: Profile) -> Vec<Agent> {
    let mut ids: BTreeSet<String> = old.agents().chain(new.agents()).map(str::to_owned).collect();
    ids.remove("*");
    ids.insert(MAIN.to_owned());
    ids.extend(agent_id::configured(configuration, profile).into_iter().map(agent_id::normalize));
    let forms: BTreeSet<String> = ids.iter().map(|id| agent_id::normalize(id)).collect();
    let mut other = "any-other".to_owned();
    while forms.contains(&other) {
        other.push('-');
        other.push('x');
    }
    let named = ids.into_iter().map(Agent::Named);
    named.chain([Agent::AnyOther(other)]).collect()
}
