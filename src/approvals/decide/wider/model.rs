//! What a comparison of two documents is given and what it finds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::cover::Gap;
use super::regime::Circumstance;
use crate::approvals::decide::decision::{Policy, Verdict};
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::question::Entry;

/// Two documents, and what both are read with.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'c> {
    /// The stored text of the old document; `None` if there is none.
    pub before: Option<&'c str>,
    /// The stored text of the new document; `None` if there is none.
    pub after: Option<&'c str>,
    /// The contents of `openclaw.json`; `Null` if there is none.
    pub configuration: &'c Value,
    /// The release.
    pub profile: Profile,
}

/// How a new document is wider than an old one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wider {
    /// The findings. Empty: the new document allows no more.
    pub widenings: Vec<Widening>,
    /// How many more there are.
    pub omitted: usize,
    /// Commands that both documents allow, and which only the old one asks about.
    pub quirks: BTreeMap<Quirk, BTreeSet<Agent>>,
}

/// One way in which a document is wider.
#[derive(Debug, Clone, PartialEq)]
pub struct Widening {
    /// What makes it wider.
    pub cause: Cause,
    /// The agents.
    pub agents: BTreeSet<Agent>,
    /// When the commands run.
    pub circumstances: BTreeSet<Circumstance>,
    /// A command that runs under the new document and not under the old one. `None`: none was found, and it is not proven
    /// that there is none.
    pub witness: Option<Witness>,
}

/// An agent that documents are compared for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agent {
    /// The agent with this id.
    Named(String),
    /// Any agent that neither a document nor the configuration names. The id is one of them.
    AnyOther(String),
}

/// What makes a document wider.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// The policy in force.
    Policy {
        /// The policy under the old document.
        before: Policy,
        /// The policy under the new document.
        after: Policy,
    },
    /// The policy in force, for approvals of exact commands: 2026.9.6 asks about one whose files may have been changed, and
    /// `askFallback` decides if nobody answers.
    Approvals {
        /// The policy under the old document.
        before: Policy,
        /// The policy under the new document.
        after: Policy,
    },
    /// An entry of the new document.
    Entry {
        /// The entry.
        entry: Entry,
        /// Why the entries of the old document do not allow as much.
        gap: Gap,
    },
    /// 2026.4.14 reads a command up to the first part that nothing allows, so that fewer entries hide code in the arguments
    /// of the parts after it from `strictInlineEval`.
    HiddenCode,
}

/// Why two documents cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incomparable {
    /// Nothing but JavaScript reads the old document, or the release fails on an entry of it.
    Before,
    /// Nothing but JavaScript reads the new document.
    After,
    /// This configuration does not run the commands of an agent on a gateway's host, or no release accepts it: a sentence.
    Configuration(String),
}

impl Agent {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Named(id) | Self::AnyOther(id) => id,
        }
    }
}

/// A rule of a release by which more entries can mean more questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quirk {
    /// 2026.9.6 runs `sh -c true` and other builtins in a shell by themselves, but asks if an entry matches the builtin's
    /// program.
    Builtins,
    /// A command that was approved word for word is asked about if entries allow its parts and a word starts with `<<`.
    HereDocuments,
    /// 2026.4.14 runs the prelude of a skill if an entry allows the skill's wrapper, but not if another one allows `cat` or
    /// `printf` alone.
    Preludes,
    /// 2026.4.14 looks into the script of a command that it starts at once, but not if it starts it because nobody answered
    /// a prompt.
    Scripts,
}

/// A command that runs under the new document and not under the old one, on a host that has nothing but these files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The command.
    pub command: String,
    /// The agent's id.
    pub agent: String,
    /// When it runs.
    pub circumstance: Circumstance,
    /// The programs of the host.
    pub programs: BTreeSet<String>,
    /// Its other files, with their text.
    pub files: BTreeMap<String, String>,
    /// The directory of the call.
    pub directory: &'static str,
    /// `PATH` of the gateway.
    pub path: &'static str,
    /// `HOME` of the gateway.
    pub home: &'static str,
    /// What the old document makes of it.
    pub before: Verdict,
    /// Why, in the gateway's words.
    pub reason: String,
}
