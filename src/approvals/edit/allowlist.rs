//! One entry into an agent's allowlist, or out of it; everything else stays as it is.
//!
//! As `openclaw approvals allowlist add` and `remove` do it in 2026.4.14 and 2026.9.6: the pattern is trimmed, a list
//! goes with its last entry and an agent with its last field. Unlike there, entries are the same only by the rule of
//! [`crate::approvals::compare::identity`]: removing a pattern there also removes what prompts bound to arguments.

use serde_json::Value;
use thiserror::Error;

use crate::approvals::check::arg_pattern;
use crate::approvals::check::rules;
use crate::approvals::compare::identity::Identity;
use crate::approvals::model::document::{Agent, Agents, Document, Entry};
use crate::approvals::model::scalar::{Millis, NonBlank, Source, Text, is_blank, trimmed};
use crate::approvals::redact::credentials;

pub mod text;

/// Whether an entry comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Add the entry if it is not there.
    Add,
    /// Remove the entry if it is there.
    Remove,
}

/// One edit of one agent's allowlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    verb: Verb,
    agent: String,
    pattern: String,
    arg_pattern: Option<String>,
    source: Option<Source>,
}

/// Why there can be no such edit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// A pattern that matches nothing.
    #[error("the pattern is blank")]
    BlankPattern,
    /// An agent without a name: an unset variable, perhaps, and `*` would be everybody.
    #[error("the agent's id is blank")]
    BlankAgent,
    /// An agent that a gateway reads as another.
    #[error("{0}")]
    Agent(&'static str),
    /// An empty expression, which means any arguments: an unset variable, perhaps.
    #[error("the expression for the arguments is empty, which means any arguments")]
    EmptyArgPattern,
    /// An expression that no gateway can compile.
    #[error("`{pattern}` is not an ECMAScript regular expression: {cause}")]
    ArgPattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl EditError {
    /// What the person who reads the error can do next.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::BlankPattern => "name the executable by its path, a glob, or a command name",
            Self::BlankAgent => "name the agent, or leave --agent out for all of them",
            Self::Agent(_) => "name the agent by its id: --agent main",
            Self::EmptyArgPattern => "leave --arg-pattern out if that is meant",
            Self::ArgPattern { .. } => "fix it; it is matched against the arguments joined with one space",
        }
    }
}

/// What an edit did to a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Whether anything changed.
    pub changed: bool,
    /// The agent's entries with the same pattern that are other entries: another `argPattern`, another source.
    /// As they may be shown: texts that look like credentials are masked.
    pub similar: Vec<Value>,
    /// The other agents that have an entry with this pattern.
    pub elsewhere: Vec<String>,
}

impl Edit {
    /// An edit that leads to a valid document.
    pub fn new(
        verb: Verb,
        agent: &str,
        pattern: &str,
        arg_pattern: Option<&str>,
        source: Option<Source>,
    ) -> Result<Self, EditError> {
        let pattern = trimmed(pattern);
        if is_blank(pattern) {
            return Err(EditError::BlankPattern);
        }
        if is_blank(agent) {
            return Err(EditError::BlankAgent);
        }
        if arg_pattern == Some("") {
            return Err(EditError::EmptyArgPattern);
        }
        if verb == Verb::Add {
            if let Some((_, message)) = rules::of_agent_id(agent) {
                return Err(EditError::Agent(message));
            }
            if let Some(pattern) = arg_pattern
                && let Some(cause) = arg_pattern::problem(pattern)
            {
                return Err(EditError::ArgPattern { pattern: pattern.to_owned(), cause });
            }
        }
        Ok(Self {
            verb,
            agent: agent.to_owned(),
            pattern: pattern.to_owned(),
            arg_pattern: arg_pattern.map(str::to_owned),
            source,
        })
    }

    /// Whether an entry comes or goes.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The entry's pattern.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The agent that has the allowlist.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// What makes the entry the same entry, as it is written in a document.
    pub fn entry(&self) -> Value {
        let mut entry = serde_json::Map::new();
        entry.insert("pattern".to_owned(), self.pattern.as_str().into());
        if let Some(pattern) = &self.arg_pattern {
            entry.insert("argPattern".to_owned(), pattern.as_str().into());
        }
        if let Some(source) = self.source {
            entry.insert("source".to_owned(), source.as_str().into());
        }
        Value::Object(entry)
    }

    /// Makes the edit. `now_ms`: what a new entry has for its last use, as the official command writes it, so that it
    /// does not count as unused from its first day on; `None` for none.
    pub fn apply(&self, document: &mut Document<'_>, now_ms: Option<u64>) -> Applied {
        let similar = self.similar(document);
        let elsewhere = self.elsewhere(document);
        let changed = match self.verb {
            Verb::Add => self.add(document, now_ms),
            Verb::Remove => self.remove(document),
        };
        Applied { changed, similar, elsewhere }
    }

    fn add(&self, document: &mut Document<'_>, now_ms: Option<u64>) -> bool {
        let Some(pattern) = NonBlank::new(self.pattern.clone()) else { return false };
        let agent = document.agents.get_or_insert_default().get_or_insert(&self.agent);
        let entries = agent.allowlist.get_or_insert_default();
        if entries.iter().any(|entry| self.is(entry)) {
            return false;
        }
        entries.push(Entry {
            id: None,
            pattern,
            source: self.source,
            command_text: None,
            arg_pattern: self.arg_pattern.clone().and_then(Text::new),
            last_used_at: now_ms.and_then(|now| Millis::new(now.into())),
            last_used_command: None,
            last_resolved_path: None,
        });
        true
    }

    fn remove(&self, document: &mut Document<'_>) -> bool {
        let Some(agents) = &mut document.agents else { return false };
        let Some((_, agent)) = agents.iter_mut().find(|(id, _)| *id == self.agent) else { return false };
        let Some(entries) = &mut agent.allowlist else { return false };
        let before = entries.len();
        entries.retain(|entry| !self.is(entry));
        let changed = entries.len() < before;
        if changed && entries.is_empty() {
            agent.allowlist = None;
            if *agent == Agent::default() {
                agents.remove(&self.agent);
            }
        }
        changed
    }

    /// A host trims a pattern before it matches.
    fn has_pattern(&self, entry: &Entry<'_>) -> bool {
        trimmed(entry.pattern.as_str()) == self.pattern
    }

    fn is(&self, entry: &Entry<'_>) -> bool {
        Identity::of(entry) == Identity::new(&self.pattern, self.arg_pattern.as_deref(), self.source)
    }

    /// The other agents that have an entry with this pattern: at most a hundred.
    fn elsewhere(&self, document: &Document<'_>) -> Vec<String> {
        let agents = document.agents.iter().flat_map(Agents::iter).filter(|(id, _)| *id != self.agent);
        let having =
            agents.filter(|(_, agent)| agent.allowlist.iter().flatten().any(|entry| self.has_pattern(entry)));
        having.map(|(id, _)| id.to_owned()).take(100).collect()
    }

    fn similar(&self, document: &Document<'_>) -> Vec<Value> {
        let agents = document.agents.iter().flat_map(Agents::iter).filter(|(id, _)| *id == self.agent);
        let entries = agents.flat_map(|(_, agent)| agent.allowlist.iter().flatten());
        entries
            .filter(|entry| self.has_pattern(entry) && !self.is(entry))
            .filter_map(|entry| serde_json::to_value(entry).ok())
            .map(|mut entry| {
                credentials::mask(&mut entry);
                entry
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
