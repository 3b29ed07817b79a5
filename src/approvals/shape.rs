//! What the schema says of a tree, in our words and with our places.
//!
//! The types decide, the schema explains: every part that the types accept is left out of what the schema is
//! run over, so that a large document with a few mistakes costs little more than a large document.

use std::collections::HashMap;
use std::ops::Range;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value as Json;

use super::codes::Code;
use super::diagnostic::{Path, Step, Verdict};
use super::document::{Agent, Entry, McpTool};
use super::elide::is_elided;
use super::finding::{Finding, shortened};
use super::meant;
use super::scalar::is_blank;
use super::schema::Contract;
use super::tree::{Place, Places, get, key, read, to_json};

/// Runs the schema over what the types refuse. `text` is the document's, which the tree may have been elided from.
pub(super) fn findings(
    root: &Value<'_>,
    text: &str,
    secrets: &[Range<usize>],
    contract: Contract,
) -> Vec<Finding> {
    let mut refused = Refused { text, contract, kept: HashMap::new(), count: 0 };
    let json = match contract {
        Contract::Document => refused.of_document(root),
        // A policy has a few dozen rules.
        Contract::Native => to_json(root),
    };
    let schema = contract.derived();
    let explain = Explain { root, places: Places::of(root), refused: &refused, contract, schema, secrets };
    let mut findings: Vec<Finding> = contract.errors(&json).flat_map(|error| explain.error(&error)).collect();
    if let Some(wrapped) = explain.wrapped() {
        // What `get` printed, or a request of the wire: one mistake, not five.
        findings.retain(|finding| finding.path.steps().len() > 1);
        findings.push(wrapped);
    }
    findings
}

/// The parts of a document that the types refuse, and where their elements stood.
struct Refused<'s> {
    text: &'s str,
    contract: Contract,
    /// Original index of each element kept of an agent's list.
    kept: HashMap<(String, String), Vec<usize>>,
    count: usize,
}

impl Refused<'_> {
    fn of_document(&mut self, root: &Value<'_>) -> Json {
        let Value::Object(object) = root else { return to_json(root) };
        let part = |property: &jsonc_parser::ast::ObjectProp<'_>| {
            let value = match (key(property), &property.value) {
                ("agents", Value::Object(agents)) => self.of_agents(agents),
                (_, value) => to_json(value),
            };
            (key(property).to_owned(), value)
        };
        object.properties.iter().map(part).collect()
    }

    fn of_agents(&mut self, agents: &Object<'_>) -> Json {
        let mut refused = serde_json::Map::new();
        for property in &agents.properties {
            if read::<Agent<'_>>(&property.value).is_ok() {
                // Of duplicate keys the last counts.
                refused.remove(key(property));
                continue;
            }
            let value = match &property.value {
                Value::Object(agent) => self.of_agent(key(property), agent),
                value => to_json(value),
            };
            refused.insert(key(property).to_owned(), value);
        }
        Json::Object(refused)
    }

    fn of_agent(&mut self, id: &str, agent: &Object<'_>) -> Json {
        let part = |property: &jsonc_parser::ast::ObjectProp<'_>| {
            let value = match (key(property), &property.value) {
                ("allowlist", Value::Array(list)) => {
                    self.of_list(id, "allowlist", &list.elements, |n| read::<Entry<'_>>(n).is_ok())
                }
                ("mcpTools", Value::Array(list)) => {
                    self.of_list(id, "mcpTools", &list.elements, |n| read::<McpTool<'_>>(n).is_ok())
                }
                (_, value) => to_json(value),
            };
            (key(property).to_owned(), value)
        };
        agent.properties.iter().map(part).collect()
    }

    fn of_list(
        &mut self,
        id: &str,
        list: &str,
        elements: &[Value<'_>],
        accepts: impl Fn(&Value<'_>) -> bool,
    ) -> Json {
        let mut indexes = Vec::new();
        let mut refused = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            // Far more than is ever listed need not be explained either.
            if self.count <= Verdict::MOST && !is_elided(element, self.text) && !accepts(element) {
                self.count += 1;
                indexes.push(index);
                refused.push(to_json(element));
            }
        }
        self.kept.insert((id.to_owned(), list.to_owned()), indexes);
        Json::Array(refused)
    }

    /// The path in the whole document of a JSON Pointer into the refused parts.
    fn path(&self, pointer: &str) -> Path {
        let mut steps: Vec<Step> = Vec::new();
        for segment in pointer.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            let step = match steps.as_slice() {
                // A policy is run over as a whole.
                [Step::Key(_)] | [Step::Key(_), Step::Index(_), Step::Key(_)]
                    if self.contract == Contract::Native =>
                {
                    segment.parse().map_or(Step::Key(segment), Step::Index)
                }
                [Step::Key(agents), Step::Key(id), Step::Key(list)] if agents == "agents" => {
                    let kept = self.kept.get(&(id.clone(), list.clone()));
                    let index = segment.parse().ok().and_then(|nth: usize| kept?.get(nth).copied());
                    index.map_or(Step::Key(segment), Step::Index)
                }
                _ => Step::Key(segment),
            };
            steps.push(step);
        }
        steps.into_iter().collect()
    }
}

struct Explain<'n, 't> {
    root: &'n Value<'t>,
    places: Places<'n, 't>,
    refused: &'n Refused<'n>,
    contract: Contract,
    schema: Json,
    secrets: &'n [Range<usize>],
}

impl Explain<'_, '_> {
    fn error(&self, error: &ValidationError<'_>) -> Vec<Finding> {
        let path = self.refused.path(error.instance_path().as_str());
        let instance = error.instance().as_ref();
        let shown = self.shown(&path, instance);
        let at_value = |code, message: String| Finding::new(code, self.span(&path), message).at(path.clone());
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                unexpected.iter().map(|name| self.unknown_field(&path, name)).collect()
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let message = format!("`{name}` is missing in {}", self.thing(&path));
                vec![at_value(Code::MissingField, message)]
            }
            ValidationErrorKind::Type { kind } => {
                let expected = match kind {
                    TypeKind::Single(json_type) => article(json_type.as_str()),
                    TypeKind::Multiple(_) => "another type".to_owned(),
                };
                let (code, message) = self.wrong_type(&path, instance, &expected);
                vec![at_value(code, message).found(shown).expected(expected)]
            }
            ValidationErrorKind::Enum { options } => {
                let words: Vec<&str> =
                    options.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
                vec![self.unknown_word(&path, instance, shown, &words)]
            }
            ValidationErrorKind::Constant { expected_value } => match (expected_value.as_str(), instance) {
                (Some(word), _) => vec![self.unknown_word(&path, instance, shown, &[word])],
                (None, Json::Number(_)) => {
                    let message = format!("version {shown} is not known");
                    vec![at_value(Code::UnsupportedVersion, message).found(shown).expected("1")]
                }
                (None, _) => vec![
                    at_value(Code::WrongType, self.wrong_type(&path, instance, "1").1)
                        .found(shown)
                        .expected("1"),
                ],
            },
            ValidationErrorKind::MinLength { .. } | ValidationErrorKind::Pattern { .. } => {
                let message = format!("{} is blank", self.thing(&path));
                vec![
                    at_value(Code::BlankText, message)
                        .found(shown)
                        .expected("a character that is not a space"),
                ]
            }
            ValidationErrorKind::Minimum { .. } => {
                let message = format!("{} is negative", self.thing(&path));
                vec![
                    at_value(Code::NegativeTime, message)
                        .found(shown)
                        .expected("Unix milliseconds, 0 or more"),
                ]
            }
            // The schema uses no other keyword; were one added, it would still be reported.
            other => {
                let message = format!("{} breaks the schema's `{}`", self.thing(&path), other.keyword());
                vec![at_value(Code::Refused, message).found(shown)]
            }
        }
    }

    /// A value outside a closed set of words. (The validator does not report its type besides.)
    fn unknown_word(&self, path: &Path, value: &Json, shown: String, words: &[&str]) -> Finding {
        let (code, message) = match value {
            Json::String(_) => unknown_value(path, &shown),
            _ => self.wrong_type(path, value, "a string"),
        };
        let meant = match (path.steps().last(), value) {
            (Some(Step::Key(field)), Json::String(word)) => meant::value(field, word),
            _ => None,
        };
        let (message, suggestion) = match meant {
            Some(meant) => (format!("{message}: {}", meant.why), meant.value.map(str::to_owned)),
            None => (message, value.as_str().and_then(|word| nearest(word, words.iter().copied()))),
        };
        let finding = Finding::new(code, self.span(path), message).at(path.clone());
        finding.found(shown).expected(one_of(words)).suggestion(suggestion)
    }

    fn unknown_field(&self, object: &Path, name: &str) -> Finding {
        let path = object.join(Step::Key(name.to_owned()));
        let span = self.place(&path).and_then(|place| place.key).map_or(0..0, |key| key.start..key.end);
        let known = self.known_fields(object);
        let elsewhere = (self.contract == Contract::Document).then(|| meant::field(object, name)).flatten();
        let nearest = match elsewhere {
            Some(_) => None,
            None => nearest(name, known.iter().map(String::as_str)),
        };
        let name = shortened(name);
        let mut message = format!("{} has no field `{name}`", self.thing(object));
        if let Some(where_to) = elsewhere {
            message = format!("{message}: {where_to}");
        }
        Finding::new(Code::UnknownField, span, message)
            .at(path)
            .found(format!("`{name}`"))
            .expected(one_of(&known))
            .suggestion(nearest)
    }

    /// The fields that the schema knows at a path.
    fn known_fields(&self, object: &Path) -> Vec<String> {
        let definition = self.contract.definition(object);
        let schema = definition.map_or(&self.schema, |name| &self.schema["$defs"][name]);
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }

    /// The output of `get --json`, or the parameters of the wire's `set`, instead of the document inside.
    fn wrapped(&self) -> Option<Finding> {
        let Value::Object(root) = self.root else { return None };
        let (field, mark) = self.contract.envelope();
        let inner = get(root, field)?;
        let Value::Object(object) = &inner.value else { return None };
        get(object, mark)?;
        let range = inner.name.range();
        let what = self.contract.name().trim_start_matches("the ");
        let message = format!("this is a {what} in its envelope, not a {what}");
        Some(
            Finding::new(Code::WrappedDocument, range.start..range.end, message)
                .at([Step::Key(field.to_owned())].into_iter().collect())
                .found(format!("`{field}` with a {what} inside"))
                .expected(format!("the object under `{field}` by itself")),
        )
    }

    fn wrong_type(&self, path: &Path, value: &Json, expected: &str) -> (Code, String) {
        match (entry_field(path), value) {
            (Some(""), Json::String(pattern)) if is_blank(pattern) => {
                (Code::BlankText, "this entry is blank".to_owned())
            }
            (Some(""), Json::String(_)) => {
                (Code::LegacyBareEntry, "this entry is a bare string, the form of early releases".to_owned())
            }
            (Some(field @ ("lastUsedAt" | "lastUsedCommand")), Json::Null) => {
                (Code::LegacyNullUsage, format!("`{field}` is null, the form of early releases"))
            }
            _ => (Code::WrongType, format!("{} is not {expected}", self.thing(path))),
        }
    }

    /// What stands at a path, for a sentence.
    fn thing(&self, path: &Path) -> String {
        if path.steps().is_empty() { self.contract.name().to_owned() } else { thing(path) }
    }

    fn place(&self, path: &Path) -> Option<Place<'_, '_>> {
        self.places.at(path)
    }

    /// The bytes of a value; of an object or array its opening bracket.
    fn span(&self, path: &Path) -> Range<usize> {
        let Some(place) = self.place(path) else { return 0..0 };
        let range = place.value.range();
        match place.value {
            Value::Object(_) | Value::Array(_) => range.start..range.start + 1,
            _ => range.start..range.end,
        }
    }

    /// A value in a few words, unless it is a secret.
    fn shown(&self, path: &Path, value: &Json) -> String {
        let start = self.span(path).start;
        let next = self.secrets.partition_point(|secret| secret.end <= start);
        if self.secrets.get(next).is_some_and(|secret| secret.contains(&start)) {
            super::scalar::Secret::REDACTED.to_owned()
        } else {
            brief(value)
        }
    }
}

/// Characters of a string that are quoted in a message.
const QUOTED: usize = 60;

fn brief(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::String(text) => match text.char_indices().nth(QUOTED) {
            Some((end, _)) => format!("\"{}…\"", &text[..end]),
            None => format!("\"{text}\""),
        },
        Json::Array(_) => "an array".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    }
}

/// What stands below the root, for a sentence.
fn thing(path: &Path) -> String {
    match path.steps() {
        [Step::Key(agents), Step::Key(id)] if agents == "agents" => format!("agent `{}`", shortened(id)),
        [.., Step::Key(list), Step::Index(_)] if list == "mcpTools" => "an MCP tool".to_owned(),
        [.., Step::Key(list), Step::Index(_)] if list == "rules" => "a rule".to_owned(),
        [.., Step::Key(list), Step::Index(_)] if list == "shells" => "a shell".to_owned(),
        [.., Step::Key(field)] => format!("`{}`", shortened(field)),
        _ => "an entry".to_owned(),
    }
}

fn article(json_type: &str) -> String {
    match json_type {
        "array" | "object" | "integer" => format!("an {json_type}"),
        "null" => json_type.to_owned(),
        other => format!("a {other}"),
    }
}

fn one_of<S: AsRef<str>>(words: &[S]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match quoted.as_slice() {
        [one] => one.clone(),
        many => format!("one of {}", many.join(", ")),
    }
}

/// The field of an allowlist entry that a path leads to; an empty name for the entry itself.
fn entry_field(path: &Path) -> Option<&str> {
    match path.steps() {
        [Step::Key(agents), _, Step::Key(list), Step::Index(_), field @ ..]
            if agents == "agents" && list == "allowlist" =>
        {
            match field {
                [] => Some(""),
                [Step::Key(field)] => Some(field),
                _ => None,
            }
        }
        _ => None,
    }
}

fn unknown_value(path: &Path, shown: &str) -> (Code, String) {
    if entry_field(path) == Some("source") {
        (Code::LegacySource, format!("{shown} is not a source that a gateway writes today"))
    } else {
        (Code::UnknownValue, format!("{shown} is not a value of {}", thing(path)))
    }
}

/// The candidate that was most likely meant.
pub(super) fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<String> {
    const ALIKE: f64 = 0.75;
    candidates
        .map(|candidate| {
            let alike = strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
            (alike, candidate)
        })
        .filter(|&(alike, _)| alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}
