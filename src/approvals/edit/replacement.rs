//! Plans the replacement of a store's document, before anything is written.

use std::io;

use serde_json::Value;
use thiserror::Error;

use crate::approvals::bounds::Budget;
use crate::approvals::check::document::{accepted, parse, value_of_invalid};
use crate::approvals::compare::alike::{self, KnownIds};
use crate::approvals::compare::changes::Changes;
use crate::approvals::compare::comparison;
use crate::approvals::compare::depth::Depth;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::model::document::{Agent, Agents, Document, Entry, Socket};
use crate::approvals::model::scalar::{NonBlank, NonEmpty, Source, Text};
use crate::approvals::model::stored::Stored;
use crate::approvals::text::syntax::Syntax;

/// The plan of one `set`.
#[derive(Debug, Clone, PartialEq)]
pub struct Replacement {
    /// The exact text to store.
    pub text: String,
    /// The changes in meaning.
    pub changes: Changes,
    /// Whether the store already holds this text or an equal document.
    pub needed: bool,
}

/// Why a store's document cannot be replaced.
#[derive(Debug, Error)]
pub enum ReplacementError {
    /// The store's content is not JSON, so the loss from replacing it cannot be determined.
    #[error("the document in the store cannot be read, so the loss from replacing it is unknown")]
    Unreadable(Verdict),
    /// The store's socket block is invalid, and the new document has none to replace it.
    #[error("the store's `socket` block is not valid, and the new document has none")]
    Socket,
    /// The document could not be printed.
    #[error("the document could not be printed: {0}")]
    Print(#[from] serde_json::Error),
    /// The printed document reads back as a different one: a bug in clearance.
    #[error("the document does not read back as it was printed; nothing was stored")]
    Misprinted,
}

/// Plans to replace the stored document with `document`.
///
/// The store keeps its own socket path and token if the document has none, and an entry keeps its id; entries without
/// one get `new_id()`. The text has OpenClaw's format: two spaces, one line feed at the end.
pub fn plan(
    stored: &Stored,
    document: Document<'_>,
    new_id: impl FnMut() -> String,
) -> Result<Replacement, ReplacementError> {
    let (planned, document) = planned(stored, document, new_id)?;
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    // The new text is read once more, as the host will read it.
    if parse(text.as_bytes(), Syntax::Json).as_ref() != Ok(&document) {
        return Err(ReplacementError::Misprinted);
    }
    let Planned { before, needed } = planned;
    Ok(Replacement { text, changes: before.changes(document), needed })
}

/// The plan if nothing will be stored: it has the size of the text in bytes instead of the text.
pub fn foreseen(
    stored: &Stored,
    document: Document<'_>,
    new_id: impl FnMut() -> String,
) -> Result<(Replacement, usize), ReplacementError> {
    let (planned, document) = planned(stored, document, new_id)?;
    let mut size = Size::default();
    serde_json::to_writer_pretty(&mut size, &document)?;
    let Planned { before, needed } = planned;
    let changes = before.changes(document);
    Ok((Replacement { text: String::new(), changes, needed }, size.0 + 1))
}

/// A document that is ready to be stored, and its changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Completed<'d> {
    /// The document, with the store's socket and with an id for each entry.
    pub document: Document<'d>,
    /// The changes in meaning.
    pub changes: Changes,
    /// Whether it differs from the stored document.
    pub needed: bool,
}

/// The plan if the caller prints the document.
pub fn completed<'d>(
    stored: &Stored,
    document: Document<'d>,
    new_id: impl FnMut() -> String,
) -> Result<Completed<'d>, ReplacementError> {
    let (Planned { before, needed }, document) = planned(stored, document, new_id)?;
    let changes = before.changes(document.clone());
    Ok(Completed { document, changes, needed })
}

/// Counts the bytes that are written to it.
#[derive(Default)]
struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The stored content, as it is compared with a new document.
enum Before<'t> {
    /// A valid document.
    Document(Box<Document<'t>>),
    /// Any other JSON value, or nothing.
    Other(Value),
}

struct Planned<'t> {
    before: Before<'t>,
    needed: bool,
}

impl<'t> Before<'t> {
    fn of(stored: &'t Stored) -> Result<Self, ReplacementError> {
        let Some(text) = stored.text() else { return Ok(Self::Other(Value::Null)) };
        if let Some(document) = accepted(text, Budget::default()) {
            return Ok(Self::Document(Box::new(document)));
        }
        // No value is built of a text with too many values: its memory is unbounded.
        value_of_invalid(text).map(Self::Other).map_err(ReplacementError::Unreadable)
    }

    /// The socket block, as far as it can be read.
    fn socket(&self) -> Result<Option<Socket<'static>>, ReplacementError> {
        let socket: Option<Socket<'_>> = match self {
            Self::Document(document) => document.socket.clone(),
            Self::Other(value) => match value.get("socket") {
                Some(socket) => {
                    Some(serde::Deserialize::deserialize(socket).map_err(|_| ReplacementError::Socket)?)
                }
                None => None,
            },
        };
        Ok(socket.map(|socket| Socket {
            path: socket.path.map(crate::approvals::model::scalar::Text::into_owned),
            token: socket.token.map(crate::approvals::model::scalar::Secret::into_owned),
        }))
    }

    fn is(&self, document: &Document<'_>) -> Result<bool, serde_json::Error> {
        match self {
            Self::Document(before) => Ok(alike::is_same(before, document)),
            Self::Other(Value::Null) => Ok(false),
            Self::Other(before) => {
                let after = serde_json::to_value(document)?;
                Ok(without_fillings(before) == without_fillings(&after))
            }
        }
    }

    fn changes(self, after: Document<'t>) -> Changes {
        match self {
            Self::Document(before) => comparison::policy(*before, after),
            // The list of changes is as long for a first document as for any other.
            Self::Other(Value::Null) => comparison::policy(Document::default(), after),
            Self::Other(before) => {
                let after = serde_json::to_value(&after).unwrap_or_default();
                comparison::values(&before, &after, Depth::Policy)
            }
        }
    }
}

fn planned<'t, 'd>(
    stored: &'t Stored,
    mut document: Document<'d>,
    mut new_id: impl FnMut() -> String,
) -> Result<(Planned<'t>, Document<'d>), ReplacementError> {
    let before = Before::of(stored)?;
    keep_socket(&before, &mut document)?;
    give_ids(&before, &mut document, &mut new_id);
    let needed = !before.is(&document)?;
    Ok((Planned { before, needed }, document))
}

/// The fields at the top of a document, without the empty blocks that gateways print.
fn without_fillings(document: &Value) -> Option<Vec<(&String, &Value)>> {
    let is_filling = |name: &str, value: &Value| {
        matches!(name, "socket" | "defaults" | "agents")
            && value.as_object().is_some_and(serde_json::Map::is_empty)
    };
    let fields = document.as_object()?.iter();
    Some(fields.filter(|(name, value)| !is_filling(name, value)).collect())
}

fn keep_socket(before: &Before<'_>, document: &mut Document<'_>) -> Result<(), ReplacementError> {
    let complete = document.socket.as_ref().is_some_and(|new| new.path.is_some() && new.token.is_some());
    if complete {
        return Ok(());
    }
    let Some(old) = before.socket()? else { return Ok(()) };
    let new = document.socket.get_or_insert_default();
    new.path = new.path.take().or(old.path);
    new.token = new.token.take().or(old.token);
    Ok(())
}

/// Gives each entry without an id the id of the same entry in the store, or else a new one.
fn give_ids(before: &Before<'_>, document: &mut Document<'_>, new_id: &mut impl FnMut() -> String) {
    let entries = |agents: &Agents<'_>| {
        agents.iter().any(|(_, agent)| agent.allowlist.iter().flatten().any(|entry| entry.id.is_none()))
    };
    if !document.agents.as_ref().is_some_and(entries) {
        return;
    }
    let typed;
    let known = match before {
        Before::Document(document) => KnownIds::of(document),
        Before::Other(value) => {
            typed = with_ids(value);
            KnownIds::of(&typed)
        }
    };
    for (agent, rules) in document.agents.iter_mut().flat_map(Agents::iter_mut) {
        for entry in rules.allowlist.iter_mut().flatten() {
            let id = known.take(agent, entry);
            if entry.id.is_none() {
                entry.id = NonEmpty::new(id.map_or_else(&mut *new_id, str::to_owned));
            }
        }
    }
}

/// The entries with ids of a text that is not a valid document.
fn with_ids(before: &Value) -> Document<'_> {
    let agents = before.get("agents").and_then(Value::as_object).into_iter().flatten();
    let agents = agents.filter_map(|(id, rules)| {
        let entries = rules.get("allowlist").and_then(Value::as_array).into_iter().flatten();
        let allowlist = Some(entries.filter_map(with_id).collect());
        Some((Text::new(id.as_str())?, Agent { allowlist, ..Agent::default() }))
    });
    Document { agents: Agents::new(agents.collect()), ..Document::default() }
}

fn with_id(entry: &Value) -> Option<Entry<'_>> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let source = match entry.get("source") {
        None => None,
        Some(source) if source == Source::AllowAlways.as_str() => Some(Source::AllowAlways),
        Some(_) => return None,
    };
    Some(Entry {
        pattern: NonBlank::new(text("pattern")?)?,
        id: Some(NonEmpty::new(text("id")?)?),
        source,
        command_text: None,
        arg_pattern: text("argPattern").and_then(Text::new),
        last_used_at: None,
        last_used_command: None,
        last_resolved_path: None,
    })
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
    fn a_stored_text_with_too_many_bare_strings_is_refused() {
        let strings = "\"/x\",".repeat(100_000);
        let text = format!("{{\"version\":1,\"agents\":{{\"a\":{{\"allowlist\":[{strings}\"/z\"]}}}}}}");
        let refused =
            plan(&Stored::holding(text.into_bytes()), Document::default(), String::new).unwrap_err();
        assert!(
            matches!(&refused, ReplacementError::Unreadable(verdict) if !verdict.is_valid()),
            "{refused:?}"
        );
    }

    #[test]
    fn a_stored_text_with_too_many_values_is_refused_without_its_secrets() {
        let elements = "{\"a\":1},".repeat(90_000);
        let text = format!("{{\"version\":1,\"socket\":{{\"token\":\"hunter2\"}},\"agents\":[{elements}1]}}");
        let refused =
            plan(&Stored::holding(text.into_bytes()), Document::default(), String::new).unwrap_err();
        let ReplacementError::Unreadable(verdict) = &refused else { panic!("{refused:?}") };
        assert_eq!(verdict.diagnostics[0].code, crate::approvals::findings::codes::Code::TooManyValues);
        assert!(!format!("{verdict:?}").contains("hunter2"));
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
    fn a_broken_socket_is_not_lost_silently() {
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
