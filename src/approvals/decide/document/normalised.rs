//! The common form that every release gives a document after reading it: the key `default` becomes part of `main`, invalid
//! entries and unknown policy words are dropped. Source: `normalizeExecApprovals`, alike in all three
//! releases. Where its JavaScript fails on a value of the wrong type, so does [`normalise`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::approvals::decide::agent_id::MAIN;
use crate::approvals::decide::javascript::is_truthy;
use crate::approvals::decide::levels::{Ask, Security};
use crate::approvals::decide::words::trim;

/// The key of documents older than the key `main`.
const LEGACY: &str = "default";

/// The key of an agent's entries.
const ALLOWLIST: &str = "allowlist";

/// A document in common form. It borrows from the text's values what it does not change.
#[derive(Debug, Clone, Default)]
pub(in crate::approvals::decide) struct Normalised<'v> {
    /// The fields of `defaults`.
    pub defaults: Cow<'v, Map<String, Value>>,
    agents: BTreeMap<Cow<'v, str>, Agent<'v>>,
}

/// An agent in common form.
#[derive(Debug, Clone, Default)]
pub(super) struct Agent<'v> {
    /// Every field, of which `allowlist` does not count; `None`: the agent is not an object and has none.
    pub fields: Option<Cow<'v, Map<String, Value>>>,
    /// The entries, each with its index under its key in the text.
    pub entries: Vec<Entry<'v>>,
    key: Cow<'v, str>,
    /// Fields that came from the key `default`.
    inherited: BTreeSet<String>,
}

/// An entry of an agent.
#[derive(Debug, Clone)]
pub(super) struct Entry<'v> {
    /// Its fields.
    pub fields: Cow<'v, Map<String, Value>>,
    /// Whether it is in the list of the key `default`.
    is_legacy: bool,
    /// Its index in that list.
    pub index: usize,
}

impl Normalised<'_> {
    /// The agent with this id.
    pub(super) fn agent(&self, id: &str) -> Option<&Agent<'_>> {
        self.agents.get(id)
    }

    /// The ids of the agents.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.agents.keys().map(|id| &**id)
    }

    /// The same with values of its own.
    pub(super) fn into_owned(self) -> Normalised<'static> {
        let owned =
            |(id, agent): (Cow<'_, str>, Agent<'_>)| (Cow::Owned(id.into_owned()), agent.into_owned());
        Normalised {
            defaults: Cow::Owned(self.defaults.into_owned()),
            agents: self.agents.into_iter().map(owned).collect(),
        }
    }

    /// The document that a release stores.
    pub(super) fn into_document(self) -> Value {
        let agents: Map<String, Value> =
            self.agents.into_iter().map(|(id, agent)| (id.into_owned(), agent.into_value())).collect();
        let mut defaults = self.defaults.into_owned();
        keep_known_words(&mut defaults);
        json!({ "version": 1, "socket": {}, "defaults": defaults, "agents": agents })
    }
}

impl Agent<'_> {
    /// The key of the stored text that a field comes from.
    pub(super) fn stored_key_of(&self, field: &str) -> &str {
        if self.inherited.contains(field) { LEGACY } else { &self.key }
    }

    /// The key of the stored text that an entry comes from.
    pub(super) fn stored_key_of_entry(&self, entry: &Entry<'_>) -> &str {
        if entry.is_legacy { LEGACY } else { &self.key }
    }

    fn into_owned(self) -> Agent<'static> {
        let entry = |entry: Entry<'_>| Entry { fields: Cow::Owned(entry.fields.into_owned()), ..entry };
        Agent {
            fields: self.fields.map(|fields| Cow::Owned(without_entries(fields))),
            entries: self.entries.into_iter().map(entry).collect(),
            key: Cow::Owned(self.key.into_owned()),
            inherited: self.inherited,
        }
    }

    fn into_value(self) -> Value {
        // An agent that is not an object is kept as a number, which 2026.9.6 never accepts.
        let Some(fields) = self.fields else { return Value::from(0) };
        let mut fields = without_entries(fields);
        keep_known_words(&mut fields);
        if !self.entries.is_empty() {
            let entries = self.entries.into_iter().map(Entry::into_value).collect();
            fields.insert(ALLOWLIST.to_owned(), Value::Array(entries));
        }
        Value::Object(fields)
    }
}

impl Entry<'_> {
    fn into_value(self) -> Value {
        let mut fields = self.fields.into_owned();
        if fields.get("commandText").is_some_and(Value::is_string) {
            fields.remove("commandText");
        }
        Value::Object(fields)
    }
}

/// The fields of an agent without its list of entries.
fn without_entries(fields: Cow<'_, Map<String, Value>>) -> Map<String, Value> {
    match fields {
        Cow::Borrowed(fields) => {
            let others = fields.iter().filter(|(field, _)| *field != ALLOWLIST);
            others.map(|(field, value)| (field.clone(), value.clone())).collect()
        }
        Cow::Owned(mut fields) => {
            fields.remove(ALLOWLIST);
            fields
        }
    }
}

/// Brings a document into common form. `None`: the release fails.
///
/// `is_validated`: strings in a list of entries have become entries before, as 2026.9.6 does it on loading. They survive
/// the merge of `default` into `main` only then.
pub(super) fn normalise(root: &Value, is_validated: bool) -> Option<Normalised<'_>> {
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
        Some(legacy) if is_truthy(legacy) => {
            let main = agents.remove(MAIN).filter(|main| is_truthy(main));
            let agent = match main {
                Some(main) => merged(main, legacy, is_validated)?,
                None => agent_of(legacy, LEGACY.into())?,
            };
            out.insert(MAIN.into(), agent);
        }
        Some(unused) => drop(agents.insert(LEGACY.into(), unused)),
        None => {}
    }
    for (id, agent) in agents {
        let agent = agent_of(agent, id.clone())?;
        out.insert(id, agent);
    }
    let defaults = root.get("defaults").and_then(Value::as_object).map(Cow::Borrowed).unwrap_or_default();
    Some(Normalised { defaults, agents: out })
}

/// What JavaScript's `{ ...value }` makes of a value.
fn properties(value: Option<&Value>) -> BTreeMap<Cow<'_, str>, &Value> {
    match value {
        Some(Value::Object(fields)) => {
            fields.iter().map(|(key, value)| (Cow::Borrowed(key.as_str()), value)).collect()
        }
        Some(Value::Array(items)) => {
            items.iter().enumerate().map(|(index, item)| (Cow::Owned(index.to_string()), item)).collect()
        }
        _ => BTreeMap::new(),
    }
}

/// One agent. `null` makes the release fail; other values without fields are harmless.
fn agent_of<'v>(agent: &'v Value, key: Cow<'v, str>) -> Option<Agent<'v>> {
    if agent.is_null() {
        return None;
    }
    let list = agent.get(ALLOWLIST).and_then(Value::as_array);
    let entries = list.into_iter().flatten().enumerate();
    let entry = |(index, entry)| Some(Entry { fields: fields_of(entry)?, is_legacy: false, index });
    let fields = agent.as_object().map(Cow::Borrowed);
    Some(Agent { fields, entries: entries.filter_map(entry).collect(), key, inherited: BTreeSet::new() })
}

/// The fields of an entry, or `None` if it is dropped.
fn fields_of(entry: &Value) -> Option<Cow<'_, Map<String, Value>>> {
    match entry {
        Value::String(pattern) => {
            let pattern = trim(pattern);
            let fields = || Map::from_iter([("pattern".to_owned(), Value::from(pattern))]);
            (!pattern.is_empty()).then(|| Cow::Owned(fields()))
        }
        Value::Object(fields) => {
            let pattern = fields.get("pattern").and_then(Value::as_str)?;
            (!trim(pattern).is_empty()).then_some(Cow::Borrowed(fields))
        }
        _ => None,
    }
}

/// `default` merged into `main`: the fields of `main` win, its entries come first, repetitions are dropped.
fn merged<'v>(main: &'v Value, legacy: &'v Value, is_validated: bool) -> Option<Agent<'v>> {
    let mut fields = Map::new();
    let mut inherited = BTreeSet::new();
    for (source, is_legacy) in [(main, false), (legacy, true)] {
        for (field, value) in source.as_object().into_iter().flatten() {
            if field != ALLOWLIST && !value.is_null() && !fields.contains_key(field) {
                fields.insert(field.clone(), value.clone());
                if is_legacy {
                    inherited.insert(field.clone());
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    let mut entries = Vec::new();
    for (source, is_legacy) in [(main, false), (legacy, true)] {
        for (index, entry) in merged_list(source)?.iter().enumerate() {
            let identity = identity(entry, is_validated)?;
            let is_new = !identity.0.is_empty() && seen.insert(identity);
            if let Some(fields) = fields_of(entry).filter(|_| is_new) {
                entries.push(Entry { fields, is_legacy, index });
            }
        }
    }
    Some(Agent { fields: Some(Cow::Owned(fields)), entries, key: MAIN.into(), inherited })
}

/// The list that a merge iterates over. `None`: the release fails, since the value cannot be iterated over.
fn merged_list(agent: &Value) -> Option<&[Value]> {
    match agent.get(ALLOWLIST) {
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
