//! The outcomes of other commands as those of triage.

use super::super::Outcomes;
use crate::queue::cancel::Cancelled;
use crate::queue::report::{self, Entry, Failure};
use crate::queue::triage::Outcome;
use crate::queue::{Decision, Key};
use crate::report::queue::{STILL_LISTED, skip_reason};
use crate::report::run::failures;

/// | outcome of a denial | outcome |
/// | --- | --- |
/// | denied | decided: deny |
/// | already gone | gone |
/// | allowed before | gone: the decision |
/// | refused, not answered, or still listed | failed, with the words |
/// | skipped | failed, with the reason |
fn of(outcome: report::Outcome) -> Outcome {
    match outcome {
        report::Outcome::Denied => Outcome::Decided(Decision::Deny),
        report::Outcome::AlreadyGone => Outcome::Gone(None),
        report::Outcome::Allowed(decision) => Outcome::Gone(Some(decision.as_str().to_owned())),
        report::Outcome::Failed(Failure::Refused(words)) => Outcome::Failed(words.into()),
        report::Outcome::Failed(Failure::NoAnswer) => Outcome::Failed("no answer".to_owned()),
        report::Outcome::Failed(Failure::StillListed) => Outcome::Failed(STILL_LISTED.to_owned()),
        report::Outcome::Skipped(why) => Outcome::Failed(skip_reason(why).to_owned()),
    }
}

/// The outcomes of denials by a person.
pub(super) fn of_denials(denied: Outcomes) -> Vec<(Key, Outcome)> {
    denied.into_iter().map(|(key, outcome)| (key, of(outcome))).collect()
}

/// The outcomes of a purge.
pub(super) fn of_entries(entries: Vec<Entry>) -> Vec<(Key, Outcome)> {
    entries.into_iter().map(|entry| (entry.key, of(entry.outcome))).collect()
}

/// The outcomes of a cancellation, and what became of the run.
pub(super) fn of_cancelled(report: &Cancelled) -> (Vec<(Key, Outcome)>, String) {
    let denied = report.denied.iter().map(|key| (key.clone(), Outcome::Decided(Decision::Deny)));
    let gone = report.gone.iter().map(|key| (key.clone(), Outcome::Gone(Some("cancelled".to_owned()))));
    let failed = failures(report);
    let failed = failed.into_iter().map(|(key, words)| (key.clone(), Outcome::Failed(words.to_owned())));
    let words = match (&report.plan.aim.abort, report.aborted.len()) {
        (None, _) => String::new(),
        (Some(_), 0) => "Nothing was running.".to_owned(),
        (Some(_), 1) => "Aborted 1 run.".to_owned(),
        (Some(_), several) => format!("Aborted {several} runs."),
    };
    let left = match report.left.len() {
        0 => String::new(),
        1 => " 1 prompt is still pending.".to_owned(),
        several => format!(" {several} prompts are still pending."),
    };
    (denied.chain(gone).chain(failed).collect(), format!("{words}{left}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::report::SkipReason;

    #[test]
    fn every_outcome_of_a_denial_has_one_of_triage() {
        let failed = |words: &str| Outcome::Failed(words.to_owned());
        for (given, expected) in [
            (report::Outcome::Denied, Outcome::Decided(Decision::Deny)),
            (report::Outcome::AlreadyGone, Outcome::Gone(None)),
            (report::Outcome::Allowed(Decision::AllowOnce), Outcome::Gone(Some("allow-once".to_owned()))),
            (report::Outcome::Failed(Failure::Refused("no".into())), failed("no")),
            (report::Outcome::Failed(Failure::NoAnswer), failed("no answer")),
            (report::Outcome::Failed(Failure::StillListed), failed(STILL_LISTED)),
            (report::Outcome::Skipped(SkipReason::Deadline), failed("no time was left")),
        ] {
            assert_eq!(of(given), expected);
        }
    }
}
