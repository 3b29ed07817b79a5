//! `approvals get`: what a store or a file holds.

use std::path::{Path, PathBuf};

use super::Error;
use super::remote::{Fetched, Place, Remote};
use crate::approvals::Strictness;
use crate::approvals::Syntax;
use crate::approvals::check;
use crate::approvals::check::native;
use crate::approvals::contents::Contents;
use crate::approvals::contents_of;
use crate::approvals::findings::remark::Remark;
use crate::approvals::model::stored::Stored;
use crate::deadline::Deadline;
use crate::report::approvals::{Got, NativeSnapshot, Snapshot};
use crate::store::input::{self, Bounds, Input};
use crate::store::{MAX_SIZE, Store};
use anyhow::Context;

/// Which document to read.
#[derive(Debug)]
pub enum Source {
    /// A file that was named, which must be there.
    File(PathBuf),
    /// A local store, which may be empty.
    Store(PathBuf),
    /// This host's own store.
    Local,
    /// A gateway, or a node behind it.
    Remote(Remote),
}

/// Reads a document as it is, valid or not, as long as it is JSON.
pub fn run(source: Source, deadline: Deadline) -> anyhow::Result<Got> {
    let mut remarks = Vec::new();
    // How it is read, and how it is validated.
    let (name, stored, syntaxes) = match source {
        Source::File(path) => {
            let input = Input::named(&path);
            let bytes = input::read(&input, Bounds { max_size: MAX_SIZE, deadline })
                .map_err(Error::from)
                .context("reading the document")?;
            let strict = super::validate::by_name(&input);
            (input.name(), Stored::holding(bytes), [Syntax::Json5, strict])
        }
        Source::Store(path) => of_store(Some(&path), deadline, &mut remarks)?,
        Source::Local => of_store(None, deadline, &mut remarks)?,
        Source::Remote(remote) => return Ok(super::gateway::run(of_remote(&remote, deadline))?),
    };
    Ok(Got::Document(Snapshot { remarks, ..snapshot(name, stored, syntaxes)? }))
}

async fn of_remote(remote: &Remote, deadline: Deadline) -> Result<Got, Error> {
    let mut place = Place::open(remote, deadline).await?;
    let fetched = place.fetch().await?;
    let name = place.name();
    place.close().await;
    match fetched {
        Fetched::Document(document) => {
            let text = document.file.get().as_bytes().to_vec();
            let stored = if document.exists { Stored::holding(text) } else { Stored::absent() };
            // The hash is the gateway's: of its own text, which is not what it sends.
            let resolved_defaults = document.resolved_defaults;
            let snapshot = snapshot(document.path, stored, [Syntax::Json; 2])?;
            let (place, hash) = (Some(name), document.hash);
            Ok(Got::Document(Snapshot { place, hash, resolved_defaults, ..snapshot }))
        }
        Fetched::Native { hash, policy } => {
            let text = policy.to_string();
            let problems = native::check(text.as_bytes(), Syntax::Json).errors();
            Ok(Got::Native(NativeSnapshot { path: name, hash, policy, problems }))
        }
    }
}

fn of_store(
    named: Option<&Path>,
    deadline: Deadline,
    remarks: &mut Vec<Remark>,
) -> anyhow::Result<(String, Stored, [Syntax; 2])> {
    let store = Store::of(named, deadline).map_err(Error::from).context("looking for this host's store")?;
    let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
    *remarks = store.remarks(deadline);
    Ok((store.name(), stored, [Syntax::Json; 2]))
}

fn snapshot(path: String, stored: Stored, [lenient, syntax]: [Syntax; 2]) -> Result<Snapshot, Error> {
    let hash = stored.hash();
    let (exists, file, problems) = match stored.into_text() {
        Some(text) => {
            // As `validate` counts without flags.
            let verdict = check(&text, Strictness { syntax, allow_legacy: false });
            let problems = verdict.errors();
            match contents_of(text, lenient) {
                Some(file) => (true, file, problems),
                None => return Err(Error::Invalid { name: path, verdict }),
            }
        }
        None => (false, Contents::absent(), 0),
    };
    Ok(Snapshot {
        place: None,
        path,
        exists,
        hash,
        file,
        problems,
        resolved_defaults: None,
        remarks: Vec::new(),
    })
}
