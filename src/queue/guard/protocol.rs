//! Inputs, outputs and configuration of the guard state machine.

use std::sync::Arc;

use serde_json::Value;

use super::breaker::Throttle;
use crate::queue::clock::SteadyTime;
use crate::queue::denials::{Answer, Found, Limits};
use crate::queue::filter::Filter;
use crate::queue::plan::{MARGIN_MS, Why};
use crate::queue::prompt::{Key, Prompt};
use crate::queue::report;
use crate::queue::runs::Runs;
use crate::queue::scope::Scope;
use crate::queue::slots::Slots;
use crate::queue::wider::Wider;

/// The configuration of a guard. Guards of one gateway should have the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    /// The scope in which prompts are duplicates.
    pub scope: Scope,
    /// How long a survivor should still live, in milliseconds.
    pub margin_ms: u64,
    /// The prompts that the guard looks at. Ages do not count: a guard looks at every prompt when it arrives.
    pub filter: Filter,
    /// Whether denials are only decided, and not sent.
    pub observe: bool,
    /// The limits where a denial costs nothing.
    pub free: Throttle,
    /// The limits where each denial starts an agent turn.
    pub turns: Throttle,
    /// The number of denials after which a group is a repeat offender. Where each denial starts an agent turn, the
    /// group is then held.
    pub repeats: u32,
    /// The time window of `repeats`, in milliseconds; a group is reported once within it.
    pub repeats_within_ms: u64,
    /// The period of listings when no event seems to be missing, in milliseconds.
    pub reconcile_ms: u64,
    /// The shortest time between two listings, in milliseconds.
    pub spacing_ms: u64,
    /// A survivor that expires within this time counts as expired, in milliseconds.
    pub lapse_ms: u64,
    /// The maximum age of an event when it arrives, in milliseconds. Beyond it events are late, and nothing is denied
    /// until the next listing.
    pub lag_ms: u64,
    /// The limits of the pace.
    pub limits: Limits,
    /// When denials may be sent, until [`Input::Slots`] says otherwise; `None` only where no other process can reach
    /// the gateway.
    pub slots: Option<Slots>,
    /// The ages, in milliseconds, past which a prompt is reported.
    pub older_ms: Vec<u64>,
    /// The numbers of prompts past which the queue is reported.
    pub longer_than: Vec<usize>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            margin_ms: MARGIN_MS,
            filter: Filter::default(),
            observe: false,
            free: Throttle::FREE,
            turns: Throttle::TURNS,
            repeats: 5,
            repeats_within_ms: 600_000,
            reconcile_ms: 60_000,
            spacing_ms: 1_000,
            lapse_ms: 1_000,
            lag_ms: 1_000,
            limits: Limits::default(),
            slots: Some(Slots::CURRENT),
            older_ms: Vec::new(),
            longer_than: Vec::new(),
        }
    }
}

impl Tuning {
    /// The limits at this cost.
    pub fn throttle(&self, cost: DenialCost) -> Throttle {
        match cost {
            DenialCost::Nothing => self.free,
            DenialCost::AgentTurn => self.turns,
        }
    }
}

/// The effect of a denial on the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenialCost {
    /// The denial returns to the tool call that waits for it.
    Nothing,
    /// The denial starts a new agent turn, in which the agent may ask again.
    AgentTurn,
}

/// An input.
#[derive(Debug)]
pub enum Input<'i> {
    /// The cost of a denial on the gateway. It precedes [`Input::Connected`].
    Denials(DenialCost),
    /// The gateway is connected, and every event from now on is an input.
    Connected,
    /// When denials may be sent on the gateway of the next connection.
    Slots(Option<Slots>),
    /// By how much the gateway's clock may be ahead of the times that are passed in, in milliseconds.
    Clock(u64),
    /// The connection is lost, and no pending answer will arrive.
    Lost,
    /// Events may be missing.
    Gap,
    /// A prompt is pending now.
    Requested(Box<Prompt>),
    /// A prompt was resolved by any client.
    Resolved(Key),
    /// The payload of an event `agent`.
    Run(&'i Value),
    /// The answer to [`Next::List`]: everything that is pending, and the states of runs.
    Listed(Vec<Prompt>, Runs),
    /// [`Next::List`] failed.
    Unlisted,
    /// The answer to a denial.
    Answered(Key, Answer),
    /// The answer to [`Next::Check`].
    Checked(Key, Found),
    /// A denial was sent and will not be answered.
    Unanswered(Key),
    /// Nothing more is to be sent.
    Stop,
}

/// The next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Deny this prompt, and report it with [`Input::Answered`] or [`Input::Unanswered`].
    Deny(Key),
    /// Ask whether this prompt is pending, and report it with [`Input::Checked`].
    Check(Key),
    /// List everything, and report it with [`Input::Listed`] or [`Input::Unlisted`].
    List,
    /// Wait until something happens, or until this time.
    Wait(Option<SteadyTime>),
    /// The guard was stopped, and nothing is in flight any more.
    Done,
}

/// A report of a guard.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// A prompt is to be denied. One [`Note::Over`] with the same number follows.
    Decided(Box<Decided>),
    /// The outcome of a decision.
    Over {
        /// The decision's number.
        number: u64,
        /// The prompt.
        key: Key,
        /// Why it was to be denied.
        why: Why,
        /// The outcome.
        outcome: Outcome,
    },
    /// Everything was listed.
    Reconciled(Counts),
    /// The circuit breaker has opened: there were too many denials.
    Opened {
        /// How long it stays open, in milliseconds.
        for_ms: u64,
    },
    /// The circuit breaker has closed.
    Closed,
    /// A group is denied repeatedly.
    Offender(Box<Offender>),
    /// A group comes back after each denial, and is held.
    Held(Box<Held>),
    /// A group is not held any more: it stayed away after a denial, or it is gone.
    Released([u8; 32]),
    /// Prompts are pending for longer than a limit.
    Older(Box<Older>),
    /// More prompts are pending than a limit.
    Long(Long),
}

/// Prompts that are pending for longer than a limit since the last report.
#[derive(Debug, Clone, PartialEq)]
pub struct Older {
    /// The limit, in milliseconds.
    pub limit_ms: u64,
    /// The number of prompts.
    pub count: usize,
    /// The first of them, oldest first.
    pub prompts: Vec<Prompt>,
}

/// A queue that is longer than a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Long {
    /// The limit.
    pub limit: usize,
    /// Prompts that are pending.
    pub pending: usize,
    /// Groups of prompts, those of one prompt included.
    pub groups: usize,
}

/// A decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The number of the decision, counted from the start.
    pub number: u64,
    /// The prompt.
    pub prompt: Prompt,
    /// The prompt that is kept.
    pub survivor: Key,
    /// Why this prompt is not the one that is kept.
    pub why: Why,
    /// The name of the group: [`crate::queue::plan::Group::digest`].
    pub group: [u8; 32],
    /// Whether another prompt of its group was denied shortly before it arrived.
    pub requeued: bool,
}

/// The outcome of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The denial was sent, or must not be sent. A prompt that was denied and is still listed has a second outcome.
    Ended(report::Outcome),
    /// The denial was not sent: the kept prompt is gone, or the connection is lost.
    Withdrawn,
    /// The breaker is open, or the group is held.
    Held,
    /// The denial was only decided (`observe`).
    Observed,
}

impl Outcome {
    /// The word of machine output.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ended(report::Outcome::Denied) => "denied",
            Self::Ended(report::Outcome::AlreadyGone | report::Outcome::Allowed(_)) => "gone",
            Self::Ended(report::Outcome::Failed(_)) => "failed",
            Self::Ended(report::Outcome::Skipped(_)) => "skipped",
            Self::Withdrawn => "withdrawn",
            Self::Held => "held",
            Self::Observed => "observed",
        }
    }
}

/// A group that is denied repeatedly, by the prompt that was denied last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offender {
    /// The group.
    pub group: [u8; 32],
    /// The agent.
    pub agent: Option<Arc<str>>,
    /// The session's key.
    pub session: Option<Arc<str>>,
    /// The run, where the gateway names it.
    pub run: Option<Arc<str>>,
    /// The number of denials within the time window.
    pub times: u32,
}

/// A group that comes back after each denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The group.
    pub group: [u8; 32],
    /// The agent of the prompt that came back last.
    pub agent: Option<Arc<str>>,
    /// The key of its session.
    pub session: Option<Arc<str>>,
    /// The prompt that is kept.
    pub survivor: Key,
    /// How many times the group has come back.
    pub times: u32,
    /// How long the group is held, in milliseconds.
    pub for_ms: u64,
}

/// Counts of prompts and groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Prompts that are pending.
    pub pending: usize,
    /// Groups of prompts, those of one prompt included.
    pub groups: usize,
    /// Prompts beyond the first of each group.
    pub duplicates: usize,
    /// What a wider scope would find, where everything was just listed.
    pub wider: Option<Wider>,
}
