//! Tests of the layers of `tools.exec`: precedence, modes, agents, and the lists of the evaluators.

use serde_json::json;

use super::*;
use crate::approvals::decide::question::Context;
use Profile::{V2026_4_14, V2026_6_11, V2026_9_6};

fn question(configuration: &Value) -> Question<'_> {
    Question {
        command: "ls",
        agent: "main",
        document: None,
        configuration,
        directory: "/work",
        path: "/bin::/usr/bin:/bin",
        home: "/home",
        state_directory: None,
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    }
}

fn requested(configuration: &Value, profile: Profile) -> Requested {
    let question = question(configuration);
    Configuration::of(&question, profile).requested(&question, profile).expect("usable")
}

/// `security (key) ask (key)` and whether a model reviews.
fn summary(requested: &Requested) -> String {
    let key = |origin: &Origin| match origin {
        Origin::Configuration(key) | Origin::Call(key) => key.to_string(),
        other => format!("{other:?}"),
    };
    let security =
        requested.security.as_ref().map(|(level, origin)| format!("{} {}", level.word(), key(origin)));
    let ask = requested.ask.as_ref().map(|(level, origin)| format!("{} {}", level.word(), key(origin)));
    let review = if requested.auto_review { " review" } else { "" };
    format!("{}, {}{review}", security.unwrap_or_default(), ask.unwrap_or_default())
}

/// The bug: what is not of the type that every release requires counted as absent.
#[test]
fn a_configuration_of_another_type_is_not_used() {
    for (configuration, key) in [
        (json!(5), "openclaw.json"),
        (json!({"tools": 5}), "tools"),
        (json!({"tools": {"exec": []}}), "tools.exec"),
        (json!({"agents": "x"}), "agents"),
        (json!({"agents": {"list": {}}}), "agents.list"),
        (json!({"agents": {"list": [{"id": "main"}, null]}}), "agents.list[1]"),
        (json!({"agents": {"list": [{"id": 5}]}}), "agents.list[0]"),
        (json!({"agents": {"list": [{"id": "a", "tools": {"exec": 5}}]}}), "agents.list[0]"),
        (json!({"agents": {"entries": []}}), "agents.entries"),
    ] {
        let question = question(&configuration);
        let requested = Configuration::of(&question, V2026_9_6).requested(&question, V2026_9_6);
        assert_eq!(requested, Err(Unusable::UnknownWord(key.to_owned())));
    }
    for configuration in [Value::Null, json!({"tools": null}), json!({"agents": {"list": null}})] {
        assert_eq!(requested(&configuration, V2026_9_6), Requested::default());
    }
}

#[test]
fn layers_override_field_by_field_and_modes_as_a_whole() {
    let agent = |exec: Value| json!({ "list": [{ "id": "Main", "tools": { "exec": exec } }] });
    for (global, agents, first, later) in [
        (json!({}), json!({}), ", ", ", "),
        (
            json!({ "mode": "auto", "security": "full" }),
            json!({}),
            "full tools.exec.security, ",
            "allowlist tools.exec.mode, on-miss tools.exec.mode review",
        ),
        (
            json!({ "mode": "auto" }),
            agent(json!({ "security": "full" })),
            "full agents.list[0].tools.exec.security, ",
            "full agents.list[0].tools.exec.security, on-miss tools.exec.mode",
        ),
        (
            json!({ "security": "deny", "ask": "always" }),
            agent(json!({ "mode": "full" })),
            "deny tools.exec.security, always tools.exec.ask",
            "full agents.list[0].tools.exec.mode, off agents.list[0].tools.exec.mode",
        ),
    ] {
        let configuration = json!({ "tools": { "exec": global }, "agents": agents });
        assert_eq!(summary(&requested(&configuration, V2026_4_14)), first, "{configuration}");
        assert_eq!(summary(&requested(&configuration, V2026_6_11)), later, "{configuration}");
    }
}

#[test]
fn entries_replace_the_list_of_agents_in_2026_9_6() {
    let layer = |mode: &str| json!({ "tools": { "exec": { "mode": mode } } });
    let configuration = json!({ "agents": { "entries": { "main": layer("deny") }, "list": [{ "id": "main", "tools": layer("full")["tools"] }] } });
    let key = "agents.entries.main.tools.exec.mode";
    assert_eq!(summary(&requested(&configuration, V2026_9_6)), format!("deny {key}, off {key}"));
    let key = "agents.list[0].tools.exec.mode";
    assert_eq!(summary(&requested(&configuration, V2026_6_11)), format!("full {key}, off {key}"));
}

#[test]
fn what_no_release_accepts_is_unusable() {
    for (exec, why) in [
        (json!({ "mode": "yolo" }), Unusable::UnknownWord("tools.exec.mode".to_owned())),
        (json!({ "security": "Full" }), Unusable::UnknownWord("tools.exec.security".to_owned())),
        (json!({ "host": "node" }), Unusable::OtherHost("node".to_owned())),
    ] {
        let configuration = json!({ "tools": { "exec": exec } });
        let question = question(&configuration);
        let found = Configuration::of(&question, V2026_9_6).requested(&question, V2026_9_6);
        assert_eq!(found, Err(why));
    }
}

#[test]
fn a_permission_mode_replaces_the_layers_in_2026_9_6() {
    let configuration = json!({ "tools": { "exec": { "mode": "deny" } } });
    let question = Question { permission_mode: Some("workspace"), ..question(&configuration) };
    let of = |profile| Configuration::of(&question, profile).requested(&question, profile).expect("usable");
    assert_eq!(summary(&of(V2026_9_6)), "allowlist permissionMode, on-miss permissionMode review");
    assert_eq!(summary(&of(V2026_6_11)), "deny tools.exec.mode, off tools.exec.mode");
}

#[test]
fn the_lists_of_the_evaluators_are_cleaned() {
    let configuration = json!({ "tools": { "exec": {
        "safeBins": [" Tool ", 5, "", "tool"],
        "pathPrepend": ["/opt", "/usr/bin"],
        "strictInlineEval": true,
        "safeBinProfiles": { " Tool": { "minPositional": 2.7, "maxPositional": 1, "deniedFlags": ["-x", " "] } },
    } } });
    let question = question(&configuration);
    let setup = Configuration::of(&question, V2026_9_6).setup(&question);
    let profile = SafeBinProfile {
        min_positional: 2,
        max_positional: Some(2),
        value_flags: BTreeSet::new(),
        denied_flags: BTreeSet::from(["-x".to_owned()]),
    };
    assert_eq!(*setup.safe_bins, ["tool"]);
    assert_eq!(setup.path, "/opt:/usr/bin:/bin");
    assert!(setup.strict_inline_eval);
    assert_eq!(setup.profiles, BTreeMap::from([("tool".to_owned(), profile)]));
}

#[test]
fn without_a_configuration_the_defaults_apply() {
    let question = question(&Value::Null);
    let setup = Configuration::of(&question, V2026_4_14).setup(&question);
    assert_eq!(setup.safe_bins.len(), DEFAULT_SAFE_BINS.len());
    assert_eq!(setup.path, "/bin::/usr/bin:/bin");
}
