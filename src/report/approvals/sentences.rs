//! The reasons of an explanation, in sentences.

use super::explain::Explained;
use super::reasons::Reasons;

impl Explained {
    /// Why, as sentences. They may quote the command: the code that prints them escapes them.
    pub fn sentences(&self) -> Vec<String> {
        let reasons = Reasons {
            verdict: self.verdict,
            reason: &self.reason,
            not_analysable: self.not_analysable.as_deref(),
            plan: self.plan.as_ref().map(|plan| (plan, self.satisfied == Some(true))),
            release: self.release.profile.release(),
        };
        reasons.sentences()
    }
}
