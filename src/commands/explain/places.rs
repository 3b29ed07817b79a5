//! The places of entries and policies in the text of a document.

use serde_json::Value;

use crate::approvals::decide::{EntryId, Origin, Policy};
use crate::approvals::findings::diagnostic::Position;
use crate::approvals::model::path::Step;
use crate::approvals::position;
use crate::report::approvals::explain::{EntryPlace, Field};

/// A document's text, for looking up places.
pub(in crate::commands) struct Places<'t> {
    /// The text for line and column; `None`: only the host has it.
    source: Option<&'t str>,
    /// The document.
    value: Value,
}

impl<'t> Places<'t> {
    /// `stored`: the text as the host reads it. `source`: the text that a person can open.
    pub(in crate::commands) fn of(stored: Option<&str>, source: Option<&'t str>) -> Self {
        let value = stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Self { source, value }
    }

    fn at(&self, steps: &[Step]) -> Option<Position> {
        position(self.source?, steps)
    }

    /// An entry that matches or misses.
    pub(in crate::commands) fn entry(&self, id: &EntryId) -> EntryPlace {
        let (agent, index) = id.stored.clone();
        let entry =
            self.value.get("agents").and_then(|agents| agents.get(&agent)?.get("allowlist")?.get(index));
        let text = |field: &str| entry?.get(field)?.as_str().map(str::to_owned);
        let steps = [key("agents"), key(&agent), key("allowlist"), Step::Index(index)];
        EntryPlace {
            pattern: entry.and_then(Value::as_str).map(str::to_owned).or_else(|| text("pattern")),
            arg_pattern: text("argPattern").filter(|text| !text.is_empty()),
            position: self.at(&steps),
            agent,
            index,
        }
    }

    /// The fields of a policy.
    pub(in crate::commands) fn policy(&self, policy: &Policy) -> Vec<Field> {
        let field = |name, (value, origin): &(&'static str, Origin)| Field {
            name,
            value,
            origin: origin.clone(),
            position: match origin {
                Origin::Document(key) => steps_of(key).and_then(|steps| self.at(&steps)),
                Origin::Configuration(_) | Origin::Default | Origin::Call(_) => None,
            },
        };
        vec![
            field("security", &policy.security),
            field("ask", &policy.ask),
            field("askFallback", &policy.ask_fallback),
        ]
    }
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

/// The path of a key such as `agents.main.security`. The id of an agent may contain dots.
fn steps_of(written: &str) -> Option<Vec<Step>> {
    if let Some(rest) = written.strip_prefix("agents.") {
        let (agent, field) = rest.rsplit_once('.')?;
        return Some(vec![key("agents"), key(agent), key(field)]);
    }
    let (part, field) = written.split_once('.')?;
    Some(vec![key(part), key(field)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_policies_have_their_places() {
        let text = "{\"version\": 1,\n \"defaults\": {\"ask\": \"always\"},\n \"agents\": {\"a.b\": {\"security\": \"deny\",\n  \"allowlist\": [\"x\", {\"pattern\": \"y\", \"argPattern\": \"\"}]}}}";
        let places = Places::of(Some(text), Some(text));
        let entry = |index| {
            let place =
                places.entry(&EntryId { scope: "a.b".to_owned(), index, stored: ("a.b".to_owned(), index) });
            (place.pattern, place.arg_pattern, place.position.map(|at| (at.line, at.column)))
        };
        assert_eq!(entry(0), (Some("x".to_owned()), None, Some((4, 17))));
        assert_eq!(entry(1), (Some("y".to_owned()), None, Some((4, 22))));
        assert_eq!(entry(2), (None, None, None));
        let policy = Policy {
            security: ("deny", Origin::Document("agents.a.b.security".into())),
            ask: ("always", Origin::Document("defaults.ask".into())),
            ask_fallback: ("deny", Origin::Default),
        };
        let at: Vec<_> =
            places.policy(&policy).iter().map(|field| field.position.map(|at| at.line)).collect();
        assert_eq!(at, [Some(3), Some(2), None]);
    }
}
