//! Tests of loading documents: how each release reads faulty ones, and where entries are in the stored text.

use super::*;
use Profile::{V2026_4_14, V2026_6_11, V2026_9_6};

fn loaded(text: &str, profile: Profile) -> Document {
    load(Some(text), "main", profile).expect("readable")
}

fn security(text: &str, profile: Profile) -> Option<(Security, String)> {
    let document = loaded(text, profile);
    let found = document.agent.security.or(document.everyone.security).or(document.defaults.security);
    found.map(|(level, key)| (level, key.to_string()))
}

fn places(document: &Document) -> Vec<(&str, &str, usize, &str, usize)> {
    document
        .entries
        .iter()
        .map(|entry| {
            let id = &entry.id;
            (id.scope.as_str(), entry.pattern.as_str(), id.index, id.stored.0.as_str(), id.stored.1)
        })
        .collect()
}

#[test]
fn a_faulty_document_is_empty_before_2026_9_6_and_closes_the_host_there() {
    for (text, is_harmless_before) in [
        ("", false),
        ("[]", false),
        (r#"{"version":2,"defaults":{"security":"allowlist"}}"#, false),
        (r#"{"version":"1","defaults":{"security":"allowlist"}}"#, false),
        (r#"{"version":1,"agents":{"main":null},"defaults":{"security":"allowlist"}}"#, false),
        (r#"{"version":1,"agents":{"default":null},"defaults":{"security":"allowlist"}}"#, false),
        (r#"{"version":1,"socket":{"path":5},"defaults":{"security":"allowlist"}}"#, false),
        (r#"{"version":1,"defaults":{"security":"allowlist","ask":"Off"}}"#, true),
        (r#"{"version":1,"defaults":{"security":"allowlist"},"agents":{"main":{"allowlist":{}}}}"#, true),
        (r#"{"version":1,"defaults":{"security":"allowlist"},"agents":{"x":{"allowlist":[{}]}}}"#, true),
        (r#"{"version":1,"defaults":{"security":"allowlist"},"agents":[]}"#, true),
        (r#"{"version":1,"defaults":{"security":"allowlist","autoAllowSkills":"no"}}"#, true),
    ] {
        let before = is_harmless_before.then_some(Security::Allowlist);
        for profile in [V2026_4_14, V2026_6_11] {
            assert_eq!(security(text, profile).map(|(level, _)| level), before, "{text}");
        }
        assert_eq!(security(text, V2026_9_6), Some((Security::Deny, MALFORMED.to_owned())), "{text}");
    }
}

#[test]
fn an_unknown_word_gives_way_to_everyone_before_2026_9_6() {
    let text = r#"{"version":1,"agents":{"main":{"security":"FULL"},"*":{"security":" deny "}}}"#;
    assert_eq!(security(text, V2026_6_11), Some((Security::Deny, "agents.*.security".to_owned())));
    let fine =
        r#"{"version":1.0,"extra":1,"agents":{"main":{"security":"full","x":[]},"*":{"security":"deny"}}}"#;
    assert_eq!(security(fine, V2026_9_6), Some((Security::Full, "agents.main.security".into())));
}

#[test]
fn entries_keep_their_places_in_the_stored_text() {
    let text = r#"{"version":1,"agents":{
        "main":{"ask":"off","allowlist":[5," ls ",{"pattern":"a"},{"pattern":" "}]},
        "*":{"allowlist":["x"]}}}"#;
    assert_eq!(
        places(&loaded(text, V2026_4_14)),
        [("*", "x", 0, "*", 0), ("main", "ls", 0, "main", 1), ("main", "a", 1, "main", 2)]
    );
}

#[test]
fn the_key_default_becomes_part_of_main() {
    let text = r#"{"version":1,"agents":{
        "default":{"ask":"always","security":"deny","allowlist":["lost",{"pattern":"A"},{"pattern":"b"}]},
        "main":{"security":"full","allowlist":[{"pattern":"a"}]}}}"#;
    for (profile, rest) in [
        (V2026_6_11, vec![("main", "b", 1, "default", 2)]),
        (V2026_9_6, vec![("main", "lost", 1, "default", 0), ("main", "b", 2, "default", 2)]),
    ] {
        let document = loaded(text, profile);
        assert_eq!(places(&document).first(), Some(&("main", "a", 0, "main", 0)));
        assert_eq!(places(&document).get(1..), Some(rest.as_slice()));
        assert_eq!(document.agent.security, Some((Security::Full, "agents.main.security".into())));
        assert_eq!(document.agent.ask, Some((Ask::Always, "agents.default.ask".into())));
    }
}

#[test]
fn what_was_sent_is_normalised_before_it_is_stored() {
    let sent = r#"{"version":2,"defaults":{"askFallback":"Deny","security":"allowlist"},"agents":{"main":{"allowlist":["ls",5]}}}"#;
    let sent = serde_json::from_str(sent).expect("JSON");
    let stored = stored_when_sent(&sent).expect("normalised");
    let document = loaded(&stored.to_string(), V2026_9_6);
    assert_eq!(document.defaults.ask_fallback, None);
    assert_eq!(document.defaults.security, Some((Security::Allowlist, "defaults.security".into())));
    assert_eq!(places(&document), [("main", "ls", 0, "main", 0)]);
    assert_eq!(stored_when_sent(&Value::Null), None);
}
