//! The plan of an edit, for local and remote documents: the document to store, and its warnings.

use super::request::Request;
use crate::approvals::edit::allowlist::{Applied, Edit, Verb as Change};
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::lint::{self, Facts, Keeper};
use crate::approvals::model::document::Document;
use crate::approvals::{Budget, Syntax, modernised};
use crate::commands::Error;
use crate::commands::documents::Checked;
use crate::deadline::Deadline;

/// Lints of a new entry within its document.
pub(super) fn lints(
    edit: &Edit,
    text: Option<&[u8]>,
    release: Option<&str>,
    keeper: Keeper,
    deadline: Deadline,
) -> Vec<Diagnostic> {
    let spent = || deadline.left().is_none();
    let facts = Facts { release, keeper, budget: Budget::until(&spent), ..Facts::default() };
    match (edit.verb(), text) {
        (Change::Add, Some(text)) => lint::of_entry(Some(text), edit.agent(), &edit.entry(), &facts),
        _ => Vec::new(),
    }
}

/// Rewrites legacy forms of the text where requested. `modern` owns the new text.
pub(super) fn in_todays_form<'t>(
    request: &Request,
    name: &str,
    text: &'t [u8],
    syntax: Syntax,
    modern: &'t mut String,
) -> Result<&'t [u8], Error> {
    if !request.allow_legacy {
        return Ok(text);
    }
    *modern =
        modernised(text, syntax).map_err(|verdict| Error::Invalid { name: name.to_owned(), verdict })?;
    Ok(modern.as_bytes())
}

/// The edited document, and the effect of the edit.
pub(super) fn edited<'t>(
    edit: &Edit,
    name: &str,
    text: &'t [u8],
    now_ms: Option<u64>,
) -> Result<(Document<'t>, Applied), Error> {
    let Checked { mut document } = Checked::of(name, text, Syntax::Json)?;
    let applied = edit.apply(&mut document, now_ms);
    Ok((document, applied))
}

/// The current time in Unix milliseconds, which the official command writes as a new entry's last use.
pub(super) fn now_ms() -> Option<u64> {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).ok()
}
