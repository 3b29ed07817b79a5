//! The policies in force of `approvals get`: with origins, and in the form of OpenClaw's own command.

use serde::Serialize;

use super::explain::{ConfigurationUsed, DecidedAs, Field, FieldJson, ReleaseJson};
use crate::approvals::decide::{AgentPolicy, Level, Origin};

/// The key of the configuration that applies to every agent.
const TOOLS: &str = "tools.exec";

/// The policies in force.
#[derive(Debug)]
pub struct Effective {
    /// The release that decides.
    pub release: DecidedAs,
    /// The configuration.
    pub configuration: ConfigurationUsed,
    /// The agents, each with its policy; or why they are unknown.
    pub agents: Result<Vec<AgentReport>, String>,
}

/// The policy of one agent.
#[derive(Debug)]
pub struct AgentReport {
    /// The agent; `None`: any other.
    pub agent: Option<String>,
    /// `security`, `ask` and `askFallback`.
    pub fields: Vec<Field>,
}

/// The policies in the form of OpenClaw's own command.
#[derive(Debug)]
pub struct Official {
    /// `tools.exec` alone, then the agents that differ.
    pub scopes: Vec<OfficialScope>,
    /// What the policies mean, or why there are none.
    pub note: String,
}

/// One policy in the form of OpenClaw's own command.
#[derive(Debug)]
pub struct OfficialScope {
    /// The agent. Of `tools.exec` the default agent, which only current releases name.
    pub agent: Option<String>,
    /// The key of its configuration.
    pub config_path: String,
    /// The path of the document.
    pub host_path: String,
    /// Whether the release has modes.
    pub has_modes: bool,
    /// The policy.
    pub policy: AgentPolicy,
}

impl Effective {
    /// The object `effective` of `--json`.
    pub(super) fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Printed<'e> {
            release: ReleaseJson<'e>,
            configuration: &'e str,
            agents: Vec<AgentJson<'e>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            unknown: Option<&'e str>,
        }
        Printed {
            release: ReleaseJson::of(&self.release),
            configuration: match &self.configuration {
                ConfigurationUsed::File(path) => path,
                ConfigurationUsed::Absent(_) => "none",
                ConfigurationUsed::Gateway => "gateway",
                ConfigurationUsed::Unknown(_) => "unknown",
            },
            agents: self.agents.iter().flatten().map(AgentJson::of).collect(),
            unknown: self.agents.as_ref().err().map(String::as_str),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AgentJson<'e> {
    agent: Option<&'e str>,
    security: Option<FieldJson<'e>>,
    ask: Option<FieldJson<'e>>,
    ask_fallback: Option<FieldJson<'e>>,
}

impl<'e> AgentJson<'e> {
    fn of(report: &'e AgentReport) -> Self {
        let field = |name: &str| report.fields.iter().find(|field| field.name == name).map(FieldJson::of);
        Self {
            agent: report.agent.as_deref(),
            security: field("security"),
            ask: field("ask"),
            ask_fallback: field("askFallback"),
        }
    }
}

impl Official {
    /// The object `effectivePolicy` of `--json`.
    pub(super) fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Printed<'e> {
            note: &'e str,
            scopes: Vec<ScopeJson<'e>>,
        }
        Printed { note: &self.note, scopes: self.scopes.iter().map(ScopeJson::of).collect() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeJson<'e> {
    scope_label: String,
    config_path: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<&'e str>,
    host: HostJson<'e>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<ModeJson>,
    security: LevelJson,
    ask: LevelJson,
    ask_fallback: FallbackJson,
    allowed_decisions: &'static [&'static str],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HostJson<'e> {
    requested: &'e str,
    requested_source: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModeJson {
    requested: &'static str,
    requested_source: String,
    effective: &'static str,
    note: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LevelJson {
    requested: &'static str,
    requested_source: String,
    host: &'static str,
    host_source: String,
    effective: &'static str,
    note: &'static str,
}

#[derive(Serialize)]
struct FallbackJson {
    effective: &'static str,
    source: String,
}

impl<'e> ScopeJson<'e> {
    fn of(scope: &'e OfficialScope) -> Self {
        let AgentPolicy { host, requested, document, policy, requests_review, .. } = &scope.policy;
        let [asked_security, asked_ask] = requested;
        let [host_security, host_ask, host_fallback] = document;
        let security =
            scope.level(asked_security.as_ref(), host_security.as_ref(), policy.security.0, "full");
        let ask = scope.level(asked_ask.as_ref(), host_ask.as_ref(), policy.ask.0, "off");
        let security = LevelJson {
            note: if security.requested == security.effective {
                "requested security applies"
            } else {
                "stricter host security wins"
            },
            requested_source: scope.source(asked_security.as_ref(), "full"),
            ..security
        };
        let ask = LevelJson {
            note: if ask.requested == ask.effective {
                "requested ask applies"
            } else {
                "more aggressive ask wins"
            },
            requested_source: scope.source(asked_ask.as_ref(), "off"),
            ..ask
        };
        let mode = scope.has_modes.then(|| mode(&security, &ask, *requests_review));
        Self {
            scope_label: match &scope.agent {
                Some(agent) if scope.config_path != TOOLS => format!("agent:{agent}"),
                Some(_) | None => TOOLS.to_owned(),
            },
            config_path: &scope.config_path,
            agent_id: scope.agent.as_deref(),
            host: HostJson {
                requested: host.as_ref().map_or("auto", |(host, _)| host),
                requested_source: host
                    .as_ref()
                    .map_or_else(|| "OpenClaw default (auto)".to_owned(), |(_, key)| scope.key(key)),
            },
            mode,
            ask_fallback: FallbackJson {
                effective: policy.ask_fallback.0,
                source: match host_fallback {
                    Some((_, Origin::Document(key))) => format!("{} {key}", scope.host_path),
                    _ => format!("OpenClaw default ({})", if scope.has_modes { "deny" } else { "full" }),
                },
            },
            allowed_decisions: if ask.effective == "always" {
                &["allow-once", "deny"]
            } else {
                &["allow-once", "allow-always", "deny"]
            },
            security,
            ask,
        }
    }
}

impl OfficialScope {
    /// The key of a field as OpenClaw's own command writes it, with the agent's id.
    fn key(&self, key: &str) -> String {
        match key.rsplit_once('.') {
            Some((before, field)) if before.starts_with("agents.") => format!("{}.{field}", self.config_path),
            _ => key.to_owned(),
        }
    }

    fn source(&self, level: Option<&Level>, default: &str) -> String {
        match level {
            Some((_, Origin::Configuration(key))) => self.key(key),
            Some((_, Origin::Call(key) | Origin::Document(key))) => key.to_string(),
            Some((_, Origin::Default)) | None => format!("OpenClaw default ({default})"),
        }
    }

    fn level(
        &self,
        asked: Option<&Level>,
        document: Option<&Level>,
        effective: &'static str,
        default: &'static str,
    ) -> LevelJson {
        let requested = asked.map_or(default, |(word, _)| *word);
        LevelJson {
            requested,
            requested_source: String::new(),
            host: document.map_or(requested, |(word, _)| *word),
            host_source: match document {
                Some((_, Origin::Document(key))) => format!("{} {key}", self.host_path),
                _ => "inherits requested tool policy".to_owned(),
            },
            effective,
            note: "",
        }
    }
}

fn mode(security: &LevelJson, ask: &LevelJson, review: bool) -> ModeJson {
    let requested = if review { "auto" } else { mode_of(security.requested, ask.requested) };
    let same = security.requested == security.effective && ask.requested == ask.effective;
    let effective = if same { requested } else { mode_of(security.effective, ask.effective) };
    let (one, other) = (&security.requested_source, &ask.requested_source);
    let requested_source =
        match (one.rsplit_once('.').is_some_and(|(_, field)| field == "mode"), one == other) {
            (true, true) => one.clone(),
            _ if one.starts_with("OpenClaw default") && other.starts_with("OpenClaw default") => {
                "derived from OpenClaw defaults".to_owned()
            }
            (_, true) => format!("derived from {one}"),
            (_, false) => format!("derived from {one} and {other}"),
        };
    let note =
        if effective == requested { "requested mode applies" } else { "host policy changes effective mode" };
    ModeJson { requested, requested_source, effective, note }
}

/// `resolveExecModeFromPolicy`.
fn mode_of(security: &str, ask: &str) -> &'static str {
    match (security, ask) {
        ("deny", _) => "deny",
        ("allowlist", "off") => "allowlist",
        ("full", "off" | "on-miss") => "full",
        _ => "ask",
    }
}
