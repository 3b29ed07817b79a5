//! What a store will hold when a document is set: the plan, before anything is written.

use std::collections::HashMap;

use serde_json::Value;
use thiserror::Error;

use super::changes::{self, Changes};
use super::check::parse;
use super::diagnostic::Verdict;
use super::document::{Document, Entry, Socket};
use super::scalar::NonEmpty;
use super::stored::Stored;
use super::syntax::Syntax;

/// The plan of one `set`.
#[derive(Debug, Clone, PartialEq)]
pub struct Replacement {
    /// The exact text to store.
    pub text: String,
    /// What changes in meaning.
    pub changes: Changes,
    /// Whether the store holds this text already, or the same document in other words.
    pub needed: bool,
}

/// Why a store's document cannot be replaced.
#[derive(Debug, Error)]
pub enum ReplacementError {
    /// What the store holds is not JSON: what would be lost with it cannot be known.
    #[error("the document in the store cannot be read, so what replacing it would lose cannot be known")]
    Unreadable(Verdict),
    /// The store's socket block is broken, and the new document has none to take its place.
    #[error("the store's `socket` block is not valid, and the new document brings none of its own")]
    Socket,
    /// The document could not be printed.
    #[error("the document could not be printed: {0}")]
    Print(#[from] serde_json::Error),
    /// The printed document reads back as another one: a bug in clearance.
    #[error("the document does not read back as it was printed; nothing was stored")]
    Misprinted,
}

/// Plans to replace what is stored by `document`.
///
/// The store keeps its own socket path and token where the document has none, and an entry keeps its id; entries
/// without one get `new_id()`. The text is what OpenClaw writes: two spaces, one line feed at the end.
pub fn plan(
    stored: &Stored,
    mut document: Document<'_>,
    mut new_id: impl FnMut() -> String,
) -> Result<Replacement, ReplacementError> {
    let before = match stored.text() {
        Some(text) => match serde_json::from_slice::<Value>(text) {
            Ok(value) => value,
            Err(_) => {
                return Err(ReplacementError::Unreadable(
                    parse(text, Syntax::Json).err().unwrap_or_default(),
                ));
            }
        },
        None => Value::Null,
    };
    keep_socket(&before, &mut document)?;
    let mut ids = KnownIds::of(&before);
    if let Some(agents) = &mut document.agents {
        for (agent, rules) in agents.iter_mut() {
            let entries = rules.allowlist.iter_mut().flatten();
            entries.for_each(|entry| ids.give(agent, entry, &mut new_id));
        }
    }
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    // What is about to be stored is read once more, as the host will read it.
    let after: Value = serde_json::from_str(&text)?;
    if parse(text.as_bytes(), Syntax::Json).as_ref() != Ok(&document) {
        return Err(ReplacementError::Misprinted);
    }
    let changes = changes::between(&before, &after);
    let needed = without_fillings(&before) != without_fillings(&after);
    Ok(Replacement { text, changes, needed })
}

/// What a document says at its top: gateways print blocks even where they hold nothing.
fn without_fillings(document: &Value) -> Option<Vec<(&String, &Value)>> {
    let is_filling = |name: &str, value: &Value| {
        matches!(name, "socket" | "defaults" | "agents")
            && value.as_object().is_some_and(serde_json::Map::is_empty)
    };
    let fields = document.as_object()?.iter();
    Some(fields.filter(|(name, value)| !is_filling(name, value)).collect())
}

fn keep_socket(before: &Value, document: &mut Document<'_>) -> Result<(), ReplacementError> {
    let Some(old) = before.get("socket") else { return Ok(()) };
    let complete = document.socket.as_ref().is_some_and(|new| new.path.is_some() && new.token.is_some());
    if complete {
        return Ok(());
    }
    let old: Socket<'_> = serde::Deserialize::deserialize(old).map_err(|_| ReplacementError::Socket)?;
    let new = document.socket.get_or_insert_default();
    new.path = new.path.take().or_else(|| old.path.map(super::scalar::Text::into_owned));
    new.token = new.token.take().or_else(|| old.token.map(super::scalar::Secret::into_owned));
    Ok(())
}

/// The ids that the store's entries have, by what the entries allow, in the order in which they stand.
struct KnownIds(HashMap<(String, String), Vec<String>>);

impl KnownIds {
    fn of(before: &Value) -> Self {
        let mut ids: HashMap<_, Vec<String>> = HashMap::new();
        let agents = before.get("agents").and_then(Value::as_object).into_iter().flatten();
        for (agent, rules) in agents {
            let entries = rules.get("allowlist").and_then(Value::as_array).into_iter().flatten();
            for entry in entries {
                let text = |field| entry.get(field).and_then(Value::as_str);
                let (Some(id), Some(pattern)) = (text("id").filter(|id| !id.is_empty()), text("pattern"))
                else {
                    continue;
                };
                let identity = identity(pattern, text("argPattern"), text("source"));
                ids.entry((agent.clone(), identity)).or_default().push(id.to_owned());
            }
        }
        for ids in ids.values_mut() {
            ids.reverse();
        }
        Self(ids)
    }

    fn give(&mut self, agent: &str, entry: &mut Entry<'_>, new_id: &mut impl FnMut() -> String) {
        let text =
            |text: &Option<super::scalar::Text<'_>>| text.as_ref().map(|text| text.as_str().to_owned());
        let source = entry.source.map(super::scalar::Source::as_str);
        let identity = identity(entry.pattern.as_str(), text(&entry.arg_pattern).as_deref(), source);
        let known = self.0.get_mut(&(agent.to_owned(), identity)).and_then(Vec::pop);
        if entry.id.is_none() {
            entry.id = NonEmpty::new(known.unwrap_or_else(new_id));
        }
    }
}

fn identity(pattern: &str, arg_pattern: Option<&str>, source: Option<&str>) -> String {
    format!("{pattern:?} {arg_pattern:?} {source:?}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn planned(stored: Option<&Value>, new: &Value) -> Result<Replacement, ReplacementError> {
        let stored =
            stored.map_or_else(Stored::absent, |value| Stored::holding(value.to_string().into_bytes()));
        let new = new.to_string();
        let mut count = 0;
        plan(&stored, parse(new.as_bytes(), Syntax::Json).unwrap(), || {
            count += 1;
            format!("new-{count}")
        })
    }

    fn text(replacement: &Replacement) -> Value {
        serde_json::from_str(&replacement.text).unwrap()
    }

    #[test]
    fn the_store_keeps_its_socket_field_by_field() {
        let stored = json!({"version": 1, "socket": {"path": "/old", "token": "hunter2"}});
        let none = planned(Some(&stored), &json!({"version": 1})).unwrap();
        assert_eq!(text(&none), stored);
        assert!(!none.needed);
        let path = planned(Some(&stored), &json!({"version": 1, "socket": {"path": "/new"}})).unwrap();
        assert_eq!(text(&path)["socket"], json!({"path": "/new", "token": "hunter2"}));
        let both = json!({"version": 1, "socket": {"path": "/new", "token": "hunter3"}});
        assert_eq!(text(&planned(Some(&stored), &both).unwrap()), both);
    }

    #[test]
    fn a_broken_socket_is_not_lost_in_silence() {
        let stored = json!({"version": 1, "socket": {"path": "/old", "tokn": "hunter2"}});
        assert!(matches!(planned(Some(&stored), &json!({"version": 1})), Err(ReplacementError::Socket)));
    }

    #[test]
    fn entries_keep_their_ids_and_new_ones_get_theirs() {
        let list = |entries: Value| json!({"version": 1, "agents": {"main": {"allowlist": entries}}});
        let stored = list(
            json!([{"pattern": "/a", "id": "1"}, {"pattern": "/a", "id": "2"}, {"pattern": "/b", "id": "3"}]),
        );
        let new = list(
            json!([{"pattern": "/a"}, {"pattern": "/c"}, {"pattern": "/a", "id": "own"}, {"pattern": "/a"}]),
        );
        let ids: Vec<Value> = text(&planned(Some(&stored), &new).unwrap())["agents"]["main"]["allowlist"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["id"].clone())
            .collect();
        assert_eq!(ids, ["1", "new-1", "own", "new-2"]);
        let same = list(json!([{"pattern": "/a"}, {"pattern": "/a"}, {"pattern": "/b"}]));
        assert!(!planned(Some(&stored), &same).unwrap().needed);
    }

    #[test]
    fn what_cannot_be_read_is_not_replaced() {
        let stored = Stored::holding(b"{\"version\": 1,".to_vec());
        let document = parse(b"{\"version\": 1}", Syntax::Json).unwrap();
        let Err(ReplacementError::Unreadable(verdict)) = plan(&stored, document, String::new) else {
            panic!()
        };
        assert!(!verdict.is_valid());
    }

    #[test]
    fn the_text_is_written_as_openclaw_writes_it() {
        let replacement =
            planned(None, &json!({"version": 1, "defaults": {}, "agents": {"main": {"allowlist": []}}}));
        let expected = "{\n  \"version\": 1,\n  \"defaults\": {},\n  \"agents\": {\n    \"main\": {\n      \"allowlist\": []\n    }\n  }\n}\n";
        assert_eq!(replacement.unwrap().text, expected);
    }
}
