//! Parameters of `approvals allowlist`.

use crate::approvals::edit::allowlist::{Edit, Verb as Change};
use crate::approvals::model::scalar::Source;
use crate::commands::Error;
use crate::commands::documents::Place;
use crate::commands::past::entries::Term;
use crate::store::versions::Writer;

/// The entry, the agent and the document of one edit.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whether to add or to remove the entry.
    pub verb: Change,
    /// The agent.
    pub agent: String,
    /// What is added or removed.
    pub item: Item,
    /// The place of the document.
    pub place: Place,
    /// Whether to stop before anything is written.
    pub dry_run: bool,
    /// Whether to rewrite legacy forms of the stored document.
    pub allow_legacy: bool,
    /// The note and the time limit of an entry to add.
    pub term: Term,
    /// The verb that versions name as the writer.
    pub writer: Writer,
}

impl Request {
    /// The edit; the error: why it would make a document invalid.
    pub(super) fn edit(&self) -> Result<Edit, Error> {
        let Self { verb, agent, item, .. } = self;
        match item {
            Item::Entry { pattern, arg_pattern, generated } => {
                let source = generated.then_some(Source::AllowAlways);
                Ok(Edit::new(*verb, agent, pattern, arg_pattern.as_deref(), source)?)
            }
            Item::Tool { server, tool } => Ok(Edit::of_tool(agent, server, tool)?),
        }
    }
}

/// What is added or removed, as typed.
#[derive(Debug, Clone)]
pub enum Item {
    /// An entry of the allowlist.
    Entry {
        /// The pattern.
        pattern: String,
        /// The expression for the arguments.
        arg_pattern: Option<String>,
        /// Whether the answer to a prompt wrote the entry.
        generated: bool,
    },
    /// The grant of an MCP tool.
    Tool {
        /// The server.
        server: String,
        /// The tool.
        tool: String,
    },
}
