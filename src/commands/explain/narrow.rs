//! The entry that allows exactly one command on a host, for the prompt that asks for it.

use std::collections::BTreeMap;
use std::path::Path;

use super::circumstances::{Circumstances, Given, table};
use super::guesses::without_guesses;
use super::suggest;
use super::target::Target;
use crate::approvals::decide::{Context, Question, Verdict, decide};
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
    if circumstances.used == HostUsed::Unknown {
        let why = "the programs of that host are unknown; list them with --programs FILE";
        return Ok(Err(why.to_owned()));
    }
    if let ConfigurationUsed::Unknown(why) = &target.surroundings.configured {
        return Ok(Err(format!("the gateway's configuration is unknown: {why}")));
    }
    let question = Question {
        command: call.command,
        agent: call.agent,
        document: target.text.as_deref(),
        configuration: &target.surroundings.configuration,
        directory: &circumstances.directory,
        path: &circumstances.path,
        home: circumstances.home_or_none(),
        state_directory: circumstances.state_directory.as_deref(),
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    };
    let release = &target.surroundings.release;
    let profile = release.profile;
    let mut decision = decide(&question, profile, &*circumstances.host);
    without_guesses(&mut decision, &question, &target, circumstances.home.is_some());
    if decision.verdict == Verdict::Unknown {
        return Ok(Err(format!("what that host does with it is unknown: {}", decision.missing.join("; "))));
    }
    let allow = match suggest::exact(&question, profile, &*circumstances.host, &decision) {
        Ok(allow) => allow,
        Err(why) => return Ok(Err(why)),
    };
    let found = decision.evaluation.and_then(|evaluation| evaluation.segments.into_iter().next()?.resolved);
    if let (Some(there), Some(here)) = (call.resolved, &found)
        && there != here
    {
        return Ok(Err(format!("the gateway found the program at {there}, and here it is at {here}")));
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

/// `PATH` of a gateway on this host: that of this process, after the directory in which the gateway found the program.
fn path(resolved: Option<&str>, is_here: bool) -> Option<String> {
    let (directory, _) = resolved.filter(|_| is_here)?.rsplit_once('/')?;
    let environment = Environment::of_process();
    let own = environment.raw("PATH").map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    Some(format!("{directory}:{own}"))
}
