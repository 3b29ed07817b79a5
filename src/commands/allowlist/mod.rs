//! `approvals allowlist`: one entry in or out, under compare-and-swap, again until nobody else was faster.

mod local;
mod plan;
mod remote;
mod request;
mod retry;

use super::Error;
use super::set::local::entered;
use crate::approvals::edit::allowlist::Edit;
pub use crate::approvals::edit::allowlist::Verb as Change;
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::lint::{self, Facts};
use crate::approvals::model::scalar::Source;
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::EditReport;

pub use self::request::{Place, Request};

/// What is dangerous about an entry that is to be added, whatever stands beside it. Nothing is read or written.
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
    match &request.place {
        Place::File(path) => local::in_file(request, path, edit, gate, deadline),
        Place::Store(path) => local::in_store(request, path.as_deref(), edit, gate, deadline),
        Place::Remote(remote) => {
            if !request.dry_run {
                // Every wait has the deadline, and a call that was sent ends with what became of it.
                entered(gate, deadline)?;
            }
            Ok(super::gateway::run(remote::run(request, remote, edit, deadline))?)
        }
    }
}
