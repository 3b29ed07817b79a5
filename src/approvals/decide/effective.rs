//! The policy in force for each agent of a host, without a command: what the configuration asks for, what the document
//! says, and what results.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::agent_id::{self, MAIN};
use super::configuration::Configuration;
use super::decision::{Origin, Policy};
use super::document;
use super::policy::{merge, of_document};
use super::profile::Profile;
use super::question::{Context, Question};

/// A level of a policy in the words of documents, and where it comes from.
pub type Level = (&'static str, Origin);

/// The policy of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentPolicy {
    /// The agent. `None`: any agent that neither the document nor the configuration names.
    pub agent: Option<String>,
    /// Where commands run (`auto`, `gateway`, `node`, `sandbox`), and the key of the configuration that says so.
    pub host: Option<(String, String)>,
    /// What the configuration asks for: `security` and `ask`. `None`: nothing.
    pub requested: [Option<Level>; 2],
    /// Whether the configuration asks for a review by a model: mode `auto`.
    pub requests_review: bool,
    /// What the document says: `security`, `ask` and `askFallback`. `None`: nothing.
    pub document: [Option<Level>; 3],
    /// What results.
    pub policy: Policy,
}

/// The policies of every agent that the document or the configuration names, of `main`, and of any other agent. The error
/// says what has to be known or corrected first.
pub fn effective(
    document: Option<&str>,
    configuration: &Value,
    profile: Profile,
) -> Result<Vec<AgentPolicy>, String> {
    let loaded = document::read(document, profile).map_err(|_| beyond_us())?;
    let configured = agent_id::configured(configuration, profile).into_iter().map(agent_id::normalize);
    let mut agents = named(&loaded, configured);
    agents.insert(MAIN.to_owned());
    let mut policies = policies(&loaded, configuration, profile, &agents)?;
    let mut other = "other".to_owned();
    while agents.contains(&other) {
        other.push('-');
    }
    policies.push(AgentPolicy { agent: None, ..of(&loaded, configuration, profile, &other)? });
    Ok(policies)
}

/// The policies of every agent that the document or the configuration names, by the ids as they are written there: so does
/// OpenClaw's own command list them.
pub fn effective_as_written(
    document: Option<&str>,
    configuration: &Value,
    profile: Profile,
) -> Result<Vec<AgentPolicy>, String> {
    let loaded = document::read(document, profile).map_err(|_| beyond_us())?;
    let configured = agent_id::configured(configuration, profile).into_iter().map(str::to_owned);
    policies(&loaded, configuration, profile, &named(&loaded, configured))
}

/// The agents of a document and of the configuration.
fn named(loaded: &document::Loaded<'_>, configured: impl Iterator<Item = String>) -> BTreeSet<String> {
    configured.chain(loaded.agents().filter(|id| *id != "*").map(str::to_owned)).collect()
}

fn policies(
    loaded: &document::Loaded<'_>,
    configuration: &Value,
    profile: Profile,
    agents: &BTreeSet<String>,
) -> Result<Vec<AgentPolicy>, String> {
    agents.iter().map(|agent| of(loaded, configuration, profile, agent)).collect()
}

/// The policy of one agent.
pub fn policy_of(
    document: Option<&str>,
    configuration: &Value,
    profile: Profile,
    agent: &str,
) -> Result<AgentPolicy, String> {
    of(&document::read(document, profile).map_err(|_| beyond_us())?, configuration, profile, agent)
}

fn beyond_us() -> String {
    format!("it is unknown how a gateway reads the approvals document: {}", document::ONLY_JAVASCRIPT)
}

fn of(
    loaded: &document::Loaded<'_>,
    configuration: &Value,
    profile: Profile,
    agent: &str,
) -> Result<AgentPolicy, String> {
    let question = Question {
        command: "",
        agent,
        document: None,
        configuration,
        directory: "/",
        path: "",
        home: "/",
        state_directory: None,
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    };
    let layers = Configuration::of(&question, profile);
    let requested = layers.requested(&question, profile).map_err(|unusable| unusable.sentence(agent))?;
    let document = loaded.levels_of(agent);
    let security = of_document(&document, |levels| levels.security.as_ref());
    let ask = of_document(&document, |levels| levels.ask.as_ref());
    let fallback = of_document(&document, |levels| levels.ask_fallback.as_ref());
    Ok(AgentPolicy {
        agent: Some(agent.to_owned()),
        host: layers.host().map(|(host, key)| (host.to_owned(), key)),
        requests_review: requested.auto_review,
        policy: merge(&question, profile, &requested, &document).words(),
        document: [
            security.map(|(level, origin)| (level.word(), origin)),
            ask.map(|(level, origin)| (level.word(), origin)),
            fallback.map(|(level, origin)| (level.word(), origin)),
        ],
        requested: [
            requested.security.map(|(level, origin)| (level.word(), origin)),
            requested.ask.map(|(level, origin)| (level.word(), origin)),
        ],
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(document: &Value, configuration: &Value, profile: Profile) -> Vec<String> {
        let policies = effective(Some(&document.to_string()), configuration, profile).unwrap();
        let origin = |origin: &Origin| match origin {
            Origin::Document(key) | Origin::Configuration(key) | Origin::Call(key) => key.to_string(),
            Origin::Default => "-".to_owned(),
        };
        let line = |found: &AgentPolicy| {
            let Policy { security, ask, ask_fallback } = &found.policy;
            let field = |(word, from): &Level| format!("{word} {}", origin(from));
            let agent = found.agent.as_deref().unwrap_or("?");
            format!("{agent}: {}, {}, {}", field(security), field(ask), field(ask_fallback))
        };
        policies.iter().map(line).collect()
    }

    #[test]
    fn every_agent_has_its_policy_and_any_other_that_of_the_star() {
        let document = json!({"version": 1, "defaults": {"ask": "on-miss"},
            "agents": {"*": {"security": "allowlist"}, "ops": {"security": "deny", "askFallback": "full"}}});
        let configuration = json!({"tools": {"exec": {"ask": "always"}},
            "agents": {"list": [{"id": "ci", "tools": {"exec": {"security": "deny"}}}]}});
        assert_eq!(
            shown(&document, &configuration, Profile::V2026_9_6),
            [
                "ci: deny agents.list[0].tools.exec.security, always tools.exec.ask, deny -",
                "main: allowlist agents.*.security, always tools.exec.ask, deny -",
                "ops: deny agents.ops.security, always tools.exec.ask, deny agents.ops.security",
                "?: allowlist agents.*.security, always tools.exec.ask, deny -",
            ]
        );
    }

    #[test]
    fn an_agent_is_listed_once_however_its_id_is_written() {
        let document = json!({"version": 1, "agents": {"ops": {"security": "deny"}}});
        let configuration =
            json!({"agents": {"list": [{"id": "Ops", "tools": {"exec": {"ask": "always"}}}]}});
        for profile in Profile::ALL {
            let shown = shown(&document, &configuration, profile);
            assert_eq!(shown.iter().filter(|line| line.to_lowercase().starts_with("ops:")).count(), 1);
            assert!(
                shown[1].starts_with("ops: deny agents.ops.security, always agents.list[0].tools.exec.ask,"),
                "{shown:?}"
            );
            let text = document.to_string();
            let written = effective_as_written(Some(&text), &configuration, profile).unwrap();
            let ids: Vec<_> = written.iter().filter_map(|policy| policy.agent.as_deref()).collect();
            assert_eq!(ids, ["Ops", "ops"]);
        }
    }

    #[test]
    fn a_configuration_that_cannot_be_followed_is_named() {
        let of =
            |exec: Value| effective(None, &json!({"tools": {"exec": exec}}), Profile::V2026_9_6).unwrap_err();
        assert_eq!(of(json!({"mode": "lax"})), "tools.exec.mode has a value that no release accepts");
        assert!(
            of(json!({"host": "node"}))
                .starts_with("tools.exec.host runs the commands of agent main on a node")
        );
    }
}
