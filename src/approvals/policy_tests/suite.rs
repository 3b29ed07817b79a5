//! Policy tests after reading: every value is checked, and every case has the values that it takes from its file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file::{EntryName, Expected, IfUnanswered};
use crate::approvals::decide::{Context, Profile, Programs, Table};
use crate::approvals::findings::diagnostic::Position;

/// The cases of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    /// The path of the document, as written, and its place.
    pub document: (String, Position),
    /// The path of the configuration, as written, and its place.
    pub config: Option<(String, Position)>,
    /// The host of every case.
    pub host: Host,
    /// The cases, in the order of the file.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What the case shows, if it is named.
    pub name: Option<String>,
    /// The place of the case.
    pub at: Position,
    /// The command.
    pub command: String,
    /// What is expected.
    pub expected: Expected,
    /// What is expected if nobody answers the prompt.
    pub unanswered: Option<IfUnanswered>,
    /// The entries of which each must match a part of the command.
    pub entries: Vec<EntryName>,
    /// The releases that decide.
    pub releases: Arc<[Release]>,
    /// The agent that calls.
    pub agent: Arc<str>,
    /// Whether somebody can answer a prompt.
    pub context: Context,
    /// The directory of the call: absolute, or with `~` at its start.
    pub directory: Arc<str>,
    /// The environment of the call.
    pub environment: BTreeMap<String, String>,
    /// `ask` of the call.
    pub ask: Option<&'static str>,
    /// `security` of the call.
    pub security: Option<&'static str>,
    /// The permission mode of the session.
    pub permission_mode: Option<&'static str>,
    /// The programs of this case alone.
    pub programs: Option<Programs>,
}

/// A release as it was named, and how it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The name.
    pub name: String,
    /// How it decides.
    pub profile: Profile,
}

impl Release {
    /// The newest release whose decisions are known.
    pub fn newest() -> Self {
        Self::of(Profile::NEWEST)
    }

    /// The measured release of a generation.
    fn of(profile: Profile) -> Self {
        Self { name: profile.release().to_owned(), profile }
    }

    /// The release of that name; `None`: the text is not the name of a release.
    pub fn named(name: &str) -> Option<Self> {
        Profile::of(name).map(|profile| Self { name: name.to_owned(), profile })
    }
}

/// The host of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Host {
    /// The machine that runs the tests.
    Local,
    /// The host that a table describes. It has `path` and `home`.
    Table(Table),
}
