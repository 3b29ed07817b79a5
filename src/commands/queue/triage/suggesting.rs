//! Proposals of `approvals suggest` for a gateway, and their addition. They are made beside the screen, and never delay a key;
//! nothing is stored before the order to add them.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use super::gateway::Gateway;
use crate::commands::documents::Place;
use crate::commands::gateway::beside;
use crate::commands::suggest::{self, AT_LEAST, HostRequest, Request, Suggestion};
use crate::commands::{Error, targets};
use crate::deadline::{Deadline, Gate};
use crate::queue::triage::{Act, Effect, Input, NoProposal, Order, Proposal, Proposals};
use crate::report::approvals::SetReport;
use crate::report::approvals::suggest::{self as report, Suggested};
use crate::report::exit::Exit;
use crate::settings::{Flags, Wait};

/// How long the proposals may take, and their addition.
const LIMIT: Duration = Duration::from_mins(1);

/// Makes proposals and adds entries, one by one.
pub(super) async fn run(gateway: &Gateway, mut effects: mpsc::UnboundedReceiver<Effect>) {
    let mut kept: HashMap<u64, Suggestion> = HashMap::new();
    while let Some(effect) = effects.recv().await {
        match effect {
            Effect::Propose(_, ticket) => {
                let proposed = propose(gateway).await.map(|suggestion| {
                    let proposals = Box::new(of(&suggestion.report, command(gateway)));
                    kept.insert(ticket, suggestion);
                    proposals
                });
                gateway.report(Input::Proposed(gateway.index, ticket, proposed));
            }
            Effect::Drop(_, ticket) => {
                kept.remove(&ticket);
            }
            Effect::Send(Order { id, act: Act::AddEntries { ticket, .. }, .. }) => {
                let added = match kept.remove(&ticket) {
                    Some(suggestion) => add(suggestion).await,
                    None => Err("the proposals are gone; nothing was added".to_owned()),
                };
                // What a document allows counts anew.
                gateway.changed();
                gateway.report(Input::Over(id, added.map(Some)));
            }
            Effect::Send(_) | Effect::Plan(..) | Effect::Look(..) | Effect::Quit => {}
        }
    }
}

/// Makes the proposals. The error: why there are none, and the next step.
async fn propose(gateway: &Gateway) -> Result<Suggestion, String> {
    let flags = Flags { wait: Wait::Never, ..gateway.flags.clone() };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let request = Request {
        host: HostRequest {
            place: Place::Gateway(flags),
            release: None,
            directory: None,
            path: None,
            config: None,
            programs: gateway.request.programs.clone(),
        },
        prompts: Vec::new(),
        least: AT_LEAST,
        counts_undecided: false,
        agents: Vec::new(),
        narrow: false,
        stale: None,
        now_ms: now.as_secs_f64() * 1000.0,
    };
    let deadline = Deadline::after(LIMIT);
    let made = beside(deadline, move || Ok(suggest::run(&request, deadline).map_err(words)));
    match made.await {
        // Whatever was not finished by then.
        _ if deadline.left().is_none() => Err(format!(
            "it takes longer than a minute; run it in a shell: {} --timeout 10m",
            command(gateway)
        )),
        Ok(made) => made,
        Err(error) => Err(error.chain()),
    }
}

/// An error in one line, with its next step.
fn words(error: anyhow::Error) -> String {
    match error.downcast::<Error>() {
        Ok(error) => match error.remedy() {
            Some(remedy) => format!("{}; next: {remedy}", error.chain()),
            None => error.chain(),
        },
        Err(error) => format!("{error:#}"),
    }
}

/// Why nothing was added, in one line.
fn not_added(error: anyhow::Error) -> String {
    match error.downcast_ref::<Error>() {
        Some(error) if error.exit() == Exit::Conflict => {
            "the document changed meanwhile, and nothing was added; p makes new proposals".to_owned()
        }
        Some(_) | None => words(error),
    }
}

/// Replaces the document, if it is still the one of the proposals. The result: what was added, or why nothing was.
async fn add(suggestion: Suggestion) -> Result<String, String> {
    let entries = suggestion.report.edits();
    let deadline = Deadline::after(LIMIT);
    let stored = beside(deadline, move || {
        suggest::may_apply(&suggestion)?;
        Ok(suggest::apply(&suggestion, &Gate::default(), deadline).map_err(not_added))
    });
    let stored = stored.await.unwrap_or_else(|error| Err(error.chain()))?;
    let Some(SetReport { departures, remarks, .. }) = stored else {
        return Err("the document has these entries already".to_owned());
    };
    if !departures.is_empty() {
        return Err("the stored document differs from the one sent: clearance approvals get".to_owned());
    }
    let count = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    let warnings: Vec<String> = remarks.into_iter().map(|remark| format!("; {}", remark.message)).collect();
    Ok(format!("Added {count}{}.", warnings.concat()))
}

/// The command that makes the same proposals in a shell.
fn command(gateway: &Gateway) -> String {
    let mut words = vec!["clearance".to_owned(), "approvals".to_owned(), "suggest".to_owned()];
    words.push(if targets::is_unnamed(&gateway.flags) {
        "--gateway".to_owned()
    } else {
        format!("--gateway={}", targets::shown(&gateway.flags))
    });
    if let Some(file) = &gateway.request.programs {
        words.extend(["--programs".to_owned(), file.display().to_string()]);
    }
    // No argument of a process has the one character that cannot be quoted.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

/// The proposals for the screen.
fn of(found: &Suggested, command: String) -> Proposals {
    let proposal = |proposal: &report::Proposal| Proposal {
        pattern: proposal.pattern.clone(),
        arg_pattern: proposal.arg_pattern.clone(),
        varies: proposal.fields.iter().map(|field| field.as_str()).collect(),
        examples: proposal.examples.clone(),
        commands: proposal.commands,
        prompts: proposal.prompts,
        allowed: proposal.allowed,
    };
    let agent = |agent: &report::Proposals| {
        (agent.agent.clone(), agent.proposals.iter().map(proposal).collect::<Vec<_>>())
    };
    let refused = |refused: &report::Refused| NoProposal {
        agent: refused.agent.clone(),
        why: refused.why.clone(),
        commands: refused.commands,
        prompts: refused.prompts,
        example: refused.examples.first().cloned(),
    };
    let source = |source: &report::Source| {
        let prompts = if source.prompts == 1 { "prompt" } else { "prompts" };
        format!("{}: {} {prompts}", source.form, source.prompts)
    };
    Proposals {
        document: found.document.path.clone(),
        release: found.release.release.clone(),
        sources: found.sources.iter().map(source).collect(),
        prompts: found.counts.prompts,
        saved: found.counts.saved,
        denied: found.counts.denied,
        agents: found.agents.iter().map(agent).collect(),
        refused: found.refused.iter().map(refused).collect(),
        problems: found.problems.clone(),
        remarks: found.remarks.iter().map(|remark| remark.message.clone()).collect(),
        command,
    }
}
