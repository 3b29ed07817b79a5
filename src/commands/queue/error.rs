//! What can go wrong with prompts and runs besides the gateway itself.

use thiserror::Error;

use crate::queue::cancel::CancelError;
use crate::report::exit::Exit;

/// Why a command on prompts or runs ended without a report.
#[derive(Debug, Error)]
pub enum QueueError {
    /// A gateway's listing that is none.
    #[error("{address} answers with something that is no list of prompts: {cause}")]
    Listing {
        /// The gateway.
        address: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A saved listing that is none.
    #[error("{name} is not a list of prompts: {cause}")]
    Saved {
        /// The file.
        name: String,
        /// What is wrong with it.
        cause: String,
    },
    /// One screen shows one queue.
    #[error("--watch shows the queue of one gateway")]
    WatchesOne,
    /// No such prompt.
    #[error("no pending prompt has an id starting with `{}`", one_line(.0))]
    Unknown(String),
    /// It was pending when it was shown.
    #[error("the prompt {} is not pending any more{}; nothing was decided", one_line(.id), in_brackets(.how.as_deref()))]
    NotPending {
        /// The prompt.
        id: String,
        /// What became of it, where the gateway says so.
        how: Option<String>,
    },
    /// It is not what was shown.
    #[error("the prompt {} changed while the question was open; nothing was decided", one_line(.id))]
    Changed {
        /// The prompt.
        id: String,
    },
    /// The gateway could decide another prompt in its place.
    #[error(
        "the prompt {} was not decided: this gateway matches ids by their beginning, and could decide another one", one_line(.id)
    )]
    AmbiguousId {
        /// The prompt.
        id: String,
    },
    /// The time ended before the prompts of a run could go.
    #[error(
        "the run was not cancelled: until the deadline there was no moment at which its prompts could go safely while other processes may deny the rest of their groups"
    )]
    NoSlot,
    /// Others took what the run's prompts were duplicates of.
    #[error(
        "the run was not cancelled: the other prompts of a group were decided meanwhile, and its own is the last one"
    )]
    LastOfGroup,
    /// The gateway did not do what its answer or the decision says.
    #[error("the prompt {} was not decided: {}", one_line(.id), one_line(.words))]
    NotTaken {
        /// The prompt.
        id: String,
        /// What it did instead.
        words: String,
    },
    /// More than one prompt.
    #[error("`{}` is the beginning of more than one prompt's id", one_line(.id))]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// The ids that it may be.
        matches: Vec<String>,
    },
    /// A decision that the prompt does not allow.
    #[error("the prompt {} does not allow {decision}", one_line(.id))]
    NotAllowed {
        /// The prompt.
        id: String,
        /// What was decided.
        decision: &'static str,
        /// What it allows.
        allowed: Vec<&'static str>,
    },
    /// Somebody decided otherwise before.
    #[error("the prompt {} was decided before: {}", one_line(.id), one_line(.before))]
    DecidedOtherwise {
        /// The prompt.
        id: String,
        /// How.
        before: String,
    },
    /// Something that must be confirmed, and nobody to confirm it.
    #[error("this must be confirmed, and there is no terminal to ask on")]
    Unconfirmed,
    /// Somebody said no, or nothing in time.
    #[error("not confirmed: nothing was done")]
    Declined,
    /// Somebody asked to stop, and the gateway was not done.
    #[error("it was asked to stop before the gateway had answered")]
    Stopped,
    /// The time of a guard ended, and it was never connected to these gateways.
    #[error("{}", never_connected(.missed, *.of))]
    NeverConnected {
        /// The gateways.
        missed: Vec<NeverConnected>,
        /// How many gateways it guards.
        of: usize,
    },
    /// An address on which figures cannot be served.
    #[error("cannot serve figures on {address}: {cause}")]
    Metrics {
        /// The address.
        address: String,
        /// Why not.
        cause: std::io::Error,
    },
    /// A cancellation that cannot be planned.
    #[error(transparent)]
    Cancel(#[from] CancelError),
}

/// A gateway to which a guard was never connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeverConnected {
    /// Its name or address.
    pub gateway: String,
    /// How a command ends that fails as the last attempt did.
    pub exit: Exit,
    /// Why the last attempt failed.
    pub cause: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

fn never_connected(missed: &[NeverConnected], of: usize) -> String {
    let each = missed.iter().map(|NeverConnected { gateway, cause, .. }| {
        // An error of an address begins with it.
        let text = if cause.starts_with(gateway) { cause.clone() } else { format!("{gateway} ({cause})") };
        one_line(&text)
    });
    let which = if of == 1 { String::new() } else { format!(" to {} of {of} gateways", missed.len()) };
    format!("the guard was never connected{which}: {}", each.collect::<Vec<_>>().join("; "))
}

/// The exit of a guard: where all gateways failed alike it is theirs.
fn exit_of(missed: &[NeverConnected], of: usize) -> Exit {
    match missed {
        missed if missed.len() < of => Exit::Partly,
        [first, others @ ..] if others.iter().all(|missed| missed.exit == first.exit) => first.exit,
        _ => Exit::TimedOut,
    }
}

/// What became of a prompt, in the middle of a sentence.
fn in_brackets(how: Option<&str>) -> String {
    how.map_or_else(String::new, |how| format!(" ({})", one_line(how)))
}

/// A text of somebody else, which must not begin a line in a message: whoever prints that keeps its lines.
fn one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "\\r")
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | '@');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", one_line(&text.replace('\'', r"'\''")))
    }
}

impl QueueError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Listing { .. } | Self::NoSlot => Exit::TimedOut,
            Self::Saved { .. } | Self::Metrics { .. } => Exit::Store,
            Self::NeverConnected { missed, of } => exit_of(missed, *of),
            Self::DecidedOtherwise { .. } | Self::Changed { .. } => Exit::Conflict,
            Self::Unknown(_) | Self::NotPending { .. } => Exit::Found,
            Self::LastOfGroup | Self::AmbiguousId { .. } | Self::NotTaken { .. } | Self::Stopped => {
                Exit::Partly
            }
            Self::Ambiguous { .. }
            | Self::NotAllowed { .. }
            | Self::Unconfirmed
            | Self::Declined
            | Self::WatchesOne => Exit::Usage,
            Self::Cancel(error) => match error {
                CancelError::UnknownRun(_) | CancelError::UnknownSession(_) => Exit::Found,
                CancelError::AmbiguousRun { .. }
                | CancelError::RunWithoutSession { .. }
                | CancelError::RunsNotNamed => Exit::Usage,
            },
        }
    }

    /// What the person who reads the error can do next.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Listing { .. } => {
                "check that the address is a gateway's: clearance gateway status".to_owned()
            }
            Self::Saved { .. } => "save one with: clearance queue ls --json > queue.json".to_owned(),
            Self::WatchesOne => {
                "watch one gateway: clearance queue ls --watch --gateway=NAME; or list all once, without --watch".to_owned()
            }
            Self::Unknown(_) => {
                "it may be decided or expired; list what is pending: clearance queue ls".to_owned()
            }
            Self::NotPending { .. } | Self::Stopped | Self::LastOfGroup => {
                "list what is pending: clearance queue ls".to_owned()
            }
            Self::Changed { .. } => "run the same command again, and read what it shows now".to_owned(),
            Self::AmbiguousId { .. } => {
                "decide the prompts whose ids begin with it first; list them: clearance queue ls".to_owned()
            }
            Self::NoSlot => "run the same again with more time: clearance … --timeout 2m".to_owned(),
            Self::NotTaken { .. } => {
                "run the same command again if it is still pending: clearance queue ls".to_owned()
            }
            Self::Ambiguous { matches, .. } => {
                let matches: Vec<String> = matches.iter().map(|id| one_line(id)).collect();
                format!("choose one of {}", matches.join(", "))
            }
            Self::NotAllowed { allowed, .. } => format!("it allows {}", allowed.join(", ")),
            Self::NeverConnected { missed, .. } => match &missed[..] {
                [NeverConnected { remedy: Some(remedy), .. }] => remedy.clone(),
                _ => "see what is wrong with each: clearance gateway status --gateway=NAME".to_owned(),
            },
            Self::Metrics { .. } => "choose another address or port for --metrics".to_owned(),
            Self::DecidedOtherwise { .. } => "there is nothing left to decide".to_owned(),
            Self::Unconfirmed => {
                "look at what would be done, which is printed above, then: clearance … --yes".to_owned()
            }
            Self::Declined => return None,
            Self::Cancel(error) => match error {
                CancelError::UnknownRun(_) | CancelError::UnknownSession(_) => {
                    "it may have ended; list runs and sessions: clearance run ls".to_owned()
                }
                CancelError::AmbiguousRun { matches, .. } => {
                    let matches: Vec<String> = matches.iter().map(|run| one_line(run)).collect();
                    format!("choose one of {}", matches.join(", "))
                }
                CancelError::RunWithoutSession { session: Some(session), .. } => {
                    format!("cancel the whole session: clearance run cancel --session {}", quoted(session))
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
            Self::Saved { .. } => "not-a-saved-listing",
            Self::WatchesOne => "usage",
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
