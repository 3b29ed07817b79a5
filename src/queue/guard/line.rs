//! The lines that a running guard prints.

use std::sync::Arc;

use super::breaker::Throttle;
use super::protocol::Note;
use crate::queue::clock::LocalTime;

/// A decision, what came of one, or a change of state.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When.
    pub at: LocalTime,
    /// The gateway: its name or address, as it was given. Empty for the guard as a whole.
    pub gateway: Arc<str>,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The guard has started.
    Started {
        /// Whether it only decides.
        observe: bool,
        /// Where its figures are served, if they are.
        metrics: Option<String>,
        /// The limits where a denial costs nothing.
        free: Throttle,
        /// The limits where each denial starts an agent turn.
        turns: Throttle,
    },
    /// There is a connection.
    Connected {
        /// The address.
        address: String,
        /// The gateway's release, where it says so.
        version: Option<String>,
        /// Whether each denial starts an agent turn, and prompts name no run.
        legacy: bool,
        /// Why there may be more prompts than it lists, if so.
        partial: Option<String>,
        /// The limits in force.
        throttle: Throttle,
        /// After how many denials a group that keeps coming back is held, where groups are.
        repeats: Option<u32>,
    },
    /// There is none, or none any more.
    Disconnected {
        /// Why.
        cause: String,
        /// What to do about it, where a person can.
        remedy: Option<String>,
        /// When it is tried again, in milliseconds.
        retry_ms: u64,
    },
    /// Events may have been missed: everything is listed again.
    Gap,
    /// It could not be listed.
    Unlisted(String),
    /// The sessions could not be listed: which runs have ended is not known, and every run counts as alive.
    RunsUnknown(String),
    /// They could be listed again.
    RunsKnown,
    /// A prompt that could not be read, and is skipped.
    Unread(String),
    /// What the state machine reports.
    Note(Note, Timing),
    /// The run of a repeat offender was cancelled.
    Cancelled {
        /// The run.
        run: String,
        /// What came of it.
        result: Result<Cancel, String>,
    },
    /// Configuration and secrets are read again.
    Reloading,
    /// They could not be read, and what was read before stays in use.
    NotReloaded(String),
    /// The gateway was added to the configuration.
    Added,
    /// The gateway was taken out of the configuration, and is not watched any more.
    Removed,
    /// A bug has ended the watch over the gateway, which is begun anew.
    Failed {
        /// When, in milliseconds.
        retry_ms: u64,
    },
    /// So many lines were not written, because nobody read those before them.
    Dropped(u64),
    /// It was asked to stop.
    Stopping,
    /// It has ended.
    Stopped {
        /// The gateways to which it was never connected until its time ended.
        never_connected: Vec<String>,
    },
}

/// How long a denial took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// From what led to it having been read off the wire to its having been written, in microseconds.
    pub written_us: Option<u64>,
    /// The same to the answer.
    pub answered_us: Option<u64>,
}

/// What cancelling a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cancel {
    /// Runs that were aborted.
    pub aborted: usize,
    /// Prompts that were denied.
    pub denied: usize,
    /// Prompts that are left.
    pub left: usize,
}
