//! Saved listings of every format, and texts that are not listings.

use serde_json::{Value, json};

use super::super::saved::{NotAListing, Saved};
use super::super::{Doubt, Kind, Listing, Prompt, Reader, Rules, RunState, Scope, plan};
use super::{NOW, row};

fn read(text: &str) -> (Listing, Result<Saved, NotAListing>) {
    let mut listing = Listing::default();
    let saved = Reader::keeping_raw().saved(text, &mut listing);
    (listing, saved)
}

#[test]
fn files_of_every_shape() {
    let plugin =
        json!({"id": "plugin:b", "request": {"title": "T"}, "createdAtMs": NOW, "expiresAtMs": NOW + 1});
    let rows = format!("[{},{plugin}]", row("a", "ls"));
    for text in [
        rows.clone(),
        format!("\u{feff}{rows}\n"),
        format!("{{\"approvals\":{rows}}}"),
        format!("{{\"type\":\"res\",\"id\":\"1\",\"ok\":true,\"payload\":{rows},\"error\":null}}"),
        format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{rows}}}"),
        format!(" {{\"version\": 1, \"approvals\": {rows} }}\n"),
        format!("{}\n{plugin}\n", row("a", "ls")),
        format!("{}\r\n\r\n{plugin}", row("a", "ls")),
    ] {
        let (listing, saved) = read(&text);
        assert!(saved.is_ok_and(|saved| saved.now_ms.is_none()), "{text}");
        let kinds: Vec<Kind> = listing.prompts.iter().map(Prompt::kind).collect();
        assert_eq!((kinds, listing.problems.len()), (vec![Kind::Exec, Kind::Plugin], 0), "{text}");
    }
    for empty in ["[]", "{\"approvals\": []}", "{\"ok\":true,\"payload\":[]}"] {
        let (listing, saved) = read(empty);
        assert!(saved.is_ok() && listing.prompts.is_empty() && listing.problems.is_empty(), "{empty}");
    }
    let (listing, _) = read(&row("only", "ls").to_string());
    assert_eq!(listing.prompts.len(), 1, "a file of one line");
}

#[test]
fn what_is_no_listing() {
    for text in [
        "",
        " \n",
        "{}",
        "null",
        "5",
        "\"ls\"",
        "<!doctype html><p>404</p>",
        "[",
        "[{}",
        "{\"approvals\": [",
        "{\"approvals\": {}}",
        "{\"approvals\": null}",
        "{\"approvals\": \"\"}",
        "{\"approvals\": 5}",
        "{\"payload\": {}}",
        "{\"file\": {}}",
        "{\"ok\":false,\"error\":{\"code\":\"FORBIDDEN\",\"message\":\"no\"}}",
        "{\"approvals\": [], \"payload\": []}",
        "{\"approvals\": [], \"approvals\": []}",
        "[] []",
        "{} 5",
        "[1]",
        "[null]",
        "[[]]",
        "[{}]",
        "{\"approvals\": [{\"id\": \"a\"}]}",
        "{\"event\": \"listed\"}",
        "{\"gateways\": []}",
        "{\"approvals\": [], \"nowMs\": \"soon\"}",
        "{\"approvals\": [], \"nowMs\": 1e400}",
        "{\"approvals\": [], \"problems\": 5}",
        "[{\"id\":\"a\",\"request\":{\"command\":\"x\"},\"createdAtMs\":0}]",
    ] {
        assert!(read(text).1.is_err(), "{text}");
    }
    let refused = read("{\"ok\":false,\"error\":{\"code\":\"FORBIDDEN\",\"message\":\"missing scope\"}}").1;
    assert_eq!(refused.unwrap_err(), NotAListing::Refusal("missing scope".into()));
    assert_eq!(read("").1.unwrap_err(), NotAListing::Empty);
}

#[test]
fn rows_that_are_not_understood_are_told() {
    let (listing, saved) = read(&format!("[{},{{\"id\":\"b\"}},5]", row("a", "ls")));
    assert!(saved.is_ok());
    assert_eq!((listing.prompts.len(), listing.problems.len()), (1, 2));
    // Prompts that could not be read when it was saved are not in the file.
    let (listing, _) = read("{\"approvals\": [], \"problems\": [\"prompt x: request is not an object\"]}");
    assert_eq!(listing.problems[0].to_string(), "prompt x: request is not an object");
}

#[test]
fn what_clearance_saved_counts() {
    let mut ended = row("a", "ls");
    ended["request"]["runId"] = "r1".into();
    ended["runId"] = "r1".into();
    ended["runState"] = "ended".into();
    let object =
        json!({"approvals": [ended], "nowMs": NOW + 5, "partial": "there may be more", "filtered": 3});
    let (listing, saved) = read(&object.to_string());
    let saved = saved.unwrap();
    assert_eq!(
        (saved.now_ms, saved.partial.as_deref(), saved.filtered),
        (Some(NOW + 5), Some("there may be more"), 3)
    );
    assert_eq!(saved.runs.of(&listing.prompts[0]), RunState::Ended);
    // One row per line: the last clock counts, and prompts that are gone are left out.
    let line = |row: Value, event: &str, now_ms: u64| {
        let mut row = row;
        row["event"] = event.into();
        row["nowMs"] = now_ms.into();
        row.to_string()
    };
    let lines = [
        line(row("a", "ls"), "pending", NOW + 1),
        line(row("b", "ls"), "pending", NOW + 2),
        line(json!({"id": "a"}), "gone", NOW + 3),
        line(row("c", "ls"), "pending", NOW + 4),
    ];
    let (listing, saved) = read(&lines.join("\n"));
    assert_eq!(saved.unwrap().now_ms, Some(NOW + 4));
    let ids: Vec<&str> = listing.prompts.iter().map(Prompt::id).collect();
    assert_eq!((ids, listing.problems.len()), (vec!["b", "c"], 0));
}

/// The output of `openclaw approvals pending --json` (2026.9.6).
fn official(id: &str, kind: &str, agent: Option<&str>, session: &str, summary: &str) -> Value {
    json!({
        "id": id, "kind": kind, "agentId": agent, "sessionKey": session, "createdAtMs": NOW,
        "expiresAtMs": NOW + 1_800_000, "summary": summary,
    })
}

#[test]
fn summaries_decide_as_far_as_they_can() {
    let rows = [
        official("a", "exec", Some("main"), "s1", "uptime"),
        official("b", "exec", Some("main"), "s1", "uptime"),
        official("c", "exec", Some("main"), "s1", "uptime -p"),
        official("d", "exec", Some("main"), "s2", "uptime"),
        official("e", "plugin", Some("main"), "s1", "uptime"),
        official("f", "exec", None, "s1", "uptime"),
        official("g", "system-agent", Some("main"), "s1", "uptime"),
    ];
    let undecided = |rows: &[Value], scope| {
        let (listing, saved) = read(&json!({ "approvals": rows }).to_string());
        let saved = saved.unwrap();
        assert!(
            listing.prompts.iter().all(|prompt| prompt.doubt == Some(Doubt::Summary) && prompt.raw.is_none())
        );
        let plan = plan(&listing.prompts, &saved.runs, Rules { scope, ..Rules::at(NOW) });
        assert_eq!((plan.duplicates(), plan.groups.len()), (0, rows.len()), "a summary decides nothing");
        plan.beside().undecided
    };
    assert_eq!(undecided(&rows, Scope::Session), 1);
    assert_eq!(undecided(&rows, Scope::Agent), 2);
    assert_eq!(undecided(&rows, Scope::Run), 1);
    assert_eq!(undecided(&rows[1..], Scope::Session), 0);
}

#[test]
fn a_prompt_that_was_left_out_without_a_reason_is_named() {
    for text in [r#"{"approvals":[],"problems":[""]}"#, r#"{"approvals":[],"problems":["  "]}"#] {
        let (listing, saved) = read(text);
        assert!(saved.is_ok());
        let problems: Vec<String> = listing.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, ["a prompt that could not be read when the listing was saved"]);
    }
}
