//! Tables of what is wider and what is not.

use serde_json::{Value, json};

use super::*;

mod laws;

fn compare(profile: Profile, before: &Value, after: &Value) -> Wider {
    let (before, after) = (before.to_string(), after.to_string());
    let comparison =
        Comparison { before: Some(&before), after: Some(&after), configuration: &Value::Null, profile };
    wider(&comparison).unwrap()
}

/// A document with these entries for `main` under `allowlist`.
fn listed(entries: &Value) -> Value {
    json!({"version": 1, "defaults": {"security": "allowlist", "ask": "off", "askFallback": "deny"},
           "agents": {"main": {"allowlist": entries}}})
}

fn policy(security: &str, ask: &str, fallback: &str) -> Value {
    json!({"version": 1, "defaults": {"security": security, "ask": ask, "askFallback": fallback},
           "agents": {"main": {"allowlist": [{"pattern": "/usr/bin/git"}]}}})
}

const A: Profile = Profile::V2026_4_14;
const B: Profile = Profile::V2026_6_11;
const C: Profile = Profile::V2026_9_6;

#[test]
fn narrower_entries_are_no_wider() {
    for (before, after) in [
        (
            json!([{"pattern": "/usr/bin/git"}, {"pattern": "/usr/bin/ls"}]),
            json!([{"pattern": "/usr/bin/git"}]),
        ),
        (json!([{"pattern": "/usr/bin/*"}]), json!([{"pattern": "/usr/bin/git"}])),
        (json!([{"pattern": "/usr/**"}]), json!([{"pattern": "/usr/bin/*"}])),
        (
            json!([{"pattern": "*"}]),
            json!([{"pattern": "/usr/bin/git"}, {"pattern": "bash", "argPattern": "x"}]),
        ),
        (
            json!([{"pattern": "/usr/bin/git"}]),
            json!([{"pattern": "/usr/bin/git", "argPattern": "^status$"}]),
        ),
        (json!([{"pattern": " /usr/bin/git "}]), json!(["/usr/bin/git"])),
        (
            json!([{"pattern": "/usr/bin/git", "argPattern": "^(status|log)$"}]),
            json!([{"pattern": "/usr/bin/git", "argPattern": "^log$"}]),
        ),
        (json!([{"pattern": "git"}]), json!([{"pattern": "git", "argPattern": "^log"}])),
        (
            json!([{"pattern": "/usr/bin/git"}]),
            json!([{"pattern": "/usr/bin/git"}, {"pattern": ""}, {"pattern": "*", "argPattern": "x"}]),
        ),
        (json!([{"pattern": "=command:0123456789abcdef", "source": "allow-always"}]), json!([])),
        (json!([]), json!([{"pattern": "/usr/bin/git", "argPattern": "("}])),
    ] {
        for profile in [B, C] {
            let found = compare(profile, &listed(&before), &listed(&after));
            assert_eq!(found.widenings, [], "{profile:?} {before} {after}");
        }
    }
}

/// The bug: an `argPattern` that is not a string counted as none, although the release fails on it and starts nothing.
#[test]
fn a_document_on_which_a_release_fails_is_not_compared() {
    let after = listed(&json!([{"pattern": "/usr/bin/git", "argPattern": "^push$"}])).to_string();
    let none = listed(&json!([])).to_string();
    for odd in [json!(5), json!(0), json!(["^a$"]), json!({})] {
        let before = listed(&json!([{"pattern": "/usr/bin/git", "argPattern": odd}])).to_string();
        let compare = |before, after, profile| {
            wider(&Comparison {
                before: Some(before),
                after: Some(after),
                configuration: &Value::Null,
                profile,
            })
        };
        for profile in [A, B] {
            assert_eq!(compare(&before, &after, profile), Err(Incomparable::Before), "{odd}");
            assert_eq!(compare(&before, &before, profile).unwrap().widenings, []);
            assert_eq!(compare(&none, &before, profile).unwrap().widenings, []);
        }
        // 2026.9.6 denies everything with such a document.
        assert_ne!(compare(&before, &after, C).unwrap().widenings, []);
    }
}

/// The gaps of the entries that are wider, and whether each has a witness.
fn gaps(profile: Profile, before: &Value, after: &Value) -> Vec<(Gap, Option<String>)> {
    let found = compare(profile, &listed(before), &listed(after));
    let gaps = found.widenings.into_iter().map(|widening| match widening.cause {
        Cause::Entry { gap, .. } => (gap, widening.witness.map(|witness| witness.command)),
        other => panic!("{other:?}"),
    });
    gaps.collect()
}

#[test]
fn wider_entries_have_a_witness() {
    for (profile, before, after, gap, command) in [
        (C, json!([]), json!(["/usr/bin/git"]), Gap::Programs, Some("/usr/bin/git")),
        (C, json!(["/usr/bin/git"]), json!(["/usr/bin/*"]), Gap::Programs, Some("/usr/bin/tool")),
        (C, json!(["/usr/bin/git"]), json!(["git"]), Gap::Programs, Some("git")),
        (C, json!(["git"]), json!(["/usr/bin/git"]), Gap::Programs, Some("/usr/bin/git")),
        (C, json!(["/usr/bin/git"]), json!(["*"]), Gap::Programs, Some("uname")),
        (
            C,
            json!([{"pattern": "/usr/bin/git", "argPattern": "^status$"}]),
            json!(["/usr/bin/git"]),
            Gap::Arguments,
            Some("/usr/bin/git"),
        ),
        (
            C,
            json!([{"pattern": "/usr/bin/git", "argPattern": "^status$"}]),
            json!([{"pattern": "/usr/bin/git", "argPattern": "^(status|log)$"}]),
            Gap::Arguments,
            Some("/usr/bin/git log"),
        ),
        (
            C,
            json!([{"pattern": "/usr/bin/git", "argPattern": "^status$"}]),
            json!([{"pattern": "/usr/bin/git", "argPattern": "^status"}]),
            Gap::Arguments,
            Some("/usr/bin/git status x"),
        ),
        (
            C,
            json!(["/bin/bash"]),
            json!([{"pattern": "/bin/bash", "argPattern": "^-c x$"}]),
            Gap::Shell,
            Some("/bin/bash -c x"),
        ),
        (
            C,
            json!([{"pattern": "/usr/bin/git", "source": "allow-always"}]),
            json!(["/usr/bin/git"]),
            Gap::Programs,
            Some("/usr/bin/git"),
        ),
        (
            C,
            json!([]),
            json!([{"pattern": "=command:0123456789abcdef", "source": "allow-always"}]),
            Gap::Command,
            None,
        ),
        (
            A,
            json!([{"pattern": "/usr/bin/git", "argPattern": "x"}]),
            json!(["/usr/bin/*"]),
            Gap::Programs,
            Some("/usr/bin/tool"),
        ),
        (B, json!([{"pattern": "/usr/bin/*"}]), json!(["/usr/**"]), Gap::Programs, Some("/usr/tool")),
        (B, json!([{"pattern": "~/bin/*"}]), json!(["~/**"]), Gap::Programs, Some("/home/user/tool")),
    ] {
        assert_eq!(
            gaps(profile, &before, &after),
            [(gap, command.map(str::to_owned))],
            "{profile:?} {before} {after}"
        );
    }
}

#[test]
fn releases_read_entries_differently() {
    // 2026.4.14 ignores argPattern and names; 2026.9.6 ignores old approvals of prompts.
    let loosened = (json!([{"pattern": "/usr/bin/git", "argPattern": "x"}]), json!(["/usr/bin/git"]));
    assert_eq!(gaps(A, &loosened.0, &loosened.1), []);
    assert_eq!(gaps(A, &json!([]), &json!(["git"])), []);
    let approved = json!([{"pattern": "/usr/bin/git", "source": "allow-always"}]);
    assert_eq!(gaps(C, &json!([]), &approved), []);
    assert_eq!(gaps(B, &json!([]), &approved).len(), 1);
}

#[test]
fn policies_are_compared_by_cases() {
    use Circumstance::{AtOnce, Cron, Unanswered};
    for (profile, before, after, expected) in [
        (C, ("allowlist", "off", "deny"), ("full", "off", "deny"), vec![AtOnce, Cron]),
        (C, ("full", "off", "deny"), ("allowlist", "off", "full"), vec![]),
        (C, ("deny", "off", "deny"), ("allowlist", "on-miss", "deny"), vec![AtOnce, Cron]),
        (C, ("allowlist", "off", "deny"), ("allowlist", "on-miss", "deny"), vec![]),
        (C, ("allowlist", "on-miss", "deny"), ("allowlist", "on-miss", "full"), vec![]),
        (C, ("full", "always", "deny"), ("full", "always", "full"), vec![Unanswered, Cron]),
        (C, ("full", "on-miss", "deny"), ("full", "off", "deny"), vec![AtOnce, Cron]),
        (C, ("allowlist", "always", "deny"), ("allowlist", "always", "allowlist"), vec![Unanswered, Cron]),
        (B, ("allowlist", "on-miss", "deny"), ("allowlist", "on-miss", "full"), vec![Unanswered]),
        (B, ("allowlist", "always", "full"), ("allowlist", "on-miss", "full"), vec![AtOnce, Cron]),
        (A, ("allowlist", "off", "deny"), ("allowlist", "off", "allowlist"), vec![Unanswered]),
        (A, ("full", "always", "allowlist"), ("full", "always", "full"), vec![Unanswered, Cron]),
    ] {
        let found =
            compare(profile, &policy(before.0, before.1, before.2), &policy(after.0, after.1, after.2));
        let circumstances: Vec<_> =
            found.widenings.iter().flat_map(|widening| widening.circumstances.iter().copied()).collect();
        assert_eq!(circumstances, expected, "{profile:?} {before:?} {after:?}");
        assert!(
            found.widenings.iter().all(|widening| widening.witness.is_some()),
            "{profile:?} {before:?} {after:?} {found:?}"
        );
    }
}
