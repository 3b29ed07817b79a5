//! Why a command ended without a report: the exit code, the name and the next step of each error.

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::gateway::{Fault, advice};
use super::queue::QueueError;
use crate::approvals::edit::allowlist::EditError;
use crate::approvals::edit::downgrade::Field;
use crate::approvals::edit::replacement::ReplacementError;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::lint::FixError;
use crate::embedded::scenario::ScenarioError;
use crate::gateway::api::nodes::NodePolicyError;
use crate::report::exit::Exit;
use crate::settings::{Kind, SettingsError};
use crate::store::input::InputError;
use crate::store::{StoreError, quoted, sqlite};

/// Why a command ended without a report.
#[derive(Debug, Error)]
pub enum Error {
    /// Something named on the command line could not be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The deadline passed while documents were read, checked or compared.
    #[error("not finished within {timeout:?}; nothing was changed")]
    Unfinished {
        /// The whole time allowed.
        timeout: Duration,
    },
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
    /// A node's own policy that is not valid, and which one.
    #[error("{name} is not a valid policy, which is what {place} keeps: {{defaultAction, rules}}")]
    InvalidPolicy {
        /// The policy.
        name: String,
        /// The node that would keep it.
        place: String,
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
    /// A document could not be fixed.
    #[error("{name}: {error}")]
    Fix {
        /// The document.
        name: String,
        /// Why not.
        error: FixError,
    },
    /// An edit of standard input.
    #[error("standard input cannot be edited")]
    FixStdin,
    /// `--fix` without `--yes`, where there is no terminal to ask on.
    #[error("needs confirmation, but standard input is not a terminal; nothing was changed")]
    FixUnconfirmed,
    /// A pattern of `--exclude` that cannot be read.
    #[error("--exclude `{}` is not a glob: {cause}", glob.escape_debug())]
    Exclude {
        /// The pattern.
        glob: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A text that does not name a release.
    #[error("`{}` is not a release", version.escape_debug())]
    Release {
        /// What was given.
        version: String,
    },
    /// The settings do not say which gateway to use, or how to authenticate.
    #[error(transparent)]
    Settings(Box<SettingsError>),
    /// A flag of gateways without a gateway.
    #[error("{flag} is for gateways, and none is named")]
    NoGateway {
        /// The flag.
        flag: &'static str,
    },
    /// A flag of gateways where there are two.
    #[error("{flag} could be meant for {} and for {}", .names[0], .names[1])]
    TwoGateways {
        /// The flag.
        flag: &'static str,
        /// The gateways.
        names: [String; 2],
    },
    /// A word that could be the value of `--gateway` or the pattern of an entry.
    #[error("`{}` could be the gateway or the pattern: --gateway takes its value after an equals sign here", text.escape_debug())]
    GatewayOrPattern {
        /// The word.
        text: String,
        /// The command lines: one that takes it as the gateway, and one that takes it as the pattern.
        lines: [String; 2],
    },
    /// Standard input cannot be read twice.
    #[error("standard input is named twice, and can be read once")]
    StdinTwice,
    /// A document and a node's own policy have nothing that could be compared.
    #[error("{native} is a policy of rules, and {document} is a document: the two have nothing in common")]
    Mixed {
        /// The policy.
        native: String,
        /// The document.
        document: String,
    },
    /// An edit that cannot be meant.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A node that has rules instead of an allowlist.
    #[error("{place} keeps a policy of its own, {{defaultAction, rules}}, which has no allowlist")]
    NoAllowlist {
        /// The node.
        place: String,
    },
    /// A node that has rules, which no lint looks at.
    #[error("{place} keeps a policy of its own, {{defaultAction, rules}}, which has no lints")]
    NoLints {
        /// The node.
        place: String,
    },
    /// Somebody else changed the document at the same time; the same command may be run again.
    #[error(transparent)]
    Raced(Box<Error>),
    /// A gateway could not be reached, rejected the credentials, or refused a call.
    #[error(transparent)]
    Gateway(Box<Fault>),
    /// The runtime did not start.
    #[error("cannot wait for a network: {0}")]
    Runtime(io::Error),
    /// The embedded gateway did not start.
    #[error("the embedded gateway did not start: {0}")]
    Embedded(io::Error),
    /// The port of the embedded gateway cannot be had.
    #[error("cannot listen on port {port} of 127.0.0.1: {cause}")]
    Port {
        /// The port.
        port: u16,
        /// Why not.
        cause: io::Error,
    },
    /// A scenario that cannot be played.
    #[error("{name} is not a scenario: {cause}")]
    Scenario {
        /// The file.
        name: String,
        /// Why not.
        cause: ScenarioError,
    },
    /// The document of a gateway or node is not the one that the change was made for.
    #[error("the document of {place} changed: expected the hash {expected}{}", found_instead(.found.as_deref()))]
    Conflict {
        /// The gateway or node.
        place: String,
        /// The hash that the change was made for.
        expected: String,
        /// The hash that is there, where it is known.
        found: Option<String>,
    },
    /// A gateway's document has fields that no release reads, and that its `set` refuses.
    #[error("the document of {place} has {}, which no release reads and no gateway takes back", unknown_fields(*.count))]
    UnknownFields {
        /// The gateway or node.
        place: String,
        /// How many fields.
        count: usize,
    },
    /// An older gateway does not know fields of the document.
    #[error("{place} is too old for {} of this document: {}", count(.fields), listed(.fields))]
    TooOld {
        /// The gateway or node.
        place: String,
        /// The gateway's release, where it said so.
        version: Option<String>,
        /// The fields.
        fields: Vec<Field>,
        /// Whether it is the whole document that was to be set, and not one entry of it.
        whole: bool,
    },
    /// An older gateway does not know that nodes have policies of their own.
    #[error("the gateway is too old to set the policy of {place}")]
    NativeTooOld {
        /// The node.
        place: String,
    },
    /// A gateway or node refused the document otherwise.
    #[error("{place} rejects the document: {message}")]
    Rejected {
        /// The gateway or node.
        place: String,
        /// Its message.
        message: String,
    },
    /// The document was stored, and could not be read back.
    #[error("the document was sent to {place} and accepted, but could not be read back")]
    Unverified {
        /// The gateway or node.
        place: String,
        /// Why not.
        #[source]
        cause: Box<Error>,
    },
    /// Something with prompts or runs.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// No such node.
    #[error("the gateway knows no node `{wanted}`")]
    NodeUnknown {
        /// The name that was given.
        wanted: String,
        /// The nodes that there are.
        known: Vec<String>,
    },
    /// More than one node.
    #[error("`{wanted}` is the start of more than one node")]
    NodeAmbiguous {
        /// The name that was given.
        wanted: String,
        /// The nodes that it may be.
        matches: Vec<String>,
    },
    /// A node whose commands nobody has approved yet.
    #[error("{name} waits for approval: the gateway does not pass this command on")]
    NodeUnapproved {
        /// The node.
        name: String,
        /// What to approve, where the gateway says.
        request: Option<String>,
    },
    /// A node that is not there now.
    #[error("{name} is not connected to the gateway")]
    NodeAway {
        /// The node.
        name: String,
    },
    /// A Windows node whose policy is switched off.
    #[error("{name} keeps no policy: {message}")]
    NodeDisabled {
        /// The node.
        name: String,
        /// Its message.
        message: String,
    },
    /// A node that answers with something else.
    #[error("{name}: {cause}")]
    NodeAnswer {
        /// The node.
        name: String,
        /// What is wrong with it.
        cause: NodePolicyError,
    },
}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Self {
        Self::Settings(Box::new(error))
    }
}

/// A refusal of the store, of a command that goes by whatever is stored: one that lost a race may be given again.
pub(super) fn raced(error: StoreError) -> Error {
    match error {
        StoreError::Conflict { .. } | StoreError::Overwritten { .. } => Error::Raced(Box::new(error.into())),
        error => error.into(),
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
                StoreError::Unstorable { .. } => Exit::Bug,
                StoreError::Locked { .. } => Exit::TimedOut,
                StoreError::Input(_)
                | StoreError::Ambiguous(..)
                | StoreError::Database { .. }
                | StoreError::Leftover { .. }
                | StoreError::Schema { .. }
                | StoreError::Supervised(_)
                | StoreError::Fenced { .. }
                | StoreError::Sqlite { .. }
                | StoreError::TooLarge { .. }
                | StoreError::HardLinked { .. }
                | StoreError::Immutable(_)
                | StoreError::Unkept { .. }
                | StoreError::NoHome
                | StoreError::NoDirectory(_)
                | StoreError::Owner { .. }
                | StoreError::Unflushed { .. }
                | StoreError::Write { .. } => Exit::Store,
            },
            Self::Fix { error, .. } => match error {
                FixError::Invalid => Exit::Found,
                FixError::Misread => Exit::Bug,
            },
            Self::Invalid { .. }
            | Self::InvalidPolicy { .. }
            | Self::Scenario { .. }
            | Self::UnknownFields { .. }
            | Self::TooOld { .. }
            | Self::NativeTooOld { .. }
            | Self::Rejected { .. } => Exit::Found,
            Self::Replacement { error, .. } => match error {
                ReplacementError::Unreadable(_) | ReplacementError::Socket => Exit::Store,
                ReplacementError::Print(_) | ReplacementError::Misprinted => Exit::Bug,
            },
            Self::Settings(error) => match error.kind() {
                Kind::Usage => Exit::Usage,
                Kind::Unreadable => Exit::Store,
                Kind::Refused => Exit::Refused,
                Kind::TimedOut => Exit::TimedOut,
            },
            Self::Gateway(fault) => advice::exit(&fault.error),
            Self::Runtime(_) | Self::Embedded(_) | Self::Port { .. } | Self::NodeAnswer { .. } => Exit::Store,
            Self::Conflict { .. } => Exit::Conflict,
            Self::Raced(error) => error.exit(),
            // What was asked for happened; whether it stayed so is not known.
            Self::Unverified { .. } => Exit::Partly,
            Self::NoGateway { .. }
            | Self::TwoGateways { .. }
            | Self::GatewayOrPattern { .. }
            | Self::StdinTwice
            | Self::Mixed { .. }
            | Self::Edit(_)
            | Self::NoAllowlist { .. }
            | Self::NoLints { .. }
            | Self::NodeUnknown { .. }
            | Self::NodeAmbiguous { .. }
            | Self::FixStdin
            | Self::FixUnconfirmed
            | Self::Exclude { .. }
            | Self::Release { .. } => Exit::Usage,
            Self::Queue(error) => error.exit(),
            Self::NodeAway { .. } | Self::Unfinished { .. } => Exit::TimedOut,
            Self::NodeDisabled { .. } | Self::NodeUnapproved { .. } => Exit::Refused,
        }
    }

    /// What the person who reads the error can do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.remedy_unlimited(),
            Self::Unfinished { .. } => Some("raise --timeout".to_owned()),
            Self::Store(error) => error.remedy(),
            Self::Invalid { .. } | Self::InvalidPolicy { .. } => Some(
                "see the problems above, and for each: clearance approvals validate --explain CODE".to_owned(),
            ),
            Self::Replacement { path, error } => match error {
                ReplacementError::Unreadable(_) if path.ends_with(sqlite::FRAGMENT) => Some(
                    "keep a copy of the row, then replace it with openclaw approvals set, which asks no questions"
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
                "edit on its host, where clearance approvals allowlist keeps them; or take them out: clearance approvals get --json | jq .file | clearance approvals set --stdin --drop-unknown".to_owned(),
            ),
            Self::FixStdin => Some("name the file, or omit --fix".to_owned()),
            Self::FixUnconfirmed => Some("check what would be removed, then: clearance … --yes".to_owned()),
            Self::Exclude { .. } => Some("write it as a line of .gitignore: --exclude 'node_modules/'".to_owned()),
            Self::Release { .. } => Some("write it as it is published: --for 2026.9.6".to_owned()),
            Self::Settings(error) => error.remedy(),
            Self::NoGateway { .. } => Some("add --gateway, --gateway=NAME or --gateway=URL".to_owned()),
            Self::TwoGateways { .. } => Some("leave it out, and give each gateway a name with a credential of its own in config.toml: clearance gateway status --gateway=NAME".to_owned()),
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
            Self::Runtime(_) => Some("see whether this process may open more files: ulimit -n".to_owned()),
            Self::Embedded(_) => Some("see whether this process may open ports and more files: ulimit -n".to_owned()),
            Self::Port { .. } => Some("choose another port, or leave --port out for one that is free".to_owned()),
            Self::Scenario { .. } => Some("fix it; an example is in clearance gateway dev --help".to_owned()),
            Self::Conflict { .. } => Some(
                "read it again (clearance approvals get), make your change to that, and set it"
                    .to_owned(),
            ),
            Self::TooOld { whole: false, .. } => Some(
                "the entries with these fields are its own: edit on its host, where its store takes them (the same without --gateway), or update the gateway".to_owned(),
            ),
            Self::TooOld { version, .. } => Some(format!(
                "update the gateway{}, or leave exactly these fields out: clearance … --downgrade",
                version.as_ref().map_or_else(String::new, |version| format!(" (it is {version})"))
            )),
            Self::NativeTooOld { .. } => Some("update the gateway: openclaw update".to_owned()),
            Self::Rejected { .. } => Some("nothing was stored; see which release the gateway is: clearance gateway status".to_owned()),
            Self::Unverified { .. } => Some("look at what is there now: clearance approvals get".to_owned()),
            Self::Queue(error) => error.remedy(),
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
            Self::NodeAway { .. } => Some("start the node, and see it connected: openclaw nodes status".to_owned()),
            Self::NodeDisabled { .. } => Some("switch its exec approvals on, on the node".to_owned()),
            Self::NodeAnswer { .. } => Some("update the node's OpenClaw".to_owned()),
        }
    }

    /// The stable name in machine output. No wildcard: a new error is a new decision.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gateway(fault) => advice::code(&fault.error),
            Self::Queue(error) => error.code(),
            Self::Raced(error) => error.code(),
            Self::Settings(_) => "settings",
            Self::FixUnconfirmed => "unconfirmed",
            Self::Scenario { .. } => "scenario",
            Self::TooOld { .. } | Self::NativeTooOld { .. } => "gateway-too-old",
            Self::Rejected { .. } => "rejected",
            Self::Unverified { .. } => "unverified",
            Self::NodeUnapproved { .. } => "node-unapproved",
            Self::NodeUnknown { .. }
            | Self::NodeAmbiguous { .. }
            | Self::NodeAway { .. }
            | Self::NodeDisabled { .. }
            | Self::NodeAnswer { .. } => "node",
            Self::Input(_)
            | Self::Unfinished { .. }
            | Self::Store(_)
            | Self::Invalid { .. }
            | Self::InvalidPolicy { .. }
            | Self::UnknownFields { .. }
            | Self::Replacement { .. }
            | Self::Fix { .. }
            | Self::FixStdin
            | Self::Exclude { .. }
            | Self::Release { .. }
            | Self::NoGateway { .. }
            | Self::GatewayOrPattern { .. }
            | Self::TwoGateways { .. }
            | Self::StdinTwice
            | Self::Mixed { .. }
            | Self::Edit(_)
            | Self::NoAllowlist { .. }
            | Self::NoLints { .. }
            | Self::Runtime(_)
            | Self::Embedded(_)
            | Self::Port { .. }
            | Self::Conflict { .. } => self.exit().code(),
        }
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
