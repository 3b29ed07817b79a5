//! Gateways that match ids by prefix, and answers that contradict listings. A prompt that was not shown is not decided,
//! and a prompt that is still pending is not reported as denied.

use serde_json::{Value, json};

use crate::purge_faults::{Gateway, Say, busy, group, row};
use crate::queue::{ids, pending, still};
use crate::support::dev::{Client, Dev};
use crate::support::terminal::Terminal;

const RESOLVE: &str = "exec.approval.resolve";
const EXACT: &str = "approval.resolve";
const LIST: &str = "exec.approval.list";
const WIDE: u16 = 160;

/// A rehearsal gateway on which each of these ids wants to run a command of its own.
fn asking(generation: &str, prompts: &[(&str, &str)]) -> Dev {
    let rows = prompts.iter().map(|(id, command)| {
        let request = json!({ "command": command, "agentId": "main", "sessionKey": "agent:main:main" });
        json!({ "id": id, "request": request, "ageMs": 60_000 })
    });
    let home = Client::alone();
    let scenario = home.file("scenario.json", json!({ "prompts": rows.collect::<Vec<_>>() }).to_string());
    still(generation, &["--scenario", scenario.to_str().unwrap()])
}

fn resolve(client: &Client, id: &str, decision: &str) -> (i32, Value) {
    client.json(&["queue", "resolve", id, decision, "--yes"])
}

fn code(report: &Value) -> &str {
    report["error"]["code"].as_str().unwrap_or_else(|| panic!("no error: {report}"))
}

// ---- ids that are prefixes of others

#[test]
fn an_id_that_begins_another_is_decided_by_the_exact_method_alone() {
    let prompts =
        [("deploy", "git status"), ("Deploy-2", "rm -rf x"), ("other", "make"), ("OTHER", "make all")];
    let dev = asking("legacy", &prompts);
    let client = dev.client();
    for (id, decision) in [("deploy", "deny"), ("deploy", "allow-once"), ("other", "deny"), ("OTHER", "deny")]
    {
        let (exit, report) = resolve(&client, id, decision);
        assert_eq!((exit, code(&report)), (3, "ambiguous-id"), "{report}");
    }
    assert_eq!(ids(&pending(&client)), ["Deploy-2", "OTHER", "deploy", "other"]);
    // The longer id is not a prefix of another. Once it is decided, the shorter one is not a prefix either.
    assert_eq!(resolve(&client, "Deploy-2", "deny").0, 0);
    assert_eq!(resolve(&client, "deploy", "deny").0, 0);
    assert_eq!(ids(&pending(&client)), ["OTHER", "other"]);

    let dev = asking("current", &prompts);
    let client = dev.client();
    assert_eq!(resolve(&client, "deploy", "deny").0, 0);
    assert_eq!(resolve(&client, "other", "allow-once").0, 0);
    assert_eq!(ids(&pending(&client)), ["Deploy-2", "OTHER"]);
    // The id of the decided prompt is not a prefix of another one.
    let (exit, report) = resolve(&client, "deploy", "allow-once");
    assert_eq!((exit, code(&report)), (6, "decided-otherwise"), "{report}");
    assert_eq!(ids(&pending(&client)), ["Deploy-2", "OTHER"]);
}

#[test]
fn an_id_that_was_decided_a_moment_ago_is_not_a_beginning() {
    for generation in ["current", "legacy"] {
        let dev = asking(generation, &[("deploy", "git status"), ("deploy-2", "rm -rf x")]);
        let client = dev.client();
        // By its longer beginning, which only one has.
        assert_eq!(resolve(&client, "deploy-", "deny").0, 0);
        let dev = asking(generation, &[("deploy", "git status")]);
        let client = dev.client();
        assert_eq!(resolve(&client, "deploy", "deny").0, 0);
        let (exit, _) = resolve(&client, "deplo", "deny");
        assert_eq!(exit, 1, "nothing is pending");
    }
}

#[test]
fn a_duplicate_whose_id_begins_another_is_skipped() {
    let rows = || {
        vec![
            row("first", "make", 600, 1_800_000),
            row("abc", "make", 500, 1_800_000),
            row("ABCdef", "rm -rf x", 400, 1_800_000),
            row("zz", "make", 300, 1_800_000),
        ]
    };
    for protocol in [3, 4] {
        let gateway = Gateway::with(protocol, rows(), |_, _, _| Say::Properly);
        let purged = gateway.purge(20, &[]);
        assert_eq!(
            (purged.exit, purged.total("denied"), purged.total("notTried")),
            (3, 1, 1),
            "{}",
            purged.json
        );
        assert_eq!(purged.outcomes["abc"].0, "not-tried");
        assert!(purged.outcomes["abc"].1.contains("ids by their start"), "{}", purged.json);
        assert_eq!(gateway.left(), ["first", "abc", "ABCdef"]);
        assert!(
            gateway.queue.lock().unwrap().calls.iter().all(|(method, id)| method != RESOLVE || id == "zz")
        );
    }
    let gateway = Gateway::exact(rows(), |_, _, _| Say::Properly);
    let purged = gateway.purge(20, &[]);
    assert_eq!((purged.exit, purged.total("denied")), (0, 2), "{}", purged.json);
    assert_eq!(gateway.left(), ["first", "ABCdef"]);
    assert_eq!(gateway.queue.lock().unwrap().count(RESOLVE), 0);
}

#[test]
fn a_denial_that_is_sent_again_decides_nothing_else() {
    // While the gateway is too busy for it a person decides the duplicate, and a prompt
    // arrives whose id starts with the id of the duplicate.
    let gateway = Gateway::with(3, group("a", 2), |queue, method, id| {
        if method == RESOLVE && id == "a-01" && queue.count(RESOLVE) == 1 {
            queue.remove("a-01");
            queue.rows.push(row("a-01-other", "rm -rf x", 0, 1_800_000));
            // A gateway of that generation notifies every operator.
            let event =
                |name: &str, payload: Value| json!({ "type": "event", "event": name, "payload": payload });
            let came = queue.rows.last().unwrap().clone();
            queue.events = vec![
                event("exec.approval.resolved", json!({ "id": "a-01", "decision": "deny" })),
                event("exec.approval.requested", came),
            ];
            return Say::Fail(busy(100));
        }
        Say::Properly
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!(purged.exit, 0, "{}", purged.json);
    assert_eq!(gateway.left(), ["a-00", "a-01-other"]);
}

#[test]
fn a_survivor_that_is_gone_is_not_found_by_its_beginning() {
    // The check of the survivor is answered with another prompt whose id begins with its.
    let gateway = Gateway::with(4, group("a", 12), |queue, method, _| {
        if method == RESOLVE && queue.count(RESOLVE) == 1 {
            queue.remove("a-00");
            queue.rows.push(row("a-00-other", "rm -rf x", 0, 1_800_000));
            return Say::Fail(busy(300));
        }
        Say::Properly
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!(purged.exit, 3, "{}", purged.json);
    assert!(gateway.left().len() > 6, "the group goes on being denied: {:?}", gateway.left());
}

#[test]
fn a_cancelled_run_leaves_what_it_cannot_name() {
    let gateway = Gateway::with(3, group("a", 2), |_, _, _| Say::Properly);
    gateway.queue.lock().unwrap().rows.push({
        let mut other = row("A-00x", "rm -rf x", 60, 1_800_000);
        other["request"]["sessionKey"] = json!("agent:main:other");
        other
    });
    let (exit, report) = gateway.client().json(&["run", "cancel", "--session=agent:main:main", "--yes"]);
    assert_eq!((exit, &report["denied"]), (3, &json!(["a-01"])), "{report}");
    assert_eq!(report["failed"][0]["id"], "a-00", "{report}");
    assert_eq!(gateway.left(), ["a-00", "A-00x"]);
}

// ---- what changes while a question is open

/// Answers the question of `queue resolve ID allow-once` with a yes, after `meanwhile`.
fn asked(client: &Client, id: &str, meanwhile: impl FnOnce()) -> (i32, String) {
    let mut terminal = Terminal::of(&mut client.spawn(&["queue", "resolve", id, "allow-once"]), WIDE);
    terminal.shows("[y/N]", 1);
    meanwhile();
    terminal.types("y");
    terminal.ends()
}

#[test]
fn a_prompt_that_somebody_decided_meanwhile_is_not_decided() {
    for generation in ["current", "legacy"] {
        let dev = asking(generation, &[("deploy", "git status"), ("deploy-2", "rm -rf x")]);
        let client = dev.client();
        let other = dev.client();
        let (exit, text) = asked(&client, "deploy", || {
            let decide = json!({ "id": "deploy", "decision": "deny" });
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut link = dev.link(&[]).await;
                let effect = clearance::internals::gateway::Effect::Write;
                let deadline = crate::support::dev::deadline();
                let _: Value = link.call_method(RESOLVE, &decide, effect, deadline).await.unwrap();
            });
        });
        assert_eq!(exit, 1, "{generation}: {text}");
        assert!(text.contains("nothing was decided"), "{text}");
        assert_eq!(ids(&pending(&other)), ["deploy-2"], "{generation}");
    }
}

#[test]
fn a_prompt_that_changed_meanwhile_is_not_decided() {
    for change in ["command", "cwd", "created"] {
        let gateway =
            Gateway::exact(vec![row("deploy", "git status", 60, 1_800_000)], |_, _, _| Say::Properly);
        let client = gateway.client();
        let (exit, text) = asked(&client, "deploy", || {
            let row = &mut gateway.queue.lock().unwrap().rows[0];
            match change {
                "created" => row["createdAtMs"] = json!(row["createdAtMs"].as_u64().unwrap() + 1),
                field => row["request"][field] = json!("rm -rf x"),
            }
        });
        assert_eq!(exit, 6, "{change}: {text}");
        let queue = gateway.queue.lock().unwrap();
        assert_eq!((queue.count(EXACT), queue.count(RESOLVE)), (0, 0), "{change}: {text}");
    }
}

#[test]
fn one_id_with_two_contents_is_not_decided() {
    let rows = vec![row("deploy", "git status", 60, 1_800_000), row("deploy", "rm -rf x", 60, 1_800_000)];
    let gateway = Gateway::exact(rows, |_, _, _| Say::Properly);
    let (exit, report) = resolve(&gateway.client(), "deploy", "allow-once");
    assert_eq!((exit, code(&report)), (2, "ambiguous-prompt"), "{report}");
    assert_eq!(gateway.left().len(), 2);
}

// ---- answers and listings

/// The possible answers to a denial from a gateway that keeps every prompt.
fn kept() -> [(&'static str, Value); 3] {
    [
        ("ok", json!({ "ok": true })),
        ("nothing", Value::Null),
        ("applied", json!({ "applied": true, "approval": { "status": "denied", "decision": "deny" } })),
    ]
}

#[test]
fn what_is_still_listed_is_not_called_denied() {
    for (name, answer) in kept() {
        for exact in [false, true] {
            let method = if exact { EXACT } else { RESOLVE };
            let answer = answer.clone();
            let react = move |_: &mut crate::purge_faults::Queue, called: &str, _: &str| {
                if called == method { Say::Payload(answer.clone()) } else { Say::Properly }
            };
            let gateway = if exact {
                Gateway::exact(group("a", 7), react)
            } else {
                Gateway::with(3, group("a", 7), react)
            };
            let purged = gateway.purge(20, &[]);
            assert_eq!(
                (purged.exit, purged.total("denied"), purged.total("failed")),
                (3, 0, 6),
                "{name}: {}",
                purged.json
            );
            assert_eq!(purged.report["pending"], 7);
            assert!(purged.outcomes.values().all(|(_, reason)| reason.contains("still lists it")));
            let (exit, report) = resolve(&gateway.client(), "a-00", "deny");
            assert_eq!((exit, code(&report)), (3, "not-taken"), "{name}: {report}");
            let (exit, report) =
                gateway.client().json(&["run", "cancel", "--session=agent:main:main", "--yes"]);
            assert_eq!((exit, &report["denied"]), (3, &json!([])), "{name}: {report}");
            assert_eq!(report["failed"].as_array().unwrap().len(), 7, "{name}: {report}");
        }
    }
}

#[test]
fn what_somebody_allowed_is_not_called_denied() {
    let allowed = |queue: &mut crate::purge_faults::Queue, method: &str, id: &str| {
        if method != EXACT {
            return Say::Properly;
        }
        queue.remove(id);
        let approval = json!({ "id": id, "status": "allowed", "decision": "allow-once" });
        Say::Payload(json!({ "applied": false, "approval": approval }))
    };
    let gateway = Gateway::exact(group("a", 3), allowed);
    let purged = gateway.purge(20, &[]);
    assert_eq!(
        (purged.exit, purged.total("denied"), purged.total("alreadyGone")),
        (0, 0, 2),
        "{}",
        purged.json
    );
    for outcome in purged.report["rounds"][0]["outcomes"].as_array().unwrap() {
        assert_eq!(
            (&outcome["outcome"], &outcome["decidedAs"]),
            (&json!("already-gone"), &json!("allow-once"))
        );
    }
    let (exit, report) = resolve(&gateway.client(), "a-00", "deny");
    assert_eq!((exit, code(&report)), (6, "decided-otherwise"), "{report}");

    let gateway = Gateway::exact(group("a", 2), allowed);
    let (_, report) = gateway.client().json(&["run", "cancel", "--session=agent:main:main", "--yes"]);
    assert_eq!((&report["denied"], report["allowed"].as_array().unwrap().len()), (&json!([]), 2), "{report}");
    let gateway = Gateway::exact(group("a", 2), allowed);
    assert_eq!(resolve(&gateway.client(), "a-00", "allow-once").1["before"], true);
}

#[test]
fn an_answer_for_another_prompt_is_no_answer() {
    let other =
        json!({ "applied": true, "approval": { "id": "a-00", "status": "denied", "decision": "deny" } });
    let gateway = Gateway::exact(group("a", 2), move |_, method, _| {
        if method == EXACT { Say::Payload(other.clone()) } else { Say::Properly }
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!((purged.exit, purged.total("denied"), purged.total("failed")), (3, 0, 1), "{}", purged.json);
    let recorded = json!({ "applied": true, "approval": { "status": "denied", "decision": "deny" } });
    let gateway = Gateway::exact(group("a", 1), move |_, method, _| {
        if method == EXACT { Say::Payload(recorded.clone()) } else { Say::Properly }
    });
    let (exit, report) = resolve(&gateway.client(), "a-00", "allow-once");
    assert_eq!((exit, code(&report)), (3, "not-taken"), "{report}");
}

#[test]
fn an_answer_without_content_is_settled_by_the_listing() {
    let gateway = Gateway::with(3, group("a", 3), |queue, method, id| {
        if method != RESOLVE {
            return Say::Properly;
        }
        queue.remove(id);
        queue.denied.push(id.to_owned());
        Say::Payload(Value::Null)
    });
    let purged = gateway.purge(20, &[]);
    assert_eq!((purged.exit, purged.total("denied")), (0, 2), "{}", purged.json);
    assert_eq!(resolve(&gateway.client(), "a-00", "deny").0, 0);
    assert!(gateway.queue.lock().unwrap().count(LIST) > 3);
}
