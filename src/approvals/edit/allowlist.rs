//! Adds one entry to an agent's allowlist, or removes one, or removes the grant of an MCP tool; everything else stays as it is.
//!
//! The edit follows `openclaw approvals allowlist add` and `remove` of 2026.4.14 and 2026.9.6: the pattern is trimmed,
//! a list is removed with its last entry, and an agent with its last field. Unlike OpenClaw, it identifies entries only
//! by the rule of [`crate::approvals::compare::identity`]: OpenClaw's removal of a pattern also removes entries of
//! prompts that are bound to arguments.

use serde_json::{Value, json};
use thiserror::Error;

use crate::approvals::check::arg_pattern;
use crate::approvals::check::rules;
use crate::approvals::compare::identity::{Identity, identifying};
use crate::approvals::model::document::{Agent, Agents, Document, Entry, McpTool};
use crate::approvals::model::scalar::{Millis, NonBlank, Source, Text, is_blank, trimmed};
use crate::approvals::redact::credentials;

pub mod text;

/// Whether an entry is added or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Add the entry if it is missing.
    Add,
    /// Remove the entry if it is present.
    Remove,
}

/// One edit of one agent's allowlist, or of its MCP tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    verb: Verb,
    agent: String,
    item: Item,
}

/// What an edit adds or removes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// An entry of the allowlist.
    Entry { pattern: String, arg_pattern: Option<String>, source: Option<Source> },
    /// The grant of an MCP tool, which only a prompt's answer writes.
    Tool { server: String, tool: String },
}

/// Why an edit is rejected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// A pattern that matches nothing.
    #[error("the pattern is blank")]
    BlankPattern,
    /// The name of an MCP server or tool that is blank.
    #[error("the name of the server or of the tool is blank")]
    BlankTool,
    /// An agent without a name, perhaps from an unset variable. A default of `*` would affect every agent.
    #[error("the agent's id is blank")]
    BlankAgent,
    /// An agent id that a gateway reads as another id.
    #[error("{0}")]
    Agent(&'static str),
    /// An empty expression, which means any arguments, perhaps from an unset variable.
    #[error("the expression for the arguments is empty, which means any arguments")]
    EmptyArgPattern,
    /// An expression that no gateway can compile.
    #[error("`{pattern}` is not an ECMAScript regular expression: {cause}")]
    ArgPattern {
        /// The expression.
        pattern: String,
        /// The problem in the expression.
        cause: String,
    },
}

impl EditError {
    /// The next step for the user.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::BlankPattern => "name the executable by its path, a glob, or a command name",
            Self::BlankTool => "name both, as clearance approvals allowlist ls lists them",
            Self::BlankAgent => "name the agent, or leave --agent out for all of them",
            Self::Agent(_) => "name the agent by its id: --agent main",
            Self::EmptyArgPattern => "leave --arg-pattern out to allow any arguments",
            Self::ArgPattern { .. } => {
                "fix it; a gateway matches it against the arguments joined with one space"
            }
        }
    }
}

/// The effect of an edit on a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Whether anything changed.
    pub changed: bool,
    /// The agent's other entries with the same pattern, which have another `argPattern` or source. Their texts are
    /// ready to be shown: texts that look like credentials are masked.
    pub similar: Vec<Value>,
    /// The other agents that have an entry with this pattern.
    pub elsewhere: Vec<String>,
}

impl Edit {
    /// Creates an edit. Returns an error if the edit would make a document invalid.
    pub fn new(
        verb: Verb,
        agent: &str,
        pattern: &str,
        arg_pattern: Option<&str>,
        source: Option<Source>,
    ) -> Result<Self, EditError> {
        let pattern = identifying(pattern, source);
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
        let (pattern, arg_pattern) = (pattern.to_owned(), arg_pattern.map(str::to_owned));
        Ok(Self { verb, agent: agent.to_owned(), item: Item::Entry { pattern, arg_pattern, source } })
    }

    /// Creates the removal of an MCP tool's grant. Names are compared byte for byte.
    pub fn of_tool(agent: &str, server: &str, tool: &str) -> Result<Self, EditError> {
        if is_blank(server) || is_blank(tool) {
            return Err(EditError::BlankTool);
        }
        if is_blank(agent) {
            return Err(EditError::BlankAgent);
        }
        let item = Item::Tool { server: server.to_owned(), tool: tool.to_owned() };
        Ok(Self { verb: Verb::Remove, agent: agent.to_owned(), item })
    }

    /// Whether an entry is added or removed.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The name by which a person knows the item: the pattern of an entry, or the tool and its server.
    pub fn subject(&self) -> String {
        match &self.item {
            Item::Entry { pattern, .. } => pattern.clone(),
            Item::Tool { server, tool } => format!("{tool} of {server}"),
        }
    }

    /// Whether the item is the grant of an MCP tool.
    pub fn is_tool(&self) -> bool {
        matches!(self.item, Item::Tool { .. })
    }

    /// The list of an agent that the edit changes.
    fn list(&self) -> &'static str {
        match self.item {
            Item::Entry { .. } => "allowlist",
            Item::Tool { .. } => "mcpTools",
        }
    }

    /// The agent whose allowlist is edited.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// The identity of the item, as it is written in a document.
    pub fn entry(&self) -> Value {
        match &self.item {
            Item::Entry { pattern, arg_pattern, source } => {
                let mut entry = serde_json::Map::new();
                entry.insert("pattern".to_owned(), pattern.as_str().into());
                if let Some(pattern) = arg_pattern {
                    entry.insert("argPattern".to_owned(), pattern.as_str().into());
                }
                if let Some(source) = source {
                    entry.insert("source".to_owned(), source.as_str().into());
                }
                Value::Object(entry)
            }
            Item::Tool { server, tool } => {
                json!({"server": server, "tool": tool, "source": Source::AllowAlways.as_str()})
            }
        }
    }

    /// Makes the edit. `now_ms`: the last use of a new entry, as the official command writes it, so that the entry does
    /// not count as unused from its first day; `None` omits it.
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
        let Item::Entry { pattern, arg_pattern, source } = &self.item else { return false };
        let Some(pattern) = NonBlank::new(pattern.clone()) else { return false };
        let agent = document.agents.get_or_insert_default().get_or_insert(&self.agent);
        let entries = agent.allowlist.get_or_insert_default();
        if entries.iter().any(|entry| self.is(entry)) {
            return false;
        }
        entries.push(Entry {
            id: None,
            pattern,
            source: *source,
            command_text: None,
            arg_pattern: arg_pattern.clone().and_then(Text::new),
            last_used_at: now_ms.and_then(|now| Millis::new(now.into())),
            last_used_command: None,
            last_resolved_path: None,
        });
        true
    }

    fn remove(&self, document: &mut Document<'_>) -> bool {
        let Some(agents) = &mut document.agents else { return false };
        let Some((_, agent)) = agents.iter_mut().find(|(id, _)| *id == self.agent) else { return false };
        let (changed, emptied) = match &self.item {
            Item::Entry { .. } => cut(&mut agent.allowlist, |entry| self.is(entry)),
            Item::Tool { .. } => cut(&mut agent.mcp_tools, |tool| self.is_of(tool)),
        };
        if emptied && *agent == Agent::default() {
            agents.remove(&self.agent);
        }
        changed
    }

    /// The indexes of the item in an agent's list, and the length of the list.
    fn places(&self, agent: &Agent<'_>) -> (Vec<usize>, usize) {
        match &self.item {
            Item::Entry { .. } => places(agent.allowlist.as_deref(), |entry| self.is(entry)),
            Item::Tool { .. } => places(agent.mcp_tools.as_deref(), |tool| self.is_of(tool)),
        }
    }

    /// Whether an agent has known fields besides the list that the edit changes.
    fn has_others(&self, agent: &Agent<'_>) -> bool {
        let other = match self.item {
            Item::Entry { .. } => agent.mcp_tools.is_some(),
            Item::Tool { .. } => agent.allowlist.is_some(),
        };
        other
            || agent.security.is_some()
            || agent.ask.is_some()
            || agent.ask_fallback.is_some()
            || agent.auto_allow_skills.is_some()
    }

    /// A host trims a pattern before it matches.
    fn has_pattern(&self, entry: &Entry<'_>) -> bool {
        matches!(&self.item, Item::Entry { pattern, .. } if trimmed(entry.pattern.as_str()) == pattern)
    }

    fn is(&self, entry: &Entry<'_>) -> bool {
        let Item::Entry { pattern, arg_pattern, source } = &self.item else { return false };
        Identity::of(entry) == Identity::new(pattern, arg_pattern.as_deref(), *source)
    }

    fn is_of(&self, granted: &McpTool<'_>) -> bool {
        let Item::Tool { server, tool } = &self.item else { return false };
        granted.server.as_str() == server && granted.tool.as_str() == tool
    }

    /// The other agents that have an entry with this pattern, or a grant of this tool: at most a hundred.
    fn elsewhere(&self, document: &Document<'_>) -> Vec<String> {
        let agents = document.agents.iter().flat_map(Agents::iter).filter(|(id, _)| *id != self.agent);
        let has = |agent: &Agent<'_>| {
            agent.allowlist.iter().flatten().any(|entry| self.has_pattern(entry))
                || agent.mcp_tools.iter().flatten().any(|tool| self.is_of(tool))
        };
        agents.filter(|(_, agent)| has(agent)).map(|(id, _)| id.to_owned()).take(100).collect()
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

/// Removes the matching elements of a list, and a list that becomes empty. Returns whether anything was removed, and
/// whether the list was.
fn cut<T>(list: &mut Option<Vec<T>>, is: impl Fn(&T) -> bool) -> (bool, bool) {
    let Some(elements) = list else { return (false, false) };
    let before = elements.len();
    elements.retain(|element| !is(element));
    let changed = elements.len() < before;
    let emptied = changed && elements.is_empty();
    if emptied {
        *list = None;
    }
    (changed, emptied)
}

/// The indexes of the matching elements of a list, and its length.
fn places<T>(list: Option<&[T]>, is: impl Fn(&T) -> bool) -> (Vec<usize>, usize) {
    let list = list.unwrap_or_default();
    let found = list.iter().enumerate().filter(|(_, element)| is(element)).map(|(index, _)| index);
    (found.collect(), list.len())
}

#[cfg(test)]
mod tests;
