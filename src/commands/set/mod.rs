//! `approvals set`: one document in another's place, or nothing at all.

pub(super) mod local;
pub(super) mod remote;

use std::path::PathBuf;

use anyhow::Context;

use super::Error;
use super::remote::Remote;
use crate::approvals::Budget;
use crate::approvals::Syntax;
use crate::approvals::compare::changes::Change;
use crate::approvals::edit::unknown;
use crate::approvals::model::document::Document;
use crate::approvals::modernised;
use crate::approvals::parse;
use crate::approvals::report::SetReport;
use crate::deadline::{Deadline, Gate};
use crate::store::MAX_SIZE;
use crate::store::input::{self, Bounds, Input};

/// What to store, and where.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, in any combination")]
pub struct Request {
    /// The new document.
    pub new: Input,
    /// Where.
    pub place: Place,
    /// The hash that the store must have.
    pub base_hash: Option<String>,
    /// Whether to stop before anything is written.
    pub dry_run: bool,
    /// Whether legacy forms of the new document are rewritten.
    pub allow_legacy: bool,
    /// Whether fields that no release knows are taken out of the new document.
    pub drop_unknown: bool,
    /// Whether fields that an older gateway rejects are left out.
    pub downgrade: bool,
}

/// Whose document is replaced.
#[derive(Debug)]
pub enum Place {
    /// A local store; `None` for this host's own.
    Local(Option<PathBuf>),
    /// A gateway's, or a node's.
    Remote(Remote),
}

/// Validates, plans, and unless it is a dry run replaces and reads back.
pub fn run(request: &Request, gate: &Gate, deadline: Deadline) -> anyhow::Result<SetReport> {
    let bytes = input::read(&request.new, Bounds { max_size: MAX_SIZE, deadline })
        .map_err(Error::from)
        .context("reading the new document")?;
    match &request.place {
        Place::Local(store) => {
            let new = New::of(request, bytes, deadline)?;
            local::run(request, store.as_ref(), &new, gate, deadline)
        }
        Place::Remote(remote) => {
            Ok(super::gateway::run(remote::run(request, remote, bytes, gate, deadline))?)
        }
    }
}

/// A new document in today's form.
#[derive(Debug)]
struct New {
    name: String,
    text: Vec<u8>,
    /// What was taken out of it.
    dropped: Vec<Change>,
    dropped_count: usize,
}

impl New {
    fn of(request: &Request, mut bytes: Vec<u8>, deadline: Deadline) -> Result<Self, Error> {
        let name = request.new.name();
        let (mut dropped, mut dropped_count) = (Vec::new(), 0);
        if request.drop_unknown
            && let Some(known) =
                unknown::without(&bytes, Syntax::Json5, Budget::until(&|| deadline.left().is_none()))
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

    fn document(&self) -> Result<Document<'_>, Error> {
        parse(&self.text, Syntax::Json5)
            .map_err(|verdict| Error::Invalid { name: self.name.clone(), verdict })
    }
}
