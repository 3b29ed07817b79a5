//! Tests of the comparison of policy.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Changes, Depth, values};
use super::lines;
use crate::approvals::check::agreement::documents;

fn between(before: &Value, after: &Value) -> Changes {
    values(before, after, Depth::Policy)
}

fn shown(before: &Value, after: &Value) -> Vec<String> {
    lines(&between(before, after).policy)
}

#[test]
fn policy_is_compared_field_by_field() {
    let before = json!({"version": 1, "defaults": {"ask": "off", "security": "full"}, "agents": {"old": {}}});
    let after =
        json!({"version": 1, "defaults": {"security": "deny"}, "agents": {"main": {"ask": "always"}}});
    assert_eq!(
        shown(&before, &after),
        [
            r#"/agents/main/ask - "always""#,
            "/agents/old {} -",
            r#"/defaults/ask "off" -"#,
            r#"/defaults/security "full" "deny""#
        ]
    );
}

#[test]
fn entries_are_compared_by_what_they_allow() {
    let list = |entries: Value| json!({"version": 1, "agents": {"main": {"allowlist": entries}}});
    let before = list(
        json!([{"pattern": "/a", "id": "1"}, {"pattern": "/b"}, {"pattern": "/a", "argPattern": "^x$"}]),
    );
    let after =
        list(json!([{"pattern": "/c", "lastUsedAt": 1}, {"pattern": "/b"}, {"pattern": "/a", "id": "2"}]));
    assert_eq!(
        shown(&before, &after),
        [
            r#"/agents/main/allowlist {"argPattern":"^x$","pattern":"/a"} -"#,
            r#"/agents/main/allowlist - {"pattern":"/c"}"#
        ]
    );
    assert_eq!(between(&before, &after).bookkeeping, 1);
}

#[test]
fn a_token_is_never_in_a_change() {
    let before = json!({"version": 1, "socket": {"path": "/a", "token": "hunter2"}});
    let after = json!({"version": 1, "socket": {"path": "/b", "token": "hunter3", "tokn": "hunter4"}});
    let shown = shown(&before, &after).join("\n");
    assert!(shown.contains(r#"/socket/path "/a" "/b""#) && !shown.contains("hunter"), "{shown}");
    let elsewhere = json!({"sokcet": {"token": "hunter2"}, "agents": {"main": {"token": "hunter2"}, "token": {"ask": "off"}}});
    let shown = format!("{:?}", between(&elsewhere, &before));
    assert!(!shown.contains("hunter") && shown.contains("off"), "{shown}");
    let whole = between(&json!({"socket": "hunter2"}), &before);
    assert!(!format!("{whole:?}").contains("hunter"), "{whole:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_document_does_not_differ_from_itself(document in documents()) {
        prop_assert_eq!(between(&document, &document), Changes::default());
    }

    #[test]
    fn changes_are_the_same_both_ways(before in documents(), after in documents()) {
        let (there, back) = (between(&before, &after), between(&after, &before));
        prop_assert_eq!(there.bookkeeping, back.bookkeeping);
        let mut there: Vec<_> =
            there.policy.iter().map(|c| format!("{} {:?} {:?}", c.path, c.before, c.after)).collect();
        let mut back: Vec<_> =
            back.policy.iter().map(|c| format!("{} {:?} {:?}", c.path, c.after, c.before)).collect();
        there.sort();
        back.sort();
        prop_assert_eq!(there, back);
    }
}
