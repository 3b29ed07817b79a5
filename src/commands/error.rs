//! Errors of commands, and the next step of each. The exit codes are in `error/exit.rs`.

mod exit;

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::explain::ExplainError;
use super::gateway::{Fault, advice};
use super::queue::QueueError;
use super::suggest::SuggestError;
use crate::approvals::decide::Profile;
use crate::approvals::edit::allowlist::EditError;
use crate::approvals::edit::downgrade::Field;
use crate::approvals::edit::replacement::ReplacementError;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::lint::FixError;
use crate::embedded::scenario::ScenarioError;
use crate::gateway::api::nodes::NodePolicyError;
use crate::settings::SettingsError;
use crate::store::input::InputError;
use crate::store::versions::VersionsError;
use crate::store::{StoreError, quoted, quoted_name, sqlite};
use crate::system::RUN_ON_UNIX;

/// Why a command ended without a report.
#[derive(Debug, Error)]
pub enum Error {
    /// An input named on the command line could not be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The deadline passed while documents were being read, checked or compared.
    #[error("not finished within {timeout:?}; nothing was changed")]
    Unfinished {
        /// The time limit of the command.
        timeout: Duration,
    },
    /// The store could not be read or changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kept versions, notes and time limits could not be read or written.
    #[error(transparent)]
    Versions(#[from] VersionsError),
    /// No version has this number.
    #[error("there is no version {id}")]
    NoVersion {
        /// The number.
        id: u64,
    },
    /// A version has no text.
    #[error("version {id} has no text: {why}")]
    NoText {
        /// The number.
        id: u64,
        /// Why.
        why: &'static str,
    },
    /// A version says that there was no document.
    #[error("version {id} says that {target} had no document, and clearance does not delete documents")]
    NothingToRestore {
        /// The number.
        id: u64,
        /// The place.
        target: String,
    },
    /// A version says that there was no document, and a document is needed.
    #[error("version {id} says that there was no document")]
    AbsentVersion {
        /// The number.
        id: u64,
    },
    /// A note or a time limit for an entry of a gateway inside this process.
    #[error("a rehearsal gateway keeps no {what}")]
    NotKept {
        /// What it does not keep.
        what: &'static str,
        /// The flags to omit.
        flags: &'static str,
    },
    /// A time limit is in the past.
    #[error("{until} is in the past")]
    PastLimit {
        /// The time.
        until: String,
    },
    /// The time limit or note of an entry could not be kept, so the entry was not added.
    #[error("the {what} of the entry could not be kept, so the entry was not added: {cause}")]
    NotNoted {
        /// The time limit or the note.
        what: &'static str,
        /// Why.
        cause: Box<Error>,
    },
    /// A document is not valid.
    #[error("{name} is not a valid document")]
    Invalid {
        /// The document.
        name: String,
        /// Everything that is wrong with the document.
        verdict: Verdict,
    },
    /// A node's own policy is not valid.
    #[error("{name} is not a valid policy; {place} needs one in the form {{defaultAction, rules}}")]
    InvalidPolicy {
        /// The policy.
        name: String,
        /// The node that the policy was meant for.
        place: String,
        /// Everything that is wrong with the policy.
        verdict: Verdict,
    },
    /// The replacement could not be planned.
    #[error("cannot replace the document in {path}: {error}")]
    Replacement {
        /// The store.
        path: String,
        /// The cause.
        error: ReplacementError,
    },
    /// A document could not be fixed.
    #[error("{name}: {error}")]
    Fix {
        /// The document.
        name: String,
        /// The cause.
        error: FixError,
    },
    /// `--fix` was used on standard input.
    #[error("standard input cannot be edited")]
    FixStdin,
    /// A place that never changes was named where one is edited or watched.
    #[error("{name} cannot be {to}: it is no document that changes")]
    Fixed {
        /// The place.
        name: String,
        /// `edited` or `watched`.
        to: &'static str,
    },
    /// The document changed after a plan was made.
    #[error(transparent)]
    Outdated(Box<Error>),
    /// `--fix` was used without `--yes`, and standard input is not a terminal.
    #[error("needs confirmation, but standard input is not a terminal; nothing was changed")]
    FixUnconfirmed,
    /// A pattern of `--exclude` cannot be parsed.
    #[error("--exclude `{}` is not a glob: {cause}", glob.escape_debug())]
    Exclude {
        /// The pattern.
        glob: String,
        /// What is wrong with the pattern.
        cause: String,
    },
    /// A text does not name a release.
    #[error("`{}` is not a release of OpenClaw", version.escape_debug())]
    Release {
        /// The text.
        version: String,
    },
    /// The settings do not say which gateway to use, or how to authenticate.
    #[error(transparent)]
    Settings(Box<SettingsError>),
    /// A flag for gateways was used without a gateway.
    #[error("{flag} applies to gateways, but none is named")]
    NoGateway {
        /// The flag.
        flag: &'static str,
    },
    /// A flag for gateways was used where two gateways are named.
    #[error("{flag} could apply to {} or to {}", .names[0], .names[1])]
    TwoGateways {
        /// The flag.
        flag: &'static str,
        /// The gateways.
        names: [String; 2],
    },
    /// A word could be the value of `--gateway` or the pattern of an entry.
    #[error("`{}` could be the gateway or the pattern: --gateway takes its value after \"=\" here", text.escape_debug())]
    GatewayOrPattern {
        /// The word.
        text: String,
        /// Two command lines: one that uses the word as the gateway, and one that uses it as the pattern.
        lines: [String; 2],
    },
    /// Standard input was named twice.
    #[error("standard input is named twice, but can be read only once")]
    StdinTwice,
    /// A document and a node's own policy have no fields in common to compare.
    #[error("cannot compare {native}, a policy of rules, with {document}, an approvals document")]
    Mixed {
        /// The policy.
        native: String,
        /// The document.
        document: String,
    },
    /// The edit makes no sense.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The node has rules instead of an allowlist.
    #[error("{place} keeps a policy of its own, {{defaultAction, rules}}, which has no allowlist")]
    NoAllowlist {
        /// The node.
        place: String,
    },
    /// The node has rules, which no lint checks.
    #[error("{place} keeps a policy of its own, {{defaultAction, rules}}, which has no lints")]
    NoLints {
        /// The node.
        place: String,
    },
    /// The document changed at the same time; the same command may be retried.
    #[error(transparent)]
    Raced(Box<Error>),
    /// A gateway could not be reached, rejected the credentials, or refused a call.
    #[error(transparent)]
    Gateway(Box<Fault>),
    /// The async runtime did not start.
    #[error("cannot start the async runtime: {0}")]
    Runtime(io::Error),
    /// The command needs what this system does not have.
    #[error("{0}")]
    Unavailable(io::Error),
    /// The embedded gateway did not start.
    #[error("the embedded gateway did not start: {0}")]
    Embedded(io::Error),
    /// The embedded gateway cannot listen on the port.
    #[error("cannot listen on port {port} of 127.0.0.1: {cause}")]
    Port {
        /// The port.
        port: u16,
        /// The cause.
        cause: io::Error,
    },
    /// A scenario cannot be parsed.
    #[error("{name} is not a scenario: {cause}")]
    Scenario {
        /// The file.
        name: String,
        /// The cause.
        cause: ScenarioError,
    },
    /// The document of a gateway or node is not the one that the change was planned for.
    #[error("the document of {place} changed: expected the hash {expected}{}", found_instead(.found.as_deref()))]
    Conflict {
        /// The gateway or node.
        place: String,
        /// The hash that the change was planned for.
        expected: String,
        /// The current hash, where it is known.
        found: Option<String>,
    },
    /// A gateway's document has fields that no release reads, and that its `set` rejects.
    #[error("the document of {place} has {}, which no release reads and no gateway accepts", unknown_fields(*.count))]
    UnknownFields {
        /// The gateway or node.
        place: String,
        /// The number of fields.
        count: usize,
    },
    /// An older gateway does not know some fields of the document.
    #[error("{place} is too old for {} of this document: {}", count(.fields), listed(.fields))]
    TooOld {
        /// The gateway or node.
        place: String,
        /// The gateway's release, if it reports one.
        version: Option<String>,
        /// The fields.
        fields: Vec<Field>,
        /// Whether the command sets the whole document, and not one entry.
        whole: bool,
    },
    /// An older gateway does not support policies of nodes.
    #[error("the gateway is too old to set the policy of {place}")]
    NativeTooOld {
        /// The node.
        place: String,
    },
    /// A gateway or node rejected the document for another reason.
    #[error("{place} rejects the document: {message}")]
    Rejected {
        /// The gateway or node.
        place: String,
        /// Its message.
        message: String,
    },
    /// The document was stored but could not be read back.
    #[error("the document was sent to {place} and accepted, but could not be read back")]
    Unverified {
        /// The gateway or node.
        place: String,
        /// The cause.
        #[source]
        cause: Box<Error>,
    },
    /// An error of `explain`.
    #[error(transparent)]
    Explain(#[from] ExplainError),
    /// An error of `suggest` or `upgrade`.
    #[error(transparent)]
    Suggest(#[from] SuggestError),
    /// An error of a command on prompts or runs.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The screen could not be drawn, or the terminal could not be read.
    #[error("cannot use the terminal: {0}")]
    Terminal(io::Error),
    /// No node matches.
    #[error("the gateway has no node `{wanted}`")]
    NodeUnknown {
        /// The name on the command line.
        wanted: String,
        /// The nodes that the gateway knows.
        known: Vec<String>,
    },
    /// More than one node matches.
    #[error("`{wanted}` is the start of more than one node")]
    NodeAmbiguous {
        /// The name on the command line.
        wanted: String,
        /// The nodes that match.
        matches: Vec<String>,
    },
    /// The commands of a node are not approved yet.
    #[error("{name} is not approved yet: the gateway does not forward this command to it")]
    NodeUnapproved {
        /// The node.
        name: String,
        /// The request to approve, if the gateway reports it.
        request: Option<String>,
    },
    /// A node is not connected.
    #[error("{name} is not connected to the gateway")]
    NodeAway {
        /// The node.
        name: String,
    },
    /// The policy of a Windows node is switched off.
    #[error("{name} keeps no policy: {message}")]
    NodeDisabled {
        /// The node.
        name: String,
        /// Its message.
        message: String,
    },
    /// A node returned an unexpected answer.
    #[error("{name}: {cause}")]
    NodeAnswer {
        /// The node.
        name: String,
        /// What is wrong with the answer.
        cause: NodePolicyError,
    },
}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Self {
        Self::Settings(Box::new(error))
    }
}

/// A store error of a command that re-reads the document: after a lost race it may be retried.
pub(super) fn raced(error: StoreError) -> Error {
    match error {
        StoreError::Conflict { .. } | StoreError::Overwritten { .. } => Error::Raced(Box::new(error.into())),
        error => error.into(),
    }
}

/// An error of a command that made a plan before: what changed since is planned anew.
pub(super) fn outdated(error: anyhow::Error) -> anyhow::Error {
    let is_conflict = matches!(
        error.downcast_ref(),
        Some(Error::Conflict { .. } | Error::Store(StoreError::Conflict { .. }))
    );
    if !is_conflict {
        return error;
    }
    match error.downcast() {
        Ok(error) => Error::Outdated(Box::new(error)).into(),
        Err(error) => error,
    }
}

fn found_instead(found: Option<&str>) -> String {
    found.map_or_else(String::new, |found| format!(", found {found}"))
}

fn unknown_fields(count: usize) -> String {
    if count == 1 { "an unknown field".to_owned() } else { format!("{count} unknown fields") }
}

fn count(fields: &[Field]) -> String {
    match fields.len() {
        1 => "a field".to_owned(),
        many => format!("{many} fields"),
    }
}

fn listed(fields: &[Field]) -> String {
    const LISTED: usize = 10;
    let mut text: Vec<String> = fields.iter().take(LISTED).map(ToString::to_string).collect();
    if let Some(more) = fields.len().checked_sub(LISTED).filter(|more| *more > 0) {
        text.push(format!("and {more} more"));
    }
    text.join("; ")
}

impl Error {
    /// Signals that cannot be waited for: not at all on some systems.
    pub(super) fn of_signals(cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::Unsupported => Self::Unavailable(cause),
            _ => Self::Runtime(cause),
        }
    }

    /// The next step for the person who reads the error.
    #[expect(clippy::too_many_lines, reason = "a line or a few for each error")]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.remedy_unlimited(),
            Self::Unfinished { .. } => Some("raise --timeout".to_owned()),
            Self::Store(error) => error.remedy(),
            Self::Versions(error) => error.remedy(),
            Self::NoVersion { .. } | Self::NoText { .. } | Self::AbsentVersion { .. } => {
                Some("choose another one: clearance approvals versions".to_owned())
            }
            Self::NothingToRestore { .. } => Some(
                "choose another version (clearance approvals versions), or store a new document: clearance approvals set --file new.json"
                    .to_owned(),
            ),
            Self::NotKept { flags, .. } => Some(format!("omit {flags}")),
            Self::PastLimit { .. } => Some("write a later time, or --for 2h".to_owned()),
            Self::NotNoted { cause, .. } => cause.remedy(),
            Self::Invalid { .. } | Self::InvalidPolicy { .. } => Some(
                "see the problems above, and for each: clearance approvals validate --explain CODE".to_owned(),
            ),
            Self::Replacement { path, error } => match error {
                ReplacementError::Unreadable(_) if path.ends_with(sqlite::FRAGMENT) => Some(
                    "keep a copy of the row, then replace it with openclaw approvals set, which does not ask for confirmation"
                        .to_owned(),
                ),
                ReplacementError::Unreadable(_) if !std::path::Path::new(path).is_file() => {
                    Some("name a regular file with --store".to_owned())
                }
                ReplacementError::Unreadable(_) => Some(format!(
                    "fix it at the place shown, or move it away (mv {} {}), then set again",
                    quoted(path.as_ref()),
                    quoted(format!("{path}.broken").as_ref())
                )),
                ReplacementError::Socket => {
                    Some("fix the stored document, or put a `socket` block into the new one".to_owned())
                }
                ReplacementError::Print(_) | ReplacementError::Misprinted => {
                    Some("this is a bug in clearance: please report it with the document".to_owned())
                }
            },
            Self::Fix { error: FixError::Invalid, .. } => Some("clearance approvals validate shows what is wrong".to_owned()),
            Self::Fix { error: FixError::Misread, .. } => {
                Some("this is a bug in clearance: please report it with the document".to_owned())
            }
            Self::UnknownFields { .. } => Some(
                "edit on its host, where clearance approvals allowlist keeps them; or remove them: clearance approvals get --json | jq .file | clearance approvals set --stdin --drop-unknown".to_owned(),
            ),
            Self::FixStdin => Some("name the file, or omit --fix".to_owned()),
            Self::Fixed { .. } => Some("name a file, local, store:PATH, a gateway or a node; a file with such a name: ./NAME".to_owned()),
            Self::Outdated(_) => Some("run the command again, without --base-hash: it makes a new plan, with the current document".to_owned()),
            Self::FixUnconfirmed => Some("check what would be removed, then: clearance … --yes".to_owned()),
            Self::Exclude { .. } => Some("write it as a line of .gitignore: --exclude 'node_modules/'".to_owned()),
            Self::Release { .. } => {
                let measured = Profile::ALL.map(Profile::release).join(", ");
                Some(format!("write it as it is published, such as 2026.9.6; measured releases: {measured}"))
            }
            Self::Settings(error) => error.remedy(),
            Self::NoGateway { .. } => Some("add --gateway, --gateway=NAME or --gateway=URL".to_owned()),
            Self::TwoGateways { flag: "--programs", .. } => Some("name one of them: a table has the programs of one host".to_owned()),
            Self::TwoGateways { .. } => Some("omit it, and give each gateway its own name and credential in config.toml: clearance gateway status --gateway=NAME".to_owned()),
            Self::GatewayOrPattern { lines: [gateway, pattern], .. } => {
                Some(format!("if it is the gateway: {gateway}; if it is the pattern: {pattern}"))
            }
            Self::StdinTwice => Some("put one of the two into a file".to_owned()),
            Self::Mixed { .. } => Some("compare documents with documents, and policies of Windows nodes with each other".to_owned()),
            Self::Edit(error) => Some(error.remedy().to_owned()),
            Self::NoAllowlist { .. } => Some("change its rules: clearance approvals get --json | jq .native > policy.json; then edit that, and: clearance approvals set --file policy.json".to_owned()),
            Self::NoLints { .. } => Some("look at it: clearance approvals get".to_owned()),
            Self::Raced(_) => Some(
                "retry: the edit is applied to the current document; raise --timeout if others keep writing"
                    .to_owned(),
            ),
            Self::Gateway(fault) => advice::next(fault),
            Self::Unavailable(_) => Some(RUN_ON_UNIX.to_owned()),
            Self::Runtime(_) => Some("check whether this process may open more files: ulimit -n".to_owned()),
            Self::Embedded(_) => Some("check whether this process may open ports and more files: ulimit -n".to_owned()),
            Self::Port { .. } => Some("choose another port, or omit --port to use a free one".to_owned()),
            Self::Scenario { .. } => Some("fix it; an example is in clearance gateway dev --help".to_owned()),
            Self::Conflict { .. } => Some(
                "read it again (clearance approvals get), make your change to it, and set it"
                    .to_owned(),
            ),
            Self::TooOld { whole: false, .. } => Some(
                "the gateway's own entries have these fields: run the same command on its host without --gateway, or update the gateway".to_owned(),
            ),
            Self::TooOld { version, .. } => Some(format!(
                "update the gateway{}, or leave exactly these fields out: clearance … --downgrade",
                version.as_ref().map_or_else(String::new, |version| format!(" (it is {})", quoted_name(version)))
            )),
            Self::NativeTooOld { .. } => Some("update the gateway: openclaw update".to_owned()),
            Self::Rejected { .. } => Some("nothing was stored; check the gateway's release: clearance gateway status".to_owned()),
            Self::Unverified { .. } => Some("look at the current document: clearance approvals get".to_owned()),
            Self::Explain(error) => error.remedy(),
            Self::Suggest(error) => Some(error.remedy()),
            Self::Queue(error) => error.remedy(),
            Self::Terminal(_) => Some("list without a screen: clearance queue ls".to_owned()),
            Self::NodeUnknown { known, .. } if known.is_empty() => {
                Some("the gateway has no nodes; connect one: openclaw node run --host HOST on its machine".to_owned())
            }
            Self::NodeUnknown { known, .. } => Some(format!("choose one of {}", known.join(", "))),
            Self::NodeAmbiguous { matches, .. } => Some(format!("choose one of {}", matches.join(", "))),
            Self::NodeUnapproved { request: Some(request), .. } => {
                Some(format!("on the gateway's host: openclaw nodes approve {request}; then run this again"))
            }
            Self::NodeUnapproved { request: None, .. } => Some(
                "restart the node, then on the gateway's host: openclaw nodes pending; openclaw nodes approve REQUEST"
                    .to_owned(),
            ),
            Self::NodeAway { .. } => Some("start the node, and check that it is connected: openclaw nodes status".to_owned()),
            Self::NodeDisabled { .. } => Some("switch its exec approvals on, on the node".to_owned()),
            Self::NodeAnswer { .. } => Some("update the node's OpenClaw".to_owned()),
        }
    }

    /// The error with its causes, in one line.
    pub(super) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            next = cause.source();
        }
        text
    }

    /// The problems of the document that the error is about.
    pub fn verdict(&self) -> Option<(&str, &Verdict)> {
        match self {
            Self::Invalid { name, verdict } | Self::InvalidPolicy { name, verdict, .. } => {
                Some((name, verdict))
            }
            Self::Replacement { path, error: ReplacementError::Unreadable(verdict) } => Some((path, verdict)),
            _ => None,
        }
    }
}
