//! `approvals suggest`: entries that would save prompts, and entries that can be narrowed. It changes nothing by itself;
//! [`apply`] replaces the document as `set` does.

mod candidate;
mod checker;
mod error;
pub(in crate::commands) mod judge;
mod narrow;
pub(in crate::commands) mod observed;
mod propose;
mod refusals;
mod saved;
pub(in crate::commands) mod sources;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

pub use self::error::SuggestError;
use self::judge::Judge;
use self::narrow::Stale;
use self::observed::Observed;
use self::propose::{Terms, propose};
use self::sources::Sources;
use super::Error;
use super::documents::Place;
use super::explain::{Circumstances, Given, Target, table};
use super::set;
use crate::approvals::findings::remark::Remark;
use crate::approvals::{Budget, quotable};
use crate::deadline::{Deadline, Gate};
use crate::report::approvals::SetReport;
use crate::report::approvals::explain::{ConfigurationUsed, HostUsed};
use crate::report::approvals::suggest::{Counts, Suggested};
use crate::store::StoreError;
use crate::store::versions::Writer;

/// The number of prompts that an entry needs, if nothing else is asked for.
pub const AT_LEAST: u64 = 3;

/// The most denied commands that proposals are checked with.
const MOST_DENIED: usize = 50_000;

/// Parameters of `approvals suggest`.
#[derive(Debug, Clone)]
pub struct Request {
    /// The document, and how its host decides.
    pub host: HostRequest,
    /// Files with prompts.
    pub prompts: Vec<PathBuf>,
    /// The number of prompts that an entry needs.
    pub least: u64,
    /// Whether prompts count that nobody decided.
    pub counts_undecided: bool,
    /// The agents; empty for all.
    pub agents: Vec<String>,
    /// Whether to look for entries that can be narrowed instead of new ones.
    pub narrow: bool,
    /// The time without a use after which an entry can be removed.
    pub stale: Option<Duration>,
    /// Now, in Unix milliseconds.
    pub now_ms: f64,
}

/// A document, and what is known of the host that reads it.
#[derive(Debug, Clone)]
pub struct HostRequest {
    /// The document.
    pub place: Place,
    /// `--release`.
    pub release: Option<String>,
    /// `--cwd`.
    pub directory: Option<String>,
    /// `--path`.
    pub path: Option<String>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--programs`.
    pub programs: Option<PathBuf>,
}

/// What was found, and what a replacement of the document needs.
#[derive(Debug)]
pub struct Suggestion {
    /// The report for the renderers.
    pub report: Suggested,
    place: Place,
    hash: String,
}

/// A host that was read.
pub(in crate::commands) struct Read {
    pub(in crate::commands) target: Target,
    pub(in crate::commands) hash: String,
    pub(in crate::commands) circumstances: Circumstances,
}

impl HostRequest {
    /// Reads the document, the configuration and the table of programs.
    pub(in crate::commands) fn read(&self, deadline: Deadline) -> anyhow::Result<Read> {
        let table = self.programs.as_deref().map(|file| table(file, deadline)).transpose()?;
        let (target, hash) =
            Target::read_with_hash(&self.place, self.config.as_deref(), self.release.as_deref(), deadline)?;
        if target.is_node {
            let name = target.document.place.clone().unwrap_or_default();
            return Err(Error::from(SuggestError::Node(name)).into());
        }
        if let ConfigurationUsed::Unknown(why) = &target.surroundings.configured {
            return Err(Error::from(SuggestError::Configuration(why.clone())).into());
        }
        let given = Given { table, path: self.path.as_deref(), directory: self.directory.as_deref() };
        let circumstances = Circumstances::of(given, target.surroundings.is_here);
        if circumstances.used == HostUsed::Unknown {
            let place = target.document.place.clone().unwrap_or_else(|| target.document.path.clone());
            return Err(Error::from(SuggestError::Programs(place)).into());
        }
        Ok(Read { target, hash, circumstances })
    }
}

/// Reads the prompts and the document, and finds the proposals.
pub fn run(request: &Request, deadline: Deadline) -> anyhow::Result<Suggestion> {
    let Read { target, hash, circumstances } = request.host.read(deadline)?;
    let mut sources = Sources::read(&request.host.place, &request.prompts, deadline)?;
    let fallback = request.host.directory.as_deref();
    let judge = Judge::new(&target, &circumstances, fallback)
        .ok_or_else(|| Error::from(SuggestError::Document(target.document.path.clone())))?;
    if request.narrow {
        sources.of_document(&target.document.path, &judge.document)?;
    }
    let Sources { gathered, used, problems, mut remarks } = sources;
    let observed = gathered.observed();
    remarks.extend(request.agents.iter().filter_map(|agent| without_prompts(agent, &observed)));
    if observed.denied.len() > MOST_DENIED {
        return Err(Error::from(SuggestError::TooMany(MOST_DENIED)).into());
    }
    let mut counts = Counts {
        prompts: observed.prompts,
        repeats: observed.repeats(),
        unusable: observed.unusable,
        denied: observed.denied.len(),
        ..Counts::default()
    };
    let (mut agents, mut refused, mut narrowings, mut patch) = (Vec::new(), Vec::new(), None, None);
    if request.narrow {
        let for_ms = request.stale.map(|stale| stale.as_secs_f64() * 1000.0);
        let stale = for_ms.map(|for_ms| Stale { now_ms: request.now_ms, for_ms });
        let spent = || deadline.left().is_none();
        let (found, after) = narrow::narrow(&judge, &observed, stale, Budget::until(&spent));
        (narrowings, patch) = (Some(found), after);
    } else {
        let terms = Terms {
            least: request.least,
            counts_undecided: request.counts_undecided,
            agents: request.agents.clone(),
            deadline,
        };
        let proposed = propose(&judge, &observed, &terms);
        if deadline.left().is_none() {
            return Err(Error::Unfinished { timeout: deadline.timeout() }.into());
        }
        (counts.running, counts.saved) = (proposed.running, proposed.saved);
        if !proposed.agents.is_empty() {
            patch = with_proposals(&judge.document, &proposed);
        }
        (agents, refused) = (proposed.agents, proposed.refused);
    }
    if let Some(patch) = patch.as_mut().and_then(Value::as_object_mut) {
        // `set` keeps the target's own.
        patch.remove("socket");
    }
    let report = Suggested {
        sources: used,
        problems,
        least: request.least,
        counts,
        agents,
        refused,
        narrowings,
        remarks: [target.remarks.clone(), remarks].concat(),
        patch,
        document: target.document.clone(),
        release: target.surroundings.release.clone(),
    };
    Ok(Suggestion { report, place: request.host.place.clone(), hash })
}

/// The remark on an agent of `--agent` of which there is no prompt.
fn without_prompts(agent: &str, observed: &Observed) -> Option<Remark> {
    const LISTED: usize = 20;
    let agents: BTreeSet<&str> = observed.calls.keys().map(|call| call.agent.as_str()).collect();
    if agents.contains(agent) {
        return None;
    }
    let listed: Vec<_> = agents.iter().take(LISTED).map(|agent| quotable(agent)).collect();
    let more = if agents.len() > LISTED { ", and more" } else { "" };
    let message = format!("no prompt that can be used is of agent {}", quotable(agent));
    let remedy = (!listed.is_empty()).then(|| format!("name one of: {}{more}", listed.join(", ")));
    Some(Remark { message, remedy })
}

fn with_proposals(document: &Value, proposed: &propose::Proposed) -> Option<Value> {
    let mut document = document.clone();
    for agent in &proposed.agents {
        let entries: Vec<_> = agent
            .proposals
            .iter()
            .map(|proposal| (proposal.pattern.clone(), Some(proposal.arg_pattern.clone())))
            .collect();
        document = Judge::with(&document, &agent.agent, &entries)?;
    }
    Some(document)
}

/// Whether the proposals may be applied: every prompt that could be a denial was read.
pub fn may_apply(suggestion: &Suggestion) -> Result<(), Error> {
    if suggestion.report.problems.is_empty() { Ok(()) } else { Err(SuggestError::Incomplete.into()) }
}

/// Replaces the document under compare-and-swap, as `set` does. `None`: nothing would change.
pub fn apply(suggestion: &Suggestion, gate: &Gate, deadline: Deadline) -> anyhow::Result<Option<SetReport>> {
    let Some(patch) = &suggestion.report.patch else { return Ok(None) };
    replace(patch, &suggestion.place, &suggestion.hash, gate, deadline).map(Some).map_err(|error| match error
        .downcast::<Error>(
    ) {
        Ok(found @ (Error::Conflict { .. } | Error::Store(StoreError::Conflict { .. }))) => {
            Error::from(SuggestError::Changed(found.to_string())).into()
        }
        Ok(error) => error.into(),
        Err(error) => error,
    })
}

/// Replaces a document that had this hash.
pub(in crate::commands) fn replace(
    patch: &Value,
    place: &Place,
    hash: &str,
    gate: &Gate,
    deadline: Deadline,
) -> anyhow::Result<SetReport> {
    let request = set::Request {
        new: set::New::Text {
            name: "the proposed document".to_owned(),
            text: patch.to_string().into_bytes(),
        },
        place: place.clone(),
        base_hash: Some(hash.to_owned()),
        dry_run: false,
        allow_legacy: false,
        drop_unknown: false,
        downgrade: false,
        writer: Writer::Suggest,
    };
    set::run(&request, gate, deadline)
}
