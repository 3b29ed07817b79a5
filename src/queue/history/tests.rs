use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::queue::{Prompt, Reader};

/// A row as 2026.9.6 sends it.
fn row(id: &str, command: &str, status: &str, at: u64) -> Value {
    let mut row = json!({
        "id": id, "urlPath": format!("/approve/{id}"), "createdAtMs": at - 3_000, "expiresAtMs": at + 1_000_000,
        "presentation": {
            "kind": "exec", "commandText": command, "commandPreview": null, "warningText": null, "host": "gateway",
            "nodeId": null, "agentId": "main", "allowedDecisions": ["allow-once", "deny"],
        },
        "source": {"agentId": "main", "sessionKey": "agent:main:cron:job:run:2f3f0581-05e1-42c1-8d93-6ca4fec0481d"},
        "resolver": {"kind": "device", "id": "d1"}, "status": status, "reason": "user", "resolvedAtMs": at,
    });
    match status {
        "denied" => row["decision"] = "deny".into(),
        "allowed" => row["decision"] = "allow-once".into(),
        _ => {}
    }
    row
}

fn page(items: &[Value]) -> Page {
    Page::read(&json!({"items": items, "nextCursor": "c"}).to_string(), Some("d1"), &Hidden::default())
        .unwrap()
}

fn prompt(command: &str, cwd: &str) -> Prompt {
    let row = json!({
        "id": "p", "createdAtMs": 1, "expiresAtMs": 2,
        "request": {"command": command, "host": "gateway", "agentId": "main", "cwd": cwd},
    });
    Reader::new().text(Kind::Exec, &row.to_string()).unwrap()
}

#[test]
fn a_row_is_read_and_a_bad_row_hides_no_other() {
    let mut items = vec![row("a", "uptime", "denied", 10_000), row("b", "uptime", "expired", 9_000)];
    items.push(json!({"id": "c"}));
    let page = page(&items);
    assert_eq!(page.next.as_deref(), Some("c"));
    let [first, second] = &page.items[..] else { panic!("{page:?}") };
    assert_eq!((first.id(), first.outcome(), first.waited_ms()), ("a", "deny", 3_000));
    assert_eq!((second.outcome(), second.decision), ("expired", None));
    assert!(first.resolver.as_ref().unwrap().own);
    assert_eq!(page.problems.len(), 1);
    assert!(page.problems[0].to_string().starts_with("prompt c: "), "{}", page.problems[0]);
    for payload in ["null", "[]", "{}", r#"{"items": {}}"#] {
        assert!(Page::read(payload, Some("d1"), &Hidden::default()).is_err(), "{payload}");
    }
}

#[test]
fn secrets_are_masked() {
    let hidden = Hidden::of(&[SecretString::from("s3cret-token")]);
    let payload = json!({"items": [row("a", "curl -H s3cret-token", "denied", 10_000)]}).to_string();
    let page = Page::read(&payload, None, &hidden).unwrap();
    assert_eq!(&*page.items[0].asked.subject, "curl -H [secret]");
}

#[test]
fn filters_compare_names_byte_for_byte() {
    let page = page(&[row("a", "uptime", "denied", 10_000)]);
    let decided = &page.items[0];
    let texts = |text: &str| vec![text.to_owned()];
    let filter = Filter::default;
    for (wanted, admitted) in [
        (filter(), true),
        (Filter { agents: texts("main"), ..filter() }, true),
        (Filter { agents: texts("Main"), ..filter() }, false),
        (Filter { sessions: texts("agent:main:cron:job"), ..filter() }, true),
        (Filter { sessions: texts("agent:main:cron"), ..filter() }, false),
        (Filter { kind: Some(Kind::Plugin), ..filter() }, false),
        (Filter { statuses: texts("denied"), ..filter() }, true),
        (Filter { statuses: texts("allowed"), ..filter() }, false),
        (Filter { decisions: vec![Decision::Deny], ..filter() }, true),
        (Filter { decisions: vec![Decision::AllowOnce], ..filter() }, false),
        (Filter { who: texts("me"), ..filter() }, true),
        (Filter { who: texts("d1"), ..filter() }, true),
        (Filter { who: texts("device"), ..filter() }, true),
        (Filter { who: texts("channel"), ..filter() }, false),
        (Filter { since_ms: Some(10_000), ..filter() }, true),
        (Filter { since_ms: Some(10_001), ..filter() }, false),
    ] {
        assert_eq!(wanted.admits(decided), admitted, "{wanted:?}");
    }
}

#[test]
fn a_recent_denial_is_found_by_what_history_presents() {
    let now = 1_000_000;
    let items = [
        row("a", "uptime", "denied", now - 1_000),
        row("b", "uptime", "denied", now - 2_000),
        row("c", "uptime", "allowed", now - 500),
        row("d", "uptime", "denied", now - MOMENT_MS - 1),
        row("e", "ls", "allowed", now),
    ];
    let page = page(&items);
    let recent = Recent::of(&page, now);
    let denied = recent.of_prompt(&prompt("uptime", "/")).unwrap();
    assert_eq!((denied.count, denied.last_ms, denied.at_least), (2, now - 1_000, true));
    let longer = Page { next: Some("c".into()), items: page.items[..4].to_vec(), ..Page::default() };
    assert!(!Recent::of(&longer, now).of_prompt(&prompt("uptime", "/")).unwrap().at_least);
    // The directory is not in a history, so it is not compared.
    assert!(recent.of_prompt(&prompt("uptime", "/srv")).is_some());
    assert!(recent.of_prompt(&prompt("uptime ", "/")).is_none());
    assert!(recent.of_prompt(&prompt("ls", "/")).is_none());
    let masked = [row("a", "curl ***", "denied", now)];
    let recent = Recent::of(&self::page(&masked), now);
    assert!(recent.of_prompt(&prompt("curl ***", "/")).is_none(), "the hidden part may differ");
}

#[test]
fn decisions_that_ended_alike_one_after_the_other_are_one() {
    let now = 1_000_000;
    let mut items = vec![
        row("a", "uptime", "denied", now - 1),
        row("b", "uptime", "denied", now - 2),
        row("c", "ls", "allowed", now - 3),
        row("d", "uptime", "expired", now - 4),
        row("e", "uptime", "denied", now - 5),
        row("f", "uptime", "denied", now - 6),
    ];
    items[5]["resolver"] = json!({"kind": "channel", "id": "telegram"});
    let earlier = Earlier::of(&page(&items).items);
    let past = earlier.of_prompt(&prompt("uptime", "/srv")).unwrap();
    let known: Vec<_> = past.iter().map(|past| (&*past.outcome, past.count, past.last_ms)).collect();
    assert_eq!(
        known,
        [("deny", 2, now - 1), ("expired", 1, now - 4), ("deny", 1, now - 5), ("deny", 1, now - 6)]
    );
    assert!(past[0].resolver.as_ref().unwrap().own);
    assert_eq!(earlier.of_prompt(&prompt("make", "/")), Some(&[][..]));
    assert_eq!(earlier.of_prompt(&prompt("curl ***", "/")), None, "the hidden part may differ");
}

proptest! {
    /// Whatever a gateway sends as rows, each of them is read or reported.
    #[test]
    fn every_row_is_read_or_reported(texts in prop::collection::vec(".{0,12}", 0..8), broken in any::<u8>()) {
        let mut items: Vec<Value> =
            texts.iter().map(|text| row(text, text, "denied", 10_000)).collect();
        if let Some(item) = items.first_mut() {
            match broken % 4 {
                0 => item["presentation"]["kind"] = "other".into(),
                1 => item["createdAtMs"] = json!(-1),
                2 => *item = Value::Null,
                _ => {}
            }
        }
        let page = page(&items);
        prop_assert_eq!(page.items.len() + page.problems.len(), items.len());
        for decided in &page.items {
            prop_assert!(texts.iter().any(|text| **text == *decided.asked.subject));
        }
    }
}
