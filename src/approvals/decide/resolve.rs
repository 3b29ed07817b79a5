//! Finds the program that a word of a command names.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::host::Host;

/// What is assumed of programs that nobody can tell about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hypothesis {
    /// There is none.
    Nothing,
    /// It exists, and no entry matches it.
    Stranger,
    /// It exists, and every entry that could mean it matches it.
    Wanted,
}

/// The host under one hypothesis.
pub(super) struct World<'h> {
    /// The files.
    pub host: &'h dyn Host,
    /// What is assumed of what the host cannot tell.
    pub hypothesis: Hypothesis,
    /// What the host could not tell, so far.
    pub unknown: RefCell<BTreeSet<String>>,
}
