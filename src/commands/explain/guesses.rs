//! What makes a verdict unknown.

use super::circumstances;
use super::target::Target;
use crate::approvals::decide::{Decision, Question, Verdict};
use crate::report::approvals::explain::ConfigurationUsed;

/// Makes a verdict unknown if it depends on an unknown fact.
pub(super) fn without_guesses(
    decision: &mut Decision,
    question: &Question<'_>,
    target: &Target,
    knows_home: bool,
) {
    for name in &mut decision.missing {
        *name = circumstances::missing(name);
    }
    let mut missing = Vec::new();
    if let Some(host) = &decision.other_host {
        missing.push(format!("how a {host} decides: tools.exec.host sends commands there"));
    }
    if target.is_node {
        missing.push("how the node decides: nodes do not report their release".to_owned());
    }
    // A refusal before the check of the entries stays: the unknown configuration can only be stricter.
    let is_refused = decision.verdict == Verdict::Denied && decision.evaluation.is_none();
    if let ConfigurationUsed::Unknown(why) = &target.surroundings.configured
        && !is_refused
    {
        missing
            .push(format!("tools.exec of the gateway's configuration ({why}): name it with --config FILE"));
    }
    // Entries with `~` can only allow more.
    let in_entries =
        decision.verdict != Verdict::Runs && question.document.is_some_and(|text| text.contains('~'));
    if !knows_home && !is_refused && (in_entries || question.command.contains('~')) {
        missing.push("the home directory of the gateway: set `home` in the table of --programs".to_owned());
    }
    if !missing.is_empty() {
        decision.verdict = Verdict::Unknown;
        decision.unanswered = None;
        decision.started = None;
        missing.append(&mut decision.missing);
        decision.missing = missing;
    }
}
