//! What can go wrong with prompts and runs besides the gateway itself.

use thiserror::Error;

use crate::gateway::WebhookUrlError;
use crate::queue::Decision;
use crate::queue::cancel::CancelError;
use crate::report::exit::Exit;
use crate::store::quoted_name;

/// Why a command on prompts or runs ended without a report.
#[derive(Debug, Error)]
pub enum QueueError {
    /// A gateway's answer is not a list of prompts.
    #[error("{address} answered with something that is not a list of prompts: {cause}")]
    Listing {
        /// The gateway.
        address: String,
        /// The problem.
        cause: String,
    },
    /// A gateway of a release without a method.
    #[error("this gateway{} {}", release(.version.as_deref()), .lacks.words())]
    TooOld {
        /// What it lacks.
        lacks: Lacking,
        /// Its release, if it reported one.
        version: Option<String>,
    },
    /// A gateway's answer is not a page of a history.
    #[error("{address} answered with something that is not a history: {cause}")]
    NotAHistory {
        /// The gateway.
        address: String,
        /// The problem.
        cause: String,
    },
    /// A gateway's answer is not a list of grants.
    #[error("{address} answered with something that is not a list of grants: {cause}")]
    NotAListOfGrants {
        /// The gateway.
        address: String,
        /// The problem.
        cause: String,
    },
    /// No grant has this id.
    #[error("no standing grant has an id starting with `{}`; nothing was revoked", one_line(.0))]
    UnknownGrant(String),
    /// Several grants have ids that start with this text.
    #[error("the ids of several grants start with `{}`", one_line(.id))]
    AmbiguousGrant {
        /// The given text.
        id: String,
        /// The matching ids.
        matches: Vec<String>,
    },
    /// A file is not a list of prompts.
    #[error("{name} is not a list of prompts: {cause}")]
    Saved {
        /// The file.
        name: String,
        /// The problem.
        cause: String,
    },
    /// `--watch` with several gateways: one screen shows one gateway.
    #[error("--watch shows one gateway")]
    WatchesOne {
        /// The noun of the command: `queue` or `run`.
        noun: &'static str,
    },
    /// `triage` without a terminal.
    #[error("queue triage shows a screen, but standard input or standard output is not a terminal")]
    NoScreen,
    /// No pending prompt has this id.
    #[error("no pending prompt has an id starting with `{}`", one_line(.0))]
    Unknown(String),
    /// The prompt was pending when it was shown, and is not any more.
    #[error("the prompt {} is not pending any more{}; nothing was decided", one_line(.id), in_brackets(.how.as_deref()))]
    NotPending {
        /// The prompt.
        id: String,
        /// The prompt's end, where the gateway reports it.
        how: Option<String>,
    },
    /// The prompt is not the one that was shown.
    #[error("the prompt {} changed while the question was open; nothing was decided", one_line(.id))]
    Changed {
        /// The prompt.
        id: String,
    },
    /// The gateway could decide another prompt instead.
    #[error(
        "the prompt {} was not decided: this gateway matches ids by their start, and could decide another prompt", one_line(.id)
    )]
    AmbiguousId {
        /// The prompt.
        id: String,
    },
    /// The time ended before the prompts of a run could be denied.
    #[error(
        "the run was not cancelled: before the deadline there was no slot in which its prompts could be denied safely, because other processes may deny the rest of their groups"
    )]
    NoSlot,
    /// Somebody decided the prompts that the run's prompts were duplicates of.
    #[error(
        "the run was not cancelled: the other prompts of one of its groups were decided meanwhile, so its own prompt is the last one"
    )]
    LastOfGroup,
    /// The gateway did not do what its answer or the decision says.
    #[error("the prompt {} was not decided: {}", one_line(.id), one_line(.words))]
    NotTaken {
        /// The prompt.
        id: String,
        /// What the gateway did instead.
        words: String,
    },
    /// Several prompts have ids that start with this text.
    #[error("the ids of several prompts start with `{}`", one_line(.id))]
    Ambiguous {
        /// The given text.
        id: String,
        /// The matching ids.
        matches: Vec<String>,
    },
    /// A decision that the prompt does not allow.
    #[error("the prompt {} does not allow {decision}", one_line(.id))]
    NotAllowed {
        /// The prompt.
        id: String,
        /// The requested decision.
        decision: &'static str,
        /// The decisions that the prompt allows.
        allowed: Vec<&'static str>,
    },
    /// `--expires-in-days` where the decision mints no standing grant.
    #[error("--expires-in-days does not apply: {}", no_grant(.id.as_deref()))]
    NoGrant {
        /// The prompt, if it is the reason.
        id: Option<String>,
    },
    /// The last word is not a decision.
    #[error("the last word is not a decision: `{}`", one_line(.0))]
    NoDecision(String),
    /// Neither an id nor a filter.
    #[error("no prompt is named, and no filter is given")]
    NothingNamed,
    /// Ids and filters together.
    #[error("ids and filters are given together")]
    IdsAndFilters,
    /// An allowance of whatever matches a filter.
    #[error("a filter can only deny: an allowance names each prompt by its id")]
    AllowsByFilter,
    /// Somebody decided otherwise before.
    #[error("the prompt {} was decided before: {}", one_line(.id), one_line(.before))]
    DecidedOtherwise {
        /// The prompt.
        id: String,
        /// The earlier decision.
        before: String,
    },
    /// A confirmation is needed, and standard input is not a terminal.
    #[error("this needs confirmation, but standard input is not a terminal")]
    Unconfirmed,
    /// The answer to the question was no, or none came in time.
    #[error("not confirmed: nothing was changed")]
    Declined,
    /// A signal or the person stopped the command before the gateway answered.
    #[error("stopped before the gateway answered")]
    Stopped,
    /// The time of a guard ended, and it was never connected to these gateways.
    #[error("{}", never_connected(.missed, *.of))]
    NeverConnected {
        /// The gateways.
        missed: Vec<NeverConnected>,
        /// How many gateways it guards.
        of: usize,
    },
    /// The metrics cannot be served on this address.
    #[error("cannot serve metrics on {address}: {cause}")]
    Metrics {
        /// The address.
        address: String,
        /// The cause.
        cause: std::io::Error,
    },
    /// No entry allows exactly the command of a prompt.
    #[error("no entry allows exactly the command of the prompt {}: {}", one_line(.id), one_line(.why))]
    NoEntry {
        /// The prompt.
        id: String,
        /// The reason.
        why: String,
    },
    /// `--add-entry` with another decision than `allow-once`.
    #[error("--add-entry is for the decision allow-once, and not for {}", .decision.as_str())]
    EntryOfDecision {
        /// The decision.
        decision: Decision,
        /// The prompt, if one id was given.
        id: Option<String>,
    },
    /// `--add-entry` with several ids.
    #[error("--add-entry takes exactly one id")]
    EntryOfSeveral {
        /// The first id.
        first: String,
    },
    /// The program of a hook cannot be started.
    #[error("--on: `{}` is not a program that can be started", one_line(.program))]
    NoProgram {
        /// The program, as given.
        program: String,
        /// An event of the command.
        event: &'static str,
    },
    /// An event of `--on` starts no program, and nobody is notified.
    #[error("--on {event}: it names no command, and there is no --notify, so nothing would happen")]
    NothingOn {
        /// The event, as it is written.
        event: String,
    },
    /// The receiver of notices is not one. Its text is not shown: it may be a secret.
    #[error("{flag}: {error}")]
    Notify {
        /// The flag.
        flag: &'static str,
        /// The problem.
        error: WebhookUrlError,
    },
    /// Notices for a terminal, and there is none.
    #[error("--notify terminal: standard output is not a terminal")]
    NoTerminal,
    /// A cancellation that cannot be planned.
    #[error(transparent)]
    Cancel(#[from] CancelError),
}

/// What the releases before 2026.8.1 lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// `approval.history`.
    History,
    /// `exec.approval.grants.*`.
    Grants,
}

impl Lacking {
    /// The end of a sentence about a gateway.
    const fn words(self) -> &'static str {
        match self {
            Self::History => "keeps no history of decisions",
            Self::Grants => "has no standing grants of cron jobs",
        }
    }
}

/// A gateway to which a guard was never connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeverConnected {
    /// Its name or address.
    pub gateway: String,
    /// The exit code of a command that fails as the last attempt did.
    pub exit: Exit,
    /// Why the last attempt failed.
    pub cause: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

fn never_connected(missed: &[NeverConnected], of: usize) -> String {
    let each = missed.iter().map(|NeverConnected { gateway, cause, .. }| {
        // An error about an address starts with the address.
        let text = if cause.starts_with(gateway) { cause.clone() } else { format!("{gateway} ({cause})") };
        one_line(&text)
    });
    let which = if of == 1 { String::new() } else { format!(" to {} of {of} gateways", missed.len()) };
    format!("the guard was never connected{which}: {}", each.collect::<Vec<_>>().join("; "))
}

/// The exit code of a guard: where all gateways failed alike, their common one.
fn exit_of(missed: &[NeverConnected], of: usize) -> Exit {
    match missed {
        missed if missed.len() < of => Exit::Partly,
        [first, others @ ..] if others.iter().all(|missed| missed.exit == first.exit) => first.exit,
        _ => Exit::TimedOut,
    }
}

/// Why a decision mints no standing grant.
fn no_grant(id: Option<&str>) -> String {
    match id {
        Some(id) => format!("the prompt {} is not of a cron job", one_line(id)),
        None => "only allow-always mints a standing grant".to_owned(),
    }
}

/// A release in brackets, for the middle of a sentence.
fn release(version: Option<&str>) -> String {
    version.map_or_else(String::new, |version| format!(" ({})", one_line(version)))
}

/// A prompt's end in brackets, for the middle of a sentence.
fn in_brackets(how: Option<&str>) -> String {
    how.map_or_else(String::new, |how| format!(" ({})", one_line(how)))
}

/// A text from outside on one line: messages are printed with their line breaks, and it must not start a line.
fn one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "\\r")
}

/// The command that allows a prompt once, and adds an entry.
fn allowing_once(id: &str) -> String {
    format!("clearance queue resolve {} allow-once --add-entry", quoted_name(id))
}

/// Names from outside, to choose one of them.
fn choice(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted_name(name)).collect();
    format!("choose one of {}", names.join(", "))
}

impl QueueError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Listing { .. }
            | Self::NotAHistory { .. }
            | Self::NotAListOfGrants { .. }
            | Self::NoSlot => Exit::TimedOut,
            Self::Saved { .. } | Self::Metrics { .. } => Exit::Store,
            Self::NeverConnected { missed, of } => exit_of(missed, *of),
            Self::DecidedOtherwise { .. } | Self::Changed { .. } => Exit::Conflict,
            Self::TooOld { .. }
            | Self::UnknownGrant(_)
            | Self::Unknown(_)
            | Self::NotPending { .. }
            | Self::NoEntry { .. } => Exit::Found,
            Self::LastOfGroup | Self::AmbiguousId { .. } | Self::NotTaken { .. } | Self::Stopped => {
                Exit::Partly
            }
            Self::Ambiguous { .. }
            | Self::AmbiguousGrant { .. }
            | Self::NotAllowed { .. }
            | Self::NoGrant { .. }
            | Self::NoDecision(_)
            | Self::NothingNamed
            | Self::IdsAndFilters
            | Self::AllowsByFilter
            | Self::Unconfirmed
            | Self::Declined
            | Self::EntryOfDecision { .. }
            | Self::EntryOfSeveral { .. }
            | Self::NoProgram { .. }
            | Self::Notify { .. }
            | Self::NothingOn { .. }
            | Self::NoTerminal
            | Self::NoScreen
            | Self::WatchesOne { .. } => Exit::Usage,
            Self::Cancel(error) => match error {
                CancelError::UnknownRun(_) | CancelError::UnknownSession(_) => Exit::Found,
                CancelError::AmbiguousRun { .. }
                | CancelError::RunWithoutSession { .. }
                | CancelError::RunsNotNamed => Exit::Usage,
            },
        }
    }

    /// The next step for the person who reads the error.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::TooOld { .. } => {
                "releases from 2026.8.1 on have it; on the gateway's host: openclaw update".to_owned()
            }
            Self::Listing { .. } | Self::NotAHistory { .. } | Self::NotAListOfGrants { .. } => {
                "check that the address is a gateway's: clearance gateway status".to_owned()
            }
            Self::Saved { .. } => "save one with: clearance queue ls --json > queue.json".to_owned(),
            Self::WatchesOne { noun } => format!(
                "watch one gateway: clearance {noun} ls --watch --gateway=NAME; or list all once, without --watch"
            ),
            Self::NoScreen => {
                "list what is pending: clearance queue ls; then decide each: clearance queue resolve ID DECISION".to_owned()
            }
            Self::Unknown(_) => {
                "it may be decided or expired; list what is pending: clearance queue ls".to_owned()
            }
            Self::NotPending { .. } | Self::Stopped | Self::LastOfGroup => {
                "list what is pending: clearance queue ls".to_owned()
            }
            Self::Changed { .. } => "run the same command again, and check what it shows".to_owned(),
            Self::AmbiguousId { .. } => {
                "decide the prompts with ids that start with it first; list them: clearance queue ls".to_owned()
            }
            Self::NoSlot => "retry with more time: clearance … --timeout 2m".to_owned(),
            Self::NotTaken { .. } => {
                "run the same command again if it is still pending: clearance queue ls".to_owned()
            }
            Self::Ambiguous { matches, .. } | Self::AmbiguousGrant { matches, .. } => choice(matches),
            Self::UnknownGrant(_) => "list them: clearance grants ls --all".to_owned(),
            Self::NotAllowed { allowed, .. } => format!("it allows {}", allowed.join(", ")),
            Self::NoGrant { .. } => {
                "omit it; the prompts of cron jobs have `cronExecutionSource`: clearance queue ls --json".to_owned()
            }
            Self::NoDecision(_) => "end with allow-once, allow-always or deny".to_owned(),
            Self::NothingNamed => {
                "name a prompt (clearance queue resolve ID deny), or filter (clearance queue resolve --older-than 10m deny)".to_owned()
            }
            Self::IdsAndFilters => "give either ids or filters".to_owned(),
            Self::AllowsByFilter => {
                "list the ids (clearance queue ls), and name each instead of the filters".to_owned()
            }
            Self::NeverConnected { missed, .. } => match &missed[..] {
                [NeverConnected { remedy: Some(remedy), .. }] => remedy.clone(),
                _ => "see what is wrong with each: clearance gateway status --gateway=NAME".to_owned(),
            },
            Self::Metrics { .. } => "choose another address or port for --metrics".to_owned(),
            Self::NoEntry { id, .. } => {
                format!("decide without it: clearance queue resolve {} allow-once", quoted_name(id))
            }
            Self::EntryOfDecision { decision: Decision::Deny, .. } => {
                "leave it out: nothing is allowed, so there is no entry to add".to_owned()
            }
            Self::EntryOfDecision { id: None, .. } => {
                "name one prompt and allow it once; list the ids: clearance queue ls".to_owned()
            }
            Self::EntryOfDecision { id: Some(id), .. } => format!(
                "leave it out: the gateway adds entries of its own; or for the narrowest one: {}",
                allowing_once(id)
            ),
            Self::EntryOfSeveral { first } => {
                format!("decide each prompt by itself: {}", allowing_once(first))
            }
            Self::NoProgram { event, .. } => format!(
                "write the path of a program that may be executed: --on {event}:/usr/bin/logger"
            ),
            Self::Notify { .. } => "write for example --notify https://hooks.example/path".to_owned(),
            Self::NothingOn { event } => {
                format!("write the command behind a colon: --on {event}:COMMAND; or who is notified: --notify URL")
            }
            Self::NoTerminal => "leave it out where nobody sees the terminal; a program or a URL can notify elsewhere: --on breaker:COMMAND".to_owned(),
            Self::DecidedOtherwise { .. } => "there is nothing left to decide".to_owned(),
            Self::Unconfirmed => {
                "check the plan above, then: clearance … --yes".to_owned()
            }
            Self::Declined => return None,
            Self::Cancel(error) => match error {
                CancelError::UnknownRun(_) | CancelError::UnknownSession(_) => {
                    "it may have ended; list runs and sessions: clearance run ls".to_owned()
                }
                CancelError::AmbiguousRun { matches, .. } => {
                    choice(matches)
                }
                CancelError::RunWithoutSession { session: Some(session), .. } => {
                    format!("cancel the whole session: clearance run cancel --session {}", quoted_name(session))
                }
                CancelError::RunWithoutSession { session: None, .. } | CancelError::RunsNotNamed => {
                    "choose a session: clearance run ls, then clearance run cancel --session KEY".to_owned()
                }
            },
        })
    }

    /// The stable name in machine output.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Listing { .. } => "not-a-listing",
            Self::TooOld { .. } => "gateway-too-old",
            Self::NotAHistory { .. } => "not-a-history",
            Self::NotAListOfGrants { .. } => "not-a-list-of-grants",
            Self::UnknownGrant(_) => "unknown-grant",
            Self::AmbiguousGrant { .. } => "ambiguous-grant",
            Self::Saved { .. } => "not-a-saved-listing",
            Self::NoGrant { .. } => "no-grant",
            Self::Unknown(_) | Self::NotPending { .. } => "not-pending",
            Self::Changed { .. } => "prompt-changed",
            Self::AmbiguousId { .. } => "ambiguous-id",
            Self::NotTaken { .. } => "not-taken",
            Self::NoSlot => "no-slot",
            Self::LastOfGroup => "last-of-group",
            Self::Ambiguous { .. } => "ambiguous-prompt",
            Self::NotAllowed { .. } => "decision-not-allowed",
            Self::DecidedOtherwise { .. } => "decided-otherwise",
            Self::NeverConnected { .. } => "never-connected",
            Self::Metrics { .. } => "metrics-address",
            Self::NoEntry { .. } => "no-entry",
            Self::EntryOfDecision { .. }
            | Self::EntryOfSeveral { .. }
            | Self::NoDecision(_)
            | Self::NothingNamed
            | Self::IdsAndFilters
            | Self::AllowsByFilter
            | Self::NoProgram { .. }
            | Self::Notify { .. }
            | Self::NothingOn { .. }
            | Self::NoTerminal
            | Self::NoScreen
            | Self::WatchesOne { .. } => "usage",
            Self::Unconfirmed => "unconfirmed",
            Self::Declined => "declined",
            Self::Stopped => "stopped",
            Self::Cancel(error) => match error {
                CancelError::UnknownRun(_) => "unknown-run",
                CancelError::UnknownSession(_) => "unknown-session",
                CancelError::AmbiguousRun { .. } => "ambiguous-run",
                CancelError::RunWithoutSession { .. } => "run-without-session",
                CancelError::RunsNotNamed => "runs-not-named",
            },
        }
    }
}
