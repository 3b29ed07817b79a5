//! The entry that allows exactly one command on a host, for the prompt that asks for it; and the entries that the gateway
//! writes if that prompt is answered with `allow-always`.

use std::path::Path;

use super::circumstances::{Circumstances, Given, table};
use super::exact_entry;
use super::guesses::without_guesses;
use super::target::Target;
use super::{Asked, Subject, question};
use crate::approvals::decide::{Context, Decision, Verdict, Written, decide, written};
use crate::approvals::findings::severity::Severity;
use crate::approvals::lint::{self, Facts};
use crate::commands::documents::Place;
use crate::deadline::Deadline;
use crate::report::approvals::explain::{Allow, ConfigurationUsed, DecidedAs, HostUsed};
use crate::settings::Environment;

/// A call of an agent.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Call<'c> {
    pub(in crate::commands) command: &'c str,
    pub(in crate::commands) agent: &'c str,
    pub(in crate::commands) directory: &'c str,
    /// The program that the gateway found.
    pub(in crate::commands) resolved: Option<&'c str>,
}

/// An entry, and the release on which it allows exactly one command.
#[derive(Debug)]
pub(in crate::commands) struct Exact {
    pub(in crate::commands) allow: Allow,
    pub(in crate::commands) document: String,
    pub(in crate::commands) release: DecidedAs,
}

/// Finds the entry. `programs`: a table of the host's programs. The inner error: why there is none.
pub(in crate::commands) fn exact(
    call: Call<'_>,
    place: &Place,
    programs: Option<&Path>,
    deadline: Deadline,
) -> anyhow::Result<Result<Exact, String>> {
    let table = programs.map(|file| table(file, deadline)).transpose()?;
    let target = Target::read(place, None, None, deadline)?;
    let path = path(call.resolved, target.surroundings.is_here && table.is_none());
    let given = Given { table, path: path.as_deref(), directory: Some(call.directory) };
    let circumstances = Circumstances::of(given, target.surroundings.is_here);
    let release = &target.surroundings.release;
    if !release.profile.reads_arguments() {
        return Ok(Err(exact_entry::ignored_arguments(release.profile)));
    }
    if circumstances.used == HostUsed::Unknown {
        let why = "the programs of that host are unknown; list them with --programs FILE";
        return Ok(Err(why.to_owned()));
    }
    if let ConfigurationUsed::Unknown(why) = &target.surroundings.configured {
        return Ok(Err(format!("the gateway's configuration is unknown: {why}")));
    }
    let asked = Asked { command: call.command, agent: Some(call.agent), context: Context::Interactive };
    let question = question(&asked, &target, &circumstances);
    let profile = release.profile;
    let mut decision = decide(&question, profile, &*circumstances.host);
    without_guesses(&mut decision, &question, &target, circumstances.home.is_some());
    if decision.verdict == Verdict::Unknown {
        return Ok(Err(format!("what that host does with it is unknown: {}", decision.missing.join("; "))));
    }
    let allow = match exact_entry::exact(&question, profile, &*circumstances.host, &decision) {
        Ok(allow) => allow,
        Err(why) => return Ok(Err(why)),
    };
    if let Some(why) = elsewhere(call, &decision) {
        return Ok(Err(why));
    }
    let entry = serde_json::json!({"pattern": allow.pattern, "argPattern": allow.arg_pattern});
    let facts = Facts { release: Some(&release.release), ..Facts::default() };
    let lints = lint::of_entry(None, call.agent, &entry, &facts);
    if let Some(found) = lints.iter().find(|found| found.severity != Severity::Note) {
        return Ok(Err(format!("{} [{}]", found.message, found.code)));
    }
    let document = target.document.path.clone();
    Ok(Ok(Exact { allow, document, release: target.surroundings.release }))
}

impl Subject {
    /// The entries that the gateway writes if a call is always allowed. The error: why they are unknown.
    pub(in crate::commands) fn always(&self, call: Call<'_>) -> Result<Vec<Written>, String> {
        let Self { target, table } = self;
        let path = path(call.resolved, target.surroundings.is_here && table.is_none());
        let given = Given { table: table.clone(), path: path.as_deref(), directory: Some(call.directory) };
        let circumstances = Circumstances::of(given, target.surroundings.is_here);
        let asked = Asked { command: call.command, agent: Some(call.agent), context: Context::Interactive };
        let question = question(&asked, target, &circumstances);
        let profile = target.surroundings.release.profile;
        let decision = decide(&question, profile, &*circumstances.host);
        if let Some(host) = &decision.other_host {
            return Err(format!("tools.exec.host sends commands to a {host}, which decides itself"));
        }
        match elsewhere(call, &decision) {
            Some(why) => Err(why),
            None => written(&question, profile, decision.evaluation.as_ref()),
        }
    }
}

/// Why the first program is not the one that the gateway found, if it is another.
fn elsewhere(call: Call<'_>, decision: &Decision) -> Option<String> {
    let here = decision.evaluation.as_ref()?.segments.first()?.resolved.as_deref()?;
    let there = call.resolved.filter(|there| *there != here)?;
    Some(format!("the gateway found the program at {there}, and here it is at {here}"))
}

/// `PATH` of a gateway on this host: that of this process, after the directory in which the gateway found the program.
fn path(resolved: Option<&str>, is_here: bool) -> Option<String> {
    let (directory, _) = resolved.filter(|_| is_here)?.rsplit_once('/')?;
    let environment = Environment::of_process();
    let own = environment.raw("PATH").map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    Some(format!("{directory}:{own}"))
}
