//! The evaluator for many commands of one host: what runs under its document, and under the document with more entries.

use std::collections::BTreeMap;

use serde_json::Value;

use super::observed::Call;
use crate::approvals::decide::{
    Context, Decision, Found, Host, Prepared, Profile, Question, Verdict, decide_prepared,
};
use crate::commands::documents::ABSENT;
use crate::commands::explain::{Circumstances, Target, add_entry, missing};

/// A directory that no host has. A call whose directory is unknown is made in it, and everything in it is unknown.
const UNKNOWN_DIRECTORY: &str = "/(unknown)/directory";

/// What is missing if a decision depends on that directory.
pub(in crate::commands) const NO_DIRECTORY: &str =
    "the directory of the call, which a history does not have: --cwd DIRECTORY";

/// An entry: a pattern, and a pattern for arguments.
pub(in crate::commands) type Entry = (String, Option<String>);

/// The host, as far as it is known.
pub(in crate::commands) struct Judge<'t> {
    pub(in crate::commands) target: &'t Target,
    circumstances: &'t Circumstances,
    /// The directory of calls whose directory is unknown.
    fallback: Option<&'t str>,
    pub(in crate::commands) profile: Profile,
    /// The document.
    pub(in crate::commands) document: Value,
    /// The document without its entries.
    pub(in crate::commands) policy: Value,
}

/// The files of a host for a call in a directory. The directory exists, because the gateway listed a call in it.
struct InDirectory<'h> {
    host: &'h dyn Host,
    directory: &'h str,
    /// A program that the host has for this call.
    program: Option<&'h str>,
    /// The program that everything in the unknown directory is taken to lead to.
    leads_to: Option<&'h str>,
}

/// A command of an agent.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Asked<'a> {
    pub(in crate::commands) agent: &'a str,
    pub(in crate::commands) command: &'a str,
    /// `None`: it is unknown.
    pub(in crate::commands) directory: Option<&'a str>,
    /// A program that is taken to be on the host.
    pub(in crate::commands) program: Option<&'a str>,
}

impl Host for InDirectory<'_> {
    fn look(&self, path: &str) -> Found {
        if path == self.directory {
            return match self.host.look(path) {
                found @ Found::Directory(_) => found,
                Found::Program(_) | Found::File(_) | Found::Nothing | Found::Unknown => {
                    Found::Directory(path.to_owned())
                }
            };
        }
        if is_unknown(path) {
            return self.leads_to.map_or(Found::Unknown, |program| Found::Program(program.to_owned()));
        }
        match self.host.look(path) {
            Found::Nothing | Found::Unknown if self.program == Some(path) => Found::Program(path.to_owned()),
            found => found,
        }
    }

    fn read(&self, path: &str, limit: usize) -> Option<Vec<u8>> {
        if is_unknown(path) { None } else { self.host.read(path, limit) }
    }

    fn is_writable(&self, path: &str) -> Option<bool> {
        if is_unknown(path) { None } else { self.host.is_writable(path) }
    }
}

fn is_unknown(path: &str) -> bool {
    path.strip_prefix(UNKNOWN_DIRECTORY).is_some_and(|rest| rest.starts_with('/'))
}

impl<'t> Judge<'t> {
    /// `None`: the document is not an object of JSON.
    pub(in crate::commands) fn new(
        target: &'t Target,
        circumstances: &'t Circumstances,
        fallback: Option<&'t str>,
    ) -> Option<Self> {
        let text = target.text.as_deref().map_or(ABSENT, str::as_bytes);
        let document: Value = serde_json::from_slice(text).ok().filter(Value::is_object)?;
        let mut policy = document.clone();
        if let Some(agents) = policy.get_mut("agents").and_then(Value::as_object_mut) {
            for agent in agents.values_mut().filter_map(Value::as_object_mut) {
                agent.remove("allowlist");
            }
        }
        let profile = target.surroundings.release.profile;
        Some(Self { target, circumstances, fallback, profile, document, policy })
    }

    /// A document for an agent.
    pub(in crate::commands) fn prepared(&self, document: &Value, agent: &str) -> Prepared {
        Prepared::of(Some(&document.to_string()), agent, self.profile)
    }

    /// A document with more entries of an agent.
    pub(in crate::commands) fn with<'e>(
        document: &Value,
        agent: &str,
        entries: impl IntoIterator<Item = &'e Entry>,
    ) -> Option<Value> {
        let mut document = document.clone();
        for entry in entries {
            add_entry(&mut document, agent, entry)?;
        }
        Some(document)
    }

    /// The question about a command. `document`: only for functions that load it themselves.
    pub(in crate::commands) fn question<'q>(
        &'q self,
        agent: &'q str,
        command: &'q str,
        directory: Option<&'q str>,
        document: Option<&'q str>,
    ) -> Question<'q> {
        Question {
            command,
            agent,
            document,
            configuration: &self.target.surroundings.configuration,
            directory: self.directory(directory),
            path: &self.circumstances.path,
            home: self.circumstances.home_or_none(),
            state_directory: self.circumstances.state_directory.as_deref(),
            environment: BTreeMap::new(),
            context: Context::Interactive,
            ask: None,
            security: None,
            permission_mode: None,
        }
    }

    fn directory<'q>(&'q self, directory: Option<&'q str>) -> &'q str {
        directory.or(self.fallback).unwrap_or(UNKNOWN_DIRECTORY)
    }

    /// The host of a call in a directory.
    pub(in crate::commands) fn on_host<R>(
        &self,
        directory: Option<&str>,
        program: Option<&str>,
        work: impl FnOnce(&dyn Host) -> R,
    ) -> R {
        let directory = self.directory(directory);
        work(&InDirectory { host: &*self.circumstances.host, directory, program, leads_to: None })
    }

    /// The first directory in which programs are looked up.
    pub(in crate::commands) fn first_directory(&self) -> &str {
        let first = self.circumstances.path.split(':').find(|directory| directory.starts_with('/'));
        first.unwrap_or("/usr/bin").trim_end_matches('/')
    }

    /// Decides about a command of an agent under a loaded document.
    pub(in crate::commands) fn decide(
        &self,
        loaded: &Prepared,
        agent: &str,
        command: &str,
        directory: Option<&str>,
    ) -> Decision {
        self.decide_as(self.profile, loaded, Asked { agent, command, directory, program: None })
    }

    /// As [`Self::decide`], as a release that the document was loaded for.
    pub(in crate::commands) fn decide_as(
        &self,
        profile: Profile,
        loaded: &Prepared,
        asked: Asked<'_>,
    ) -> Decision {
        let Asked { agent, command, directory, program } = asked;
        let question = self.question(agent, command, directory, None);
        let decision =
            self.on_host(directory, program, |host| decide_prepared(&question, profile, loaded, host));
        self.named(decision, loaded, command)
    }

    /// As [`Self::decide`], of a call in an unknown directory, where everything leads to one program.
    pub(in crate::commands) fn decide_leading(
        &self,
        loaded: &Prepared,
        agent: &str,
        command: &str,
        program: &str,
    ) -> Decision {
        let question = self.question(agent, command, None, None);
        let (host, directory) = (&*self.circumstances.host, self.directory(None));
        let host = InDirectory { host, directory, program: None, leads_to: Some(program) };
        self.named(decide_prepared(&question, self.profile, loaded, &host), loaded, command)
    }

    /// A decision with the names of what is missing.
    fn named(&self, mut decision: Decision, loaded: &Prepared, command: &str) -> Decision {
        for name in &mut decision.missing {
            *name = match name.strip_prefix(UNKNOWN_DIRECTORY) {
                Some(_) => NO_DIRECTORY.to_owned(),
                None => missing(name),
            };
        }
        // As `explain`: an unknown home can make an entry match, or a word of the command something else.
        let has_tilde =
            || command.contains('~') || loaded.entries().iter().any(|entry| entry.pattern.contains('~'));
        if self.circumstances.home.is_none() && decision.evaluation.is_some() && has_tilde() {
            decision.verdict = Verdict::Unknown;
            decision
                .missing
                .push("the home directory of the gateway: set `home` in the table of --programs".to_owned());
        }
        decision
    }

    /// As [`Self::decide`], for a call.
    pub(in crate::commands) fn decide_call(&self, loaded: &Prepared, call: &Call) -> Decision {
        self.decide(loaded, &call.agent, &call.command, call.directory.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unknown_directory_exists_and_what_is_in_it_is_unknown() {
        let table = crate::approvals::decide::Table::default();
        let host = table.host("/");
        let host =
            InDirectory { host: &host, directory: UNKNOWN_DIRECTORY, program: Some("/x"), leads_to: None };
        assert_eq!(host.look("/x"), Found::Program("/x".to_owned()));
        assert_eq!(host.look(UNKNOWN_DIRECTORY), Found::Directory(UNKNOWN_DIRECTORY.to_owned()));
        assert_eq!(host.look(&format!("{UNKNOWN_DIRECTORY}/../x")), Found::Unknown);
        assert_eq!(host.read(&format!("{UNKNOWN_DIRECTORY}/x"), 9), None);
    }

    #[test]
    fn entries_are_added_to_a_copy() {
        let document = json!({"version": 1});
        let entry = ("/a".to_owned(), None);
        let with = Judge::with(&document, "main", [&entry]).unwrap();
        assert_eq!(with["agents"]["main"]["allowlist"], json!([{"pattern": "/a"}]));
        assert_eq!(document, json!({"version": 1}));
    }
}
