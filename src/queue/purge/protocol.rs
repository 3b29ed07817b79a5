//! Inputs, outputs and configuration of the purge state machine.

use std::collections::HashSet;

use crate::queue::clock::{GatewayTime, SteadyTime};
use crate::queue::denials::{Answer, Found, Limits};
use crate::queue::prompt::Key;
use crate::queue::slots::Slots;

/// The configuration of a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// The deadline; `None`: no deadline.
    pub deadline: Option<SteadyTime>,
    /// The last part of the time, in which nothing is sent any more and answers are waited for, in milliseconds.
    pub drain_ms: u64,
    /// A survivor that expires within this time counts as expired, in milliseconds: a legacy gateway sends no event for
    /// it.
    pub lapse_ms: u64,
    /// How many checks in a row may end without an answer that says whether the prompt is pending.
    pub checks: u8,
    /// The limits of the pace.
    pub limits: Limits,
    /// When denials may be sent; `None` only where no other process can reach the gateway.
    pub slots: Option<Slots>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            deadline: None,
            drain_ms: 500,
            lapse_ms: 1_000,
            checks: 3,
            limits: Limits::default(),
            slots: Some(Slots::CURRENT),
        }
    }
}

/// An input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The answer to a denial.
    Answered(Key, Answer),
    /// The answer to [`Next::Check`], and the time for which it holds.
    Checked(Key, Found, GatewayTime),
    /// An event: a prompt was resolved by any client.
    Resolved(Key),
    /// A listing of everything that is pending, and the time of its request. Prompts that are missing from it are gone.
    Listed(HashSet<Key>, GatewayTime),
    /// Every event `resolved` since that time was an input, and will be until [`Self::Unsubscribed`].
    Subscribed(GatewayTime),
    /// Events may be missing from now on.
    Unsubscribed,
    /// The connection is lost, and no pending answer will arrive. Implies [`Self::Unsubscribed`].
    Lost,
    /// The connection is restored.
    Restored,
    /// By how much the gateway's clock may be ahead of the times that are passed in, in milliseconds.
    Clock(u64),
    /// Nothing more is to be sent, and the purge waits for answers for at most [`super::STOPPING_MS`].
    Stop,
}

/// The next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Deny this prompt.
    Deny(Key),
    /// Ask whether this prompt is pending: the survivor or the oldest of a group.
    Check(Key),
    /// Wait until something happens, or until this time.
    Wait(Option<SteadyTime>),
    /// Nothing: everything has an outcome.
    Done,
}
