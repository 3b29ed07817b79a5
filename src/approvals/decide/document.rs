//! Loads the stored text of an approvals document as each release does: validation, normalising, and the entries in force
//! with their places in the stored text. An invalid document counts as empty in 2026.4.14 and 2026.6.11;
//! with one, 2026.9.6 denies every command. Source: `loadExecApprovals`, `normalizeExecApprovals` and
//! `parsePersistedExecApprovals`.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::javascript::is_truthy;
use super::levels::{Ask, Security};
use super::profile::Profile;
use super::question::{Entry, EntryId};
use super::words::trim;

mod normalised;
mod schema;
mod text;

use normalised::Normalised;
use text::Unreadable;

/// The key of the policy of a document that 2026.9.6 cannot read.
const MALFORMED: &str = "(malformed)";

/// A document as a gateway has it after loading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// The policy of `defaults`.
    pub defaults: Levels,
    /// The policy of `*`.
    pub everyone: Levels,
    /// The policy of the agent.
    pub agent: Levels,
    /// The entries in force: those of `*`, then those of the agent.
    pub entries: Vec<Entry>,
}

/// The policy fields of one part of a document, each with its key in the stored text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Levels {
    /// `security`.
    pub security: Option<(Security, Arc<str>)>,
    /// `ask`.
    pub ask: Option<(Ask, Arc<str>)>,
    /// `askFallback`.
    pub ask_fallback: Option<(Security, Arc<str>)>,
}

/// Why it is unknown how a gateway reads a document: it has JSON that only JavaScript reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BeyondUs;

/// What keeps clearance from reading such a document.
pub(super) const ONLY_JAVASCRIPT: &str = "its nesting or one of its numbers is beyond what clearance reads";

/// A document after loading, for any agent.
#[derive(Debug, Clone)]
pub(super) enum Loaded<'v> {
    /// There is no document, or it is invalid and counts as empty.
    Empty,
    /// It is invalid, and the release denies every command.
    Closed,
    /// The document in common form.
    Read(Normalised<'v>),
}

/// Loads the stored text for one agent.
pub(super) fn load(stored: Option<&str>, agent: &str, profile: Profile) -> Result<Document, BeyondUs> {
    let Some(stored) = stored else { return Ok(Document::default()) };
    Ok(loaded(parse(stored)?.as_ref(), profile).of(agent))
}

/// Loads the stored text.
pub(super) fn read(stored: Option<&str>, profile: Profile) -> Result<Loaded<'static>, BeyondUs> {
    let Some(stored) = stored else { return Ok(Loaded::Empty) };
    Ok(loaded(parse(stored)?.as_ref(), profile).into_owned())
}

/// Parses a stored text. `None`: it is not JSON.
pub(super) fn parse(stored: &str) -> Result<Option<Value>, BeyondUs> {
    match text::parse(stored) {
        Ok(root) => Ok(Some(root)),
        Err(Unreadable::NotJson) => Ok(None),
        Err(Unreadable::BeyondUs) => Err(BeyondUs),
    }
}

/// Loads what a stored text holds. `None`: it is not JSON.
pub(super) fn loaded(root: Option<&Value>, profile: Profile) -> Loaded<'_> {
    let is_strict = profile >= Profile::V2026_9_6;
    let accepted = root.filter(|root| if is_strict { schema::accepts(root) } else { is_version_one(root) });
    match accepted.and_then(|root| normalised::normalise(root, is_strict)) {
        Some(normalised) => Loaded::Read(normalised),
        None if is_strict => Loaded::Closed,
        None => Loaded::Empty,
    }
}

impl Loaded<'_> {
    /// The same with values of its own.
    fn into_owned(self) -> Loaded<'static> {
        match self {
            Self::Empty => Loaded::Empty,
            Self::Closed => Loaded::Closed,
            Self::Read(normalised) => Loaded::Read(normalised.into_owned()),
        }
    }

    /// The document as far as it concerns an agent.
    pub(super) fn of(&self, agent: &str) -> Document {
        let mut entries = self.entries_of("*");
        entries.extend(self.entries_of(agent));
        Document { entries, ..self.levels_of(agent) }
    }

    /// As [`Loaded::of`], without the entries.
    pub(super) fn levels_of(&self, agent: &str) -> Document {
        match self {
            Self::Empty => Document::default(),
            Self::Closed => Document::closed(),
            Self::Read(normalised) => Document {
                defaults: Levels::of(Some(&normalised.defaults), |field| format!("defaults.{field}")),
                everyone: normalised.levels_of("*"),
                agent: normalised.levels_of(agent),
                entries: Vec::new(),
            },
        }
    }

    /// The entries of one agent, or of `*`.
    pub(super) fn entries_of(&self, agent: &str) -> Vec<Entry> {
        match self {
            Self::Empty | Self::Closed => Vec::new(),
            Self::Read(normalised) => normalised.entries_of(agent),
        }
    }

    /// The ids of the agents, `*` among them.
    pub(super) fn agents(&self) -> impl Iterator<Item = &str> {
        let normalised = if let Self::Read(normalised) = self { Some(normalised) } else { None };
        normalised.into_iter().flat_map(Normalised::ids)
    }
}

/// What a release stores when a client sends this document by `exec.approvals.set`. `None`: it fails.
pub(super) fn stored_when_sent(sent: &Value) -> Option<Value> {
    Some(normalised::normalise(sent, false)?.into_document())
}

fn is_version_one(root: &Value) -> bool {
    root.get("version").and_then(Value::as_f64) == Some(1.0)
}

impl Document {
    /// What 2026.9.6 puts in the place of a document that it cannot read.
    fn closed() -> Self {
        let key = || MALFORMED.into();
        let defaults = Levels {
            security: Some((Security::Deny, key())),
            ask: Some((Ask::Off, key())),
            ask_fallback: Some((Security::Deny, key())),
        };
        Self { defaults, ..Self::default() }
    }
}

impl Levels {
    /// The fields of an object. An unknown value counts as absent.
    fn of(policy: Option<&Map<String, Value>>, key_of: impl Fn(&str) -> String) -> Self {
        let word =
            |field: &str| policy.and_then(|policy| policy.get(field)).and_then(Value::as_str).map(trim);
        let security =
            |field: &str| word(field).and_then(Security::parse).map(|level| (level, key_of(field).into()));
        Self {
            security: security("security"),
            ask: word("ask").and_then(Ask::parse).map(|level| (level, key_of("ask").into())),
            ask_fallback: security("askFallback"),
        }
    }
}

impl Normalised<'_> {
    fn levels_of(&self, agent: &str) -> Levels {
        let bucket = self.agent(agent);
        Levels::of(bucket.and_then(|bucket| bucket.fields.as_deref()), |field| {
            let key = bucket.map_or(agent, |bucket| bucket.stored_key_of(field));
            format!("agents.{key}.{field}")
        })
    }

    fn entries_of(&self, agent: &str) -> Vec<Entry> {
        let Some(bucket) = self.agent(agent) else { return Vec::new() };
        let entry = |(index, entry): (usize, &normalised::Entry<'_>)| {
            let text = |field: &str| entry.fields.get(field).and_then(Value::as_str);
            let stored = (bucket.stored_key_of_entry(entry).to_owned(), entry.index);
            Entry {
                id: EntryId { scope: agent.to_owned(), index, stored },
                pattern: text("pattern").unwrap_or_default().to_owned(),
                arg_pattern: text("argPattern").map(str::to_owned),
                odd_arguments: odd_arguments(&entry.fields),
                unread_arguments: entry.fields.get("argPattern").filter(|value| !value.is_string()).cloned(),
                allow_always: text("source") == Some("allow-always"),
            }
        };
        bucket.entries.iter().enumerate().map(entry).collect()
    }
}

/// Whether JavaScript takes an `argPattern` for true, if it is neither a string nor `null`.
fn odd_arguments(entry: &Map<String, Value>) -> Option<bool> {
    entry.get("argPattern").filter(|value| !value.is_string() && !value.is_null()).map(is_truthy)
}

#[cfg(test)]
mod tests;
