//! The new document of `approvals set`: as it was read, without what the flags take out of it.

use super::request::Request;
use crate::approvals::compare::changes::Change;
use crate::approvals::edit::unknown;
use crate::approvals::model::document::Document;
use crate::approvals::{Budget, Syntax, modernised, parse};
use crate::commands::Error;
use crate::deadline::Deadline;

/// A new document in today's form.
#[derive(Debug)]
pub(super) struct New {
    pub(super) name: String,
    pub(super) text: Vec<u8>,
    /// What was taken out of it.
    pub(super) dropped: Vec<Change>,
    pub(super) dropped_count: usize,
}

impl New {
    pub(super) fn of(request: &Request, mut bytes: Vec<u8>, deadline: Deadline) -> Result<Self, Error> {
        let name = request.new.name();
        let (mut dropped, mut dropped_count) = (Vec::new(), 0);
        if request.drop_unknown
            && let Some(known) =
                unknown::without(&bytes, Syntax::Json5, Budget::until(&|| deadline.left().is_none()))
            // What looks like a misspelt rule is an error, as without the flag.
            && known.meant == 0
        {
            (dropped, dropped_count) = (known.fields, known.count);
            bytes = known.text.into_bytes();
        }
        let text = if request.allow_legacy {
            match modernised(&bytes, Syntax::Json5) {
                Ok(text) => text.into_bytes(),
                Err(verdict) => return Err(Error::Invalid { name, verdict }),
            }
        } else {
            bytes
        };
        Ok(Self { name, text, dropped, dropped_count })
    }

    pub(super) fn document(&self) -> Result<Document<'_>, Error> {
        parse(&self.text, Syntax::Json5)
            .map_err(|verdict| Error::Invalid { name: self.name.clone(), verdict })
    }
}
