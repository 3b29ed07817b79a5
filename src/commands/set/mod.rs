//! `approvals set`: replaces one document, or changes nothing.

mod local;
mod new;
mod remote;
mod request;

use anyhow::Context;

use super::Error;
use super::allowlist::expired;
use super::documents::{self, Content, Place};
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::{SetOutcome, SetReport};
use crate::store::MAX_SIZE;
use crate::store::input::{Bounds, InputError};

use self::new::New as NewText;
pub use self::request::{New, Request};

/// Validates and plans; unless it is a dry run, replaces the document and reads it back.
pub fn run(request: &Request, gate: &Gate, deadline: Deadline) -> anyhow::Result<SetReport> {
    match &request.new {
        New::In(place) => {
            let bounds = Bounds { max_size: MAX_SIZE, deadline };
            let found = documents::read_within(place, bounds).context("reading the new document")?;
            let text = match found.content {
                Content::Text(text) => text,
                // The policy of a Windows node, of a kept version.
                Content::Native(policy) => policy.to_string().into_bytes(),
                Content::Absent => {
                    return Err(match place {
                        Place::Version(id) => Error::AbsentVersion { id: *id },
                        Place::File(_)
                        | Place::Stdin
                        | Place::Host
                        | Place::Store(_)
                        | Place::Gateway(_)
                        | Place::Node { .. } => InputError::Missing(found.name).into(),
                    }
                    .into());
                }
            };
            replace(request, &found.name, &text, gate, deadline)
        }
        New::Text { name, text } => replace(request, name, text, gate, deadline),
    }
}

fn replace(
    request: &Request,
    name: &str,
    text: &[u8],
    gate: &Gate,
    deadline: Deadline,
) -> anyhow::Result<SetReport> {
    if let Some((gateway, node)) = request.place.gateway() {
        let work = remote::run(request, gateway, node, name, text, gate, deadline);
        return Ok(super::gateway::run(work)?);
    }
    let new = NewText::of(request, name, text, deadline)?;
    let plan = local::plan(request, new.checked()?, deadline)?;
    let mut report = local::carry_out(plan, gate, deadline)?;
    if report.outcome == SetOutcome::Stored
        && let Some(local) = request.place.local(deadline)?
    {
        gate.leave();
        report.take(expired::again_of_local(&local, gate, deadline));
    }
    Ok(new.reported(report))
}
