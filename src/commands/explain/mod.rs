//! `approvals explain`: what a host does with a command, and why. Nothing is started and nothing is changed.

pub mod cases;
mod circumstances;
mod error;
mod exact_entry;
mod guesses;
mod narrow;
mod places;
pub(in crate::commands) mod policies;
mod release;
mod request;
mod target;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use bytesize::ByteSize;

pub(in crate::commands) use self::circumstances::{
    Circumstances, Given, UNKNOWN_HOME, UNKNOWN_PATH, missing, table,
};
pub use self::error::ExplainError;
pub(in crate::commands) use self::exact_entry::{
    add as add_entry, entries as missing_entries, exact as exact_entry, others as other_commands,
};
use self::guesses::without_guesses;
pub(in crate::commands) use self::narrow::{Call, Exact, exact};
pub(in crate::commands) use self::places::Places;
pub(in crate::commands) use self::release::{Sources as ReleaseSources, check as check_release};
pub use self::request::{CasesRequest, Request};
#[cfg(test)]
pub(in crate::commands) use self::target::Surroundings;
pub(in crate::commands) use self::target::Target;
pub(in crate::commands) use self::target::as_stored as stored_text;
pub(in crate::commands) use self::target::load as load_configuration;
pub use self::words::joined;
use super::Error;
use super::documents::Place;
use super::past::database::version;
use super::past::places as places_of_versions;
use crate::approvals::decide::{
    Context, Decision, MAIN, Question, Segment, Table, Verdict, decide, depends_on_state_directory,
};
use crate::deadline::Deadline;
use crate::report::approvals::explain::{ConfigurationUsed, Explained, Part};
use crate::store::input::{self, Bounds, Input};

/// Size limit of a command on standard input, in bytes. No release analyses a longer one.
const MAX_COMMAND: ByteSize = ByteSize::mib(4);

/// Decides about one command, and gathers every step.
pub fn run(request: &Request, deadline: Deadline) -> anyhow::Result<Explained> {
    release::check(request.release.as_deref())?;
    once(request)?;
    let table = request.programs.as_deref().map(|file| table(file, deadline)).transpose()?;
    let command = command(request, deadline)?;
    let target =
        Target::read(&request.place, request.config.as_deref(), request.release.as_deref(), deadline)?;
    let given = Given { table, path: request.path.as_deref(), directory: request.directory.as_deref() };
    let asked = Asked { command: &command, agent: request.agent.as_deref(), context: request.context };
    let mut explained = answered(&asked, &target, given);
    if let Place::Version(id) = request.place {
        // A version cannot be edited: its place can.
        let flags = places_of_versions::flags(&version(id, deadline)?.0.target.operand);
        for allow in &mut explained.allow {
            allow.command.push_str(&flags);
        }
    }
    Ok(explained)
}

/// A host that is asked about several commands: its document and its configuration are read once.
pub(in crate::commands) struct Subject {
    target: Target,
    /// The programs of another host, and the name of their table.
    table: Option<(Table, String)>,
}

impl Subject {
    /// Reads the document and the configuration of a place. `programs`: a table of the host's programs.
    pub(in crate::commands) fn read(
        place: &Place,
        programs: Option<&Path>,
        deadline: Deadline,
    ) -> anyhow::Result<Self> {
        let table = programs.map(|file| table(file, deadline)).transpose()?;
        Ok(Self { target: Target::read(place, None, None, deadline)?, table })
    }

    /// Decides about a command that an agent sent from a directory.
    pub(in crate::commands) fn explain(
        &self,
        command: &str,
        agent: Option<&str>,
        directory: Option<&str>,
    ) -> Explained {
        let asked = Asked { command, agent, context: Context::Interactive };
        let given = Given { directory, table: self.table.clone(), ..Given::default() };
        answered(&asked, &self.target, given)
    }
}

/// A command, and who sends it.
struct Asked<'a> {
    command: &'a str,
    agent: Option<&'a str>,
    context: Context,
}

/// Decides about a command.
fn answered(asked: &Asked<'_>, target: &Target, given: Given<'_>) -> Explained {
    let circumstances = Circumstances::of(given, target.surroundings.is_here);
    let question = question(asked, target, &circumstances);
    let profile = target.surroundings.release.profile;
    let mut decision = decide(&question, profile, &*circumstances.host);
    let allow = match decision.verdict {
        _ if target.is_node => Vec::new(),
        Verdict::Asks | Verdict::Denied if is_known(&target.surroundings.configured) => {
            let names_agent = asked.agent.is_some();
            exact_entry::entries(&question, profile, &*circumstances.host, &decision, names_agent)
        }
        Verdict::Runs | Verdict::Asks | Verdict::Denied | Verdict::Unknown => Vec::new(),
    };
    let places = Places::of(target.text.as_deref(), target.source.as_deref());
    // Without an evaluation an unknown verdict has no policy: the configuration could not be read.
    let has_policy = decision.verdict != Verdict::Unknown || decision.evaluation.is_some();
    let policy = if has_policy { places.policy(&decision.policy) } else { Vec::new() };
    without_guesses(&mut decision, &question, target, circumstances.home.is_some());
    let mut explained = explained(&question, decision, target, &circumstances, &places);
    if depends_on_state_directory(&question, profile) {
        explained.assumptions.extend(circumstances.assumed_state_directory());
    }
    Explained { policy, allow, ..explained }
}

fn question<'q>(asked: &Asked<'q>, target: &'q Target, circumstances: &'q Circumstances) -> Question<'q> {
    Question {
        command: asked.command,
        agent: asked.agent.unwrap_or(MAIN),
        document: target.text.as_deref(),
        configuration: &target.surroundings.configuration,
        directory: &circumstances.directory,
        path: &circumstances.path,
        home: circumstances.home_or_none(),
        state_directory: circumstances.state_directory.as_deref(),
        environment: BTreeMap::new(),
        context: asked.context,
        ask: None,
        security: None,
        permission_mode: None,
    }
}

fn is_known(configured: &ConfigurationUsed) -> bool {
    !matches!(configured, ConfigurationUsed::Unknown(_))
}

/// Standard input can be read once.
fn once(request: &Request) -> Result<(), Error> {
    let uses = [
        request.command.is_none(),
        matches!(request.place, Place::Stdin),
        request.programs.as_deref() == Some(Path::new("-")),
    ];
    if uses.iter().filter(|uses| **uses).count() > 1 { Err(Error::StdinTwice) } else { Ok(()) }
}

/// The text of the command. Of standard input the last line break is not a part of it.
fn command(request: &Request, deadline: Deadline) -> Result<String, Error> {
    if let Some(command) = &request.command {
        return Ok(command.clone());
    }
    let bytes = input::read(&Input::Stdin, Bounds { max_size: MAX_COMMAND, deadline })?;
    let mut text = String::from_utf8(bytes).map_err(|_| ExplainError::NotText)?;
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

fn explained(
    question: &Question<'_>,
    decision: Decision,
    target: &Target,
    circumstances: &Circumstances,
    places: &Places<'_>,
) -> Explained {
    let Decision { verdict, reason, evaluation, started, unanswered, review, missing, .. } = decision;
    let segments = evaluation.as_ref().map(|evaluation| evaluation.segments.as_slice()).unwrap_or_default();
    let parts: Vec<Part> =
        segments.iter().map(|segment| part(segment, question.command, places, circumstances)).collect();
    // What an unknown program is allowed by is unknown too, even where the verdict is the same whatever it is.
    let is_known = !parts.iter().any(|part| part.is_unknown);
    Explained {
        command: question.command.to_owned(),
        agent: question.agent.to_owned(),
        context: question.context,
        directory: question.directory.to_owned(),
        verdict,
        reason,
        release: target.surroundings.release.clone(),
        document: target.document.clone(),
        configuration: target.surroundings.configured.clone(),
        host: circumstances.used.clone(),
        policy: Vec::new(),
        not_analysable: evaluation.as_ref().and_then(|evaluation| evaluation.not_analysable.clone()),
        satisfied: evaluation.as_ref().filter(|_| is_known).map(|evaluation| evaluation.satisfied),
        is_refused_before: evaluation.is_none(),
        parts,
        plan: evaluation.as_ref().map(|evaluation| evaluation.plan.clone()),
        started,
        unanswered: unanswered.map(|unanswered| (unanswered.verdict, unanswered.reason)),
        review,
        missing,
        allow: Vec::new(),
        assumptions: circumstances.assumptions.clone(),
        remarks: target.remarks.clone(),
    }
}

fn part(segment: &Segment, command: &str, places: &Places<'_>, circumstances: &Circumstances) -> Part {
    let Segment { argv, effective, resolved, real, by, entry, never, near, span } = segment;
    let word = effective.as_ref().unwrap_or(argv).first().map_or("", String::as_str);
    let is_unknown = resolved.is_none() && by.is_none() && circumstances.is_unknown(word);
    // The entries that miss were compared with a program that may not be the one on that host.
    let near = if is_unknown { &[][..] } else { near.as_slice() };
    let text = command.get(span.clone()).filter(|text| !text.trim().is_empty());
    Part {
        text: text.map_or_else(|| argv.join(" "), |text| text.trim().to_owned()),
        argv: argv.clone(),
        effective: effective.clone(),
        resolved: resolved.clone(),
        real: real.clone(),
        is_unknown,
        by: *by,
        entry: entry.as_ref().map(|id| places.entry(id)),
        never: never.clone(),
        near: near.iter().map(|(id, why)| (places.entry(id), why.clone())).collect(),
    }
}
