//! `approvals allowlist ls`: the entries and the MCP tools of each agent of a document.

use super::super::Error;
use super::super::documents::Place;
use super::super::get::{self, Wanted};
use crate::deadline::Deadline;
use crate::report::approvals::{Allowlists, Got};

/// Reads a document, and lists what its agents may use. `agent`: only this one.
pub fn list(place: &Place, agent: Option<String>, deadline: Deadline) -> anyhow::Result<Allowlists> {
    let wanted = Wanted { policies: false, official: false, config: None, release: None };
    match get::run(place, &wanted, deadline)? {
        Got::Document(snapshot) => Ok(Allowlists::of(*snapshot, agent)),
        Got::Native(snapshot) => Err(Error::NoAllowlist { place: snapshot.path }.into()),
    }
}
