//! Report of `approvals diff --no-wider`: what the second document allows and the first one does not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::diff::SideJson;
use super::explain::{EntryPlace, Field};
use super::{Side, messages};
use crate::approvals::decide::{Agent, Circumstance, Gap, Policy, Quirk, Witness};
use crate::approvals::findings::remark::Remark;
use crate::report::VERSION;

/// What a document allows and another one does not.
#[derive(Debug)]
pub struct WiderReport {
    /// The first document.
    pub a: Side,
    /// The second document.
    pub b: Side,
    /// How many errors each document has.
    pub problems: [usize; 2],
    /// The releases that both documents were read as.
    pub releases: Vec<&'static str>,
    /// The configuration that both were read with.
    pub config: Option<String>,
    /// What the second document allows and the first one does not.
    pub found: Vec<Found>,
    /// How many more findings there are.
    pub omitted: usize,
    /// What is not counted.
    pub notes: Vec<Note>,
    /// Conditions around the two documents that need attention.
    pub remarks: Vec<Remark>,
}

/// One way in which the second document is wider.
#[derive(Debug)]
pub struct Found {
    /// What makes it wider.
    pub reason: Reason,
    /// The agents.
    pub agents: BTreeSet<Agent>,
    /// When the commands run.
    pub circumstances: BTreeSet<Circumstance>,
    /// The releases.
    pub releases: Vec<&'static str>,
    /// A command that shows it. `None`: the second document is not proven narrower.
    pub witness: Option<WitnessFound>,
}

/// What makes the second document wider.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// The policy in force.
    Policy {
        /// Under the first document.
        before: Policy,
        /// Under the second document.
        after: Policy,
        /// The fields of the second document, with their places.
        place: Vec<Field>,
    },
    /// The policy in force, for approvals of exact commands whose files may have been changed.
    Approvals {
        /// Under the first document.
        before: Policy,
        /// Under the second document.
        after: Policy,
        /// The fields of the second document, with their places.
        place: Vec<Field>,
    },
    /// An entry of the second document.
    Entry {
        /// The entry.
        place: EntryPlace,
        /// Why the entries of the first document do not allow as much.
        gap: Gap,
    },
    /// Fewer entries hide code in arguments from `strictInlineEval`.
    HiddenCode,
    /// Nobody but JavaScript reads this document, or a release fails on an entry of it.
    Unreadable(String),
}

/// A command that runs under the second document and not under the first one.
#[derive(Debug)]
pub struct WitnessFound {
    /// The command, without what looks like a credential.
    pub command: String,
    /// The release that it was decided as.
    pub release: &'static str,
    /// Everything else about it.
    pub witness: Witness,
}

/// Commands that both documents allow, and that only the first one asks about.
#[derive(Debug)]
pub struct Note {
    /// The rule of the release.
    pub quirk: Quirk,
    /// The agents.
    pub agents: BTreeSet<Agent>,
    /// The releases.
    pub releases: Vec<&'static str>,
}

impl WiderReport {
    /// Whether the second document allows more.
    pub fn is_wider(&self) -> bool {
        !self.found.is_empty()
    }

    /// The findings in machine output.
    pub(in crate::report) fn widenings(&self) -> impl Serialize + use<'_> {
        self.found.iter().map(FoundJson::of).collect::<Vec<_>>()
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'r> {
            a: SideJson<'r>,
            b: SideJson<'r>,
            config: Option<&'r str>,
            notes: Vec<NoteJson<'r>>,
            omitted: usize,
            problems: [usize; 2],
            releases: &'r [&'static str],
            remarks: Vec<&'r str>,
            version: u8,
            wider: bool,
            widenings: Vec<FoundJson<'r>>,
        }
        Printed {
            a: SideJson::of(&self.a),
            b: SideJson::of(&self.b),
            config: self.config.as_deref(),
            notes: self.notes.iter().map(NoteJson::of).collect(),
            omitted: self.omitted,
            problems: self.problems,
            releases: &self.releases,
            remarks: messages(&self.remarks),
            version: VERSION,
            wider: self.is_wider(),
            widenings: self.found.iter().map(FoundJson::of).collect(),
        }
    }
}

/// The ids of agents, and whether any other agent is meant.
fn split(agents: &BTreeSet<Agent>) -> (Vec<&str>, bool) {
    let named = agents.iter().filter_map(|agent| match agent {
        Agent::Named(id) => Some(id.as_str()),
        Agent::AnyOther(_) => None,
    });
    (named.collect(), agents.iter().any(|agent| matches!(agent, Agent::AnyOther(_))))
}

const fn when(circumstance: Circumstance) -> &'static str {
    match circumstance {
        Circumstance::AtOnce => "at-once",
        Circumstance::Unanswered => "unanswered",
        Circumstance::Cron => "cron",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NoteJson<'r> {
    agents: Vec<&'r str>,
    kind: &'static str,
    other_agents: bool,
    releases: &'r [&'static str],
}

impl<'r> NoteJson<'r> {
    fn of(note: &'r Note) -> Self {
        let (agents, other_agents) = split(&note.agents);
        let kind = match note.quirk {
            Quirk::Builtins => "builtins-in-shells",
            Quirk::HereDocuments => "here-documents",
            Quirk::Preludes => "skill-preludes",
            Quirk::Scripts => "unchecked-scripts",
        };
        Self { agents, kind, other_agents, releases: &note.releases }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundJson<'r> {
    agents: Vec<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<EntryJson<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<&'static str>,
    kind: &'static str,
    other_agents: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PoliciesJson>,
    proven: bool,
    releases: &'r [&'static str],
    when: Vec<&'static str>,
    witness: Option<WitnessJson<'r>>,
}

impl<'r> FoundJson<'r> {
    fn of(found: &'r Found) -> Self {
        let (agents, other_agents) = split(&found.agents);
        let (kind, entry, gap, policy) = match &found.reason {
            Reason::Policy { before, after, .. } => {
                ("policy", None, None, Some(PoliciesJson::of(before, after)))
            }
            Reason::Approvals { before, after, .. } => {
                ("approvals", None, None, Some(PoliciesJson::of(before, after)))
            }
            Reason::Entry { place, gap } => ("entry", Some(EntryJson::of(place)), Some(gap_word(*gap)), None),
            Reason::HiddenCode => ("hidden-code", None, None, None),
            Reason::Unreadable(_) => ("unreadable", None, None, None),
        };
        Self {
            agents,
            entry,
            gap,
            kind,
            other_agents,
            policy,
            proven: found.witness.is_some(),
            releases: &found.releases,
            when: found.circumstances.iter().map(|circumstance| when(*circumstance)).collect(),
            witness: found.witness.as_ref().map(WitnessJson::of),
        }
    }
}

const fn gap_word(gap: Gap) -> &'static str {
    match gap {
        Gap::Programs => "programs",
        Gap::Arguments => "arguments",
        Gap::Shell => "shell",
        Gap::Command => "command",
        Gap::TooMany => "too-many",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryJson<'r> {
    agent: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    arg_pattern: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    pattern: Option<&'r str>,
}

impl<'r> EntryJson<'r> {
    fn of(place: &'r EntryPlace) -> Self {
        Self {
            agent: &place.agent,
            arg_pattern: place.arg_pattern.as_deref(),
            column: place.position.map(|at| at.column),
            index: place.index,
            line: place.position.map(|at| at.line),
            pattern: place.pattern.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct PoliciesJson {
    after: PolicyJson,
    before: PolicyJson,
}

impl PoliciesJson {
    fn of(before: &Policy, after: &Policy) -> Self {
        Self { after: PolicyJson::of(after), before: PolicyJson::of(before) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyJson {
    ask: &'static str,
    ask_fallback: &'static str,
    security: &'static str,
}

impl PolicyJson {
    fn of(policy: &Policy) -> Self {
        Self { ask: policy.ask.0, ask_fallback: policy.ask_fallback.0, security: policy.security.0 }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WitnessJson<'r> {
    agent: &'r str,
    before: &'static str,
    command: &'r str,
    directory: &'r str,
    host: HostJson<'r>,
    reason: &'r str,
    release: &'static str,
    when: &'static str,
}

/// The host of a witness, as `explain --programs` and the `[host]` of policy tests read it.
#[derive(Serialize)]
struct HostJson<'r> {
    complete: bool,
    files: &'r BTreeMap<String, String>,
    home: &'r str,
    path: &'r str,
    programs: &'r BTreeSet<String>,
}

impl<'r> WitnessJson<'r> {
    fn of(found: &'r WitnessFound) -> Self {
        let Witness { agent, circumstance, programs, files, directory, path, home, before, reason, .. } =
            &found.witness;
        Self {
            agent,
            before: before.as_str(),
            command: &found.command,
            directory,
            host: HostJson { complete: true, files, home, path, programs },
            reason,
            release: found.release,
            when: when(*circumstance),
        }
    }
}
