//! Errors of `approvals suggest` and `approvals upgrade`.

use thiserror::Error;

use crate::report::exit::Exit;

/// An error of `suggest` or `upgrade`.
#[derive(Debug, Error)]
pub enum SuggestError {
    /// A file of `--prompts` has no prompts that can be read.
    #[error("{name} is not a source of prompts: {cause}")]
    Prompts {
        /// The file.
        name: String,
        /// The problem.
        cause: String,
    },
    /// There are more prompts than are compared.
    #[error("there are more than {0} prompts or denied commands")]
    TooMany(usize),
    /// The target is on another host, and its programs are not listed.
    #[error("it is unknown which programs {0} has: no process of this host is known to be that gateway")]
    Programs(String),
    /// The gateway's configuration is unknown.
    #[error("the gateway's configuration is unknown: {0}")]
    Configuration(String),
    /// The target is a node.
    #[error("{0} is a node, and nodes do not report the release that decides")]
    Node(String),
    /// The document is not an object of JSON.
    #[error("{0} is not a valid document")]
    Document(String),
    /// `--apply` with prompts that could not be read.
    #[error("some prompts could not be read, and one of them may be a denial; nothing was changed")]
    Incomplete,
    /// The document changed after it was read, so that nothing was applied.
    #[error("{0}; nothing was applied")]
    Changed(String),
    /// A file of `--tests` cannot be read as policy tests.
    #[error("{name} has no policy tests that can be read: {cause}")]
    Tests {
        /// The file.
        name: String,
        /// The first problem.
        cause: String,
    },
}

impl SuggestError {
    /// The exit code. No wildcard: a new error is a new decision.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Prompts { .. } | Self::Tests { .. } => Exit::Store,
            Self::TooMany(_) | Self::Programs(_) | Self::Configuration(_) | Self::Node(_) => Exit::Usage,
            Self::Document(_) => Exit::Found,
            Self::Incomplete => Exit::Partly,
            Self::Changed(_) => Exit::Conflict,
        }
    }

    /// The stable name in machine output. No wildcard: a new error is a new decision.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Prompts { .. } => "not-prompts",
            Self::Incomplete => "incomplete-prompts",
            Self::TooMany(_)
            | Self::Programs(_)
            | Self::Configuration(_)
            | Self::Node(_)
            | Self::Document(_)
            | Self::Changed(_)
            | Self::Tests { .. } => self.exit().code(),
        }
    }

    /// The next step for the person who reads the error.
    pub fn remedy(&self) -> String {
        match self {
            Self::Prompts { .. } => {
                "save them with: clearance queue history --ndjson > history.ndjson; or: clearance queue ls --json > queue.json"
            }
            Self::TooMany(_) => "name fewer files with --prompts, one agent's at a time",
            Self::Programs(_) => {
                "save its prompts: clearance queue history --ndjson > history.ndjson; then run this on the gateway's host with --prompts history.ndjson instead of --gateway; or list its programs in a table: --programs FILE (an example: clearance approvals explain --help)"
            }
            Self::Configuration(_) => "name it with --config FILE",
            Self::Node(_) => "name the gateway alone: --gateway=NAME",
            Self::Document(_) => "see what is wrong: clearance approvals validate",
            Self::Incomplete => "see the problems above; save the prompts again, or apply after a look: --patch > new.json, then clearance approvals set --file new.json",
            Self::Changed(_) => "run it again: it proposes entries for the document as it is then",
            Self::Tests { .. } => "check the file: clearance approvals test FILE",
        }
        .to_owned()
    }
}
