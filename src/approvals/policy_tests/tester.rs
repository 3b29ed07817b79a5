//! Decides the cases of a file. The document is loaded once for each agent and release, not for each case.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::mismatch::{Matched, Mismatch, mismatches};
use super::suite::{Case, Host, Release, Suite};
use crate::approvals::decide::{
    self, Decision, Entry, EntryId, Place, Prepared, Profile, Programs, Question, Seen, Table, TableHost,
    decide_prepared, explain_prepared,
};
use crate::approvals::findings::nearest::nearest;

/// The most loaded documents and hosts that are kept: a bound on memory.
const KEPT: usize = 32;

/// What is tested.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The stored text of the document, as JSON; `None`: the host has none.
    pub document: Option<String>,
    /// The contents of `openclaw.json`; `Null`: the host has none.
    pub configuration: Value,
}

/// The machine that runs the tests.
#[derive(Clone)]
pub struct Local {
    /// Its files.
    pub host: Arc<dyn decide::Host + Send + Sync>,
    /// Its `PATH`.
    pub path: String,
    /// Its `HOME`.
    pub home: String,
    /// The state directory of its gateway.
    pub state_directory: String,
}

/// The result of one case under one release.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What differs from what the case expects; nothing if it passes.
    pub mismatches: Vec<Mismatch>,
    /// The decision.
    pub decision: Decision,
    /// The entries that match parts of the command.
    pub matched: Vec<Entry>,
}

impl Outcome {
    /// Whether the case fails.
    pub fn differs(&self) -> bool {
        !self.mismatches.is_empty()
    }
}

/// Decides the cases of one file.
pub struct Tester<'s> {
    suite: &'s Suite,
    subject: &'s Subject,
    local: &'s Local,
    /// The files of this machine: all cases see the same.
    files: Seen<'s>,
    prepared: HashMap<(Arc<str>, Profile), Arc<Prepared>>,
    hosts: HashMap<Arc<str>, Arc<TableHost>>,
    touched: BTreeSet<(String, usize)>,
}

impl<'s> Tester<'s> {
    /// A tester of the cases of a file.
    pub fn new(suite: &'s Suite, subject: &'s Subject, local: &'s Local) -> Self {
        Self {
            suite,
            subject,
            local,
            files: Seen::new(&*local.host),
            prepared: HashMap::new(),
            hosts: HashMap::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Decides a case as a release does, and compares the decision with what the case expects.
    pub fn check(&mut self, case: &Case, release: &Release) -> Outcome {
        let document = self.prepared(case, release.profile);
        let (path, home) = self.surroundings();
        let directory = match case.directory.strip_prefix('~') {
            Some(below) => format!("{}{below}", home.trim_end_matches('/')),
            None => case.directory.to_string(),
        };
        let state_directory = match &self.suite.host {
            Host::Local => self.local.state_directory.clone(),
            Host::Table(_) => format!("{}/.openclaw", home.trim_end_matches('/')),
        };
        let question = Question {
            command: &case.command,
            agent: &case.agent,
            document: self.subject.document.as_deref(),
            configuration: &self.subject.configuration,
            directory: &directory,
            path,
            home,
            state_directory: Some(&state_directory),
            environment: case.environment.clone(),
            context: case.context,
            ask: case.ask,
            security: case.security,
            permission_mode: case.permission_mode,
        };
        let listed;
        let host: &dyn decide::Host = match &self.suite.host {
            Host::Local => &self.files,
            Host::Table(table) => {
                listed = self.host(table, case, &directory);
                &*listed
            }
        };
        let mut decision = decide_prepared(&question, release.profile, &document, host);
        let matched = matched(&decision, document.entries());
        let named: Vec<Matched<'_>> = matched.iter().map(Matched::of).collect();
        let mismatches = mismatches(case, &decision, &named, |expected| {
            let exists = document
                .entries()
                .iter()
                .any(|entry| expected.names(&entry.id.scope, &entry.pattern, entry.arg_pattern.as_deref()));
            let patterns = document.entries().iter().map(|entry| entry.pattern.as_str());
            let near = if exists { None } else { nearest(&expected.pattern, patterns) };
            (exists, near)
        });
        if !mismatches.is_empty() {
            // The report of a failure names the entries that nearly match.
            decision = explain_prepared(&question, release.profile, &document, host);
        }
        self.touched.extend(matched.iter().map(|entry| entry.id.stored.clone()));
        Outcome { mismatches, decision, matched }
    }

    /// The entries that matched parts of commands: the key of the agent and the index in the stored list.
    pub fn touched(self) -> BTreeSet<(String, usize)> {
        self.touched
    }

    /// `PATH` and `HOME`.
    fn surroundings(&self) -> (&'s str, &'s str) {
        match &self.suite.host {
            Host::Local => (&self.local.path, &self.local.home),
            Host::Table(table) => {
                (table.path.as_deref().unwrap_or_default(), table.home.as_deref().unwrap_or_default())
            }
        }
    }

    /// The document as a release has it after loading, for the agent of a case.
    pub fn prepared(&mut self, case: &Case, profile: Profile) -> Arc<Prepared> {
        let key = (Arc::clone(&case.agent), profile);
        if let Some(prepared) = self.prepared.get(&key) {
            return Arc::clone(prepared);
        }
        if self.prepared.len() >= KEPT {
            self.prepared.clear();
        }
        let prepared = Arc::new(Prepared::of(self.subject.document.as_deref(), &case.agent, profile));
        self.prepared.insert(key, Arc::clone(&prepared));
        prepared
    }

    fn host(&mut self, table: &Table, case: &Case, directory: &str) -> Arc<TableHost> {
        if let Some(programs) = &case.programs {
            let table = Table { programs: with(&table.programs, programs), ..table.clone() };
            return Arc::new(table.host_for(directory));
        }
        if let Some(host) = self.hosts.get(&case.directory) {
            return Arc::clone(host);
        }
        if self.hosts.len() >= KEPT {
            self.hosts.clear();
        }
        let host = Arc::new(table.host_for(directory));
        self.hosts.insert(Arc::clone(&case.directory), Arc::clone(&host));
        host
    }
}

impl<'e> Matched<'e> {
    fn of(entry: &'e Entry) -> Self {
        Self { id: &entry.id, pattern: &entry.pattern, arg_pattern: entry.arg_pattern.as_deref() }
    }
}

/// The entries that match parts of a command, each once.
fn matched(decision: &Decision, entries: &[Entry]) -> Vec<Entry> {
    let segments = decision.evaluation.iter().flat_map(|evaluation| &evaluation.segments);
    let mut ids: Vec<&EntryId> = Vec::new();
    for id in segments.filter_map(|segment| segment.entry.as_ref()) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let of = |id: &EntryId| entries.iter().find(|entry| entry.id == *id).cloned();
    ids.into_iter().filter_map(of).collect()
}

/// The programs of a host with those of a case. A program of the case replaces every one with its name.
fn with(programs: &Programs, more: &Programs) -> Programs {
    let places = |programs: &Programs| match programs {
        Programs::Paths(paths) => paths.iter().map(|path| (path.clone(), Place::Exists(true))).collect(),
        Programs::Places(places) => places.clone(),
    };
    let (mut all, more) = (places(programs), places(more));
    let name = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
    let replaced: BTreeSet<String> = more.keys().map(|key| name(key)).collect();
    all.retain(|key, _| !replaced.contains(&name(key)));
    all.extend(more);
    Programs::Places(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_a_case_replace_those_of_the_file() {
        let programs = |json: &str| serde_json::from_str::<Programs>(json).unwrap();
        let all = with(
            &programs(r#"["/usr/bin/git", "/usr/bin/rg"]"#),
            &programs(r#"{"git": false, "gh": "/opt/gh"}"#),
        );
        assert_eq!(all, programs(r#"{"/usr/bin/rg": true, "git": false, "gh": "/opt/gh"}"#));
    }
}
