//! `approvals allowlist`: adds or removes one entry under compare-and-swap, and retries when another writer was faster.

mod list;
mod local;
mod plan;
mod remote;
mod request;
mod retry;

use super::Error;
use super::documents::writing::entered;
use crate::approvals::edit::allowlist::Edit;
pub use crate::approvals::edit::allowlist::Verb as Change;
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::lint::{self, Facts};
use crate::approvals::model::scalar::Source;
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::EditReport;

pub use self::list::list;
pub use self::request::{Item, Request};

/// Warnings about an entry to add, independent of the rest of the document. Nothing is read or written.
pub fn warnings(request: &Request) -> anyhow::Result<Vec<Diagnostic>> {
    let edit = edit(request)?;
    Ok(match request.verb {
        Change::Add => lint::of_entry(None, edit.agent(), &edit.entry(), &Facts::default()),
        Change::Remove => Vec::new(),
    })
}

fn edit(request: &Request) -> Result<Edit, Error> {
    let Request { verb, agent, item, .. } = request;
    match item {
        Item::Entry { pattern, arg_pattern, generated } => {
            let source = generated.then_some(Source::AllowAlways);
            Ok(Edit::new(*verb, agent, pattern, arg_pattern.as_deref(), source)?)
        }
        Item::Tool { server, tool } => Ok(Edit::of_tool(agent, server, tool)?),
    }
}

/// Carries out the edit.
pub fn run(request: &Request, gate: &Gate, deadline: Deadline) -> anyhow::Result<EditReport> {
    let edit = edit(request)?;
    let Some((gateway, node)) = request.place.gateway() else {
        return local::run(request, &edit, gate, deadline);
    };
    if !request.dry_run {
        // Every wait is bounded by the deadline; a call that was sent runs until its outcome is known.
        entered(gate, deadline)?;
    }
    Ok(super::gateway::run(remote::run(request, gateway, node, edit, deadline))?)
}
