//! The common form that every release gives a document after reading it: the key `default` becomes part of `main`, invalid
//! entries and unknown policy words are dropped. Source: `normalizeExecApprovals`, alike in all three
//! releases. Where its JavaScript fails on a value of the wrong type, so does [`normalise`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::approvals::decide::javascript::is_truthy;
use crate::approvals::decide::levels::{Ask, Security};
use crate::approvals::decide::words::trim;

/// The agent that the key `default` belongs to.
const MAIN: &str = "main";

/// The key of documents older than the key `main`.
const LEGACY: &str = "default";

/// A document in common form.
#[derive(Debug, Clone, Default)]
pub(in crate::approvals::decide) struct Normalised {
    /// The fields of `defaults`.
    pub defaults: Map<String, Value>,
    agents: BTreeMap<String, Agent>,
}

/// An agent in common form.
#[derive(Debug, Clone, Default)]
pub(super) struct Agent {
    /// Every field but the entries; `None`: the agent is not an object and has none.
    pub fields: Option<Map<String, Value>>,
    /// The entries, each with its key and index in the text.
    pub entries: Vec<(Map<String, Value>, (String, usize))>,
    key: String,
    /// Fields that came from the key `default`.
    inherited: BTreeSet<String>,
}

impl Normalised {
    /// The agent with this id.
    pub(super) fn agent(&self, id: &str) -> Option<&Agent> {
        self.agents.get(id)
    }

    /// The ids of the agents.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.agents.keys().map(String::as_str)
    }

    /// The document that a release stores.
    pub(super) fn into_document(self) -> Value {
        let agents: Map<String, Value> =
            self.agents.into_iter().map(|(id, agent)| (id, agent.into_value())).collect();
        let mut defaults = self.defaults;
        keep_known_words(&mut defaults);
        json!({ "version": 1, "socket": {}, "defaults": defaults, "agents": agents })
    }
}

impl Agent {
    /// The key of the stored text that a field comes from.
    pub(super) fn stored_key_of(&self, field: &str) -> &str {
        if self.inherited.contains(field) { LEGACY } else { &self.key }
    }

    fn into_value(self) -> Value {
        // An agent that is not an object is kept as a number, which 2026.9.6 never accepts.
        let Some(mut fields) = self.fields else { return Value::from(0) };
        keep_known_words(&mut fields);
        if !self.entries.is_empty() {
            let entries = self.entries.into_iter().map(|(entry, _)| Value::Object(entry)).collect();
            fields.insert("allowlist".to_owned(), Value::Array(entries));
        }
        Value::Object(fields)
    }
}

/// Brings a document into common form. `None`: the release fails.
///
/// `is_validated`: strings in a list of entries have become entries before, as 2026.9.6 does it on loading. They survive
/// the merge of `default` into `main` only then.
pub(super) fn normalise(root: &Value, is_validated: bool) -> Option<Normalised> {
    if root.is_null() {
        return None;
    }
    let socket = root.get("socket");
    for field in ["path", "token"] {
        let value = socket.and_then(|socket| socket.get(field));
        value.is_none_or(|value| value.is_null() || value.is_string()).then_some(())?;
    }
    let mut agents = properties(root.get("agents"));
    let mut out = BTreeMap::new();
    match agents.remove(LEGACY) {
        Some(Value::Null) => return None,
        Some(legacy) if is_truthy(&legacy) => {
            let main = agents.remove(MAIN).filter(is_truthy);
            let agent =
                main.map_or_else(|| agent_of(&legacy, LEGACY), |main| merged(&main, &legacy, is_validated))?;
            out.insert(MAIN.to_owned(), agent);
        }
        Some(unused) => drop(agents.insert(LEGACY.to_owned(), unused)),
        None => {}
    }
    for (id, agent) in agents {
        let agent = agent_of(&agent, &id)?;
        out.insert(id, agent);
    }
    let defaults = root.get("defaults").and_then(Value::as_object).cloned().unwrap_or_default();
    Some(Normalised { defaults, agents: out })
}

/// What JavaScript's `{ ...value }` makes of a value.
fn properties(value: Option<&Value>) -> BTreeMap<String, Value> {
    match value {
        Some(Value::Object(fields)) => {
            fields.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        Some(Value::Array(items)) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item.clone())).collect()
        }
        _ => BTreeMap::new(),
    }
}

/// One agent. `null` makes the release fail; other values without fields are harmless.
fn agent_of(agent: &Value, key: &str) -> Option<Agent> {
    if agent.is_null() {
        return None;
    }
    let list = agent.get("allowlist").and_then(Value::as_array);
    let entries = list.into_iter().flatten().enumerate();
    let entries =
        entries.filter_map(|(index, entry)| Some((entry_of(entry)?, (key.to_owned(), index)))).collect();
    let mut fields = agent.as_object().cloned();
    if let Some(fields) = &mut fields {
        fields.remove("allowlist");
    }
    Some(Agent { fields, entries, key: key.to_owned(), inherited: BTreeSet::new() })
}

/// An entry, or `None` if it is dropped.
fn entry_of(entry: &Value) -> Option<Map<String, Value>> {
    match entry {
        Value::String(pattern) => {
            let pattern = trim(pattern);
            (!pattern.is_empty()).then(|| Map::from_iter([("pattern".to_owned(), Value::from(pattern))]))
        }
        Value::Object(entry) => {
            let pattern = entry.get("pattern").and_then(Value::as_str)?;
            if trim(pattern).is_empty() {
                return None;
            }
            let mut entry = entry.clone();
            if entry.get("commandText").is_some_and(Value::is_string) {
                entry.remove("commandText");
            }
            Some(entry)
        }
        _ => None,
    }
}

/// `default` merged into `main`: the fields of `main` win, its entries come first, repetitions are dropped.
fn merged(main: &Value, legacy: &Value, is_validated: bool) -> Option<Agent> {
    let mut fields = Map::new();
    let mut inherited = BTreeSet::new();
    for (source, is_legacy) in [(main, false), (legacy, true)] {
        for (field, value) in source.as_object().into_iter().flatten() {
            if field != "allowlist" && !value.is_null() && !fields.contains_key(field) {
                fields.insert(field.clone(), value.clone());
                if is_legacy {
                    inherited.insert(field.clone());
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    let mut entries = Vec::new();
    for (source, key) in [(main, MAIN), (legacy, LEGACY)] {
        for (index, entry) in merged_list(source)?.iter().enumerate() {
            let identity = identity(entry, is_validated)?;
            let is_new = !identity.0.is_empty() && seen.insert(identity);
            if let Some(entry) = entry_of(entry).filter(|_| is_new) {
                entries.push((entry, (key.to_owned(), index)));
            }
        }
    }
    Some(Agent { fields: Some(fields), entries, key: MAIN.to_owned(), inherited })
}

/// The list that a merge iterates over. `None`: the release fails, since the value cannot be iterated over.
fn merged_list(agent: &Value) -> Option<&[Value]> {
    match agent.get("allowlist") {
        None | Some(Value::Null | Value::String(_)) => Some(&[]),
        Some(Value::Array(list)) => Some(list),
        Some(_) => None,
    }
}

/// What makes two entries of a merge the same: their patterns. An entry without one is dropped. `None`: the release fails.
fn identity(entry: &Value, is_validated: bool) -> Option<(String, String)> {
    if entry.is_null() {
        return None;
    }
    let pattern = match entry {
        Value::String(pattern) if is_validated => Some(pattern.as_str()),
        _ => entry.get("pattern").and_then(Value::as_str),
    };
    let pattern = pattern.map(trim).unwrap_or_default().to_lowercase();
    if pattern.is_empty() {
        return Some((pattern, String::new()));
    }
    match entry.get("argPattern") {
        None | Some(Value::Null) => Some((pattern, String::new())),
        Some(Value::String(arguments)) => Some((pattern, trim(arguments).to_owned())),
        Some(_) => None,
    }
}

/// Removes unknown policy values, as a release does before it stores a document.
fn keep_known_words(fields: &mut Map<String, Value>) {
    for field in ["security", "ask", "askFallback"] {
        let word = fields.get(field).and_then(Value::as_str).map(trim);
        let known = match field {
            "ask" => word.and_then(Ask::parse).map(Ask::word),
            _ => word.and_then(Security::parse).map(Security::word),
        };
        match known {
            Some(known) => fields.insert(field.to_owned(), Value::from(known)),
            None => fields.remove(field),
        };
    }
}
