//! What happens to a prompt that nobody answers, under the policy of a document, as the evaluator decides it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::release::Release;
use super::trial;
use crate::approvals::decide::Profile;
use crate::approvals::model::document::Policy;
use crate::approvals::model::scalar::{Ask, AskFallback, Security};

/// A policy that decides about a prompt.
type Key = (Option<Security>, Option<Ask>, Option<AskFallback>);

/// Answers that were given, by policy.
#[derive(Debug)]
pub(super) struct Fallbacks<'f> {
    release: Release<'f>,
    known: HashMap<Key, Vec<Profile>>,
}

impl<'f> Fallbacks<'f> {
    pub(super) fn of(release: Release<'f>) -> Self {
        Self { release, known: HashMap::new() }
    }

    /// The releases on which the command of an unanswered prompt runs.
    pub(super) fn running(&mut self, policy: Policy) -> Vec<Profile> {
        let key = (policy.security, policy.ask, policy.ask_fallback);
        let release = self.release;
        let found = self.known.entry(key).or_insert_with(|| {
            let words = words(policy);
            release.those(|profile| trial::runs_unanswered(&words, profile))
        });
        found.clone()
    }
}

/// The policy as a document has it.
fn words(policy: Policy) -> Value {
    let mut words = Map::new();
    for (field, word) in [
        ("security", policy.security.map(Security::as_str)),
        ("ask", policy.ask.map(Ask::as_str)),
        ("askFallback", policy.ask_fallback.map(AskFallback::as_str)),
    ] {
        words.extend(word.map(|word| (field.to_owned(), Value::from(word))));
    }
    words.into()
}
