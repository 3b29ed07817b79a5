//! `approvals set`: replaces one document, or changes nothing.

mod local;
mod new;
mod remote;
mod request;

use anyhow::Context;

use super::Error;
use super::allowlist::expired;
use super::documents::{self, Content};
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::{SetOutcome, SetReport};
use crate::store::MAX_SIZE;
use crate::store::input::{Bounds, InputError};

use self::new::New;
pub use self::request::Request;

/// Validates and plans; unless it is a dry run, replaces the document and reads it back.
pub fn run(request: &Request, gate: &Gate, deadline: Deadline) -> anyhow::Result<SetReport> {
    let bounds = Bounds { max_size: MAX_SIZE, deadline };
    let found = documents::read_within(&request.new, bounds).context("reading the new document")?;
    let text = match found.content {
        Content::Text(text) => text,
        // The policy of a Windows node, of a kept version.
        Content::Native(policy) => policy.to_string().into_bytes(),
        Content::Absent => return Err(Error::from(InputError::Missing(found.name)).into()),
    };
    if let Some((gateway, node)) = request.place.gateway() {
        let work = remote::run(request, gateway, node, &found.name, &text, gate, deadline);
        return Ok(super::gateway::run(work)?);
    }
    let new = New::of(request, &found.name, &text, deadline)?;
    let plan = local::plan(request, new.checked()?, deadline)?;
    let mut report = local::carry_out(plan, gate, deadline)?;
    if report.outcome == SetOutcome::Stored
        && let Some(local) = request.place.local(deadline)?
    {
        gate.leave();
        report.take(expired::of_local(&local, gate, deadline));
    }
    Ok(new.reported(report))
}
