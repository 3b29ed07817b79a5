//! `approvals allowlist`: one entry in or out, under compare-and-swap, again until nobody else was faster.

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

pub use self::request::Request;

/// What is dangerous about an entry that is to be added, whatever else is in the document. Nothing is read or written.
pub fn warnings(request: &Request) -> anyhow::Result<Vec<Diagnostic>> {
    let edit = edit(request)?;
    Ok(match request.verb {
        Change::Add => lint::of_entry(None, edit.agent(), &edit.entry(), &Facts::default()),
        Change::Remove => Vec::new(),
    })
}

fn edit(request: &Request) -> Result<Edit, Error> {
    let Request { verb, agent, pattern, arg_pattern, generated, .. } = request;
    let source = generated.then_some(Source::AllowAlways);
    Ok(Edit::new(*verb, agent, pattern, arg_pattern.as_deref(), source)?)
}

/// Makes the edit.
pub fn run(request: &Request, gate: &Gate, deadline: Deadline) -> anyhow::Result<EditReport> {
    let edit = edit(request)?;
    let Some((gateway, node)) = request.place.gateway() else {
        return local::run(request, &edit, gate, deadline);
    };
    if !request.dry_run {
        // Every wait has the deadline, and a call that was sent ends with its outcome.
        entered(gate, deadline)?;
    }
    Ok(super::gateway::run(remote::run(request, gateway, node, edit, deadline))?)
}
