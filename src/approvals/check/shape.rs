//! Reports the schema's errors for a tree, in our words and with our places.
//!
//! The types decide and the schema explains. The schema does not run over parts that the types accept, so a large
//! document with a few mistakes costs little more than a valid one.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::{Value as Json, json};

use crate::approvals::check::elide::is_elided;
use crate::approvals::check::meant;
use crate::approvals::check::schema::Contract;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::finding::{Finding, Findings, shortened};
use crate::approvals::findings::nearest::nearest;
use crate::approvals::model::document::{Agent, Entry, McpTool};
use crate::approvals::model::native::Rule;
use crate::approvals::model::path::{Path, Step};
use crate::approvals::model::scalar::is_blank;
use crate::approvals::text::tree::{Place, Places, get, key, read, to_json};

/// Number of agents or list elements that the schema checks in one batch: the errors of a batch are in memory together.
const BATCH: usize = 1000;

/// Runs the schema over the parts that the types reject. `text` is the document's text; entries may have been left out
/// of the tree. Errors at the paths in `known` are not reported.
pub(in crate::approvals) fn findings(
    root: &Value<'_>,
    text: &str,
    secrets: &[Range<usize>],
    contract: Contract,
    known: &HashSet<Path>,
    findings: &mut Findings<'_>,
) {
    let schema = contract.derived();
    let explain = Explain { root, places: Places::of(root), contract, schema, secrets };
    let wrapped = explain.wrapped();
    // The output of `get` or a request of the protocol: this is one mistake, not five.
    let is_wrapped = wrapped.is_some();
    let mut report_errors = |json: &Json, lists: &[(&str, &str, Vec<usize>)], findings: &mut Findings<'_>| {
        for error in contract.errors(json) {
            if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
                // Elements are checked one by one: there may be a million, of which few are kept.
                let object = whole_path(contract, error.instance_path().as_str(), lists);
                for name in unexpected {
                    let finding = explain.unknown_field(&object, name);
                    if (!is_wrapped || finding.path.steps().len() > 1) && !known.contains(&finding.path) {
                        findings.push(finding);
                    }
                }
                continue;
            }
            let reported = explain.error(&error, lists).into_iter();
            let reported = reported.filter(|finding| !is_wrapped || finding.path.steps().len() > 1);
            findings.extend(reported.filter(|finding| !known.contains(&finding.path)));
        }
    };
    let mut lists = Vec::new();
    match (contract, root) {
        (Contract::Native, Value::Object(policy)) => {
            report_errors(&outline_of_policy(policy, &mut lists), &[], findings);
        }
        (Contract::Document, Value::Object(document)) => {
            report_errors(&outline_of_document(document), &[], findings);
            if let Some(agents) = get(document, "agents").and_then(|agents| agents.value.as_object()) {
                of_agents(agents, &mut lists, findings, &mut report_errors);
            }
        }
        _ => report_errors(&outline(root, 0), &[], findings),
    }
    for List { agent, name, elements } in lists {
        of_list(contract, text, (agent, name, elements), findings, &mut report_errors);
    }
    findings.extend(wrapped);
}

type ReportErrors<'f> = dyn FnMut(&Json, &[(&str, &str, Vec<usize>)], &mut Findings<'_>) + 'f;

/// A list whose elements are explained separately.
struct List<'n, 't> {
    /// The agent that has the list; empty for a policy.
    agent: &'n str,
    name: &'n str,
    elements: &'n [Value<'t>],
}

/// A value to the depth that the schema looks at. Below that, and in arrays, only the type matters.
fn outline(value: &Value<'_>, depth: usize) -> Json {
    match value {
        Value::Object(object) if depth > 0 => object
            .properties
            .iter()
            .map(|property| (key(property).to_owned(), outline(&property.value, depth - 1)))
            .collect(),
        Value::Object(_) => Json::Object(serde_json::Map::new()),
        Value::Array(_) => Json::Array(Vec::new()),
        scalar => to_json(scalar),
    }
}

/// A document without its agents. For an unknown field the name is enough.
fn outline_of_document(document: &Object<'_>) -> Json {
    let fields = document.properties.iter().map(|property| {
        let depth = usize::from(key(property) != "agents");
        (key(property).to_owned(), outline(&property.value, depth))
    });
    fields.collect()
}

/// A policy without its rules.
fn outline_of_policy<'n, 't>(policy: &'n Object<'t>, lists: &mut Vec<List<'n, 't>>) -> Json {
    let rules = get(policy, "rules").and_then(|rules| rules.value.as_array());
    lists.extend(rules.map(|rules| List { agent: "", name: "rules", elements: &rules.elements }));
    policy.properties.iter().map(|property| (key(property).to_owned(), outline(&property.value, 0))).collect()
}

/// Explains the agents that the types reject, without their lists.
fn of_agents<'n, 't>(
    agents: &'n Object<'t>,
    lists: &mut Vec<List<'n, 't>>,
    findings: &mut Findings<'_>,
    report_errors: &mut ReportErrors<'_>,
) {
    // Of duplicate keys the last counts.
    let wide = agents.properties.len() > 1;
    let last: HashMap<&str, usize> = if wide {
        agents.properties.iter().enumerate().map(|(index, agent)| (key(agent), index)).collect()
    } else {
        HashMap::new()
    };
    let mut refused = serde_json::Map::new();
    for (index, property) in agents.properties.iter().enumerate() {
        if findings.is_over() {
            return;
        }
        let (id, value) = (key(property), &property.value);
        if last.get(id).is_some_and(|&last| last != index) || read::<Agent<'_>>(value).is_ok() {
            continue;
        }
        if let Value::Object(agent) = value {
            for name in ["allowlist", "mcpTools"] {
                let array = get(agent, name).and_then(|list| list.value.as_array());
                lists.extend(array.map(|list| List { agent: id, name, elements: &list.elements }));
            }
        }
        refused.insert(id.to_owned(), outline(value, 1));
        if refused.len() == BATCH {
            report_errors(&json!({ "version": 1, "agents": std::mem::take(&mut refused) }), &[], findings);
        }
    }
    report_errors(&json!({ "version": 1, "agents": refused }), &[], findings);
}

/// Explains the elements of a list that the types reject.
fn of_list(
    contract: Contract,
    text: &str,
    (agent, name, elements): (&str, &str, &[Value<'_>]),
    findings: &mut Findings<'_>,
    report_errors: &mut ReportErrors<'_>,
) {
    let accepts = |element: &Value<'_>| match name {
        "allowlist" => is_elided(element, text) || read::<Entry<'_>>(element).is_ok(),
        "mcpTools" => read::<McpTool<'_>>(element).is_ok(),
        _ => read::<Rule<'_>>(element).is_ok(),
    };
    let mut rest = elements.iter().enumerate();
    loop {
        let (mut indexes, mut refused) = (Vec::new(), Vec::new());
        for (index, element) in rest.by_ref() {
            if findings.is_over() {
                return;
            }
            if !accepts(element) {
                indexes.push(index);
                refused.push(if contract == Contract::Native { rule(element) } else { outline(element, 1) });
            }
            // Each error has the agent's id in its path.
            if refused.len() >= (BATCH / (1 + agent.len() / 256)).max(1) {
                break;
            }
        }
        if refused.is_empty() {
            return;
        }
        let json = match contract {
            Contract::Native => json!({ name: refused }),
            Contract::Document => json!({ "version": 1, "agents": { agent: { name: refused } } }),
        };
        report_errors(&json, &[(agent, name, indexes)], findings);
    }
}

/// A rule of a policy, which has a list of its own.
fn rule(rule: &Value<'_>) -> Json {
    let Value::Object(fields) = rule else { return outline(rule, 0) };
    let value = |value: &Value<'_>| match value {
        Value::Array(list) => list.elements.iter().take(BATCH).map(|element| outline(element, 0)).collect(),
        other => outline(other, 0),
    };
    fields.properties.iter().map(|field| (key(field).to_owned(), value(&field.value))).collect()
}

/// Converts a JSON Pointer into the rejected parts to the path in the whole document. `lists`: the indexes of the
/// elements that were kept of a list.
fn whole_path(contract: Contract, pointer: &str, lists: &[(&str, &str, Vec<usize>)]) -> Path {
    let mut steps: Vec<Step> = Vec::new();
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        let kept = |id: &str, list: &str| {
            let kept = lists.iter().find(|(agent, name, _)| *agent == id && *name == list);
            let index = segment.parse().ok().and_then(|nth: usize| kept?.2.get(nth).copied());
            index.map(Step::Index)
        };
        let step = match (contract, steps.as_slice()) {
            (Contract::Native, [Step::Key(list)]) => kept("", list),
            (Contract::Native, [Step::Key(_), Step::Index(_), Step::Key(_)]) => {
                segment.parse().ok().map(Step::Index)
            }
            (Contract::Document, [Step::Key(agents), Step::Key(id), Step::Key(list)])
                if agents == "agents" =>
            {
                kept(id, list)
            }
            _ => None,
        };
        steps.push(step.unwrap_or(Step::Key(segment)));
    }
    steps.into_iter().collect()
}

struct Explain<'n, 't> {
    root: &'n Value<'t>,
    places: Places<'n, 't>,
    contract: Contract,
    schema: Json,
    secrets: &'n [Range<usize>],
}

impl Explain<'_, '_> {
    fn error(&self, error: &ValidationError<'_>, lists: &[(&str, &str, Vec<usize>)]) -> Vec<Finding> {
        let path = whole_path(self.contract, error.instance_path().as_str(), lists);
        let instance = error.instance().as_ref();
        let shown = self.shown(&path, instance);
        let at_value = |code, message: String| Finding::new(code, self.span(&path), message).at(path.clone());
        match error.kind() {
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
            // The schema uses no other keyword. If one is added, its errors are still reported.
            other => {
                let message = format!("{} breaks the schema's `{}`", self.thing(&path), other.keyword());
                vec![at_value(Code::Refused, message).found(shown)]
            }
        }
    }

    /// A value outside a closed set of words. (The validator does not also report its type.)
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

    /// The output of `get --json`, or the parameters of the protocol's `set`, instead of the document inside.
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

    /// A description of the value at a path, for a sentence.
    fn thing(&self, path: &Path) -> String {
        if path.steps().is_empty() { self.contract.name().to_owned() } else { thing(path) }
    }

    fn place(&self, path: &Path) -> Option<Place<'_, '_>> {
        self.places.at(path)
    }

    /// The bytes of a value; for an object or array its opening bracket.
    fn span(&self, path: &Path) -> Range<usize> {
        let Some(place) = self.place(path) else { return 0..0 };
        let range = place.value.range();
        match place.value {
            Value::Object(_) | Value::Array(_) => range.start..range.start + 1,
            _ => range.start..range.end,
        }
    }

    /// A short description of a value, unless it is a secret.
    fn shown(&self, path: &Path, value: &Json) -> String {
        let start = self.span(path).start;
        let next = self.secrets.partition_point(|secret| secret.end <= start);
        if self.secrets.get(next).is_some_and(|secret| secret.contains(&start)) {
            crate::approvals::model::scalar::Secret::REDACTED.to_owned()
        } else {
            brief(value)
        }
    }
}

/// Maximum number of characters of a string that a message quotes.
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

/// A description of the value below the root, for a sentence.
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

/// The field of an allowlist entry at a path; an empty name for the entry itself.
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
