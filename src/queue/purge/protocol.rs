//! What a purge is told, what it says, and how it is tuned.

use std::collections::HashSet;

use super::Limits;
use crate::queue::prompt::{Decision, Key};
use crate::queue::report::SkipReason;
use crate::queue::slots::Slots;

/// How a purge goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// When it must be over, in Unix milliseconds; `None`: never.
    pub deadline_ms: Option<u64>,
    /// For how long before the deadline nothing is sent any more and answers are waited for.
    pub drain_ms: u64,
    /// A survivor that lapses within this time counts as lapsed: a legacy gateway tells nobody when one does.
    pub lapse_ms: u64,
    /// How often in a row a survivor may be asked for without an answer that says whether it is there.
    pub checks: u8,
    /// How fast to go.
    pub limits: Limits,
    /// When denials may be sent; `None` only where no other process can reach the gateway.
    pub slots: Option<Slots>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            deadline_ms: None,
            drain_ms: 500,
            lapse_ms: 1_000,
            checks: 3,
            limits: Limits::default(),
            slots: Some(Slots::CURRENT),
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The answer to a denial.
    Answered(Key, Answer),
    /// The answer to the question whether a survivor is pending, and when that was so, in Unix milliseconds.
    Checked(Key, Found, u64),
    /// An event says that a prompt was resolved, by whomever.
    Resolved(Key),
    /// A listing of everything that is pending, and when that was so. What it lacks is gone.
    Listed(HashSet<Key>, u64),
    /// Every event `resolved` since that time has been told here, and will be until [`Self::Deaf`].
    Hearing(u64),
    /// Events may be missing from now on.
    Deaf,
    /// The connection is gone, and with it every answer that is due. Implies [`Self::Deaf`].
    Lost,
    /// There is a connection again.
    Restored,
    /// By how much the gateway's clock may be ahead of the times that are passed in, in milliseconds.
    Clock(u64),
    /// Nothing more is to be sent, and answers are waited for no longer than [`super::STOPPING_MS`].
    Stop,
}

/// A gateway's answer to a denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Denied,
    /// Somebody decided it before, or it had expired.
    AlreadyGone,
    /// Somebody allowed it before.
    Allowed(Decision),
    /// It may be tried again, after this many milliseconds if the gateway says.
    Unavailable(Option<u64>),
    /// Refused for good, with these words.
    Refused(Box<str>),
    /// It was not sent, for this reason.
    NotSent(SkipReason),
    /// It was not sent yet: something had to be learned first.
    NotYet,
}

/// Whether a survivor was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It is pending.
    Pending,
    /// It is not.
    Gone,
    /// It may be asked again, after this many milliseconds if the gateway says.
    Unavailable(Option<u64>),
    /// The question was refused, or not understood.
    Unknown,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Deny this prompt.
    Deny(Key),
    /// Ask whether this prompt is pending, which is to stay or is the oldest of its group.
    Check(Key),
    /// Nothing, until something happens, or until that time, in Unix milliseconds.
    Wait(Option<u64>),
    /// Nothing more: everything has an outcome.
    Done,
}
