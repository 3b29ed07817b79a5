//! Tests of the parts that are left out of two documents before the comparison.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Changes, Depth, values};
use crate::approvals::Syntax;
use crate::approvals::check::agreement::documents;
use crate::approvals::compare::alike::leave_out;
use crate::approvals::model::document::Document;
use crate::approvals::parse;

fn between(before: &Value, after: &Value) -> Changes {
    values(before, after, Depth::Policy)
}

/// Leaving the common parts out does not change the result of the comparison.
fn both_ways(before: &Value, after: &Value) -> (Changes, Changes) {
    let (one, other) = (before.to_string(), after.to_string());
    let mut one = parse(one.as_bytes(), Syntax::Json).unwrap();
    let mut other = parse(other.as_bytes(), Syntax::Json).unwrap();
    let common = leave_out(&mut one, &mut other);
    let value = |document: Document<'_>| serde_json::to_value(document).unwrap();
    let mut shorter = between(&value(one), &value(other));
    shorter.bookkeeping += common.bookkeeping;
    shorter.omitted += common.omitted;
    (shorter, between(before, after))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_left_out_changes_no_answer(before in documents(), after in documents()) {
        let is_valid = |value: &Value| parse(value.to_string().as_bytes(), Syntax::Json).is_ok();
        if is_valid(&before) && is_valid(&after) {
            let [before, after] = [before, after].map(|mut document| {
                // There is only one version, however it is written.
                document["version"] = json!(1);
                document
            });
            let (shorter, whole) = both_ways(&before, &after);
            prop_assert_eq!(shorter, whole);
        }
    }
}

#[test]
fn common_elements_are_removed_and_repeats_are_paired_in_order() {
    let list = |entries: Value| json!({"version": 1, "agents": {"main": {"allowlist": entries}}});
    let (a, a1) = (json!({"pattern": "/a"}), json!({"pattern": "/a", "id": "1"}));
    let (b, c) = (json!({"pattern": "/b"}), json!({"pattern": "/c"}));
    for (before, after) in [
        (list(json!([a, a1, b])), list(json!([a1, c, a]))),
        (list(json!([a, b])), list(json!([b, a, a]))),
        (list(json!([a])), json!({"version": 1, "agents": {"main": {"ask": "off"}, "ops": {}}})),
        (json!({"version": 1}), list(json!([a, b, c]))),
    ] {
        let (shorter, whole) = both_ways(&before, &after);
        assert_eq!(shorter, whole, "{before} {after}");
    }
}

#[test]
fn too_many_differences_are_counted() {
    let entries = |start: usize, count: usize| -> Vec<Value> {
        (start..start + count).map(|n| json!({"pattern": format!("/{n}")})).collect()
    };
    let agents = |start: usize| -> Value {
        let mut agents: serde_json::Map<String, Value> = (start..start + 4_000)
            .map(|n| (n.to_string(), json!({"ask": "off", "security": "deny"})))
            .collect();
        agents.insert("main".to_owned(), json!({"allowlist": entries(start, 6_000)}));
        json!({"version": 1, "agents": agents})
    };
    let (before, after) = (agents(0), agents(10_000));
    let (shorter, whole) = both_ways(&before, &after);
    assert_eq!(shorter.policy.len(), Changes::MOST);
    assert_eq!(shorter.policy.len() + shorter.omitted, whole.policy.len() + whole.omitted);
    assert_eq!(whole.policy.len() + whole.omitted, 2 * 4_000 * 2 + 2 * 6_000);
}
