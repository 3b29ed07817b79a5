//! Errors of `explain` other than those of reading the document.

use thiserror::Error;

use crate::report::exit::Exit;
use crate::settings::{Kind, SettingsError};

/// An error of `explain`.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// OpenClaw's configuration could not be read.
    #[error(transparent)]
    Configuration(Box<SettingsError>),
    /// The table of programs could not be read.
    #[error("{name}{}: {problem}", place(*.at))]
    Programs {
        /// The file.
        name: String,
        /// Line and column, where they are known.
        at: Option<(usize, usize)>,
        /// What is wrong.
        problem: String,
    },
    /// A line of `--stdin` is not a case.
    #[error("line {line} of standard input is not a case: {problem}")]
    Case {
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The command from standard input is not text.
    #[error("the command on standard input is not UTF-8 text")]
    NotText,
    /// The configuration does not run commands on the gateway's host, or no release accepts it.
    #[error("{0}")]
    NotOnGateway(String),
    /// The node has rules instead of a document.
    #[error("{0} has a Windows node's policy (defaultAction, rules), not an approvals document")]
    Native(String),
}

fn place(at: Option<(usize, usize)>) -> String {
    at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default()
}

impl ExplainError {
    /// The exit code. No wildcard: a new error is a new decision.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Case { .. } | Self::NotText | Self::NotOnGateway(_) | Self::Native(_) => Exit::Usage,
            Self::Programs { .. } => Exit::Store,
            Self::Configuration(error) => match error.kind() {
                Kind::Usage => Exit::Usage,
                Kind::Unreadable => Exit::Store,
                Kind::Refused => Exit::Refused,
                Kind::TimedOut => Exit::TimedOut,
            },
        }
    }

    /// The next step for the person who reads the error.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Configuration(error) => match &**error {
                SettingsError::MissingVariable { .. } => return error.remedy(),
                _ => "fix it (openclaw doctor checks it), or name another one: --config FILE".to_owned(),
            },
            Self::Programs { .. } => "correct the file; an example: clearance approvals explain --help".to_owned(),
            Self::Case { .. } => {
                "write one JSON object a line: {\"id\": 1, \"document\": {\"version\": 1}, \"command\": \"ls\", \"cwd\": \"/\", \"path\": \"/usr/bin\"}"
                    .to_owned()
            }
            Self::NotOnGateway(_) => "check tools.exec of the file of --config: host, mode, security, ask".to_owned(),
            Self::NotText => "write the command as UTF-8 text".to_owned(),
            Self::Native(_) => "list its rules: clearance approvals get".to_owned(),
        })
    }
}
