//! The new document of `approvals set`, without the fields that the flags remove.

use std::borrow::Cow;

use super::request::Request;
use crate::approvals::compare::changes::Change;
use crate::approvals::edit::unknown;
use crate::approvals::{Budget, Syntax, modernised};
use crate::commands::Error;
use crate::commands::documents::Checked;
use crate::deadline::Deadline;
use crate::report::approvals::SetReport;

/// The text of a new document, in today's form.
#[derive(Debug)]
pub(super) struct New<'t> {
    name: String,
    text: Cow<'t, [u8]>,
    /// The unknown fields that were removed from it.
    dropped: Vec<Change>,
    dropped_count: usize,
}

impl<'t> New<'t> {
    pub(super) fn of(
        request: &Request,
        name: &str,
        text: &'t [u8],
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let name = name.to_owned();
        let mut text = Cow::Borrowed(text);
        let (mut dropped, mut dropped_count) = (Vec::new(), 0);
        if request.drop_unknown
            && let Some(known) =
                unknown::without(&text, Syntax::Json5, Budget::until(&|| deadline.left().is_none()))
            // A field that looks like a misspelt rule is an error, as without the flag.
            && known.meant == 0
        {
            (dropped, dropped_count) = (known.fields, known.count);
            text = Cow::Owned(known.text.into_bytes());
        }
        if request.allow_legacy {
            match modernised(&text, Syntax::Json5) {
                Ok(modern) => text = Cow::Owned(modern.into_bytes()),
                Err(verdict) => return Err(Error::Invalid { name, verdict }),
            }
        }
        Ok(Self { name, text, dropped, dropped_count })
    }

    /// Parses and validates the document, once.
    pub(super) fn checked(&self) -> Result<Checked<'_>, Error> {
        Checked::of(&self.name, &self.text, Syntax::Json5)
    }

    /// Adds the removed fields to a report.
    pub(super) fn reported(self, report: SetReport) -> SetReport {
        SetReport { dropped: self.dropped, dropped_count: self.dropped_count, ..report }
    }
}
