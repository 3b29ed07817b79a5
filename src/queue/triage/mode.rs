//! The modes of the screen, and the reports in one line.

use super::keys::Key;
use super::proposals::Proposals;
use super::protocol::{Act, Fact, GatewayIndex, RowId};
use crate::queue::cancel::CancelPlan;
use crate::queue::filter::Sort;
use crate::queue::prompt::{self, Decision};

/// What the screen shows, and what keys mean.
#[derive(Debug)]
pub enum Mode {
    /// The list.
    List,
    /// The list, while a filter is typed.
    Filter,
    /// The keys, from this line.
    Help {
        /// The first visible line.
        scroll: usize,
    },
    /// The full text of the prompt under the cursor, from this line.
    Text {
        /// The first visible line.
        scroll: usize,
    },
    /// A question.
    Question {
        /// The question.
        question: Question,
        /// The first visible line of its text.
        scroll: usize,
    },
    /// Every decision was sent, and the screen ends when they are answered.
    Ending,
}

/// A question before a decision.
#[derive(Debug)]
pub enum Question {
    /// Whether to allow this prompt, which is the shown one of its row, always.
    Always(RowId, prompt::Key),
    /// Whether to deny prompts of the tagged rows.
    Tagged(Act),
    /// Whether to cancel the run of this row.
    Cancel {
        /// The row.
        row: RowId,
        /// The number of the plan.
        ticket: u64,
        /// The plan; `None`: it is being made.
        plan: Option<Box<CancelPlan>>,
    },
    /// Whether to add proposed entries.
    Entries {
        /// The gateway.
        gateway: GatewayIndex,
        /// The number of the proposals.
        ticket: u64,
        /// The proposals.
        found: Fact<Box<Proposals>>,
    },
    /// Whether to send or drop the queued decisions before the end.
    Quit,
}

/// A report in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A decision is queued.
    Queued {
        /// What is done.
        act: Act,
        /// With how many prompts.
        prompts: usize,
        /// Of how many rows.
        rows: usize,
    },
    /// A decision was taken back.
    Undone {
        /// On how many prompts.
        prompts: usize,
    },
    /// A key did nothing.
    Refused(Refusal),
    /// Decisions failed.
    Failed {
        /// How many.
        prompts: usize,
        /// Why.
        words: String,
    },
    /// What an order did besides its decisions.
    Reported(String),
    /// The rows are sorted in another way.
    Sorted(Sort),
    /// How many rows are tagged.
    Tagged(usize),
    /// How many new prompts were taken in.
    TakenIn(usize),
}

/// Why a key did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing is decided with `--read-only`.
    ReadOnly,
    /// The row changed just now.
    Changed,
    /// There is no row.
    Nothing,
    /// A decision on the row is queued or being sent.
    Busy,
    /// Nothing of the row is pending any more.
    Over,
    /// The gateway is not connected.
    Away(usize),
    /// The prompt does not allow the decision.
    NotAllowed(Decision),
    /// The row has no duplicates.
    NoDuplicates,
    /// No tagged row can be decided.
    NothingTagged,
    /// The prompt names neither a run nor a session.
    NoRun,
    /// The run has ended and holds no prompts.
    NothingToCancel,
    /// No decision waits to be sent.
    NothingToUndo,
    /// The key has no meaning.
    NoSuchKey,
}

impl Mode {
    /// Keeps the scroll position of a text inside the text. `beyond`: how many lines do not fit.
    pub(super) fn scroll_to(&mut self, beyond: usize) {
        if let Self::Help { scroll } | Self::Text { scroll } | Self::Question { scroll, .. } = self {
            *scroll = (*scroll).min(beyond);
        }
    }

    /// Scrolls a text. `false`: the key does not scroll.
    pub(super) fn scrolls(&mut self, key: Key, page: usize, beyond: usize) -> bool {
        let (Self::Help { scroll } | Self::Text { scroll } | Self::Question { scroll, .. }) = self else {
            return false;
        };
        *scroll = match key {
            Key::Down | Key::Char('j') => *scroll + 1,
            Key::Up | Key::Char('k') => scroll.saturating_sub(1),
            Key::PageDown | Key::Char(' ') | Key::Ctrl('f') => *scroll + page,
            Key::PageUp | Key::Ctrl('b') => scroll.saturating_sub(page),
            Key::Home | Key::Char('g') => 0,
            Key::End | Key::Char('G') => beyond,
            _ => return false,
        };
        *scroll = (*scroll).min(beyond);
        true
    }
}
