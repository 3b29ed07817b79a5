//! Report of `approvals suggest`: entries that would save prompts, and entries that can be narrowed.

use serde::Serialize;
use serde_json::Value;

use super::explain::{DecidedAs, DocumentUsed, ReleaseJson};
use super::messages;
use crate::approvals::findings::remark::Remark;
use crate::approvals::suggest::Field;
use crate::report::VERSION;

/// What `approvals suggest` found.
#[derive(Debug)]
pub struct Suggested {
    /// The document.
    pub document: DocumentUsed,
    /// The release that decides.
    pub release: DecidedAs,
    /// The sources of prompts.
    pub sources: Vec<Source>,
    /// What of the sources could not be read: a denial may be missing.
    pub problems: Vec<String>,
    /// The number of prompts that an entry needs.
    pub least: u64,
    /// The numbers of prompts.
    pub counts: Counts,
    /// The proposals, by agent.
    pub agents: Vec<Proposals>,
    /// The commands for which there is no proposal, by agent and reason.
    pub refused: Vec<Refused>,
    /// The entries that can be narrowed; `None`: proposals were asked for.
    pub narrowings: Option<Vec<Narrowing>>,
    /// Conditions around the document that need attention.
    pub remarks: Vec<Remark>,
    /// The document with the proposals, without its socket. `None`: nothing would change.
    pub patch: Option<Value>,
}

/// A source of prompts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file or the gateway.
    pub name: String,
    /// What it has: `history`, `pending prompts`, `guard log`, `last used commands`.
    pub form: &'static str,
    /// The number of prompts in it that no earlier source has.
    pub prompts: usize,
}

/// The numbers of prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All prompts.
    pub prompts: u64,
    /// Those whose command was asked about before.
    pub repeats: u64,
    /// Those whose command already runs.
    pub running: u64,
    /// Those that the proposals would save.
    pub saved: u64,
    /// Those that cannot be used as examples: of nodes, with variables, without an agent, or not shown whole.
    pub unusable: u64,
    /// The commands that were denied.
    pub denied: usize,
}

/// The proposals for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposals {
    /// The agent.
    pub agent: String,
    /// The proposals, the one that saves most first.
    pub proposals: Vec<Proposal>,
}

/// An entry that would save prompts. The evaluator decided that it allows all of its commands and none that was denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The pattern: the real path of a program.
    pub pattern: String,
    /// The pattern for arguments.
    pub arg_pattern: String,
    /// What of the arguments is generalised. Empty: nothing.
    pub fields: Vec<Field>,
    /// Some of the commands that it allows, the one with the most prompts first.
    pub examples: Vec<String>,
    /// The number of commands that it allows.
    pub commands: usize,
    /// The number of prompts for them.
    pub prompts: u64,
    /// How many of these a person allowed.
    pub allowed: u64,
}

/// Commands of an agent for which there is no proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The agent.
    pub agent: String,
    /// Why.
    pub why: String,
    /// The number of commands.
    pub commands: usize,
    /// The number of prompts for them.
    pub prompts: u64,
    /// Some of the commands.
    pub examples: Vec<String>,
}

/// An entry that can be narrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowing {
    /// The key of its agent in the document.
    pub agent: String,
    /// Its index there.
    pub index: usize,
    /// Its pattern.
    pub pattern: String,
    /// How it can be narrowed.
    pub kind: Narrow,
}

/// How an entry can be narrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrow {
    /// It can be removed: no command matches it on this release, or it is a duplicate. The code of the lint.
    Dead(&'static str),
    /// It can be removed: it was not used for as long as `--stale` says. `None`: never.
    Stale {
        /// The whole days since its last use.
        days: Option<u64>,
    },
    /// It matches more programs than were used; these entries can replace it.
    Wide {
        /// The programs that were used.
        programs: Vec<String>,
    },
    /// It matches many programs, and no use of it is known.
    Unknown,
    /// It allows a command that was denied. A person has to decide.
    AllowsDenied {
        /// The command.
        command: String,
    },
}

impl Narrow {
    /// The word of machine output.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Dead(_) => "dead",
            Self::Stale { .. } => "stale",
            Self::Wide { .. } => "wide",
            Self::Unknown => "wide-unused",
            Self::AllowsDenied { .. } => "allows-denied",
        }
    }

    /// Whether the patch changes the entry.
    pub const fn is_edit(&self) -> bool {
        match self {
            Self::Dead(_) | Self::Stale { .. } | Self::Wide { .. } => true,
            Self::Unknown | Self::AllowsDenied { .. } => false,
        }
    }
}

impl Suggested {
    /// The number of entries that the patch adds, removes or replaces.
    pub fn edits(&self) -> usize {
        match &self.narrowings {
            Some(found) => found.iter().filter(|narrowing| narrowing.kind.is_edit()).count(),
            None => self.agents.iter().map(|agent| agent.proposals.len()).sum(),
        }
    }

    /// The output of `--json`. `applied`: the report of the replacement.
    pub fn json(&self, applied: Option<Value>) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'s> {
            agents: Vec<ProposalsJson<'s>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            applied: Option<Value>,
            complete: bool,
            counts: CountsJson,
            document: DocumentJson<'s>,
            least: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            narrowings: Option<Vec<NarrowingJson<'s>>>,
            patch: Option<&'s Value>,
            problems: &'s [String],
            refused: Vec<RefusedJson<'s>>,
            release: ReleaseJson<'s>,
            remarks: Vec<&'s str>,
            sources: Vec<SourceJson<'s>>,
            version: u8,
        }
        Printed {
            agents: self.agents.iter().map(ProposalsJson::of).collect(),
            applied,
            complete: self.problems.is_empty(),
            counts: CountsJson::of(self.counts),
            document: DocumentJson {
                gateway: self.document.place.as_deref(),
                path: &self.document.path,
                exists: self.document.exists,
            },
            least: self.least,
            narrowings: self.narrowings.as_ref().map(|found| found.iter().map(NarrowingJson::of).collect()),
            patch: self.patch.as_ref(),
            problems: &self.problems,
            refused: self.refused.iter().map(RefusedJson::of).collect(),
            release: ReleaseJson::of(&self.release),
            remarks: messages(&self.remarks),
            sources: self.sources.iter().map(SourceJson::of).collect(),
            version: VERSION,
        }
    }
}

#[derive(Serialize)]
pub(super) struct DocumentJson<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gateway: Option<&'s str>,
    pub(super) path: &'s str,
    pub(super) exists: bool,
}

#[derive(Serialize)]
struct CountsJson {
    denied: usize,
    prompts: u64,
    repeats: u64,
    running: u64,
    saved: u64,
    unusable: u64,
}

impl CountsJson {
    fn of(counts: Counts) -> Self {
        let Counts { prompts, repeats, running, saved, unusable, denied } = counts;
        Self { denied, prompts, repeats, running, saved, unusable }
    }
}

#[derive(Serialize)]
pub(super) struct SourceJson<'s> {
    form: &'static str,
    name: &'s str,
    prompts: usize,
}

impl<'s> SourceJson<'s> {
    pub(super) fn of(source: &'s Source) -> Self {
        Self { form: source.form, name: &source.name, prompts: source.prompts }
    }
}

#[derive(Serialize)]
struct ProposalsJson<'s> {
    agent: &'s str,
    proposals: Vec<ProposalJson<'s>>,
}

impl<'s> ProposalsJson<'s> {
    fn of(proposals: &'s Proposals) -> Self {
        let Proposals { agent, proposals } = proposals;
        Self { agent, proposals: proposals.iter().map(ProposalJson::of).collect() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProposalJson<'s> {
    allowed: u64,
    arg_pattern: &'s str,
    commands: usize,
    examples: &'s [String],
    generalised: Vec<&'static str>,
    pattern: &'s str,
    prompts: u64,
}

impl<'s> ProposalJson<'s> {
    fn of(proposal: &'s Proposal) -> Self {
        let Proposal { pattern, arg_pattern, fields, examples, commands, prompts, allowed } = proposal;
        Self {
            allowed: *allowed,
            arg_pattern,
            commands: *commands,
            examples,
            generalised: fields.iter().map(|field| field.as_str()).collect(),
            pattern,
            prompts: *prompts,
        }
    }
}

#[derive(Serialize)]
struct RefusedJson<'s> {
    agent: &'s str,
    commands: usize,
    examples: &'s [String],
    prompts: u64,
    why: &'s str,
}

impl<'s> RefusedJson<'s> {
    fn of(refused: &'s Refused) -> Self {
        let Refused { agent, why, commands, prompts, examples } = refused;
        Self { agent, commands: *commands, examples, prompts: *prompts, why }
    }
}

#[derive(Serialize)]
struct NarrowingJson<'s> {
    agent: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u64>,
    edit: bool,
    index: usize,
    kind: &'static str,
    pattern: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    programs: Option<&'s [String]>,
}

impl<'s> NarrowingJson<'s> {
    fn of(narrowing: &'s Narrowing) -> Self {
        let Narrowing { agent, index, pattern, kind } = narrowing;
        let (code, command, days, programs) = match kind {
            Narrow::Dead(code) => (Some(*code), None, None, None),
            Narrow::Stale { days } => (None, None, *days, None),
            Narrow::Wide { programs } => (None, None, None, Some(programs.as_slice())),
            Narrow::Unknown => (None, None, None, None),
            Narrow::AllowsDenied { command } => (None, Some(command.as_str()), None, None),
        };
        Self {
            agent,
            code,
            command,
            days,
            edit: kind.is_edit(),
            index: *index,
            kind: kind.as_str(),
            pattern,
            programs,
        }
    }
}
