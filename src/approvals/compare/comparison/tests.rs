//! Tests of what each depth reports, and what it ignores.

mod alike;
mod ordered;
mod policy;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::approvals::Syntax;
use crate::approvals::check::agreement::documents as any_documents;
use crate::approvals::parse;

/// Changes, one per line: path, before, after.
fn lines(changes: &[Change]) -> Vec<String> {
    let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
    let line =
        |change: &Change| format!("{} {} {}", change.path, shown(&change.before), shown(&change.after));
    changes.iter().map(line).collect()
}

/// The second document with a few entries of the first at its beginning and its end.
fn mixed(one: &Value, other: &Value) -> Value {
    let mut mixed = other.clone();
    let agents = one.get("agents").and_then(Value::as_object).into_iter().flatten();
    for (id, agent) in agents {
        let own = agent.get("allowlist").and_then(Value::as_array);
        let entries =
            mixed.pointer_mut(&format!("/agents/{}/allowlist", id.replace('~', "~0").replace('/', "~1")));
        if let (Some(own), Some(Value::Array(entries))) = (own, entries) {
            let split = own.len() / 2;
            entries.splice(0..0, own[..split].iter().cloned());
            entries.extend(own[split..].iter().cloned());
        }
    }
    mixed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn documents_differ_as_their_values_do(
        before in any_documents(), other in any_documents(), mix in any::<bool>(), exact in any::<bool>()
    ) {
        let after = if mix { mixed(&before, &other) } else { other };
        let (one, two) = (before.to_string(), after.to_string());
        let parsed = [&one, &two].map(|text| parse(text.as_bytes(), Syntax::Json));
        if let [Ok(left), Ok(right)] = parsed {
            let depth = if exact { Depth::Exact } else { Depth::Stored };
            let whole = values(&before, &after, depth);
            prop_assert_eq!(lines(&documents(&left, &right, depth).policy), lines(&whole.policy));
        }
    }
}
