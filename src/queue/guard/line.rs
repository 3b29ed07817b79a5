//! The lines that a running guard prints.

use std::sync::Arc;

use super::breaker::Throttle;
use super::protocol::Note;
use crate::queue::clock::LocalTime;

/// A decision, the outcome of one, or a change of state.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The time.
    pub at: LocalTime,
    /// The gateway: its name or address, as it was given. Empty for the guard as a whole.
    pub gateway: Arc<str>,
    /// The event.
    pub event: Event,
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The guard has started.
    Started {
        /// Whether nothing is denied (`--observe`).
        observe: bool,
        /// The URL of the metrics, if they are served.
        metrics: Option<String>,
        /// The limits where a denial costs nothing.
        free: Throttle,
        /// The limits where each denial starts an agent turn.
        turns: Throttle,
    },
    /// The guard has connected.
    Connected {
        /// The address.
        address: String,
        /// The gateway's release, if known.
        version: Option<String>,
        /// Whether each denial starts an agent turn and prompts do not name their run.
        legacy: bool,
        /// Why the gateway may have more prompts than it lists, if so.
        partial: Option<String>,
        /// The limits in force.
        throttle: Throttle,
        /// The number of denials after which a group that keeps coming back is held; `None` where groups are not held.
        repeats: Option<u32>,
    },
    /// The guard could not connect, or lost its connection.
    Disconnected {
        /// The cause.
        cause: String,
        /// The next step for a person, if there is one.
        remedy: Option<String>,
        /// The pause before the next attempt, in milliseconds.
        retry_ms: u64,
    },
    /// Events may have been missed: everything is listed again.
    Gap,
    /// The pending prompts could not be listed.
    Unlisted(String),
    /// The sessions could not be listed: it is unknown which runs have ended, and every run counts as alive.
    RunsUnknown(String),
    /// The sessions could be listed again.
    RunsKnown,
    /// A prompt could not be read and is skipped.
    Unread(String),
    /// What the state machine reports.
    Note(Note, Timing),
    /// The run of a repeat offender was cancelled.
    Cancelled {
        /// The run.
        run: String,
        /// The result.
        result: Result<Cancel, String>,
    },
    /// Configuration and secrets are read again.
    Reloading,
    /// Configuration or secrets could not be read; those that were read before stay in use.
    NotReloaded(String),
    /// The gateway was added to the configuration.
    Added,
    /// The gateway was removed from the configuration and is not watched any more.
    Removed,
    /// A bug ended the watch of the gateway; it will be restarted.
    Failed {
        /// The pause before the restart, in milliseconds.
        retry_ms: u64,
    },
    /// A hook or a notice failed.
    HookFailed {
        /// The program or the receiver, without possible secrets.
        hook: String,
        /// The event that it was for.
        of: &'static str,
        /// The cause.
        cause: String,
    },
    /// This many lines were dropped, because earlier lines were not read in time.
    Dropped(u64),
    /// The guard received the order to stop.
    Stopping,
    /// The guard has ended.
    Stopped {
        /// The gateways to which it was never connected.
        never_connected: Vec<String>,
    },
}

/// The latency of a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// From reading the message that caused the denial to writing the denial, in microseconds.
    pub written_us: Option<u64>,
    /// From reading that message to the answer, in microseconds.
    pub answered_us: Option<u64>,
}

/// The result of cancelling a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cancel {
    /// Runs that were aborted.
    pub aborted: usize,
    /// Prompts that were denied.
    pub denied: usize,
    /// Prompts that are still pending.
    pub left: usize,
}
