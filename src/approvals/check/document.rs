//! From bytes to a verdict or a document.
//!
//! A valid document is read once, into our types, without a tree, schema or positions. Only a document that the types
//! or the rules reject is read again, to report what is wrong and where.

use std::collections::HashSet;
use std::ops::Range;

use jsonc_parser::ast::Value;
use serde::Deserialize;

use crate::approvals::bounds::{self, Budget, Cut};
use crate::approvals::check::bare;
use crate::approvals::check::elide;
use crate::approvals::check::meant;
use crate::approvals::check::rules;
use crate::approvals::check::schema::Contract;
use crate::approvals::check::shape;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::findings::finding::{Finding, Findings, place};
use crate::approvals::model::document::Document;
use crate::approvals::redact::contents::Contents;
use crate::approvals::redact::secrets;
use crate::approvals::text::syntax::{self, Source, Syntax};
use crate::approvals::text::tree::{self, read, to_json};

/// How strictly a document is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strictness {
    /// The notation that the document must use.
    pub syntax: Syntax,
    /// Whether the forms of early releases are warnings instead of errors.
    pub allow_legacy: bool,
}

/// Checks a document and reports every problem with its place. Never fails and never panics, whatever the bytes.
pub fn check(bytes: &[u8], strictness: Strictness) -> Verdict {
    check_within(bytes, strictness, Budget::default())
}

/// Like [`check`], with a time limit. If the limit passes, the verdict is marked as unfinished.
pub fn check_within(bytes: &[u8], strictness: Strictness, budget: Budget<'_>) -> Verdict {
    if accepted(bytes, budget).is_some() {
        Verdict::default()
    } else {
        diagnose(bytes, strictness, Contract::Document, budget)
    }
}

/// The document in a text, or the verdict that explains why there is none.
///
/// A document with legacy forms does not fit our types, so it is rejected here even where [`check`] accepts it: see
/// [`crate::approvals::check::legacy::modernised`].
pub fn parse(bytes: &[u8], syntax: Syntax) -> Result<Document<'_>, Verdict> {
    parse_within(bytes, syntax, Budget::default())
}

/// Like [`document`], with a time limit.
pub(in crate::approvals) fn parse_within<'t>(
    bytes: &'t [u8],
    syntax: Syntax,
    budget: Budget<'_>,
) -> Result<Document<'t>, Verdict> {
    if let Some(document) = accepted(bytes, budget) {
        return Ok(document);
    }
    let verdict = diagnose(bytes, Strictness { syntax, allow_legacy: false }, Contract::Document, budget);
    // Only JSON5 can still contain a document here.
    if !verdict.is_valid() {
        return Err(verdict);
    }
    json5::<Document<'_>>(bytes).ok_or(verdict)
}

/// The fast path: plain JSON that the types and the rules accept.
pub fn accepted<'t>(bytes: &'t [u8], budget: Budget<'_>) -> Option<Document<'t>> {
    let text = std::str::from_utf8(bytes).ok()?;
    if bounds::object_too_many(text).is_some() {
        return None;
    }
    let document = serde_json::from_str::<Document<'_>>(text).ok()?;
    rules::accept(&document, budget).then_some(document)
}

/// The JSON value in a text, whether or not it is a document. `None` if the text has no value or too many: for a text
/// that is not a document, the value would take many times the size of the text.
pub fn json(bytes: &[u8], syntax: Syntax) -> Option<serde_json::Value> {
    let text = readable(bytes)?;
    if bounds::value_too_large(text) && !is_document(text) {
        return None;
    }
    match syntax {
        Syntax::Json => serde_json::from_str(text).ok(),
        Syntax::Json5 => tree_of_json5(text).map(|root| to_json(&root)),
    }
}

/// The JSON value, for comparison, of a text that is not a document in today's form; or the verdict that explains why
/// there is none.
pub(in crate::approvals) fn value_of_invalid(bytes: &[u8]) -> Result<serde_json::Value, Verdict> {
    let Some(text) = readable(bytes) else { return Err(unreadable(bytes)) };
    match bare::too_many(text) {
        Some(too_many) => Err(refused(text, too_many)),
        None => json(bytes, Syntax::Json).ok_or_else(|| unreadable(bytes)),
    }
}

/// Why [`json`] makes no value of a text that is not a document.
pub(in crate::approvals) fn unreadable(bytes: &[u8]) -> Verdict {
    if let Some(text) = readable(bytes)
        && bounds::value_too_large(text)
    {
        let message =
            "the document holds too many values for its size: it may, once it is valid and in today's form";
        return refused(text, Finding::new(Code::TooManyValues, 0..1, message.to_owned()));
    }
    parse(bytes, Syntax::Json).err().unwrap_or_default()
}

fn refused(text: &str, finding: Finding) -> Verdict {
    let secrets = secrets::in_broken_text(text, std::slice::from_ref(&finding.span));
    place(text, &secrets, vec![finding].into())
}

/// The JSON value in a text, for printing; `None` if the text has no value or too many.
pub fn contents_of(bytes: Vec<u8>, syntax: Syntax) -> Option<Contents> {
    let text = readable(&bytes)?;
    // All values of plain JSON are valid JSON5.
    if syntax == Syntax::Json5 && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        let root = tree_of_json5(text)?;
        let mut json = String::with_capacity(text.len());
        tree::to_json_text(&root, &mut json);
        drop(root);
        return Contents::of(json);
    }
    String::from_utf8(bytes).ok().and_then(Contents::of)
}

/// A text that is small enough to build a tree from.
fn readable(bytes: &[u8]) -> Option<&str> {
    let text = syntax::text(bytes).ok()?;
    let too_many =
        bounds::object_too_many(text).is_some() || bounds::cut(text).is_some_and(|_| !is_document(text));
    (!too_many).then_some(text)
}

fn tree_of_json5(text: &str) -> Option<Value<'_>> {
    let mut findings = Vec::new();
    let root = syntax::parse(text, None, Syntax::Json5, &mut findings)?;
    findings.iter().all(|finding| finding.code == Code::DuplicateKey).then_some(root)
}

/// Whether the types accept a text. If they do, they also bound its number of values.
fn is_document(text: &str) -> bool {
    serde_json::from_str::<Document<'_>>(text).is_ok()
}

pub(in crate::approvals) fn json5<'t, T: Deserialize<'t>>(bytes: &'t [u8]) -> Option<T> {
    let text = syntax::text(bytes).ok()?;
    let root = syntax::parse(text, None, Syntax::Json5, &mut Vec::new())?;
    read(&root).ok()
}

/// Maximum number of duplicate values that are examined for one key.
const REPEATS: usize = 8;

/// Why a text does not meet a contract: every problem, each with its place.
pub(in crate::approvals) fn diagnose(
    bytes: &[u8],
    strictness: Strictness,
    contract: Contract,
    budget: Budget<'_>,
) -> Verdict {
    let mut findings = Findings::of(strictness.allow_legacy, budget);
    let text = match syntax::text(bytes) {
        Ok(text) => text,
        Err((finding, before)) => {
            findings.push(*finding);
            return place(before, &[], findings);
        }
    };
    let mut marks = Vec::new();
    let text = syntax::without_mark(text, &mut marks);
    findings.extend(marks);
    let dense = bounds::object_too_many(text);
    let elide = contract == Contract::Document && dense.is_none();
    let mut elided = elide.then(|| elide::accepted_entries(text, budget)).flatten();
    let is_elided = elided.is_some();
    let cut = bounds::cut(elided.as_deref().unwrap_or(text));
    if cut.is_some() {
        elided = None;
    }
    if findings.must_end() {
        return place(text, &[], findings);
    }
    let source = Source {
        text: cut.as_ref().map_or(elided.as_deref().unwrap_or(text), |cut| &cut.text),
        elided: is_elided,
        cut: cut.is_some(),
    };
    let Some(mut root) = syntax::parse_all(text, source, strictness.syntax, &mut findings) else {
        let near = findings.kept.iter().map(|finding| finding.span.clone()).collect::<Vec<_>>();
        return place(text, &secrets::in_broken_text(text, &near), findings);
    };
    // A text from which entries were left out is plain JSON and has no comments.
    let comments = if is_elided { Vec::new() } else { bounds::comments(source.text) };
    let secrets = secrets::with_comments(secrets::in_tree(&root), comments);
    if contract == Contract::Document
        && let Some(other) = meant::other(&root)
    {
        // This is one mistake, not one for each field.
        return place(text, &secrets, vec![other.finding()].into());
    }
    if let Some(finding) = too_many(cut.as_ref(), dense) {
        findings.begin();
        findings.uncounted |= cut.is_some();
        findings.push(finding);
    }
    if contract == Contract::Document && strictness.allow_legacy && cut.is_none() && dense.is_none() {
        findings.begin();
        findings.extend(bare::too_many(text));
    }
    explain(&mut root, text, &secrets, contract, &mut findings);
    if let Some(cut) = &cut {
        // A field that is missing before the cut may follow after it.
        let open: HashSet<usize> = cut.open.iter().copied().collect();
        let may_follow =
            |finding: &Finding| finding.code == Code::MissingField && open.contains(&finding.span.start);
        findings.kept.retain(|finding| !may_follow(finding));
    }
    let refused = || is_elided || !contract.accepts(&root);
    if findings.kept.is_empty() && !findings.unfinished && refused() {
        // The types and the schema disagree. A property test shows that this is impossible; the types decide.
        findings.push(Finding::new(Code::Refused, 0..0, format!("{} is not accepted", contract.name())));
    }
    place(text, &secrets, findings)
}

/// A text with too many values for its size.
fn too_many(cut: Option<&Cut>, dense: Option<(usize, usize)>) -> Option<Finding> {
    let finding = |at: usize, message: String| Finding::new(Code::TooManyValues, at..at + 1, message);
    match (cut, dense) {
        (Some(cut), _) => Some(finding(
            cut.at,
            "the document holds too many values for its size: nothing from here on was checked".to_owned(),
        )),
        (None, Some((at, most))) => {
            let message = format!("the document holds more than {most} objects");
            Some(finding(at, message).expected(format!("at most {most} in a document of this size")))
        }
        (None, None) => None,
    }
}

/// What the schema and the rules report for a tree.
fn explain(
    root: &mut Value<'_>,
    text: &str,
    secrets: &[Range<usize>],
    contract: Contract,
    findings: &mut Findings<'_>,
) {
    // A number without a value was already reported; schema errors about its placeholder are noise.
    let known: HashSet<_> =
        findings.kept.iter().filter(|f| f.code == Code::NumberOutOfRange).map(|f| f.path.clone()).collect();
    let repeated = findings.kept.iter().any(|finding| finding.code == Code::DuplicateKey);
    for _ in 0..REPEATS {
        findings.begin();
        shape::findings(root, text, secrets, contract, &known, findings);
        if contract == Contract::Document {
            rules::findings(root, findings);
        }
        if !repeated || findings.unfinished {
            break;
        }
        if findings.omitted > 0 {
            findings.uncounted = true;
            break;
        }
        // Readers keep the last of duplicates. Problems in the earlier ones are reported too.
        if !tree::drop_last_duplicates(root) {
            break;
        }
    }
    if repeated {
        // Problems outside the repeated key were found in every round.
        let place =
            |finding: &Finding| (finding.span.start, finding.span.end, finding.code, finding.message.clone());
        findings.kept.sort_by_cached_key(place);
        findings.kept.dedup_by(|a, b| place(a) == place(b));
    }
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
