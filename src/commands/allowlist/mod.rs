//! `approvals allowlist`: adds or removes one entry under compare-and-swap, and retries when another writer was faster.

pub(super) mod expired;
mod list;
mod local;
mod plan;
mod remote;
mod request;
mod retry;

use anyhow::Context;

use super::Error;
use super::documents::Place;
use super::documents::writing::entered;
use super::remote::RemoteStore;
pub use crate::approvals::edit::allowlist::Verb as Change;
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::lint::{self, Facts};
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::EditReport;

pub use self::list::list;
pub use self::request::{Item, Request};
pub use super::past::entries::Term;

/// Warnings about an entry to add, independent of the rest of the document. Nothing is read or written.
pub fn warnings(request: &Request) -> anyhow::Result<Vec<Diagnostic>> {
    let edit = request.edit()?;
    Ok(match request.verb {
        Change::Add => lint::of_entry(None, edit.agent(), &edit.entry(), &Facts::default()),
        Change::Remove => Vec::new(),
    })
}

/// Refuses what a gateway inside this process cannot keep.
fn kept_nowhere(term: &Term) -> Result<(), Error> {
    match term {
        Term { until_ms: Some(_), .. } => {
            Err(Error::NotKept { what: "time limits", flags: "--for and --until" })
        }
        Term { note: Some(_), .. } => Err(Error::NotKept { what: "notes", flags: "--note" }),
        Term { note: None, until_ms: None } => Ok(()),
    }
}

/// Carries out the edit, after the removal of entries whose time is over.
pub fn run(request: &Request, gate: &Gate, deadline: Deadline) -> anyhow::Result<EditReport> {
    let edit = request.edit()?;
    let Some((gateway, node)) = request.place.gateway() else {
        let local = request.place.local(deadline).context("looking for this host's store")?;
        let local = local.ok_or_else(|| match request.place {
            Place::Version(id) => Error::Fixed { name: format!("version:{id}"), to: "edited" },
            _ => Error::Fixed { name: "standard input".to_owned(), to: "edited" },
        })?;
        let expired = if request.dry_run { Vec::new() } else { expired::of_local(&local, gate, deadline) };
        let report = local::edit(request, &edit, &local, gate, deadline)?;
        return Ok(EditReport { expired, ..report });
    };
    if super::gateway::is_rehearsal(gateway) {
        // The process ends with the command: nothing could be removed later.
        kept_nowhere(&request.term)?;
    }
    if !request.dry_run {
        // Every wait is bounded by the deadline; a call that was sent runs until its outcome is known.
        entered(gate, deadline)?;
    }
    let work = async {
        let mut store = RemoteStore::open(gateway, node, deadline).await?;
        let expired =
            if request.dry_run { Vec::new() } else { expired::of_remote(&mut store, deadline).await };
        let report = remote::edit(request, &mut store, edit, deadline).await;
        store.close().await;
        Ok(EditReport { expired, ..report? })
    };
    Ok(super::gateway::run(work)?)
}
