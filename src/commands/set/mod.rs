//! `approvals set`: one document in another's place, or nothing at all.

pub(super) mod local;
mod new;
pub(super) mod remote;
mod request;

use anyhow::Context;

use super::Error;
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::SetReport;
use crate::store::MAX_SIZE;
use crate::store::input::{self, Bounds};

use self::new::New;
pub use self::request::{Place, Request};

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
