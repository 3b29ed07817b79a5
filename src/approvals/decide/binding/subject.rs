//! What a binding depends on, and what is assumed of files that nobody knows.

use crate::approvals::decide::configuration::Setup;
use crate::approvals::decide::evaluation::Evaluation;
use crate::approvals::decide::question::Question;
use crate::approvals::decide::resolve::{Hypothesis, World};

/// What a binding depends on.
#[derive(Clone, Copy)]
pub(in crate::approvals::decide) struct Subject<'s> {
    /// The call.
    pub question: &'s Question<'s>,
    /// The configuration.
    pub setup: &'s Setup,
    /// The parts of the command.
    pub evaluation: &'s Evaluation,
    /// The files.
    pub world: &'s World<'s>,
}

/// What is unknown is true under the last hypothesis only.
pub(super) fn assumed(world: &World<'_>, what: &str) -> bool {
    world.unknown.borrow_mut().insert(what.to_owned());
    world.hypothesis == Hypothesis::Wanted
}
