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

/// The configuration of a guard. Guards of one gateway are to have the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    /// The scope in which prompts are duplicates.
    pub scope: Scope,
    /// How long a survivor should still live, in milliseconds.
    pub margin_ms: u64,
    /// Which prompts it looks at. Ages do not count: a guard looks at every prompt when it comes.
    pub filter: Filter,
    /// Decide, and do not deny.
    pub observe: bool,
    /// The limits where a denial costs nothing.
    pub free: Throttle,
    /// The limits where each denial starts an agent turn.
    pub turns: Throttle,
    /// How many denials of one group make it a repeat offender; where each starts an agent turn, the group is held
    /// then.
    pub repeats: u32,
    /// The time window of `repeats`, in milliseconds; a group is reported once within it.
    pub repeats_within_ms: u64,
    /// How often everything is listed although nothing seems to be missing, in milliseconds.
    pub reconcile_ms: u64,
    /// The shortest time between two listings, in milliseconds.
    pub spacing_ms: u64,
    /// A survivor that expires within this time counts as expired, in milliseconds.
    pub lapse_ms: u64,
    /// An event that is older than this when it comes has others behind it: nothing is denied on what is known then.
    pub lag_ms: u64,
    /// How fast to go.
    pub limits: Limits,
    /// When denials may be sent, until [`Input::Slots`] says otherwise; `None` only where no other process can reach
    /// the gateway.
    pub slots: Option<Slots>,
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
        }
    }
}

impl Tuning {
    /// The limits that hold at this cost.
    pub fn throttle(&self, cost: DenialCost) -> Throttle {
        match cost {
            DenialCost::Nothing => self.free,
            DenialCost::AgentTurn => self.turns,
        }
    }
}

/// What a denial sets off at the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenialCost {
    /// It returns to the tool call that waits for it.
    Nothing,
    /// It starts a new agent turn, in which the agent may ask again.
    AgentTurn,
}

/// What happened.
#[derive(Debug)]
pub enum Input<'i> {
    /// What a denial costs on the gateway, before [`Input::Connected`].
    Denials(DenialCost),
    /// There is a connection, and every event from here on is an input.
    Connected,
    /// When denials may be sent on the gateway of the next connection.
    Slots(Option<Slots>),
    /// By how much the gateway's clock may be ahead of the times that are passed in, in milliseconds.
    Clock(u64),
    /// The connection is gone, and with it every answer that is due.
    Lost,
    /// Events may be missing.
    Gap,
    /// A prompt is pending now.
    Requested(Box<Prompt>),
    /// A prompt was resolved, by whomever.
    Resolved(Key),
    /// The payload of an event `agent`.
    Run(&'i Value),
    /// The answer to [`Next::List`]: everything that is pending, and what is known of runs.
    Listed(Vec<Prompt>, Runs),
    /// There is none.
    Unlisted,
    /// The answer to a denial.
    Answered(Key, Answer),
    /// The answer to [`Next::Check`].
    Checked(Key, Found),
    /// A denial was sent and there is no answer to it.
    Unanswered(Key),
    /// Nothing more is to be sent.
    Stop,
}

/// What to do.
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
    /// It was stopped, and nothing is in flight any more.
    Done,
}

/// What a guard reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// A prompt is to be denied. There is one [`Note::Over`] of the same number behind it.
    Decided(Box<Decided>),
    /// What came of it.
    Over {
        /// The decision's number.
        number: u64,
        /// The prompt.
        key: Key,
        /// Why it was to be denied.
        why: Why,
        /// What came of it.
        outcome: Outcome,
    },
    /// Everything was listed.
    Reconciled(Counts),
    /// There were too many denials: the circuit breaker is open.
    Opened {
        /// For how long, in milliseconds.
        for_ms: u64,
    },
    /// There are denials again.
    Closed,
    /// One group is denied repeatedly.
    Offender(Box<Offender>),
    /// One group comes back after each denial, and nothing of it is denied for a while.
    Held(Box<Held>),
    /// A group that was held is treated like any other again: it stayed away after a denial, or it was gone.
    Released([u8; 32]),
}

/// A decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Its number: one more for each.
    pub number: u64,
    /// The prompt.
    pub prompt: Prompt,
    /// The one that stays.
    pub survivor: Key,
    /// Why it is not this one.
    pub why: Why,
    /// The name of the group: [`crate::queue::plan::Group::digest`].
    pub group: [u8; 32],
    /// Whether one of its group had been denied not long before it came.
    pub requeued: bool,
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The denial was sent, or must not be sent. A prompt that was denied and is still listed has a second outcome.
    Ended(report::Outcome),
    /// It was not sent after all: the prompt that was kept is gone, or there is no connection to send it on.
    Withdrawn,
    /// The breaker is open, or the group is held.
    Held,
    /// It was only decided.
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
    /// How often, within the time that counts.
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
    /// The prompt that stays.
    pub survivor: Key,
    /// How often the group has come back.
    pub times: u32,
    /// For how long nothing of it is denied, in milliseconds.
    pub for_ms: u64,
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Prompts that are pending.
    pub pending: usize,
    /// Groups that they are in, those that are alone included.
    pub groups: usize,
    /// Prompts beyond the first of each group.
    pub duplicates: usize,
    /// What a wider scope would find, where everything was just listed.
    pub wider: Option<Wider>,
}
