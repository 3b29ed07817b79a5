//! Turns findings into diagnostics: the text is read again, without the entries that have no findings.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;

use super::listed::listed;
use super::raw::Raw;
use super::silences::Overrides;
use crate::approvals::bounds;
use crate::approvals::check::elide;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::findings::finding::{Finding, place};
use crate::approvals::findings::severity::Severity;
use crate::approvals::model::document::{Agents, Document};
use crate::approvals::model::path::Step;
use crate::approvals::redact::credentials::looks_secret;
use crate::approvals::redact::secrets;
use crate::approvals::text::syntax::{self, Syntax};
use crate::approvals::text::tree::Places;

/// The findings with their places.
pub(super) fn placed(
    bytes: &[u8],
    syntax: Syntax,
    document: &Document<'_>,
    raws: Vec<Raw>,
    overrides: &Overrides,
) -> Verdict {
    let Ok(text) = std::str::from_utf8(bytes) else { return Verdict::default() };
    let mut kept: HashSet<(&str, usize)> = raws.iter().filter_map(entry_of).collect();
    // An excerpt may show a neighbouring entry, whose secrets must be known so that they are masked: such entries stay
    // in the tree. If they are too many, whole entries are masked.
    let mut secret = listed(document)
        .filter(|entry| entry.secret_field().is_some())
        .map(|entry| (entry.agent, entry.index));
    kept.extend(secret.by_ref().take(Verdict::MOST));
    let masked: HashSet<(&str, usize)> = secret.filter(|entry| !kept.contains(entry)).collect();
    let spans = RefCell::new(Vec::new());
    let elided = elide::without(text, |agent, index, raw| {
        if masked.contains(&(agent, index)) {
            let start = raw.as_ptr().addr() - text.as_ptr().addr();
            spans.borrow_mut().push(start..start + raw.len());
        }
        !kept.contains(&(agent, index))
    });
    let elided = without_policies(elided.as_deref().unwrap_or(text), document, &raws).or(elided);
    let Some(root) = syntax::parse(text, elided.as_deref(), syntax, &mut Vec::new()) else {
        // It was already read once.
        return Verdict::default();
    };
    let comments = if elided.is_some() { Vec::new() } else { bounds::comments(text) };
    let mut hidden = secrets::in_tree(&root);
    credentials(&root, &mut hidden);
    hidden.extend(spans.into_inner());
    let hidden = secrets::with_comments(secrets::apart(hidden), comments);
    let places = Places::of(&root);
    let findings = raws
        .into_iter()
        .map(|raw| {
            let span = span(&places, &raw, text);
            let is_fixed = raw.removes.is_some();
            let mut finding = Finding::new(raw.code, span, raw.message).at(raw.path);
            finding.is_fixed = is_fixed;
            finding.severity = overrides.severity(raw.code);
            finding
        })
        .collect::<Vec<_>>();
    place(text, &hidden, findings.into())
}

/// The text without the agents that have no lists and no findings. Their values are words of the schema, so an excerpt
/// need not mask them. `None` if a tree of all agents is small.
fn without_policies(text: &str, document: &Document<'_>, raws: &[Raw]) -> Option<String> {
    let agents = document.agents.iter().flat_map(Agents::iter).count();
    if agents <= Verdict::MOST {
        return None;
    }
    let mut kept: HashSet<&str> = raws.iter().filter_map(agent_of).collect();
    let lists = document.agents.iter().flat_map(Agents::iter);
    kept.extend(
        lists.filter(|(_, agent)| agent.allowlist.is_some() || agent.mcp_tools.is_some()).map(|(id, _)| id),
    );
    elide::without_agents(text, |id| !kept.contains(id))
}

/// The agent that a finding is about.
fn agent_of(raw: &Raw) -> Option<&str> {
    match raw.path.steps() {
        [_, Step::Key(agent), ..] => Some(agent),
        _ => None,
    }
}

/// The findings of a configuration: the silences without effect, located at their codes.
pub fn unused_silences(text: &str, spans: &[Range<usize>], severity: Severity) -> Verdict {
    let findings = spans.iter().map(|span| {
        let code = text.get(span.clone()).unwrap_or_default().trim_matches('"').to_owned();
        let message = format!("no finding is silenced here: {code}");
        let mut finding = Finding::new(Code::UnusedSilence, span.clone(), message);
        finding.severity = severity;
        finding
    });
    place(text, &[], findings.collect::<Vec<_>>().into())
}

/// The entry that a finding is about.
fn entry_of(raw: &Raw) -> Option<(&str, usize)> {
    match raw.path.steps() {
        [_, Step::Key(agent), Step::Key(list), Step::Index(index), ..] if list == "allowlist" => {
            Some((agent, *index))
        }
        _ => None,
    }
}

/// The value, or its key if the value is a whole block.
fn span(places: &Places<'_, '_>, raw: &Raw, text: &str) -> Range<usize> {
    let Some(place) = places.at(&raw.path) else { return 0..0 };
    let range = place.value.range();
    match (place.value, place.key) {
        (Value::Object(_) | Value::Array(_), Some(key)) => key.start..key.end,
        (Value::Object(_) | Value::Array(_), None) => range.start..(range.start + 1).min(text.len()),
        _ => range.start..range.end,
    }
}

/// Every string that looks like a credential.
fn credentials(value: &Value<'_>, spans: &mut Vec<Range<usize>>) {
    match value {
        Value::StringLit(text) if looks_secret(&text.value) => spans.push(text.range.start..text.range.end),
        Value::Object(object) => {
            object.properties.iter().for_each(|property| credentials(&property.value, spans));
        }
        Value::Array(array) => array.elements.iter().for_each(|element| credentials(element, spans)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::approvals::bounds::Budget;
    use crate::approvals::check::document::parse_within;

    /// A tree of 64 MiB of agents takes more than eight times the memory of their text.
    #[test]
    fn agents_without_a_finding_are_not_read_again() {
        let mut text = String::from(r#"{"version":1,"agents":{"full":{"security":"full"}"#);
        for number in 0..=Verdict::MOST {
            write!(text, r#","agent-{number}":{{"ask":"on-miss"}}"#).unwrap();
        }
        text.push_str(r#","listed":{"allowlist":[]}}}"#);
        let document = parse_within(text.as_bytes(), Syntax::Json, Budget::default()).unwrap();
        let path = ["agents", "full", "security"].map(|key| Step::Key(key.to_owned())).into_iter().collect();
        let raw = Raw {
            code: Code::FullWithoutAsking,
            path,
            message: String::new(),
            agent: None,
            pattern: None,
            removes: None,
        };
        let rest = without_policies(&text, &document, &[raw]).unwrap();
        assert_eq!(rest.len(), text.len());
        assert!(
            rest.starts_with(r#"{"version":1,"agents":{"full":{"security":"full"},"agent-0":null "#),
            "{rest}"
        );
        assert_eq!(rest.matches(r#"{"ask""#).count(), 0);
        assert!(rest.ends_with(r#""listed":{"allowlist":[]}}}"#));
    }
}
