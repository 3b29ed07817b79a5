//! Assembles the evaluation of a command for 2026.6.11 and 2026.9.6, which parse the grammar of Bash.

use super::configuration::Setup;
use super::evaluation::{Evaluation, Plan};
use super::profile::Profile;
use super::question::{Entry, Question};
use super::resolve::World;

/// Reads the command of a question against the entries.
pub(super) fn evaluate(
    _question: &Question<'_>,
    _profile: Profile,
    _setup: &Setup,
    _entries: &[Entry],
    _world: &World<'_>,
) -> Evaluation {
    Evaluation {
        not_analysable: Some("unable to parse command".to_owned()),
        segments: Vec::new(),
        satisfied: false,
        plan: Plan::Renders(None),
        durable: false,
        inline_code: false,
        heredoc: false,
    }
}
