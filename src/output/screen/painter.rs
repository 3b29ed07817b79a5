//! The painter of the screen, and what it keeps between two drawings.

use std::collections::HashMap;

use crate::queue::prompt::Key;
use crate::queue::triage::{Act, Counts, Fact, RowId, Verdict};

/// The maximum number of shortened commands that are kept.
const KEPT: usize = 2_000;

/// What the text of an overlay is made of: while it is the same, so is the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) what: What,
    pub(super) width: u16,
    pub(super) lead: Option<Key>,
    pub(super) counts: Counts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Help,
    Text,
    /// With what is known of the new entries.
    Always(Option<Fact<Verdict>>),
    Tagged(Act),
    Cancel(u64, bool),
    /// With their number, and whether they were found.
    Entries(u64, bool),
    Quit,
}

/// Draws the screen.
#[derive(Debug, Default)]
pub struct Painter {
    /// Whether there are colours. Bold, dim and reverse do not count.
    pub(super) styled: bool,
    /// Shortened commands of rows, by their width.
    pub(super) commands: HashMap<(RowId, usize), String>,
    /// The lines of the last overlay's text, and what they are of.
    pub(super) text: Option<(Source, Vec<String>)>,
}

impl Painter {
    /// A painter, with or without colours.
    pub fn new(styled: bool) -> Self {
        Self { styled, ..Self::default() }
    }

    /// Forgets shortened commands if there are too many.
    pub(super) fn forget(&mut self) {
        if self.commands.len() > KEPT {
            self.commands.clear();
        }
    }
}
