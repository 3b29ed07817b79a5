//! The plan of an edit, wherever the document is: the text that will be stored, and what is dangerous about it.

use super::request::Request;
use crate::approvals::edit::allowlist::{Applied, Edit, Verb as Change};
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::lint::{self, Facts};
use crate::approvals::{Budget, Syntax, modernised, parse};
use crate::commands::Error;
use crate::deadline::Deadline;

/// What is to be said of a new entry in the document that it comes into.
pub(super) fn lints(
    edit: &Edit,
    text: Option<&[u8]>,
    release: Option<&str>,
    early: bool,
    deadline: Deadline,
) -> Vec<Diagnostic> {
    let spent = || deadline.left().is_none();
    let facts = Facts { release, early, budget: Budget::until(&spent), ..Facts::default() };
    match (edit.verb(), text) {
        (Change::Add, Some(text)) => lint::of_entry(Some(text), edit.agent(), &edit.entry(), &facts),
        _ => Vec::new(),
    }
}

/// A stored text with the edit made: a valid document as JSON text, and what the edit did.
pub(super) fn edited(
    request: &Request,
    edit: &Edit,
    name: &str,
    text: &[u8],
    now_ms: Option<u64>,
) -> Result<(String, Applied), Error> {
    let invalid = |verdict| Error::Invalid { name: name.to_owned(), verdict };
    let modern;
    let text = if request.allow_legacy {
        modern = modernised(text, Syntax::Json).map_err(invalid)?;
        modern.as_bytes()
    } else {
        text
    };
    let mut document = parse(text, Syntax::Json).map_err(invalid)?;
    let applied = edit.apply(&mut document, now_ms);
    let text = serde_json::to_string(&document)
        .map_err(|error| Error::Replacement { path: name.to_owned(), error: error.into() })?;
    Ok((text, applied))
}

/// A host without a document.
pub(super) const ABSENT: &[u8] = br#"{"version": 1}"#;

/// Now, in Unix milliseconds: what the official command writes as a new entry's last use.
pub(super) fn now_ms() -> Option<u64> {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).ok()
}
