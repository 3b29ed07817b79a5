//! From bytes to a verdict or a document.
//!
//! A valid document is read once, into our types, and that is all: no tree, no schema, no positions. Only a
//! document that the types or the rules refuse is read again, to say what is wrong and where.

use serde::Deserialize;

use super::diagnostic::{Severity, Verdict};
use super::document::Document;
use super::finding::{Finding, place};
use super::meant;
use super::schema::Contract;
use super::syntax::{self, Syntax};
use super::tree::{self, read, to_json};
use super::{codes::Code, elide, rules, secrets, shape};

/// How strictly a document is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strictness {
    /// The notation it must be written in.
    pub syntax: Syntax,
    /// Whether the forms of early releases are warnings instead of errors.
    pub allow_legacy: bool,
}

/// Checks a document: every problem, each with its place. Never fails and never panics, whatever the bytes.
pub fn check(bytes: &[u8], strictness: Strictness) -> Verdict {
    if accepted(bytes).is_some() {
        Verdict::default()
    } else {
        diagnose(bytes, strictness, Contract::Document)
    }
}

/// The document in a text, or the verdict that says why there is none.
///
/// A document with legacy forms has no place in our types, so it is refused here even where [`check`] accepts it:
/// see [`super::legacy::modernised`].
pub fn parse(bytes: &[u8], syntax: Syntax) -> Result<Document<'_>, Verdict> {
    if let Some(document) = accepted(bytes) {
        return Ok(document);
    }
    let verdict = diagnose(bytes, Strictness { syntax, allow_legacy: false }, Contract::Document);
    // Only JSON5 gets here with a document in it.
    match json5::<Document<'_>>(bytes) {
        Some(document) if verdict.is_valid() => Ok(document),
        _ => Err(verdict),
    }
}

/// The fast path: plain JSON that the types and the rules accept.
pub(super) fn accepted(bytes: &[u8]) -> Option<Document<'_>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let document = serde_json::from_str::<Document<'_>>(text).ok()?;
    rules::accept(&document).then_some(document)
}

/// The JSON value in a text, whether it is a document or not; `None` where it has none.
pub fn json(bytes: &[u8], syntax: Syntax) -> Option<serde_json::Value> {
    match syntax {
        Syntax::Json => serde_json::from_slice(bytes).ok(),
        Syntax::Json5 => {
            let mut findings = Vec::new();
            let root = syntax::parse(syntax::text(bytes).ok()?, None, syntax, &mut findings)?;
            findings.iter().all(|finding| finding.code == Code::DuplicateKey).then(|| to_json(&root))
        }
    }
}

pub(super) fn json5<'t, T: Deserialize<'t>>(bytes: &'t [u8]) -> Option<T> {
    let text = syntax::text(bytes).ok()?;
    let root = syntax::parse(text, None, Syntax::Json5, &mut Vec::new())?;
    read(&root).ok()
}

/// How many values of one key are looked into: who repeats a key more often has other worries.
const REPEATS: usize = 8;

/// Why a text is not what a contract asks for: every problem, each with its place.
pub(super) fn diagnose(bytes: &[u8], strictness: Strictness, contract: Contract) -> Verdict {
    let text = match syntax::text(bytes) {
        Ok(text) => text,
        Err((finding, before)) => return place(before, &[], vec![*finding]),
    };
    let mut findings = Vec::new();
    let text = syntax::without_mark(text, &mut findings);
    let elided = (contract == Contract::Document).then(|| elide::accepted_entries(text)).flatten();
    let Some(mut root) = syntax::parse(text, elided.as_deref(), strictness.syntax, &mut findings) else {
        return place(text, &secrets::in_broken_text(text), findings);
    };
    // What could be elided is plain JSON, and has no comments.
    let comments = if elided.is_some() { Vec::new() } else { syntax::comments(text) };
    let secrets = secrets::with_comments(secrets::in_tree(&root), comments);
    if contract == Contract::Document
        && let Some(other) = meant::other(&root)
    {
        // One mistake, not one for each of its fields.
        return place(text, &secrets, vec![other.finding()]);
    }
    // A number without a value has been reported; what the schema says of its stand-in is noise.
    let known: Vec<_> =
        findings.iter().filter(|f| f.code == Code::NumberOutOfRange).map(|f| f.path.clone()).collect();
    let refused = !contract.accepts(&root);
    let repeated = findings.iter().any(|finding| finding.code == Code::DuplicateKey);
    for _ in 0..REPEATS {
        let more = shape::findings(&root, text, &secrets, contract);
        let rules = if contract == Contract::Document { rules::findings(&root) } else { Vec::new() };
        findings.extend(more.into_iter().chain(rules).filter(|finding| !known.contains(&finding.path)));
        // Readers keep the last of duplicates; what is wrong with those before it is told too.
        if !repeated || !tree::drop_last_duplicates(&mut root) {
            break;
        }
    }
    if repeated {
        // What is wrong beside the repeated key was found in every round.
        let place =
            |finding: &Finding| (finding.span.start, finding.span.end, finding.code, finding.message.clone());
        findings.sort_by_cached_key(place);
        findings.dedup_by(|a, b| place(a) == place(b));
    }
    if findings.is_empty() && (elided.is_some() || refused) {
        // The types and the schema disagree, which a property test holds impossible; the types win.
        findings.push(Finding::new(Code::Refused, 0..0, format!("{} is not accepted", contract.name())));
    }
    if strictness.allow_legacy {
        for finding in findings.iter_mut().filter(|finding| finding.code.is_legacy()) {
            finding.severity = Severity::Warning;
        }
    }
    place(text, &secrets, findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_repeated_key_hides_is_reported_too() {
        let text = r#"{"version":2,"version":1,"defaults":{"security":"x"},"defaults":{"security":"y","security":"deny"}}"#;
        let strictness = Strictness { syntax: Syntax::Json, allow_legacy: false };
        let found: Vec<_> = check(text.as_bytes(), strictness)
            .diagnostics
            .iter()
            .map(|d| (d.code.as_str(), d.start.column))
            .collect();
        assert_eq!(
            found,
            [
                ("unsupported-version", 12),
                ("duplicate-key", 14),
                ("unknown-value", 49),
                ("duplicate-key", 54),
                ("unknown-value", 77),
                ("duplicate-key", 81)
            ]
        );
    }

    #[test]
    fn a_wide_document_is_explained_in_time() {
        let strictness = Strictness { syntax: Syntax::Json, allow_legacy: false };
        let many = |field: fn(usize) -> String| (0..50_000).map(field).collect::<Vec<_>>().join(",");
        let strangers = format!("{{\"version\":1,{}}}", many(|n| format!("\"x{n}\":{n}")));
        assert_eq!(check(strangers.as_bytes(), strictness).errors(), 50_000);
        let agents =
            format!("{{\"version\":1,\"agents\":{{{}}}}}", many(|n| format!("\"x{n}\":{{\"ask\":{n}}}")));
        assert_eq!(check(agents.as_bytes(), strictness).errors(), 50_000);
    }

    #[test]
    fn a_key_repeated_without_end_ends() {
        let text = format!("{{{}\"version\":1}}", "\"a\":1,".repeat(20_000));
        let strictness = Strictness { syntax: Syntax::Json, allow_legacy: false };
        assert!(check(text.as_bytes(), strictness).errors() >= 20_000);
    }
}
