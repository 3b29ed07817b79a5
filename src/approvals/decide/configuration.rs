//! What `openclaw.json` says about running commands, as each release reads it: the layers of `tools.exec` with their
//! modes, and the lists that the evaluators need. The permission mode of a session replaces the layers in 2026.9.6.
//! Source: `resolveExecConfig`, `resolveExecToolConfig`, `applyExecPolicyLayer` and `projectEffectiveExecPolicy`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::agent_id;
use super::decision::Origin;
use super::javascript::is_truthy;
use super::levels::{Ask, Security};
use super::profile::Profile;
use super::question::Question;
use super::words::trim;

/// The safe bins of a release if none are configured.
const DEFAULT_SAFE_BINS: [Cow<'static, str>; 6] = [
    Cow::Borrowed("cut"),
    Cow::Borrowed("head"),
    Cow::Borrowed("tail"),
    Cow::Borrowed("tr"),
    Cow::Borrowed("uniq"),
    Cow::Borrowed("wc"),
];

/// The most fields of a layer that are looked at one after the other.
const FEW_FIELDS: usize = 8;

/// What the evaluators of a command need of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Setup {
    /// The names of safe bins in lower case and in order: the configured list, or the release's own if none is configured.
    pub safe_bins: Cow<'static, [Cow<'static, str>]>,
    /// `tools.exec.safeBinTrustedDirs` as configured: without `/bin` and `/usr/bin`, which are always trusted.
    pub trusted_directories: Vec<String>,
    /// `tools.exec.safeBinProfiles` by lower-case name, normalised. A profile here replaces a built-in one.
    pub profiles: BTreeMap<String, SafeBinProfile>,
    /// `PATH` of the call: `tools.exec.pathPrepend`, then the gateway's own `PATH`.
    pub path: String,
    /// Whether code in arguments always asks.
    pub strict_inline_eval: bool,
}

/// A configured profile of a safe bin. It cannot name flags without a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SafeBinProfile {
    /// The fewest positional arguments.
    pub min_positional: usize,
    /// The most positional arguments; `None`: any number.
    pub max_positional: Option<usize>,
    /// Flags that take a value.
    pub value_flags: BTreeSet<String>,
    /// Flags that are refused.
    pub denied_flags: BTreeSet<String>,
}

/// What the configuration and the session ask for, before the document is merged in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Requested {
    /// What may run without a question.
    pub security: Option<(Security, Origin)>,
    /// When a person is asked.
    pub ask: Option<(Ask, Origin)>,
    /// Whether a model reviews first: mode `auto`.
    pub auto_review: bool,
    /// Whether the document is ignored: permission mode `full`.
    pub bypasses_document: bool,
}

/// Why the configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Commands run on another kind of host: this value of `tools.exec.host`.
    OtherHost(String),
    /// This key has a value that no release accepts.
    UnknownWord(String),
}

impl Unusable {
    /// Why it cannot be used for an agent.
    pub(super) fn sentence(&self, agent: &str) -> String {
        match self {
            Self::OtherHost(host) => {
                format!(
                    "tools.exec.host runs the commands of agent {agent} on a {host}, which decides itself"
                )
            }
            Self::UnknownWord(key) => format!("{key} has a value that no release accepts"),
        }
    }
}

/// One `tools.exec` of the configuration, and its key.
struct Layer<'c> {
    exec: &'c Map<String, Value>,
    key: Cow<'static, str>,
}

/// The layers of a question, weak to strong.
pub(super) struct Configuration<'c> {
    layers: Vec<Layer<'c>>,
}

impl Setup {
    /// Whether a name in lower case is that of a safe bin.
    pub(super) fn is_safe_bin(&self, name: &str) -> bool {
        self.safe_bins.binary_search_by(|bin| (**bin).cmp(name)).is_ok()
    }
}

impl<'c> Configuration<'c> {
    /// Finds the layers: the global one, then that of the agent.
    pub(super) fn of(question: &Question<'c>, profile: Profile) -> Self {
        let root = question.configuration;
        let mut layers = Vec::new();
        if let Some(exec) = layer(root) {
            layers.push(Layer { exec, key: Cow::Borrowed("tools.exec") });
        }
        if let Some((entry, key)) = agent_entry(root, question.agent, profile)
            && let Some(exec) = layer(entry)
        {
            layers.push(Layer { exec, key: Cow::Owned(format!("{key}.tools.exec")) });
        }
        Self { layers }
    }

    /// Where commands run, and the key that says so; `None`: nothing does.
    pub(super) fn host(&self) -> Option<(&'c str, String)> {
        let (host, layer) = self.strongest("host")?;
        Some((host.as_str()?, layer.key_of("host")))
    }

    /// The policy that is asked for.
    pub(super) fn requested(&self, question: &Question<'_>, profile: Profile) -> Result<Requested, Unusable> {
        if let Some(key) = malformed(question.configuration) {
            return Err(Unusable::UnknownWord(key));
        }
        if let Some((Value::String(host), layer)) = self.strongest("host") {
            match host.as_str() {
                "auto" | "gateway" => {}
                "sandbox" | "node" => return Err(Unusable::OtherHost(host.clone())),
                _ => return Err(Unusable::UnknownWord(layer.key_of("host"))),
            }
        }
        match question.permission_mode {
            Some(mode) if profile >= Profile::V2026_9_6 => permission_policy(mode),
            _ => self.layered(profile),
        }
    }

    fn layered(&self, profile: Profile) -> Result<Requested, Unusable> {
        let mut requested = Requested::default();
        for layer in &self.layers {
            let mode = layer.get("mode").filter(|mode| is_truthy(mode));
            if let Some(mode) = mode.filter(|_| profile >= Profile::V2026_6_11) {
                let key = layer.key_of("mode");
                let policy =
                    mode.as_str().and_then(mode_policy).ok_or_else(|| Unusable::UnknownWord(key.clone()))?;
                let (security, ask, auto_review) = policy;
                let origin = Origin::Configuration(key.into());
                requested.security = Some((security, origin.clone()));
                requested.ask = Some((ask, origin));
                requested.auto_review = auto_review;
                continue;
            }
            let security = layer.word("security", Security::parse)?;
            let ask = layer.word("ask", Ask::parse)?;
            if security.is_some() || ask.is_some() {
                requested.auto_review = false;
            }
            requested.security = security.or(requested.security);
            requested.ask = ask.or(requested.ask);
        }
        Ok(requested)
    }

    /// What the evaluators need.
    pub(super) fn setup(&self, question: &Question<'_>) -> Setup {
        let strict = self.strongest("strictInlineEval").is_some_and(|(value, _)| value == &Value::Bool(true));
        let mut profiles = BTreeMap::new();
        for layer in &self.layers {
            if let Some(Value::Object(configured)) = layer.get("safeBinProfiles") {
                profiles.extend(configured.iter().filter_map(safe_bin_profile));
            }
        }
        Setup {
            safe_bins: safe_bins(self.strongest("safeBins").map(|(value, _)| value)),
            trusted_directories: unique_trimmed(self.strongest("safeBinTrustedDirs").map(|(value, _)| value)),
            profiles,
            path: search_path(self.strongest("pathPrepend").map(|(value, _)| value), question.path),
            strict_inline_eval: strict,
        }
    }

    /// The value of a field in the strongest layer that has it, and that layer. `null` counts as absent.
    fn strongest(&self, field: &str) -> Option<(&'c Value, &Layer<'c>)> {
        self.layers.iter().rev().find_map(|layer| {
            let value = layer.get(field).filter(|value| !value.is_null())?;
            Some((value, layer))
        })
    }
}

impl<'c> Layer<'c> {
    /// The value of a field. A layer has few, which are faster compared than hashed.
    fn get(&self, field: &str) -> Option<&'c Value> {
        if self.exec.len() > FEW_FIELDS {
            return self.exec.get(field);
        }
        self.exec.iter().find_map(|(key, value)| (key == field).then_some(value))
    }

    fn key_of(&self, field: &str) -> String {
        [&self.key, ".", field].concat()
    }

    /// A level in this layer.
    fn word<T>(&self, field: &str, parse: fn(&str) -> Option<T>) -> Result<Option<(T, Origin)>, Unusable> {
        let Some(value) = self.get(field).filter(|value| !value.is_null()) else { return Ok(None) };
        let key = self.key_of(field);
        match value.as_str().and_then(parse) {
            Some(level) => Ok(Some((level, Origin::Configuration(key.into())))),
            None => Err(Unusable::UnknownWord(key)),
        }
    }
}

/// The first key that is not of the type that every release requires, so that no gateway starts with it.
fn malformed(root: &Value) -> Option<String> {
    if !root.is_object() && !root.is_null() {
        return Some("openclaw.json".to_owned());
    }
    let objects: [&[&str]; 4] = [&["tools"], &["tools", "exec"], &["agents"], &["agents", "entries"]];
    if let Some(path) =
        objects.into_iter().find(|path| at(root, path).is_some_and(|value| !value.is_object()))
    {
        return Some(path.join("."));
    }
    let list = at(root, &["agents", "list"])?;
    let Some(list) = list.as_array() else { return Some("agents.list".to_owned()) };
    let fits = |entry: &Value| entry.get("id").is_some_and(Value::is_string) && has_objects(entry);
    list.iter().position(|entry| !fits(entry)).map(|index| format!("agents.list[{index}]"))
}

/// Whether `tools` and `tools.exec` of an agent are objects, if they are there.
fn has_objects(entry: &Value) -> bool {
    let paths: [&[&str]; 2] = [&["tools"], &["tools", "exec"]];
    paths.into_iter().filter_map(|path| at(entry, path)).all(Value::is_object)
}

/// The value at a path of keys. `null` counts as absent.
fn at<'v>(root: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(root, |value, key| value.get(key)).filter(|value| !value.is_null())
}

fn layer(value: &Value) -> Option<&Map<String, Value>> {
    value.get("tools")?.get("exec")?.as_object()
}

/// The agent's entry and its key. 2026.9.6 has `agents.entries`, which replaces the list.
fn agent_entry<'c>(root: &'c Value, agent: &str, profile: Profile) -> Option<(&'c Value, String)> {
    let agents = root.get("agents")?;
    let wanted = agent_id::normalize(agent);
    if profile >= Profile::V2026_9_6
        && let Some(entries) = agents.get("entries")
    {
        let (name, entry) = entries
            .as_object()?
            .iter()
            .find(|(name, entry)| entry.is_object() && agent_id::normalize(name) == wanted)?;
        return Some((entry, format!("agents.entries.{name}")));
    }
    let id_of =
        |entry: &Value| agent_id::normalize(entry.get("id").and_then(Value::as_str).unwrap_or_default());
    let (index, entry) = agents
        .get("list")?
        .as_array()?
        .iter()
        .enumerate()
        .find(|(_, entry)| entry.is_object() && id_of(entry) == wanted)?;
    Some((entry, format!("agents.list[{index}]")))
}

/// The levels of a mode, and whether a model reviews.
fn mode_policy(mode: &str) -> Option<(Security, Ask, bool)> {
    Some(match mode {
        "deny" => (Security::Deny, Ask::Off, false),
        "allowlist" => (Security::Allowlist, Ask::Off, false),
        "ask" => (Security::Allowlist, Ask::OnMiss, false),
        "auto" => (Security::Allowlist, Ask::OnMiss, true),
        "full" => (Security::Full, Ask::Off, false),
        _ => return None,
    })
}

/// The policy of a session's permission mode, which replaces the layers.
fn permission_policy(mode: &str) -> Result<Requested, Unusable> {
    const KEY: &str = "permissionMode";
    let equal = match mode {
        "read-only" => "deny",
        "guarded" => "ask",
        "workspace" => "auto",
        "full" => "full",
        _ => return Err(Unusable::UnknownWord(KEY.to_owned())),
    };
    let (security, ask, auto_review) =
        mode_policy(equal).ok_or_else(|| Unusable::UnknownWord(KEY.to_owned()))?;
    let origin = Origin::Call(KEY.into());
    Ok(Requested {
        security: Some((security, origin.clone())),
        ask: Some((ask, origin)),
        auto_review,
        bypasses_document: mode == "full",
    })
}

fn safe_bins(configured: Option<&Value>) -> Cow<'static, [Cow<'static, str>]> {
    if configured.is_none() {
        return Cow::Borrowed(&DEFAULT_SAFE_BINS);
    }
    let names: BTreeSet<String> =
        unique_trimmed(configured).into_iter().map(|name| name.to_lowercase()).collect();
    names.into_iter().map(Cow::Owned).collect()
}

/// The strings of a list, trimmed, without empty ones and repetitions.
fn unique_trimmed(list: Option<&Value>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(trim)
        .filter(|text| !text.is_empty() && seen.insert(*text))
        .map(str::to_owned)
        .collect()
}

/// `PATH` of the call. Only if something is put in front are empty and repeated directories dropped.
fn search_path(prepend: Option<&Value>, path: &str) -> String {
    let mut directories = unique_trimmed(prepend);
    if directories.is_empty() {
        return path.to_owned();
    }
    let mut seen: BTreeSet<String> = directories.iter().cloned().collect();
    for directory in path.split(':').map(trim).filter(|directory| !directory.is_empty()) {
        if seen.insert(directory.to_owned()) {
            directories.push(directory.to_owned());
        }
    }
    directories.join(":")
}

fn safe_bin_profile((name, configured): (&String, &Value)) -> Option<(String, SafeBinProfile)> {
    let name = trim(name).to_lowercase();
    let limit = |field: &str| configured.get(field).and_then(Value::as_f64).and_then(whole);
    let flags = |field: &str| unique_trimmed(configured.get(field)).into_iter().collect();
    let min = limit("minPositional");
    let max = limit("maxPositional").map(|max| max.max(min.unwrap_or_default()));
    let profile = SafeBinProfile {
        min_positional: min.unwrap_or_default(),
        max_positional: max,
        value_flags: flags("allowedValueFlags"),
        denied_flags: flags("deniedFlags"),
    };
    (!name.is_empty()).then_some((name, profile))
}

/// The whole part of a number that is not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
fn whole(number: f64) -> Option<usize> {
    let number = number.trunc();
    (number.is_finite() && number >= 0.0).then_some(number as usize)
}

#[cfg(test)]
mod tests;
