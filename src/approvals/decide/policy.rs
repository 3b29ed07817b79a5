//! Merges what the configuration asks for with the document: the stricter `security`, the `ask` that asks more, and the
//! fallback for prompts that nobody answers. Every field keeps the source that determined it.
//! Source: `resolveExecApprovalsFromFile`, `resolveExecHostApprovalContext` and the beginning of `createExecTool`.

use std::sync::Arc;

use super::configuration::Requested;
use super::decision::{Origin, Policy};
use super::document::Document;
use super::levels::{Ask, Security};
use super::profile::Profile;
use super::question::{Context, Question};
use super::words::trim;

/// The policy in force for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merged {
    /// What may run without a question.
    pub security: Security,
    /// When a person is asked.
    pub ask: Ask,
    /// What counts if nobody answers.
    pub ask_fallback: Security,
    /// Whether a model reviews what would be asked.
    pub auto_review: bool,
    /// Whether the gateway's check is left out altogether: permission mode `full` with `ask` off.
    pub is_bypassed: bool,
    origins: [Origin; 3],
}

/// The configuration's levels with the release's defaults filled in.
struct Asked {
    security: (Security, Origin),
    ask: (Ask, Origin),
}

/// Merges the policies of a call.
pub(super) fn merge(
    question: &Question<'_>,
    profile: Profile,
    requested: &Requested,
    document: &Document,
) -> Merged {
    let asked = asked(question, profile, requested, document);
    let (security, ask) = if requested.bypasses_document {
        (asked.security.clone(), asked.ask.clone())
    } else {
        let security = of_document(document, |levels| levels.security.as_ref());
        let ask = of_document(document, |levels| levels.ask.as_ref());
        (stricter(asked.security.clone(), security), asking_more(asked.ask.clone(), ask))
    };
    let ask = with_ask_of_call(question, profile, ask);
    let default = if profile.parses_bash() { Security::Deny } else { Security::Full };
    let fallback =
        of_document(document, |levels| levels.ask_fallback.as_ref()).unwrap_or((default, Origin::Default));
    let fallback = if fallback.0 <= security.0 { fallback } else { security.clone() };
    let is_bypassed =
        requested.bypasses_document && requested.ask.as_ref().is_some_and(|(ask, _)| *ask == Ask::Off);
    Merged {
        security: security.0,
        ask: if is_bypassed { Ask::Off } else { ask.0 },
        ask_fallback: fallback.0,
        auto_review: requested.auto_review && !is_bypassed && ask.0 == asked.ask.0,
        is_bypassed,
        origins: [security.1, ask.1, fallback.1],
    }
}

impl Merged {
    /// The policy in the words of documents.
    pub(super) fn words(&self) -> Policy {
        let [security, ask, fallback] = self.origins.clone();
        Policy {
            security: (self.security.word(), security),
            ask: (self.ask.word(), ask),
            ask_fallback: (self.ask_fallback.word(), fallback),
        }
    }
}

/// What the configuration asks for. In 2026.4.14 the document's `defaults` fill in what it leaves open, and the call may
/// tighten both fields.
fn asked(question: &Question<'_>, profile: Profile, requested: &Requested, document: &Document) -> Asked {
    let is_first = !profile.parses_bash();
    let defaults = &document.defaults;
    let security = requested.security.clone().or_else(|| {
        defaults.security.clone().filter(|_| is_first).map(|(level, key)| (level, Origin::Document(key)))
    });
    let ask = requested.ask.clone().or_else(|| {
        defaults.ask.clone().filter(|_| is_first).map(|(level, key)| (level, Origin::Document(key)))
    });
    let security = security.unwrap_or((Security::Full, Origin::Default));
    let of_call =
        question.security.filter(|_| is_first).and_then(|word| Security::parse(&word_of_call(word)));
    Asked {
        security: match of_call {
            Some(level) if level < security.0 => (level, Origin::Call("security".into())),
            _ => security,
        },
        ask: ask.unwrap_or((Ask::Off, Origin::Default)),
    }
}

/// `ask` of the call tightens. Since 2026.6.11 it does nothing in a channel where nothing is asked otherwise.
fn with_ask_of_call(question: &Question<'_>, profile: Profile, ask: (Ask, Origin)) -> (Ask, Origin) {
    let is_ignored = profile.parses_bash() && question.context == Context::Interactive && ask.0 == Ask::Off;
    let of_call = question.ask.filter(|_| !is_ignored).and_then(|word| Ask::parse(&word_of_call(word)));
    match of_call {
        Some(level) if level > ask.0 => (level, Origin::Call("ask".into())),
        _ => ask,
    }
}

/// A word of a call is compared in lower case and without white space around it.
fn word_of_call(word: &str) -> String {
    trim(word).to_lowercase()
}

/// A field of the document: the agent's, else that of `*`, else the default.
pub(super) fn of_document<'d, T: Copy + 'd>(
    document: &'d Document,
    field: impl Fn(&'d super::document::Levels) -> Option<&'d (T, Arc<str>)>,
) -> Option<(T, Origin)> {
    let found =
        field(&document.agent).or_else(|| field(&document.everyone)).or_else(|| field(&document.defaults));
    found.map(|(level, key)| (*level, Origin::Document(key.clone())))
}

fn stricter(asked: (Security, Origin), document: Option<(Security, Origin)>) -> (Security, Origin) {
    match document {
        Some(document) if document.0 < asked.0 || document.0 == asked.0 && asked.1 == Origin::Default => {
            document
        }
        _ => asked,
    }
}

fn asking_more(asked: (Ask, Origin), document: Option<(Ask, Origin)>) -> (Ask, Origin) {
    match document {
        Some(document) if document.0 > asked.0 || document.0 == asked.0 && asked.1 == Origin::Default => {
            document
        }
        _ => asked,
    }
}

#[cfg(test)]
mod tests;
