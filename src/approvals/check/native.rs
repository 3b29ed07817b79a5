//! Checks a node's own policy.

use crate::approvals::bounds::{self, Budget};
use crate::approvals::check::document::{Strictness, diagnose, json5};
use crate::approvals::check::schema::Contract;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::model::native::Policy;
use crate::approvals::text::syntax::Syntax;

/// Checks a policy and reports every problem with its place. Never fails and never panics, whatever the bytes.
///
/// The check is stricter than a node: it rejects a blank pattern or shell, which would match nothing that was meant.
pub fn check(bytes: &[u8], syntax: Syntax) -> Verdict {
    if accepted(bytes).is_some() {
        return Verdict::default();
    }
    diagnose(bytes, Strictness { syntax, allow_legacy: false }, Contract::Native, Budget::default())
}

/// The policy in a text, or the verdict that explains why there is none.
pub fn parse(bytes: &[u8], syntax: Syntax) -> Result<Policy<'_>, Verdict> {
    if let Some(policy) = accepted(bytes) {
        return Ok(policy);
    }
    let verdict = check(bytes, syntax);
    // Only JSON5 can still contain a policy here. No tree is built for other texts, because its memory is unbounded.
    if !verdict.is_valid() {
        return Err(verdict);
    }
    json5(bytes).ok_or(verdict)
}

fn accepted(bytes: &[u8]) -> Option<Policy<'_>> {
    let text = std::str::from_utf8(bytes).ok()?;
    if bounds::object_too_many(text).is_some() { None } else { serde_json::from_str(text).ok() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::approvals::findings::codes::Code;
    use crate::approvals::model::native::Action;

    fn found(text: &str) -> Vec<String> {
        let verdict = check(text.as_bytes(), Syntax::Json);
        let reported = verdict.diagnostics.iter();
        reported
            .map(|d| format!("{}:{} {} {} {}", d.start.line, d.start.column, d.code, d.path, d.message))
            .collect()
    }

    #[test]
    fn a_policy_is_read_and_printed_as_it_was() {
        let text = r#"{"defaultAction":"deny","rules":[{"pattern":"Get-*","action":"allow","shells":["pwsh"],"description":"d","enabled":true},{"pattern":"*","action":"prompt"}]}"#;
        let policy = parse(text.as_bytes(), Syntax::Json).unwrap();
        assert_eq!(policy.rules[0].action, Action::Allow);
        assert_eq!(serde_json::to_string(&policy).unwrap(), text);
        let json5 = br"{rules: [{pattern: 'hostname', action: 'allow'}], /* all */}";
        assert_eq!(parse(json5, Syntax::Json5).unwrap().rules[0].pattern.as_str(), "hostname");
        assert_eq!(parse(json5, Syntax::Json).unwrap_err().diagnostics[0].code, Code::Json5Notation);
    }

    #[test]
    fn every_problem_is_reported_with_its_place() {
        let text = r#"{"defaultAction": "alow", "rules": [
 {"pattern": " ", "action": "allow"},
 {"patern": "x", "action": null, "shells": ["cmd", ""], "enabled": 1},
 "hostname"], "version": 1}"#;
        assert_eq!(
            found(text),
            [
                r#"1:19 unknown-value /defaultAction "alow" is not a value of `defaultAction`"#,
                "2:14 blank-text /rules/0/pattern `pattern` is blank",
                "3:2 missing-field /rules/1 `pattern` is missing in a rule",
                "3:3 unknown-field /rules/1/patern a rule has no field `patern`",
                "3:28 wrong-type /rules/1/action `action` is not a string",
                "3:52 blank-text /rules/1/shells/1 a shell is blank",
                "3:68 wrong-type /rules/1/enabled `enabled` is not a boolean",
                "4:2 wrong-type /rules/2 a rule is not an object",
                "4:15 unknown-field /version the policy has no field `version`",
            ]
        );
        let verdict = check(text.as_bytes(), Syntax::Json);
        assert_eq!(verdict.diagnostics[0].suggestion.as_deref(), Some("allow"));
        assert_eq!(verdict.diagnostics[3].suggestion.as_deref(), Some("pattern"));
    }

    #[test]
    fn a_request_around_a_policy_and_a_document_are_distinguished() {
        let request = r#"{"nodeId": "n", "native": {"rules": []}, "baseHash": "h"}"#;
        assert_eq!(
            found(request),
            ["1:17 wrapped-document /native this is a policy in its envelope, not a policy"]
        );
        let document = found(r#"{"version": 1, "agents": {"main": {"allowlist": []}}}"#);
        assert_eq!(document[0], "1:1 missing-field  `rules` is missing in the policy");
        assert_eq!(found("[]"), ["1:1 wrong-type  the policy is not an object"]);
    }

    #[test]
    fn no_secret_is_shown() {
        let verdict = check(br#"{"rules": [], "token": "hunter2", "sokcet": ["hunter2"]}"#, Syntax::Json);
        assert!(verdict.errors() == 2 && !format!("{verdict:?}").contains("hunter2"), "{verdict:?}");
        let shown = check(br#"{"rules": [{"pattern": "rm *", "action": "never"}]}"#, Syntax::Json);
        assert!(format!("{shown:?}").contains("never") && format!("{shown:?}").contains("rm *"));
    }

    fn policies() -> impl Strategy<Value = Value> {
        let word =
            || prop_oneof![Just(json!("allow")), Just(json!("deny")), Just(json!("alow")), Just(json!(1))];
        let text = || prop_oneof![Just(json!("a")), Just(json!(" ")), Just(json!("")), Just(Value::Null)];
        let rule = (text(), word(), prop::option::of(text()), any::<bool>()).prop_map(
            |(pattern, action, shell, odd)| {
                let mut rule = json!({"pattern": pattern, "action": action});
                if let Some(shell) = shell {
                    rule["shells"] = json!([shell]);
                    rule["description"] = shell;
                }
                if odd {
                    rule["enabled"] = json!(rule["action"] == "allow");
                }
                rule
            },
        );
        (prop::option::of(word()), prop::collection::vec(rule, 0..3), any::<bool>()).prop_map(
            |(action, rules, odd)| {
                let mut policy = json!({"rules": rules});
                if let Some(action) = action {
                    policy["defaultAction"] = action;
                }
                if odd { json!([policy]) } else { policy }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn types_and_schema_agree(policy in policies()) {
            let text = policy.to_string();
            let types = serde_json::from_str::<Policy<'_>>(&text).is_ok();
            prop_assert_eq!(types, Contract::Native.errors(&policy).next().is_none());
            let verdict = check(text.as_bytes(), Syntax::Json);
            prop_assert_eq!(verdict.is_valid(), types);
            prop_assert!(verdict.diagnostics.iter().all(|d| d.code != Code::Refused));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            check(&bytes, Syntax::Json5);
        }
    }
}
