//! One file a verb: fetch, plan, act, report. Nothing here prints.

pub mod get;
pub mod set;
pub mod validate;

use thiserror::Error;

use crate::approvals::diagnostic::Verdict;
use crate::approvals::replacement::ReplacementError;
use crate::outcome::Exit;
use crate::store::StoreError;
use crate::store::input::InputError;

/// Why a command ended without a report.
#[derive(Debug, Error)]
pub enum Error {
    /// Something named on the command line could not be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The store could not be read or changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A document that is not valid, and which one.
    #[error("{name} is not a valid document")]
    Invalid {
        /// The document.
        name: String,
        /// Everything that is wrong with it.
        verdict: Verdict,
    },
    /// The plan could not be made.
    #[error("cannot replace the document in {path}: {error}")]
    Replacement {
        /// The store.
        path: String,
        /// Why not.
        error: ReplacementError,
    },
}

impl Error {
    /// The exit code. No wildcard: a new error is a new decision.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Input(error) | Self::Store(StoreError::Input(error)) => match error {
                InputError::TimedOut { .. } => Exit::TimedOut,
                InputError::Missing(_)
                | InputError::Directory(_)
                | InputError::TooLarge { .. }
                | InputError::Io { .. } => Exit::Store,
            },
            Self::Store(error) => match error {
                StoreError::Conflict { .. }
                | StoreError::Overwritten { .. }
                | StoreError::Displaced { .. } => Exit::Conflict,
                StoreError::Locked { .. } => Exit::TimedOut,
                StoreError::Input(_)
                | StoreError::Ambiguous(..)
                | StoreError::Database { .. }
                | StoreError::NoHome
                | StoreError::NoDirectory(_)
                | StoreError::Owner { .. }
                | StoreError::Unflushed { .. }
                | StoreError::Write { .. } => Exit::Store,
            },
            Self::Invalid { .. } => Exit::Found,
            Self::Replacement { error, .. } => match error {
                ReplacementError::Unreadable(_) | ReplacementError::Socket => Exit::Store,
                ReplacementError::Print(_) | ReplacementError::Misprinted => Exit::Bug,
            },
        }
    }

    /// What the person who reads the error can do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.remedy(),
            Self::Store(error) => error.remedy(),
            Self::Invalid { .. } => Some(
                "see the problems above; clearance approvals validate --explain CODE tells more".to_owned(),
            ),
            Self::Replacement { path, error } => match error {
                ReplacementError::Unreadable(_) => Some(format!(
                    "mend it at the place shown, or move it away (mv {path} {path}.broken), then set again"
                )),
                ReplacementError::Socket => {
                    Some("mend the stored document, or put a `socket` block into the new one".to_owned())
                }
                ReplacementError::Print(_) | ReplacementError::Misprinted => {
                    Some("this is a bug in clearance: please report it with the document".to_owned())
                }
            },
        }
    }

    /// The stable name in machine output.
    pub fn code(&self) -> &'static str {
        match self.exit() {
            Exit::Found => "invalid-document",
            Exit::TimedOut => "timed-out",
            Exit::Conflict => "conflict",
            Exit::Store => "store",
            Exit::Done | Exit::Usage | Exit::Bug => "bug",
        }
    }

    /// The problems of the document that the error is about.
    pub fn verdict(&self) -> Option<(&str, &Verdict)> {
        match self {
            Self::Invalid { name, verdict } => Some((name, verdict)),
            Self::Replacement { path, error: ReplacementError::Unreadable(verdict) } => Some((path, verdict)),
            _ => None,
        }
    }
}
