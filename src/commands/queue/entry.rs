//! `queue resolve --add-entry`: the entry that allows exactly the command of a prompt, found before anything is decided
//! and stored after the decision.

use std::path::Path;

use super::error::QueueError;
use crate::commands::documents::Place;
use crate::commands::{Error, allowlist, explain};
use crate::deadline::{Deadline, Gate};
use crate::queue::{Doubt, Kind, Prompt};
use crate::report::approvals::{EditReport, SetOutcome};
use crate::report::queue::{Added, Entry};
use crate::settings::Flags;
use crate::store::versions::Writer;

/// An entry to add.
#[derive(Debug)]
pub struct Proposal {
    /// The entry.
    pub entry: Entry,
    /// What storing it would change.
    pub planned: EditReport,
    request: allowlist::Request,
}

/// Finds the entry for a prompt. Nothing is changed. `programs`: a table of the programs of the gateway's host.
pub fn propose(
    prompt: &Prompt,
    flags: &Flags,
    programs: Option<&Path>,
    deadline: Deadline,
) -> anyhow::Result<Proposal> {
    let none = |why: String| Error::from(QueueError::NoEntry { id: prompt.id().to_owned(), why });
    let call = call(prompt).map_err(|why| none(why.to_owned()))?;
    let place = Place::remote(flags.clone(), None);
    let explain::Exact { allow, document, release } =
        explain::exact(call, &place, programs, deadline)?.map_err(none)?;
    let request = allowlist::Request {
        verb: allowlist::Change::Add,
        agent: call.agent.to_owned(),
        item: allowlist::Item::Entry {
            pattern: allow.pattern.clone(),
            arg_pattern: allow.arg_pattern.clone(),
            generated: false,
        },
        place,
        dry_run: true,
        allow_legacy: false,
        term: allowlist::Term::default(),
        writer: Writer::AddEntry,
    };
    // The document must take the entry before anything is decided.
    let planned = allowlist::run(&request, &Gate::default(), deadline)?;
    // No command line can have a NUL.
    let has_nul = allow.arg_pattern.as_ref().is_some_and(|pattern| pattern.contains('\0'));
    let again = "answer its next prompt in the same way: clearance queue resolve ID allow-once --add-entry";
    let next = if has_nul { again.to_owned() } else { format!("add it with: {}", allow.command) };
    let entry = Entry {
        agent: allow.agent,
        pattern: allow.pattern,
        arg_pattern: allow.arg_pattern,
        document,
        release: release.release,
        next,
    };
    Ok(Proposal { entry, planned, request })
}

/// The call that a prompt asks for; the error: why no entry can be made of it.
pub(super) fn call(prompt: &Prompt) -> Result<explain::Call<'_>, &'static str> {
    let details = &*prompt.details;
    if prompt.kind() != Kind::Exec {
        return Err("entries are for shell commands, and this is another kind of prompt");
    }
    if details.node.is_some() || details.host.as_deref().is_some_and(|host| host == "node") {
        return Err("it is for a node, and nodes do not report the release that decides");
    }
    if details.host.as_deref().is_some_and(|host| host != "gateway") {
        return Err("it is not for the gateway's host");
    }
    if prompt.doubt == Some(Doubt::Elided) {
        return Err("the gateway hides or shortens part of the command");
    }
    if !details.env.keys.is_empty() {
        return Err("it sets variables, and the gateway does not list their values");
    }
    let command = details.command.as_deref().ok_or("the gateway does not list its command")?;
    let agent = prompt.agent.as_deref().ok_or("it names no agent")?;
    let directory = details.cwd.as_deref().ok_or("the gateway does not list its directory")?;
    Ok(explain::Call { command, agent, directory, resolved: details.resolved_path.as_deref() })
}

/// Stores the entry under compare-and-swap.
pub fn store(proposal: Proposal, gate: &Gate, deadline: Deadline) -> anyhow::Result<Added> {
    let request = allowlist::Request { dry_run: false, ..proposal.request };
    let set = allowlist::run(&request, gate, deadline)?.set;
    Ok(if !set.departures.is_empty() {
        Added::Failed("the gateway stored another document than the one with the entry".to_owned())
    } else if set.outcome == SetOutcome::Unchanged {
        Added::Before
    } else {
        Added::Stored
    })
}
