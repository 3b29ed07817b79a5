//! Tests of the order of checks, of fallbacks, and of what the host does not know, on a table of programs.

use serde_json::{Value, json};

use super::*;
use crate::approvals::decide::question::Context;
use crate::approvals::decide::table::Table;
use Profile::{V2026_4_14, V2026_6_11, V2026_9_6};

const RELEASES: [Profile; 3] = [V2026_4_14, V2026_6_11, V2026_9_6];

/// A question of these tests.
struct Asked<'a> {
    command: &'a str,
    document: Value,
    exec: Value,
    context: Context,
    variables: &'a [(&'a str, &'a str)],
}

impl<'a> Asked<'a> {
    fn new(command: &'a str, document: Value) -> Self {
        Self { command, document, exec: json!({}), context: Context::Interactive, variables: &[] }
    }

    fn with(self, exec: Value) -> Self {
        Self { exec, ..self }
    }

    fn decide(&self, profile: Profile, host: &dyn Host) -> Decision {
        let document = self.document.to_string();
        let configuration = json!({ "tools": { "exec": self.exec } });
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let question = Question {
            command: self.command,
            agent: "main",
            document: Some(&document),
            configuration: &configuration,
            directory: "/work",
            path: "/bin",
            home: "/",
            state_directory: None,
            environment: self.variables.iter().map(own).collect(),
            context: self.context,
            ask: None,
            security: None,
            permission_mode: None,
        };
        decide(&question, profile, host)
    }

    /// `verdict: reason` in every release, and what follows if nobody answers.
    fn words(&self) -> [String; 3] {
        let table: Table = serde_json::from_value(json!({
            "programs": ["/bin/ls", "/bin/git", "/bin/sh", "/bin/python3"],
            "files": { "/work/app.py": "print($HOME)\n" },
            "directories": ["/work"],
            "complete": true,
        }))
        .expect("a table");
        let host = table.host("/work");
        RELEASES.map(|profile| {
            let decision = self.decide(profile, &host);
            let then = decision
                .unanswered
                .map(|then| format!(" -> {:?} {}", then.verdict, then.reason.unwrap_or_default()));
            let first = decision.reason.split(". ").next().unwrap_or_default();
            format!("{:?}: {first}{}", decision.verdict, then.unwrap_or_default())
        })
    }
}

fn list(patterns: &[&str], policy: &Value) -> Value {
    let entries: Vec<Value> = patterns.iter().map(|pattern| json!({ "pattern": pattern })).collect();
    json!({ "version": 1, "defaults": policy, "agents": { "main": { "allowlist": entries } } })
}

#[test]
fn checks_come_in_the_order_of_each_release() {
    let closed = || json!({ "version": 1, "defaults": { "security": "deny" } });
    let deny = "Denied: exec denied: host=gateway security=deny";
    let empty = "Denied: Provide a command to start.";
    let approve = "Denied: exec cannot run /approve commands";
    assert_eq!(Asked::new("", closed()).words(), [empty, empty, deny]);
    assert_eq!(Asked::new("/approve x deny", closed()).words(), [approve, deny, deny]);
    let variables: &[_] = &[("PATH", "/x")];
    let path = "Denied: Security Violation: Custom 'PATH' variable is forbidden during host execution.";
    assert_eq!(Asked { variables, ..Asked::new("ls", closed()) }.words(), [path, deny, deny]);
    assert_eq!(Asked { variables, ..Asked::new("ls", json!({ "version": 1 })) }.words(), [path; 3]);
}

#[test]
fn what_is_not_allowed_is_asked_or_denied() {
    let policy = |ask: &str| json!({ "security": "allowlist", "ask": ask });
    let miss = "Denied: exec denied: allowlist miss";
    assert_eq!(Asked::new("git log", list(&["/bin/ls"], &policy("off"))).words(), [miss; 3]);
    let runs = "Runs: allowlist";
    assert_eq!(Asked::new("ls", list(&["/bin/ls"], &policy("on-miss"))).words(), [runs; 3]);
    assert_eq!(
        Asked::new("git log", list(&[], &policy("on-miss"))).words(),
        [
            "Asks: allowlist-miss -> Denied approval-timeout (allowlist-miss)",
            "Asks: allowlist-miss -> Denied approval-timeout",
            "Asks: allowlist-miss -> Denied approval-timeout",
        ]
    );
    assert_eq!(
        Asked::new("ls *.x", list(&["/bin/ls"], &policy("off"))).words(),
        [
            runs,
            "Asks: plan-unavailable -> Denied approval-timeout",
            "Denied: Exec denied (ask-fallback-deny: execution-plan-miss): ls *.x",
        ]
    );
}

#[test]
fn a_run_without_a_route_falls_back_at_once() {
    let policy =
        |fallback: &str| json!({ "security": "allowlist", "ask": "always", "askFallback": fallback });
    let cron = |fallback: &str| Asked {
        context: Context::Cron,
        ..Asked::new("ls", list(&["/bin/ls"], &policy(fallback)))
    };
    let old = "Denied: exec denied: Cron runs cannot wait for interactive exec approval.";
    assert_eq!(
        cron("deny").words(),
        [old, old, "Denied: exec denied: Automation runs cannot wait for interactive exec approval."]
    );
    assert_eq!(cron("allowlist").words(), [old, old, "Runs: ask-fallback"]);
}

#[test]
fn scripts_are_checked_last() {
    let policy = json!({ "security": "allowlist", "ask": "off" });
    let asked = Asked::new("python3 app.py", list(&["/bin/python3"], &policy));
    let refused = "Denied: exec preflight: detected likely shell variable injection ($HOME) in python script: app.py:1.";
    assert_eq!(asked.words(), [refused; 3]);
    let free = Asked::new("python3 app.py", json!({ "version": 1 }));
    assert_eq!(free.words(), [refused, "Runs: full", "Runs: full"]);
}

#[test]
fn code_in_arguments_asks_under_every_policy() {
    let asked = Asked::new("python3 -c 1", json!({ "version": 1, "defaults": { "askFallback": "full" } }));
    let words = asked.with(json!({ "strictInlineEval": true })).words();
    assert_eq!(words, ["Asks: inline-eval -> Denied approval-timeout"; 3]);
}

#[test]
fn what_no_host_can_tell_matters_only_if_it_changes_the_verdict() {
    let host = Table::default().host("/work");
    let policy = json!({ "security": "allowlist", "ask": "off" });
    for (command, patterns, verdict) in [
        ("git log", &["/opt/bin/git"] as &[&str], Verdict::Unknown),
        ("git log", &["*"], Verdict::Runs),
        ("git log", &[], Verdict::Denied),
    ] {
        let asked = Asked::new(command, list(patterns, &policy));
        let decision = asked.decide(V2026_6_11, &host);
        assert_eq!(decision.verdict, verdict, "{patterns:?}");
        assert_eq!(decision.missing.is_empty(), verdict != Verdict::Unknown, "{patterns:?}");
    }
}

/// Each release decides `command` in `directory` with `home`, with these entries alone, on a host that is known as a whole.
fn in_directory(command: &str, directory: &str, home: &str, patterns: &Value) -> [Verdict; 3] {
    let table: Table = serde_json::from_value(json!({
        "programs": ["/bin/bash", "/bin/git", "/work/run.sh", "/home/ann/bin/own"],
        "files": ["/work/a.txt"],
        "directories": ["/work"],
        "complete": true,
    }))
    .expect("a table");
    let document = json!({"version": 1, "defaults": {"security": "allowlist", "ask": "off"},
                          "agents": {"main": {"allowlist": patterns}}})
    .to_string();
    let question = Question {
        command,
        agent: "main",
        document: Some(&document),
        configuration: &Value::Null,
        directory,
        path: "/bin",
        home,
        state_directory: None,
        environment: std::collections::BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    };
    RELEASES.map(|profile| decide(&question, profile, &table.host("/")).verdict)
}

/// The bug: a relative word was resolved against whatever was named, as text.
#[test]
fn a_directory_that_is_not_one_is_replaced_by_one_that_nobody_knows() {
    let [runs, denied, unknown] = [Verdict::Runs, Verdict::Denied, Verdict::Unknown];
    let run = json!([{"pattern": "/work/run.sh"}]);
    for directory in ["/work/a.txt", "/work/absent"] {
        assert_eq!(
            in_directory("../run.sh", directory, "/", &run),
            [unknown, unknown, denied],
            "{directory}"
        );
        assert_eq!(in_directory("bash run.sh", directory, "/", &run)[2], denied, "{directory}");
        let git = json!([{"pattern": "/bin/git"}]);
        assert_eq!(in_directory("git a", directory, "/", &git), [runs, runs, denied], "{directory}");
    }
    assert_eq!(in_directory("./run.sh", "/work", "/", &run), [runs; 3]);
    // The bug: the directory was not trimmed.
    for directory in [" /work", "/work\n"] {
        assert_eq!(in_directory("./run.sh", directory, "/", &run), [runs; 3], "{directory:?}");
        assert_eq!(in_directory("bash run.sh", directory, "/", &run)[2], runs, "{directory:?}");
    }
    let git = json!([{"pattern": "/bin/git"}]);
    assert_eq!(in_directory("git a", " ", "/", &git), [runs; 3]);
    assert_eq!(in_directory("./run.sh", "", "/", &run), [unknown; 3]);
    assert_eq!(in_directory("git a", "work", "/", &git), [runs, runs, unknown]);
}

/// The bug: entries with `~/` did not match if `HOME` ended with a slash.
#[test]
fn home_is_resolved_before_it_is_compared() {
    let entries = json!([{"pattern": "~/bin/*"}]);
    for home in ["/home/ann", "/home/ann/", "/home//ann/./x/..", " /home/ann"] {
        for command in ["~/bin/own", "/home/ann/bin/own"] {
            assert_eq!(
                in_directory(command, "/work", home, &entries),
                [Verdict::Runs; 3],
                "{home} {command}"
            );
        }
    }
}

/// The bug: 2026.9.6 was said to decide a command without an agent.
#[test]
fn no_agent_has_no_session() {
    let table = Table::default();
    let configuration = Value::Null;
    let question = Question {
        command: "ls",
        agent: " ",
        document: None,
        configuration: &configuration,
        directory: "/",
        path: "/bin",
        home: "/",
        state_directory: None,
        environment: std::collections::BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    };
    let verdicts = RELEASES.map(|profile| decide(&question, profile, &table.host("/")).verdict);
    assert_eq!(verdicts, [Verdict::Runs, Verdict::Runs, Verdict::Denied]);
}
