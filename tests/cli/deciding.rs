//! `queue resolve` of several prompts: the plan is shown, exactly its prompts are decided, and the report names each.

use serde_json::{Value, json};

use crate::queue::{ids, pending, shot, still, still_redactions};
use crate::support::dev::{Client, Dev};
use crate::support::terminal::Terminal;

const WIDE: u16 = 160;

/// A rehearsal gateway: ids, agents, commands and ages in seconds.
fn asking(generation: &str, prompts: &[(&str, &str, &str, u64)]) -> Dev {
    let rows = prompts.iter().map(|(id, agent, command, age)| {
        let session = format!("agent:{agent}:main");
        let request = json!({ "command": command, "agentId": agent, "sessionKey": session });
        json!({ "id": id, "request": request, "ageMs": age * 1_000 })
    });
    let home = Client::alone();
    let scenario = home.file("scenario.json", json!({ "prompts": rows.collect::<Vec<_>>() }).to_string());
    still(generation, &["--scenario", scenario.to_str().unwrap()])
}

const PROMPTS: [(&str, &str, &str, u64); 5] = [
    ("a-1", "main", "uptime", 700),
    ("a-2", "main", "uptime", 650),
    ("b-1", "main", "make", 30),
    ("c-1", "ops", "ls", 800),
    ("d-1", "ops", "ls -l", 10),
];

fn resolve<'w>(words: &[&'w str]) -> Vec<&'w str> {
    [&["queue", "resolve"], words].concat()
}

#[track_caller]
fn outcomes(report: &Value) -> Vec<(&str, &str)> {
    let rows = report["outcomes"].as_array().unwrap_or_else(|| panic!("{report}")).iter();
    rows.map(|row| (row["id"].as_str().unwrap(), row["outcome"].as_str().unwrap())).collect()
}

#[test]
fn what_a_filter_selects_is_denied() {
    for generation in ["current", "legacy"] {
        let dev = asking(generation, &PROMPTS);
        let client = dev.client();
        let words = ["--agent=main", "--older-than=10m", "deny"];
        shot!(
            format!("{generation}_dry_run"),
            client.answer(&resolve(&[&words[..], &["--dry-run"]].concat()))
        );
        shot!(format!("{generation}_unconfirmed"), client.answer(&resolve(&words)));
        assert_eq!(pending(&client).len(), 5);
        let (exit, report) = client.json(&resolve(&[&words[..], &["--yes"]].concat()));
        assert_eq!((exit, outcomes(&report)), (0, vec![("a-1", "decided"), ("a-2", "decided")]), "{report}");
        assert_eq!((&report["pending"], &report["filtered"]), (&json!(3), &json!(3)), "{report}");
        assert_eq!(ids(&pending(&client)), ["b-1", "c-1", "d-1"]);
        // Nothing is left to do, which is no failure.
        let (exit, report) = client.json(&resolve(&words));
        assert_eq!(
            (exit, &report["carriedOut"], &report["planned"]),
            (0, &json!(false), &json!([])),
            "{report}"
        );
        let quiet = client.command(&resolve(&[&words[..], &["--quiet"]].concat())).output().unwrap();
        assert!(quiet.status.success() && quiet.stdout.is_empty(), "{quiet:?}");
        shot!(format!("{generation}_yes"), client.answer(&resolve(&["--kind=exec", "deny", "--yes"])));
        assert!(pending(&client).is_empty());
    }
}

#[test]
fn prompts_are_named_or_filtered_and_an_allowance_names_each() {
    let dev = asking("current", &PROMPTS);
    let client = dev.client();
    for (name, words) in [
        ("nothing", &["deny"][..]),
        ("both", &["a-1", "--agent=main", "deny"]),
        ("allows", &["--agent=main", "allow-once", "--yes"]),
        ("decision", &["a-1", "dney"]),
        ("unknown", &["a-1", "x", "deny", "--yes"]),
        ("ambiguous", &["a", "b-1", "deny", "--yes"]),
    ] {
        shot!(format!("refused_{name}"), client.answer(&resolve(words)));
    }
    assert_eq!(pending(&client).len(), 5);
    let (exit, report) = client.json(&resolve(&["a-1", "c", "c-1", "allow-once", "--yes"]));
    assert_eq!((exit, outcomes(&report)), (0, vec![("c-1", "decided"), ("a-1", "decided")]), "{report}");
    assert_eq!(ids(&pending(&client)), ["a-2", "b-1", "d-1"]);
    // The same decision twice is a success, another one is not.
    let (exit, report) = client.json(&resolve(&["a-1", "d-1", "allow-once", "--yes"]));
    assert_eq!((exit, outcomes(&report)), (0, vec![("d-1", "decided")]), "{report}");
    assert_eq!(report["decidedBefore"], json!(["a-1"]));
    let (exit, report) = client.json(&resolve(&["a-1", "a-2", "deny", "--yes"]));
    assert_eq!((exit, &report["error"]["code"]), (6, &json!("decided-otherwise")), "{report}");
    assert_eq!(ids(&pending(&client)), ["a-2", "b-1"]);
}

#[test]
fn what_arrives_or_goes_while_the_question_is_open_is_not_decided() {
    for generation in ["current", "legacy"] {
        let dev = asking(generation, &PROMPTS);
        let client = dev.client();
        let mut terminal = Terminal::of(&mut client.spawn(&resolve(&["--agent=main", "deny"])), WIDE);
        terminal.shows("Deny 3 prompts? [y/N]", 1);
        // Somebody allows one of them meanwhile.
        assert_eq!(client.json(&resolve(&["a-2", "allow-once", "--yes"])).0, 0);
        terminal.types("y");
        let (exit, text) = terminal.ends();
        // A legacy gateway does not know how it ended.
        let (code, gone) = match generation {
            "legacy" => (0, "Already gone: a-2"),
            _ => (3, "Not decided: a-2: another client decided it first (allow-once)"),
        };
        assert!(text.contains("Denied a-1") && text.contains(gone), "{text}");
        assert_eq!(exit, code, "{text}");
        assert_eq!(ids(&pending(&client)), ["c-1", "d-1"]);
        // No: nothing was changed.
        let mut terminal = Terminal::of(&mut client.spawn(&resolve(&["--agent=ops", "deny"])), WIDE);
        terminal.shows("Deny 2 prompts? [y/N]", 1);
        terminal.types("n");
        let (exit, text) = terminal.ends();
        assert!(exit == 2 && text.contains("not confirmed: nothing was changed"), "{text}");
        assert_eq!(ids(&pending(&client)), ["c-1", "d-1"]);
    }
}

#[test]
fn an_allowance_shows_each_prompt_whole() {
    let dev = asking("current", &PROMPTS);
    let client = dev.client();
    let mut terminal = Terminal::of(&mut client.spawn(&resolve(&["b-1", "c-1", "allow-once"])), WIDE);
    terminal.shows("Allow 2 prompts this one time? [y/N]", 1);
    terminal.types("y");
    let (exit, text) = terminal.ends();
    assert_eq!(exit, 0, "{text}");
    for part in ["sessionKey: agent:ops:main", "allow 1 │ make", "Allowed once: b-1 (main): make"] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn an_id_that_begins_another_is_refused_where_ids_are_prefixes() {
    let prompts = [
        ("deploy", "main", "git status", 60),
        ("deploy-2", "ops", "rm -rf x", 50),
        ("other", "main", "make", 40),
    ];
    let dev = asking("legacy", &prompts);
    let client = dev.client();
    let (exit, report) = client.json(&resolve(&["--agent=main", "deny", "--yes"]));
    assert_eq!(
        (exit, outcomes(&report)),
        (3, vec![("deploy", "not-tried"), ("other", "decided")]),
        "{report}"
    );
    assert_eq!(ids(&pending(&client)), ["deploy", "deploy-2"]);
    let (exit, report) = client.json(&resolve(&["deploy", "deploy-2", "allow-once", "--yes"]));
    assert_eq!(
        (exit, outcomes(&report)),
        (3, vec![("deploy", "failed"), ("deploy-2", "decided")]),
        "{report}"
    );
    assert_eq!(ids(&pending(&client)), ["deploy"]);
    // The exact method decides it.
    let dev = asking("current", &prompts);
    let client = dev.client();
    let (exit, _) = client.json(&resolve(&["--agent=main", "deny", "--yes"]));
    assert_eq!((exit, ids(&pending(&client))), (0, vec!["deploy-2"]));
}
