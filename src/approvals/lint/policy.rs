//! Lints of policies: the values that apply to an agent after its own, those of `*` and the defaults, and their
//! consequences.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::fallback::Fallbacks;
use super::raw::Raw;
use super::release::Release;
use super::sink::Sink;
use crate::approvals::decide::Profile;
use crate::approvals::findings::codes::Code;
use crate::approvals::model::document::{Agent, Agents, Document, Policy};
use crate::approvals::model::path::{Path, Step};
use crate::approvals::model::scalar::{Ask, AskFallback, Security};
use crate::approvals::redact::credentials::quotable;

/// The agent id with the policy and the entries of all agents.
pub(super) const ALL: &str = "*";

/// The place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin<'d> {
    Defaults,
    Agent(&'d str),
}

impl Origin<'_> {
    fn path(self, field: &str) -> Path {
        match self {
            Self::Defaults => ["defaults", field].map(|key| Step::Key(key.to_owned())).into_iter().collect(),
            Self::Agent(id) => agent_path(id).join(Step::Key(field.to_owned())),
        }
    }

    fn agent(self) -> Option<String> {
        match self {
            Self::Defaults => None,
            Self::Agent(id) => Some(id.to_owned()),
        }
    }
}

pub(super) fn agent_path(id: &str) -> Path {
    ["agents", id].map(|key| Step::Key(key.to_owned())).into_iter().collect()
}

/// The inheritable fields of an agent or of the defaults.
fn fields(agent: &Agent<'_>) -> Policy {
    Policy {
        security: agent.security,
        ask: agent.ask,
        ask_fallback: agent.ask_fallback,
        auto_allow_skills: agent.auto_allow_skills,
    }
}

/// The sources of the policy of one agent, or of all unlisted agents.
#[derive(Debug, Clone, Copy)]
struct Scope<'d> {
    /// `None`: every unlisted agent.
    id: Option<&'d str>,
    /// The agent's own policy, that of `*`, the defaults: the first that sets a field wins.
    levels: [(Origin<'d>, Policy); 3],
}

impl<'d> Scope<'d> {
    fn value<T>(&self, field: impl Fn(&Policy) -> Option<T>) -> Option<(T, Origin<'d>)> {
        self.levels.iter().find_map(|(origin, policy)| field(policy).map(|value| (value, *origin)))
    }

    /// The values in force.
    fn policy(&self) -> Policy {
        Policy {
            security: self.value(|policy| policy.security).map(|(value, _)| value),
            ask: self.value(|policy| policy.ask).map(|(value, _)| value),
            ask_fallback: self.value(|policy| policy.ask_fallback).map(|(value, _)| value),
            auto_allow_skills: None,
        }
    }

    /// Whether no prompt is shown. With `full`, `on-miss` never misses; without a value it is `off`.
    fn never_asks(&self) -> bool {
        self.value(|policy| policy.ask).is_none_or(|(ask, _)| ask != Ask::Always)
    }
}

struct Policies<'d> {
    defaults: Policy,
    all: Policy,
    document: &'d Document<'d>,
}

impl<'d> Policies<'d> {
    fn of(document: &'d Document<'d>) -> Self {
        let all = agents(document).find(|(id, _)| *id == ALL).map(|(_, agent)| fields(agent));
        Self { defaults: document.defaults.unwrap_or_default(), all: all.unwrap_or_default(), document }
    }

    fn scope(&self, id: Option<&'d str>, own: Policy) -> Scope<'d> {
        let own = (Origin::Agent(id.unwrap_or(ALL)), own);
        Scope { id, levels: [own, (Origin::Agent(ALL), self.all), (Origin::Defaults, self.defaults)] }
    }

    fn unlisted(&self) -> Scope<'d> {
        self.scope(None, Policy::default())
    }

    /// The unlisted agents, then every listed one.
    fn scopes(&self) -> impl Iterator<Item = Scope<'d>> {
        let listed = agents(self.document).filter(|(id, _)| *id != ALL);
        std::iter::once(self.unlisted()).chain(listed.map(|(id, agent)| self.scope(Some(id), fields(agent))))
    }
}

pub(super) fn agents<'d>(document: &'d Document<'d>) -> impl Iterator<Item = (&'d str, &'d Agent<'d>)> {
    document.agents.iter().flat_map(Agents::iter)
}

/// Reports policies.
pub(super) fn judge<'d>(document: &'d Document<'d>, facts: &Facts<'_>, sink: &mut Sink<'_>) {
    let policies = Policies::of(document);
    open(&policies, sink);
    unanswered(&policies, Release::of(facts), sink);
    dead_defaults(&policies, sink);
    shadows(&policies, sink);
    idle(&policies, sink);
}

/// Values that let an agent run everything. Each is reported once, at its place.
fn open(policies: &Policies<'_>, sink: &mut Sink<'_>) {
    let listed = agents(policies.document).any(|(id, _)| id != ALL);
    let mut full = BTreeMap::new();
    for scope in policies.scopes() {
        if let Some((Security::Full, origin)) = scope.value(|policy| policy.security)
            && scope.never_asks()
        {
            full.entry(origin).or_insert_with(Vec::new).push(scope);
        }
    }
    for (origin, scopes) in full {
        let asked = match scopes[0].value(|policy| policy.ask) {
            Some((Ask::OnMiss, _)) => "`ask: on-miss`, which never asks here",
            Some(_) => "`ask: off`",
            None => "no `ask` (off by default)",
        };
        let message = format!(
            "{}: every command runs without a prompt: `security: full` with {asked}",
            affected(&scopes, listed)
        );
        sink.push(raw(Code::FullWithoutAsking, origin.path("security"), message, origin.agent()));
    }
    let unlisted = policies.unlisted();
    if unlisted.value(|policy| policy.security).is_none() && unlisted.never_asks() {
        let message = "`security` is not set here for all agents: the host's configuration decides, and if it is not set there, every command runs";
        sink.push(raw(Code::UnsetSecurity, Path::default(), message.to_owned(), None));
    }
}

/// Policies under which the command of a prompt that nobody answers runs. Each is reported once: at `askFallback`, or at
/// `ask` if that is not set. Under `security: allowlist` a release reads `full` as `allowlist`.
fn unanswered(policies: &Policies<'_>, release: Release<'_>, sink: &mut Sink<'_>) {
    let listed = agents(policies.document).any(|(id, _)| id != ALL);
    let mut fallbacks = Fallbacks::of(release);
    let mut found: BTreeMap<(Origin<'_>, bool, Vec<Profile>), Vec<Scope<'_>>> = BTreeMap::new();
    for scope in policies.scopes() {
        let place = match scope.value(|policy| policy.ask_fallback) {
            Some((AskFallback::Full, origin)) => Some((origin, true)),
            Some(_) => None,
            None if scope.never_asks() => None,
            None => scope.value(|policy| policy.ask).map(|(_, origin)| (origin, false)),
        };
        let Some((origin, is_set)) = place else { continue };
        let profiles = fallbacks.running(scope.policy());
        if !profiles.is_empty() {
            found.entry((origin, is_set, profiles)).or_default().push(scope);
        }
    }
    for ((origin, is_set, profiles), scopes) in found {
        let affected = affected(&scopes, listed);
        let message = if is_set {
            format!("{affected}: the command of an unanswered prompt runs{}", release.on(&profiles))
        } else {
            format!(
                "{affected}: without `askFallback` the command of an unanswered prompt runs on {}",
                release.names(&profiles)
            )
        };
        let field = if is_set { "askFallback" } else { "ask" };
        sink.push(raw(Code::AskFallbackFull, origin.path(field), message, origin.agent()));
    }
}

/// The affected agents, in a few words.
fn affected(scopes: &[Scope<'_>], listed: bool) -> String {
    const MAX_NAMES: usize = 3;
    let ids: Vec<&str> = scopes.iter().filter_map(|scope| scope.id).collect();
    let mut parts: Vec<String> = ids.iter().take(MAX_NAMES).map(|id| format!("`{}`", quotable(id))).collect();
    if ids.len() > MAX_NAMES {
        parts.push(format!("{} more", ids.len() - MAX_NAMES));
    }
    let unlisted = scopes.iter().any(|scope| scope.id.is_none());
    let names = parts.join(", ");
    match (unlisted, parts.len()) {
        (true, _) if !listed => "all agents".to_owned(),
        (true, 0) => "all agents that are not listed".to_owned(),
        (true, _) => format!("{names} and all agents that are not listed"),
        (false, 1) => format!("agent {names}"),
        (false, _) => format!("agents {names}"),
    }
}

fn dead_defaults(policies: &Policies<'_>, sink: &mut Sink<'_>) {
    let (defaults, all) = (&policies.defaults, &policies.all);
    for (field, dead) in [
        ("security", defaults.security.is_some() && all.security.is_some()),
        ("ask", defaults.ask.is_some() && all.ask.is_some()),
        ("askFallback", defaults.ask_fallback.is_some() && all.ask_fallback.is_some()),
        ("autoAllowSkills", defaults.auto_allow_skills.is_some() && all.auto_allow_skills.is_some()),
    ] {
        if dead {
            let message = format!("no agent inherits `{field}` from here: agent `*` sets it");
            sink.push(raw(Code::DeadDefault, Origin::Defaults.path(field), message, None));
        }
    }
}

/// Reports agents with an own value that is weaker than that of `*`.
fn shadows(policies: &Policies<'_>, sink: &mut Sink<'_>) {
    let all = &policies.all;
    for (id, agent) in agents(policies.document).filter(|(id, _)| *id != ALL) {
        let weaker = [
            (
                "security",
                pair(agent.security, all.security).is_some_and(|(own, all)| security(own) > security(all)),
            ),
            ("ask", pair(agent.ask, all.ask).is_some_and(|(own, all)| ask(own) > ask(all))),
            (
                "askFallback",
                pair(agent.ask_fallback, all.ask_fallback)
                    .is_some_and(|(own, all)| fallback(own) > fallback(all)),
            ),
            (
                "autoAllowSkills",
                pair(agent.auto_allow_skills, all.auto_allow_skills).is_some_and(|(own, all)| own && !all),
            ),
        ];
        for (field, _) in weaker.into_iter().filter(|(_, weaker)| *weaker) {
            let message =
                format!("agent `{}` is less restricted than `*`: its own `{field}` wins", quotable(id));
            let path = Origin::Agent(id).path(field);
            sink.push(raw(Code::ShadowsAllAgents, path, message, Some(id.to_owned())));
        }
    }
}

fn pair<T>(own: Option<T>, all: Option<T>) -> Option<(T, T)> {
    own.zip(all)
}

const fn security(value: Security) -> u8 {
    match value {
        Security::Deny => 0,
        Security::Allowlist => 1,
        Security::Full => 2,
    }
}

const fn ask(value: Ask) -> u8 {
    match value {
        Ask::Always => 0,
        Ask::OnMiss => 1,
        Ask::Off => 2,
    }
}

const fn fallback(value: AskFallback) -> u8 {
    match value {
        AskFallback::Deny => 0,
        AskFallback::Allowlist => 1,
        AskFallback::Full => 2,
    }
}

/// Allowlists of agents that may run nothing.
fn idle(policies: &Policies<'_>, sink: &mut Sink<'_>) {
    let denied =
        |scope: &Scope<'_>| matches!(scope.value(|policy| policy.security), Some((Security::Deny, _)));
    for (id, agent) in agents(policies.document) {
        let count = agent.allowlist.iter().flatten().count();
        let idle = if id == ALL {
            policies.scopes().all(|scope| denied(&scope))
        } else {
            denied(&policies.scope(Some(id), fields(agent)))
        };
        if count > 0 && idle {
            let entries = if count == 1 { "1 entry" } else { &format!("{count} entries") };
            let message = format!("{entries} of agent `{}` without effect: `security` is deny", quotable(id));
            let path = Origin::Agent(id).path("allowlist");
            sink.push(raw(Code::IdleAllowlist, path, message, Some(id.to_owned())));
        }
    }
}

fn raw(code: Code, path: Path, message: String, agent: Option<String>) -> Raw {
    Raw { code, path, message, agent, pattern: None, removes: None }
}
