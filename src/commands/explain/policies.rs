//! The policies in force of `approvals get`.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::places::Places;
use super::target::Surroundings;
use crate::approvals::decide::{
    AgentPolicy, Level, MAIN, Origin as FieldOrigin, Profile, effective, effective_as_written, policy_of,
};
use crate::commands::Error;
use crate::commands::documents::Origin;
use crate::deadline::Deadline;
use crate::report::approvals::effective::{AgentReport, Effective, Official, OfficialScope};
use crate::report::approvals::explain::ConfigurationUsed;

/// The largest document for which `--json` has the policies without `--effective`, in bytes.
const LARGEST: usize = 4 << 20;

/// What the command line says about the policies in force.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// `--effective`.
    pub policies: bool,
    /// Whether the policies are printed in the form of OpenClaw's own command.
    pub official: bool,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--release`.
    pub release: Option<String>,
}

/// The stored text of a document.
pub(in crate::commands) struct Stored<'t> {
    /// As the host reads it; `None`: there is none.
    pub(in crate::commands) text: Option<&'t str>,
    /// For places.
    pub(in crate::commands) source: Option<&'t str>,
    /// The path of the document on its host.
    pub(in crate::commands) path: &'t str,
    /// Whether it is a node's.
    pub(in crate::commands) is_node: bool,
}

/// Finds the policies in force.
pub(in crate::commands) fn of(
    wanted: &Wanted,
    origin: &Origin,
    stored: &Stored<'_>,
    deadline: Deadline,
) -> Result<(Option<Effective>, Option<Official>), Error> {
    super::release::check(wanted.release.as_deref())?;
    let surroundings = Surroundings::of(
        origin,
        stored.text.is_some(),
        wanted.config.as_deref(),
        wanted.release.as_deref(),
        deadline,
    );
    let surroundings = match surroundings {
        Err(error) if wanted.policies => return Err(error),
        Err(_) => return Ok((None, Some(none("Config unavailable.")))),
        Ok(surroundings) => surroundings,
    };
    let official = wanted.official.then(|| official(&surroundings, stored, wanted.policies));
    let policies = wanted.policies.then(|| policies(surroundings, stored));
    Ok((policies, official))
}

fn none(note: &str) -> Official {
    Official { scopes: Vec::new(), note: note.to_owned() }
}

fn policies(surroundings: Surroundings, stored: &Stored<'_>) -> Effective {
    let profile = surroundings.release.profile;
    let places = Places::of(stored.text, stored.source);
    let Surroundings { configuration, configured, release, .. } = surroundings;
    let agents = if stored.is_node {
        Err("nodes decide by themselves, and do not report their release".to_owned())
    } else if let ConfigurationUsed::Unknown(why) = &configured {
        Err(format!("the gateway's configuration is unknown ({why}); name it with --config FILE"))
    } else {
        effective(stored.text, &configuration, profile)
    };
    let report = |AgentPolicy { agent, policy, .. }| AgentReport { agent, fields: places.policy(&policy) };
    Effective {
        release,
        configuration: configured,
        agents: agents.map(|agents| agents.into_iter().map(report).collect()),
    }
}

/// The scopes that OpenClaw's own command prints: `tools.exec`, and the agents that have something of their own.
fn official(surroundings: &Surroundings, stored: &Stored<'_>, any_size: bool) -> Official {
    let profile = surroundings.release.profile;
    if matches!(surroundings.configured, ConfigurationUsed::Unknown(_)) {
        return none("Config unavailable.");
    }
    if stored.is_node {
        return none(
            "This node does not expose a complete resolved host policy, so Effective Policy is unavailable.",
        );
    }
    if !any_size && stored.text.is_some_and(|text| text.len() > LARGEST) {
        return none("The document is large; --effective prints the policies.");
    }
    match scopes(surroundings, stored, profile) {
        Ok(scopes) => Official { scopes, note: note(profile).to_owned() },
        Err(why) => none(&why),
    }
}

fn note(profile: Profile) -> &'static str {
    if profile >= Profile::V2026_9_6 {
        "Effective exec policy is the host approvals policy intersected with requested tools.exec policy. Per-session /exec overrides are not included; run /exec in the relevant session to inspect its current defaults."
    } else {
        "Effective exec policy is the host approvals file intersected with requested tools.exec policy."
    }
}

fn scopes(
    surroundings: &Surroundings,
    stored: &Stored<'_>,
    profile: Profile,
) -> Result<Vec<OfficialScope>, String> {
    let configuration = &surroundings.configuration;
    let scope = |agent: Option<String>, config_path: String, policy: AgentPolicy| OfficialScope {
        agent,
        config_path,
        host_path: stored.path.to_owned(),
        has_modes: profile.parses_bash(),
        policy,
    };
    let mut global = Map::new();
    global.extend(configuration.get("tools").map(|tools| ("tools".to_owned(), tools.clone())));
    let has_entries = profile >= Profile::V2026_9_6;
    let default = if has_entries { default_agent(configuration) } else { Some(MAIN.to_owned()) };
    // Without a default agent only `*` and the defaults count, as for an agent that the document does not name.
    let of_default = default.as_deref().unwrap_or("default");
    let policy = policy_of(stored.text, &Value::Object(global), profile, of_default)?;
    let named = default.clone().filter(|_| has_entries);
    let mut scopes = vec![scope(named, "tools.exec".to_owned(), policy)];
    let section = if has_entries { "entries" } else { "list" };
    for policy in effective_as_written(stored.text, configuration, profile)? {
        let Some(agent) = policy.agent.clone() else { continue };
        let is_own = |level: &Option<Level>| matches!(level, Some((_, FieldOrigin::Configuration(key))) if key.starts_with("agents."));
        let is_default = default.as_deref() == Some(agent.as_str());
        if !is_default || policy.requested.iter().any(is_own) {
            let path = format!("agents.{section}.{agent}.tools.exec");
            scopes.push(scope(Some(agent), path, policy));
        }
    }
    Ok(scopes)
}

/// The agent of calls that name none, as 2026.9.6 finds it: `main` if no agent is configured, else the one that is marked or
/// alone.
fn default_agent(configuration: &Value) -> Option<String> {
    let agents = configuration.get("agents");
    let entries = agents.and_then(|agents| agents.get("entries")).and_then(Value::as_object);
    let list = agents.and_then(|agents| agents.get("list")).and_then(Value::as_array);
    let configured: Vec<(&str, &Value)> = match (entries, list) {
        (Some(entries), _) => entries.iter().map(|(id, agent)| (id.as_str(), agent)).collect(),
        (None, Some(list)) => {
            list.iter().filter_map(|agent| Some((agent.get("id")?.as_str()?, agent))).collect()
        }
        (None, None) => return Some(MAIN.to_owned()),
    };
    let marked = |agent: &Value| agent.get("default") == Some(&Value::Bool(true));
    match (configured.iter().find(|(_, agent)| marked(agent)), &configured[..]) {
        (Some((id, _)), _) | (None, [(id, _)]) => Some((*id).to_owned()),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As the published package 2026.9.6 answers.
    #[test]
    fn the_default_agent_is_the_one_that_is_marked_or_alone() {
        for (agents, expected) in [
            (json!({}), Some("main")),
            (json!({"list": []}), None),
            (json!({"list": [{"id": "a"}, {"id": "b"}]}), None),
            (json!({"list": [{"id": "a"}, {"id": "b", "default": true}]}), Some("b")),
            (json!({"entries": {"a": {}, "b": {"default": true}}}), Some("b")),
            (json!({"entries": {"b": {}}}), Some("b")),
            (json!({"entries": {"a": {}, "b": {}}}), None),
        ] {
            assert_eq!(default_agent(&json!({"agents": agents})).as_deref(), expected, "{agents}");
        }
        assert_eq!(default_agent(&json!({})).as_deref(), Some("main"));
    }
}
