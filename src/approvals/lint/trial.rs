//! Asks the evaluator whether a command would run on a host that has its program, if a list of entries is all that allows
//! anything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::approvals::decide::{
    Context, Decision, Host, Prepared, Profile, Programs, Question, Segment, Table, TableHost, Verdict,
    decide_prepared,
};

/// The directory of every program of a trial, and its `PATH`.
pub(super) const PROGRAMS: &str = "/usr/bin";

/// The directory of every call.
const DIRECTORY: &str = "/work";

/// `HOME` of every trial on a host that is made up.
const HOME: &str = "/home/user";

/// The gateway's state directory. No witness has a file there.
const STATE_DIRECTORY: &str = "/home/user/.openclaw";

/// Programs that witnesses need besides their own.
const OTHERS: [&str; 4] = ["cat", "env", "id", "ls"];

/// Whether a command runs without a prompt on a host that has this program, with nothing but these entries.
pub(super) fn runs(entries: &Value, program: &str, command: &str, profile: Profile) -> bool {
    runs_on(entries, command, profile, &host_with(program), HOME)
}

/// A host that has a program, by its name or its path, and a few others.
fn host_with(program: &str) -> TableHost {
    let path = |name: &str| match name.strip_prefix("~/") {
        Some(rest) => format!("{HOME}/{rest}"),
        None if name.starts_with('/') => name.to_owned(),
        None => format!("{PROGRAMS}/{name}"),
    };
    let programs: BTreeSet<String> = OTHERS.into_iter().chain([program]).map(path).collect();
    let table = Table { programs: Programs::Paths(programs), complete: true, ..Table::default() };
    table.host(DIRECTORY)
}

/// The parts of a command that must be allowed. `None`: it cannot be analysed.
pub(super) fn parts(command: &str, profile: Profile) -> Option<Vec<Segment>> {
    let entries = json!([{"pattern": "*"}]);
    let evaluation = decided(&entries, command, profile, &host_with("id"), HOME).evaluation?;
    evaluation.not_analysable.is_none().then_some(evaluation.segments)
}

/// As [`runs`], on a given host.
pub(super) fn runs_on(entries: &Value, command: &str, profile: Profile, host: &dyn Host, home: &str) -> bool {
    decided(entries, command, profile, host, home).verdict == Verdict::Runs
}

fn decided(entries: &Value, command: &str, profile: Profile, host: &dyn Host, home: &str) -> Decision {
    let document = json!({
        "version": 1,
        "defaults": {"security": "allowlist", "ask": "off", "askFallback": "deny"},
        "agents": {"main": {"allowlist": entries}},
    })
    .to_string();
    let question = Question { document: Some(&document), home, ..question(command) };
    let loaded = Prepared::of(question.document, question.agent, profile);
    decide_prepared(&question, profile, &loaded, host)
}

/// Whether a command that nothing allows runs if a prompt for it stays without an answer, under this policy of a document.
pub(super) fn runs_unanswered(policy: &Value, profile: Profile) -> bool {
    let document = json!({"version": 1, "defaults": policy}).to_string();
    let question = Question { document: Some(&document), ..question("id") };
    let loaded = Prepared::of(question.document, question.agent, profile);
    let decision = decide_prepared(&question, profile, &loaded, &host_with(question.command));
    decision.unanswered.is_some_and(|unanswered| unanswered.verdict == Verdict::Runs)
}

fn question(command: &str) -> Question<'_> {
    Question {
        command,
        agent: "main",
        document: None,
        configuration: &Value::Null,
        directory: DIRECTORY,
        path: PROGRAMS,
        home: HOME,
        state_directory: Some(STATE_DIRECTORY),
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    }
}
