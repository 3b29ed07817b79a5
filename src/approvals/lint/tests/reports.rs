//! Tests of lint reports: severities, silences, secrets, and the number of steps.

use serde_json::{Value, json};

use super::super::{Facts, Keeper, Linted, Overrides, Silence, Stale, lint};
use crate::approvals::bounds::Budget;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::severity::Severity;
use crate::approvals::text::syntax::Syntax;

fn found(document: &Value, facts: &Facts<'_>, rules: &Overrides) -> Linted {
    lint(document.to_string().as_bytes(), Syntax::Json, facts, rules)
}

fn codes(linted: &Linted) -> Vec<&'static str> {
    linted.verdict.diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

fn list(entries: &Value) -> Value {
    json!({ "version": 1, "defaults": { "security": "allowlist" }, "agents": { "main": { "allowlist": entries } } })
}

#[test]
fn severities_and_silences_are_the_project_s() {
    let document =
        list(&json!([{ "pattern": "rg" }, { "pattern": "rg" }, { "pattern": "bash" }, { "pattern": "sh" }]));
    let silence = |code, path: Option<&str>, agent: Option<&str>, pattern: Option<&str>| Silence {
        code,
        path: path.map(str::to_owned),
        agent: agent.map(str::to_owned),
        pattern: pattern.map(str::to_owned),
    };
    let facts = Facts { name: "hosts/a.json", ..Facts::default() };
    let rules = Overrides {
        severities: [(Code::DuplicateEntry, Severity::Error)].into(),
        silences: vec![
            silence(Code::InterpreterWithoutArguments, Some("hosts"), Some("main"), Some("bash")),
            silence(Code::InterpreterWithoutArguments, Some("host"), None, None),
            silence(Code::InterpreterWithoutArguments, None, Some("ops"), None),
        ],
    };
    let linted = found(&document, &facts, &rules);
    assert_eq!(codes(&linted), ["duplicate-entry", "interpreter-without-arguments"]);
    assert_eq!((linted.counts.errors, linted.counts.warnings, linted.silenced), (1, 1, 1));
    assert_eq!(linted.used, [0]);
    // A silenced finding is not fixed either.
    let rules = Overrides {
        silences: vec![silence(Code::DuplicateEntry, Some("."), None, None)],
        ..Overrides::default()
    };
    assert_eq!(found(&document, &facts, &rules).removals, []);
}

#[test]
fn credentials_are_reported_and_never_shown() {
    let secret = "ghp_0123456789abcdefghijABCDEF";
    let document = json!({ "version": 1, "socket": { "token": "hunter2" }, "defaults": { "security": "allowlist" }, "agents": { "main": { "allowlist": [
        { "pattern": "curl", "lastUsedCommand": format!("curl -H {secret}") },
        { "pattern": "bash" },
        { "pattern": format!("/tmp/{secret}") },
        { "pattern": format!("/tmp/{secret}") },
        { "pattern": "git", "argPattern": format!("push {secret}") },
    ] } } });
    for versioned in [true, false] {
        let linted = found(&document, &Facts { versioned, ..Facts::default() }, &Overrides::default());
        let reported = codes(&linted).iter().filter(|code| **code == "secret-in-version-control").count();
        assert_eq!(reported, if versioned { 5 } else { 0 });
        let shown = format!("{linted:?}");
        assert!(!shown.contains(secret) && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn use_is_judged_by_the_time_that_is_passed_in() {
    let day = 86_400_000.0;
    let document = json!({ "version": 1, "defaults": { "security": "allowlist" }, "agents": { "main": {
        "allowlist": [{ "pattern": "old", "lastUsedAt": day }, { "pattern": "new", "lastUsedAt": 9.5 * day }, { "pattern": "never" }],
        "mcpTools": [
            { "server": "s", "tool": "t", "source": "allow-always", "addedAt": 1 },
            { "server": "s", "tool": "u", "source": "allow-always", "addedAt": 1, "lastUsedAt": 9 * 86_400_000_u64 }
        ] } } });
    let facts = Facts { stale: Some(Stale { now_ms: 10.0 * day, days: 5 }), ..Facts::default() };
    assert_eq!(
        codes(&found(&document, &facts, &Overrides::default())),
        ["stale-entry", "never-used", "stale-entry"]
    );
    assert_eq!(codes(&found(&document, &Facts::default(), &Overrides::default())), [""; 0]);
}

#[test]
fn generated_entries_are_active_on_hosts_that_keep_a_file() {
    let document = list(&json!([{ "pattern": "/bin/bash", "source": "allow-always" }]));
    let database = Facts { keeper: Keeper::Database, ..Facts::default() };
    let of_database = found(&document, &database, &Overrides::default());
    assert_eq!((codes(&of_database), of_database.removals.len()), (vec!["inactive-generated"], 1));
    // Where any release may read it, both are true, and nothing is removed.
    let of_any = found(&document, &Facts::default(), &Overrides::default());
    assert_eq!(codes(&of_any), ["inactive-generated", "interpreter-without-arguments"]);
    assert_eq!(of_any.removals, []);
    for facts in [
        Facts { keeper: Keeper::File, ..Facts::default() },
        Facts { release: Some("2026.6.11"), ..Facts::default() },
    ] {
        let linted = found(&document, &facts, &Overrides::default());
        assert_eq!((codes(&linted), linted.removals), (vec!["interpreter-without-arguments"], vec![]));
    }
}

#[test]
fn invalid_documents_are_reported_as_a_validation_does() {
    let linted = found(
        &json!({ "version": 1, "agents": { "main": { "security": "alowlist" } } }),
        &Facts::default(),
        &Overrides::default(),
    );
    assert!(linted.invalid);
    assert_eq!(codes(&linted), ["unknown-value"]);
}

#[test]
fn a_large_list_is_looked_at_in_time() {
    // Broad and narrow patterns with common prefixes: the worst case for finding covered entries.
    let entries: Vec<Value> = (0..30_000)
        .map(|n| match n % 3 {
            0 => json!({ "pattern": format!("/opt/**/x{n}/*") }),
            1 => json!({ "pattern": format!("/opt/tools/{n}/bin/rg") }),
            _ => json!({ "pattern": format!("**/{n}"), "argPattern": "^a$" }),
        })
        .collect();
    // The time limit is checked at each step: a hundred times for each entry, far from once for each pair of entries.
    let steps = std::cell::Cell::new(0_usize);
    let spent = || {
        steps.set(steps.get() + 1);
        steps.get() > 100 * entries.len()
    };
    let facts = Facts { budget: Budget::until(&spent), ..Facts::default() };
    let linted = found(&list(&json!(entries)), &facts, &Overrides::default());
    assert!(!linted.invalid && !linted.verdict.unfinished, "{} steps", steps.get());
}

#[test]
fn what_was_found_before_the_time_was_over_is_reported() {
    let mut entries =
        vec![json!({"pattern": "/usr/bin/python3"}), json!({"pattern": "rg"}), json!({"pattern": "rg"})];
    entries.extend((0..200).map(|n| json!({"pattern": format!("/{}{n}", "*a".repeat(200))})));
    let document = list(&json!(entries));
    let whole = found(&document, &Facts::default(), &Overrides::default());
    assert!(!whole.verdict.unfinished && !whole.removals.is_empty());
    let looks = std::cell::Cell::new(0);
    let spent = || {
        looks.set(looks.get() + 1);
        looks.get() > 20
    };
    let facts = Facts { budget: Budget::until(&spent), ..Facts::default() };
    let cut = found(&document, &facts, &Overrides::default());
    assert!(cut.verdict.unfinished && codes(&cut).contains(&"interpreter-without-arguments"), "{cut:?}");
    assert!(cut.removals.is_empty(), "a partial list is not removed");
}

#[test]
fn an_agent_id_as_long_as_the_document_is_not_kept_for_each_finding() {
    let agent = "a".repeat(1 << 20);
    let entries: Vec<Value> = (0..200).map(|_| json!({"pattern": "/usr/bin/python3"})).collect();
    let document = json!({"version": 1, "agents": {agent: {"allowlist": entries}}});
    let linted = found(&document, &Facts::default(), &Overrides::default());
    assert!(
        linted.verdict.diagnostics.len() < 20 && linted.verdict.omitted > 100,
        "{}",
        linted.verdict.omitted
    );
    assert!(linted.removals.len() < 20);
}
