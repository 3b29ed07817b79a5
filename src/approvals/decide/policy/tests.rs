//! Tests of the merge: which source determines which field.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::approvals::decide::configuration::Configuration;
use crate::approvals::decide::document;
use Profile::{V2026_4_14, V2026_6_11, V2026_9_6};

/// The parts of a call that change a policy.
#[derive(Clone, Copy, Default)]
struct Call<'c> {
    ask: Option<&'c str>,
    security: Option<&'c str>,
    mode: Option<&'c str>,
    is_cron: bool,
}

fn merged(exec: &Value, document: &Value, call: Call<'_>, profile: Profile) -> Merged {
    let configuration = json!({ "tools": { "exec": exec } });
    let question = Question {
        command: "ls",
        agent: "main",
        document: None,
        configuration: &configuration,
        directory: "/",
        path: "",
        home: "/",
        state_directory: None,
        environment: BTreeMap::new(),
        context: if call.is_cron { Context::Cron } else { Context::Interactive },
        ask: call.ask,
        security: call.security,
        permission_mode: call.mode,
    };
    let requested = Configuration::of(&question, profile).requested(&question, profile).expect("usable");
    let document = document::load(Some(&document.to_string()), "main", profile).expect("readable");
    merge(&question, profile, &requested, &document)
}

/// `security (origin), ask (origin), fallback (origin)`.
fn summary(merged: &Merged) -> String {
    let words = merged.words();
    [words.security, words.ask, words.ask_fallback]
        .map(|(word, origin)| match origin {
            Origin::Document(key) | Origin::Configuration(key) => format!("{word} {key}"),
            Origin::Call(key) => format!("{word} call {key}"),
            Origin::Default => format!("{word} default"),
        })
        .join(", ")
}

#[test]
fn the_stricter_source_determines_a_field() {
    let document = json!({ "version": 1, "defaults": { "security": "full", "askFallback": "full" }, "agents": {
        "*": { "ask": "on-miss" }, "main": { "security": "allowlist" } } });
    for (exec, words) in [
        (json!({}), "allowlist agents.main.security, on-miss agents.*.ask, allowlist agents.main.security"),
        (json!({ "mode": "deny" }), "deny tools.exec.mode, on-miss agents.*.ask, deny tools.exec.mode"),
        (
            json!({ "ask": "always" }),
            "allowlist agents.main.security, always tools.exec.ask, allowlist agents.main.security",
        ),
        (
            json!({ "security": "full" }),
            "allowlist agents.main.security, on-miss agents.*.ask, allowlist agents.main.security",
        ),
    ] {
        assert_eq!(summary(&merged(&exec, &document, Call::default(), V2026_9_6)), words, "{exec}");
    }
}

#[test]
fn releases_differ_in_defaults() {
    let empty = json!({ "version": 1 });
    let floor = json!({ "version": 1, "defaults": { "security": "deny" }, "agents": { "main": { "security": "full" } } });
    for (profile, open, closed) in [
        (
            V2026_4_14,
            "full default, off default, full default",
            "deny defaults.security, off default, deny defaults.security",
        ),
        (
            V2026_6_11,
            "full default, off default, deny default",
            "full agents.main.security, off default, deny default",
        ),
        (
            V2026_9_6,
            "full default, off default, deny default",
            "full agents.main.security, off default, deny default",
        ),
    ] {
        assert_eq!(summary(&merged(&json!({}), &empty, Call::default(), profile)), open, "{profile:?}");
        assert_eq!(summary(&merged(&json!({}), &floor, Call::default(), profile)), closed, "{profile:?}");
    }
}

#[test]
fn a_call_only_tightens() {
    let empty = json!({ "version": 1 });
    for (call, profile, security, ask) in [
        (Call { security: Some("deny"), ..Call::default() }, V2026_4_14, Security::Deny, Ask::Off),
        (Call { security: Some("deny"), ..Call::default() }, V2026_6_11, Security::Full, Ask::Off),
        (Call { ask: Some(" Always "), ..Call::default() }, V2026_4_14, Security::Full, Ask::Always),
        (Call { ask: Some("always"), ..Call::default() }, V2026_9_6, Security::Full, Ask::Off),
        (
            Call { ask: Some("always"), is_cron: true, ..Call::default() },
            V2026_9_6,
            Security::Full,
            Ask::Always,
        ),
    ] {
        let found = merged(&json!({}), &empty, call, profile);
        assert_eq!((found.security, found.ask), (security, ask), "{profile:?}");
    }
    let strict =
        merged(&json!({ "ask": "always" }), &empty, Call { ask: Some("off"), ..Call::default() }, V2026_4_14);
    assert_eq!(strict.ask, Ask::Always);
}

#[test]
fn a_model_reviews_only_while_the_mode_decides_what_is_asked() {
    let auto = json!({ "mode": "auto" });
    for (document, reviews) in
        [(json!({ "version": 1 }), true), (json!({ "version": 1, "defaults": { "ask": "always" } }), false)]
    {
        assert_eq!(merged(&auto, &document, Call::default(), V2026_6_11).auto_review, reviews);
    }
}

#[test]
fn permission_mode_full_bypasses_the_document() {
    let closed = json!({ "version": 1, "defaults": { "security": "deny", "ask": "always" } });
    let full = merged(&json!({}), &closed, Call { mode: Some("full"), ..Call::default() }, V2026_9_6);
    assert!(full.is_bypassed);
    assert_eq!((full.security, full.ask), (Security::Full, Ask::Off));
    let guarded = merged(&json!({}), &closed, Call { mode: Some("guarded"), ..Call::default() }, V2026_9_6);
    assert!(!guarded.is_bypassed);
    assert_eq!((guarded.security, guarded.ask), (Security::Deny, Ask::Always));
}
