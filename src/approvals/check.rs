//! From bytes to a verdict or a document.
//!
//! A valid document is read once, into our types, and that is all: no tree, no schema, no positions. Only a
//! document that the types or the rules refuse is read again, to say what is wrong and where.

use super::diagnostic::{Severity, Verdict};
use super::document::Document;
use super::finding::{Finding, place};
use super::syntax::{self, Syntax};
use super::tree::{read, to_json};
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
    if accepted(bytes).is_some() { Verdict::default() } else { diagnose(bytes, strictness) }
}

/// The document in a text, or the verdict that says why there is none.
///
/// A document with legacy forms has no place in our types, so it is refused here even where [`check`] accepts it:
/// see [`super::legacy::modernised`].
pub fn parse(bytes: &[u8], syntax: Syntax) -> Result<Document<'_>, Verdict> {
    if let Some(document) = accepted(bytes) {
        return Ok(document);
    }
    let verdict = diagnose(bytes, Strictness { syntax, allow_legacy: false });
    // Only JSON5 gets here with a document in it.
    match json5(bytes) {
        Some(document) if verdict.is_valid() => Ok(document),
        _ => Err(verdict),
    }
}

/// The fast path: plain JSON that the types and the rules accept.
fn accepted(bytes: &[u8]) -> Option<Document<'_>> {
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

fn json5(bytes: &[u8]) -> Option<Document<'_>> {
    let text = syntax::text(bytes).ok()?;
    let root = syntax::parse(text, None, Syntax::Json5, &mut Vec::new())?;
    read::<Document<'_>>(&root).ok()
}

fn diagnose(bytes: &[u8], strictness: Strictness) -> Verdict {
    let text = match syntax::text(bytes) {
        Ok(text) => text,
        Err((finding, before)) => return place(before, &[], vec![*finding]),
    };
    let mut findings = Vec::new();
    let text = syntax::without_mark(text, &mut findings);
    let elided = elide::accepted_entries(text);
    let Some(root) = syntax::parse(text, elided.as_deref(), strictness.syntax, &mut findings) else {
        return place(text, &secrets::in_broken_text(text), findings);
    };
    // What could be elided is plain JSON, and has no comments.
    let comments = if elided.is_some() { Vec::new() } else { syntax::comments(text) };
    let secrets = secrets::with_comments(secrets::in_tree(&root), comments);
    // A number without a value has been reported; what the schema says of its stand-in is noise.
    let known: Vec<_> =
        findings.iter().filter(|f| f.code == Code::NumberOutOfRange).map(|f| f.path.clone()).collect();
    findings.extend(shape::findings(&root, text, &secrets).into_iter().filter(|f| !known.contains(&f.path)));
    findings.extend(rules::findings(&root));
    if findings.is_empty() && (elided.is_some() || read::<Document<'_>>(&root).is_err()) {
        // The types and the schema disagree, which a property test holds impossible; the types win.
        findings.push(Finding::new(Code::Refused, 0..0, "the document is not accepted"));
    }
    if strictness.allow_legacy {
        for finding in findings.iter_mut().filter(|finding| finding.code.is_legacy()) {
            finding.severity = Severity::Warning;
        }
    }
    place(text, &secrets, findings)
}
