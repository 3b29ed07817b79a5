//! `approvals suggest` and `approvals upgrade`: proposals from histories, listings and guard logs, narrowings, and what
//! another release makes of a document.

use std::fs;

use serde_json::{Value, json};

use crate::queue::still;
use crate::support::dev::{Client, Dev, snapshot};

/// The programs of the host of every test.
const PROGRAMS: &str = r#"
directories = ["/srv"]
programs = ["/usr/bin/git", "/usr/bin/tickets", "/usr/bin/tail", "/usr/bin/rg", "/usr/bin/rm", "/usr/bin/ls"]
path = "/usr/bin"
home = "/home/ops"
complete = true
"#;

const CONFIG: &str = r#"{"tools": {"exec": {"host": "gateway", "security": "allowlist", "ask": "on-miss"}}}"#;

fn document(entries: &Value) -> Value {
    let policy = json!({"security": "allowlist", "ask": "on-miss", "askFallback": "deny"});
    json!({"version": 1, "defaults": policy, "agents": {"main": {"allowlist": entries}}})
}

/// A line of `queue history --ndjson`.
fn decided(id: usize, agent: &str, command: &str, decision: Option<&str>) -> Value {
    let status = match decision {
        Some("deny") => "denied",
        Some(_) => "allowed",
        None => "expired",
    };
    json!({
        "agentId": agent, "createdAtMs": 1, "decision": decision, "expiresAtMs": 2, "host": "gateway",
        "id": format!("p{id}"), "kind": "exec", "nodeId": null, "reason": null, "resolvedAtMs": 3, "resolver": null,
        "sessionKey": format!("agent:{agent}:main"), "status": status, "summary": command, "version": 1, "waitedMs": 2,
    })
}

fn history(rows: &[(&str, &str, Option<&str>)]) -> String {
    let lines = rows.iter().enumerate();
    let lines =
        lines.map(|(id, (agent, command, decision))| decided(id, agent, command, *decision).to_string());
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

const ALLOWED: Option<&str> = Some("allow-once");
const DENIED: Option<&str> = Some("deny");

/// A host with a document, a history and a table of programs.
fn client() -> Client {
    let client = Client::alone();
    client.file("programs.toml", PROGRAMS);
    client.file("openclaw.json", CONFIG);
    client.file("policy.json", document(&json!([{"pattern": "/usr/bin/ls"}])).to_string());
    client.file(
        "history.ndjson",
        history(&[
            ("main", "tickets show 12", ALLOWED),
            ("main", "tickets show 13", ALLOWED),
            ("main", "tickets show 14", ALLOWED),
            ("main", "tickets show 14", None),
            ("main", "tail -n 50 /srv/logs/app.log", ALLOWED),
            ("main", "tail -n 50 /srv/logs/app.log", ALLOWED),
            ("main", "tail -n 50 /srv/logs/app.log", ALLOWED),
            ("main", "git log -5", ALLOWED),
            ("main", "git log -5", ALLOWED),
            ("main", "git log -5", ALLOWED),
            ("main", "rm -rf /srv/app", DENIED),
            ("main", "ls /srv", ALLOWED),
            ("ops", "rg TODO /srv/src && ls", ALLOWED),
            ("ops", "tickets show 14", ALLOWED),
            ("ops", "tickets show 14", ALLOWED),
            ("ops", "tickets show 14", ALLOWED),
            ("ops", "tickets show --delete 14", DENIED),
        ]),
    );
    client
}

const HOST: [&str; 6] = ["--programs", "programs.toml", "--config", "openclaw.json", "--release", "2026.9.6"];

fn suggest<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["approvals", "suggest"], &HOST[..], more].concat()
}

const FILES: [&str; 4] = ["--file", "policy.json", "--prompts", "history.ndjson"];

#[test]
fn proposals_have_their_examples_and_what_they_save() {
    let client = client();
    snapshot!("suggest", client.answer(&suggest(&FILES)));
    let (exit, report) = client.json(&suggest(&FILES));
    assert_eq!(exit, 0);
    snapshot!("suggest_json", serde_json::to_string_pretty(&report).unwrap());
    // A document for `set`, which is valid and has the entries.
    let patch = client.command(&suggest(&[&FILES[..], &["--patch"]].concat())).output().unwrap();
    let patch: Value = serde_json::from_slice(&patch.stdout).unwrap();
    assert_eq!(patch, report["patch"]);
    client.file("new.json", patch.to_string());
    assert!(client.answer(&["approvals", "validate", "new.json"]).starts_with("exit: 0\n"));
    let explained = |command: &str| {
        let more = ["approvals", "explain", command, "--file", "new.json", "--cwd", "/srv"];
        client.json(&[&more[..], &HOST].concat()).1["verdict"].clone()
    };
    for (command, verdict) in [
        ("tickets show 99", "runs"),
        ("tickets show --delete 14", "asks"),
        ("tickets show 99 x", "asks"),
        ("tickets 'show 99'", "asks"),
        ("rm -rf /srv/app", "asks"),
        ("git log -5", "asks"),
    ] {
        assert_eq!(explained(command), verdict, "{command}");
    }
}

#[test]
fn one_agent_and_the_number_of_prompts_can_be_chosen() {
    let client = client();
    let count = |more: &[&str]| {
        let (exit, report) = client.json(&suggest(&[&FILES[..], more].concat()));
        assert_eq!(exit, 0, "{report}");
        let agents = report["agents"].as_array().unwrap();
        agents.iter().map(|agent| agent["proposals"].as_array().unwrap().len()).collect::<Vec<_>>()
    };
    assert_eq!(count(&[]), [2, 1]);
    assert_eq!(count(&["--agent", "ops"]), [1]);
    assert_eq!(count(&["--at-least", "4"]), Vec::<usize>::new());
    // The expired prompt makes it four.
    assert_eq!(count(&["--at-least", "2", "--undecided"]), [2, 1]);
}

#[test]
fn denials_of_a_guard_are_no_denials_of_the_command() {
    let client = client();
    let rows = [
        ("main", "tickets show 7", ALLOWED),
        ("main", "tickets show 7", ALLOWED),
        ("main", "tickets show 7", ALLOWED),
        ("main", "tickets show 7", DENIED),
    ];
    client.file("duplicates.ndjson", history(&rows));
    client.file(
        "guard.ndjson",
        concat!(
            "{\"version\": 1, \"at\": \"t\", \"event\": \"deny\", \"id\": \"p3\", \"kind\": \"exec\"}\n",
            "{\"version\": 1, \"at\": \"t\", \"event\": \"outcome\", \"id\": \"p3\", \"outcome\": \"denied\"}\n",
        ),
    );
    client.file(
        "observed.ndjson",
        concat!(
            "{\"version\": 1, \"at\": \"t\", \"event\": \"deny\", \"id\": \"p3\", \"kind\": \"exec\"}\n",
            "{\"version\": 1, \"at\": \"t\", \"event\": \"outcome\", \"id\": \"p3\", \"outcome\": \"observed\"}\n",
        ),
    );
    let of = |more: &[&str]| {
        let all = [&["--file", "policy.json", "--prompts", "duplicates.ndjson"], more].concat();
        client.json(&suggest(&all)).1
    };
    let without = of(&[]);
    assert_eq!((&without["agents"], &without["refused"][0]["why"]), (&json!([]), &json!("it was denied")));
    let with = of(&["--prompts", "guard.ndjson"]);
    assert_eq!(with["agents"][0]["proposals"][0]["argPattern"], "^show\x007\0$");
    assert_eq!(with["sources"][1]["form"], "guard log");
    // A person denied what the guard only observed.
    assert_eq!(of(&["--prompts", "observed.ndjson"])["agents"], json!([]));
}

#[test]
fn no_denial_is_lost() {
    let client = client();
    let of = |rows: &[Value]| {
        let allowed = (100..103).map(|id| decided(id, "main", "tickets show x", ALLOWED));
        let lines: Vec<String> = allowed.chain(rows.iter().cloned()).map(|row| row.to_string()).collect();
        client.file("denials.ndjson", lines.join("\n"));
        client.json(&suggest(&["--file", "policy.json", "--prompts", "denials.ndjson"]))
    };
    assert_eq!(of(&[]).1["agents"][0]["proposals"].as_array().unwrap().len(), 1);
    let row = |id: usize, decision: &str, status: &str| {
        let mut row = decided(id, "main", "tickets show x", Some(decision));
        row["status"] = status.into();
        row
    };
    for denial in [
        row(9, "deny-always", "denied"),
        row(9, "allow-once", "denied"),
        row(9, "DENY", "denied"),
        row(9, "DENY", "allowed"),
        row(9, "deny", "allowed"),
        // The same prompt as an allowed one.
        row(100, "deny", "denied"),
    ] {
        let (exit, report) = of(std::slice::from_ref(&denial));
        assert_eq!((exit, &report["agents"]), (0, &json!([])), "{denial} {report}");
    }
    let mut rejected = row(9, "deny", "rejected");
    rejected["decision"] = Value::Null;
    assert_eq!(of(&[rejected]).1["agents"], json!([]));
    let (exit, report) = of(&[decided(100, "main", "rm x", DENIED)]);
    assert_eq!(exit, 3, "{report}");
    assert!(report["problems"].to_string().contains("1 id belongs to different commands"), "{report}");
}

#[test]
fn a_source_that_is_not_read_whole_is_reported_and_nothing_is_applied() {
    let client = client();
    client.file("no.txt", "no prompts\n");
    snapshot!(
        "suggest_no_prompts",
        client.answer(&suggest(&["--file", "policy.json", "--prompts", "no.txt"]))
    );
    let cut = json!({"version": 1, "cut": "limit", "problems": [], "decided": []});
    client.file("cut.json", cut.to_string());
    let answer = client.answer(&suggest(&[&FILES[..], &["--prompts", "cut.json"]].concat()));
    assert!(
        answer.starts_with("exit: 3\n") && answer.contains("was cut when it was saved (limit)"),
        "{answer}"
    );
    let store = client.file("store/exec-approvals.json", document(&json!([])).to_string());
    let before = fs::read_to_string(&store).unwrap();
    let apply = [
        "--store",
        store.to_str().unwrap(),
        "--prompts",
        "history.ndjson",
        "--prompts",
        "cut.json",
        "--apply",
        "--yes",
    ];
    let answer = client.answer(&suggest(&apply));
    assert!(answer.starts_with("exit: 3\n") && answer.contains("nothing was changed"), "{answer}");
    assert_eq!(fs::read_to_string(&store).unwrap(), before);
}

#[test]
fn proposals_are_applied_after_a_question_as_set_does() {
    let client = client();
    let store =
        client.file("store/exec-approvals.json", document(&json!([{"pattern": "/usr/bin/ls"}])).to_string());
    let before = fs::read_to_string(&store).unwrap();
    let flags = ["--store", store.to_str().unwrap(), "--prompts", "history.ndjson", "--apply"];
    // Without a terminal it needs --yes.
    let unconfirmed = client.answer(&suggest(&flags));
    assert!(unconfirmed.starts_with("exit: 2\n") && unconfirmed.contains("--apply --yes\n"), "{unconfirmed}");
    assert_eq!(fs::read_to_string(&store).unwrap(), before);
    snapshot!("suggest_applied", client.answer(&suggest(&[&flags[..], &["--yes"]].concat())));
    let after: Value = serde_json::from_slice(&fs::read(&store).unwrap()).unwrap();
    assert_eq!(after["agents"]["main"]["allowlist"].as_array().unwrap().len(), 3, "{after}");
    assert_eq!(after["agents"]["ops"]["allowlist"].as_array().unwrap().len(), 1, "{after}");
    // Everything that is proposed runs now.
    let (exit, again) = client.json(&suggest(&[&flags[..], &["--yes"]].concat()));
    assert_eq!((exit, &again["patch"], &again["counts"]["saved"]), (0, &Value::Null, &json!(0)), "{again}");
    assert_eq!(again["counts"]["running"], 11, "{again}");
}

#[cfg(unix)]
#[test]
fn a_document_that_changed_meanwhile_is_proposed_for_again() {
    let client = client();
    let store = client.file("store/exec-approvals.json", document(&json!([])).to_string());
    let lines =
        fs::read_to_string(client.file("copy.ndjson", history(&[("main", "tickets show x", ALLOWED); 3])))
            .unwrap();
    let pipe = store.with_file_name("prompts");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let flags = ["--store", store.to_str().unwrap(), "--prompts", pipe.to_str().unwrap(), "--apply", "--yes"];
    let mut command = client.command(&suggest(&flags));
    let running = std::thread::spawn(move || command.output().unwrap());
    // More than a pipe holds: when all is written, it reads the prompts, and it has read the document before that. Opened in
    // both directions, the pipe never lacks a reader or a writer.
    let mut prompts = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    let padded = format!("{lines}{}", "\n".repeat(200_000));
    std::io::Write::write_all(&mut prompts, padded.as_bytes()).unwrap();
    fs::write(&store, document(&json!([{"pattern": "/usr/bin/rg"}])).to_string()).unwrap();
    drop(prompts);
    let ended = running.join().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(6), "{said}");
    assert!(said.contains("nothing was applied") && said.contains("run it again"), "{said}");
}

#[test]
fn the_history_and_the_queue_of_a_gateway_are_sources() {
    let prompt = |id: usize, command: &str| {
        let request = json!({
            "command": command, "agentId": "main", "sessionKey": "agent:main:main", "host": "gateway", "cwd": "/srv",
        });
        json!({ "id": format!("p{id}"), "request": request, "ageMs": 60_000 })
    };
    let prompts: Vec<Value> = (0..4)
        .map(|n| prompt(n, &format!("tickets show {n}")))
        .chain([prompt(9, "tickets show 9")])
        .collect();
    let scenario = json!({
        "document": document(&json!([])), "config": serde_json::from_str::<Value>(CONFIG).unwrap(), "prompts": prompts,
    });
    let home = Client::alone();
    let scenario = home.file("scenario.json", scenario.to_string());
    let dev: Dev = still("current", &["--scenario", scenario.to_str().unwrap()]);
    let client = dev.client();
    client.file("programs.toml", PROGRAMS);
    for id in ["p0", "p1", "p2"] {
        assert_eq!(client.json(&["queue", "resolve", id, "allow-once", "--yes"]).0, 0);
    }
    let flags = ["approvals", "suggest", "--gateway", "--programs", "programs.toml", "--release", "2026.9.6"];
    let (exit, report) = client.json(&flags);
    assert_eq!(exit, 0, "{report}");
    let proposal = &report["agents"][0]["proposals"][0];
    assert_eq!(
        (&proposal["argPattern"], &proposal["prompts"]),
        (&json!("^show\0[0-9]+\0$"), &json!(3)),
        "{report}"
    );
    assert_eq!(
        (&report["counts"]["prompts"], &report["counts"]["saved"]),
        (&json!(5), &json!(5)),
        "{report}"
    );
    let forms: Vec<&Value> =
        report["sources"].as_array().unwrap().iter().map(|source| &source["form"]).collect();
    assert_eq!(forms, ["history", "pending prompts"]);
    let (exit, applied) = client.json(&[&flags[..], &["--apply", "--yes"]].concat());
    assert_eq!((exit, &applied["applied"]["outcome"]), (0, &json!("stored")), "{applied}");
    let (_, stored) = client.json(&["approvals", "get", "--gateway"]);
    assert_eq!(
        stored["file"]["agents"]["main"]["allowlist"][0]["argPattern"], "^show\0[0-9]+\0$",
        "{stored}"
    );
}

#[test]
fn a_release_that_reads_no_arguments_gets_no_proposal() {
    let client = client();
    let flags = [
        "approvals",
        "suggest",
        "--file",
        "policy.json",
        "--prompts",
        "history.ndjson",
        "--programs",
        "programs.toml",
        "--config",
        "openclaw.json",
        "--release",
        "2026.4.14",
    ];
    let (exit, report) = client.json(&flags);
    assert_eq!((exit, &report["agents"], &report["patch"]), (0, &json!([]), &Value::Null));
    assert!(report["refused"].to_string().contains("does not read the arguments of an entry"), "{report}");
}

#[test]
fn entries_are_narrowed_to_their_use() {
    let client = client();
    // Without the denial of another agent, which an entry for `tickets` would allow.
    let lines = fs::read_to_string(client.home().join("history.ndjson")).unwrap();
    let used: String = lines.split_inclusive('\n').filter(|line| !line.contains("--delete")).collect();
    client.file("history.ndjson", used);
    let entries = json!([
        {"pattern": "/usr/bin/*", "lastUsedCommand": "ls /srv"},
        {"pattern": "/usr/bin/tickets"},
        {"pattern": "/opt/tools/**"},
        {"pattern": "/usr/bin/tail", "argPattern": "^-f$", "lastUsedAt": 1_000},
        {"pattern": "/opt/bin/x", "lastUsedAt": 1_000},
    ]);
    client.file("wide.json", document(&entries).to_string());
    let flags = ["--narrow", "--stale", "30d", "--file", "wide.json", "--prompts", "history.ndjson"];
    let (exit, report) = client.json(&suggest(&flags));
    assert_eq!(exit, 0);
    let days = report["narrowings"][3]["days"].as_u64().unwrap().to_string();
    snapshot!("suggest_narrow", client.answer(&suggest(&flags)).replace(&days, "[DAYS]"));
    let kinds: Vec<&Value> =
        report["narrowings"].as_array().unwrap().iter().map(|found| &found["kind"]).collect();
    assert_eq!(kinds, ["wide", "stale", "stale", "stale", "stale"], "{report}");
    client.file("narrow.json", report["patch"].to_string());
    let no_wider = ["approvals", "diff", "--no-wider", "--release", "2026.9.6", "wide.json", "narrow.json"];
    let compared = client.answer(&no_wider);
    assert!(compared.starts_with("exit: 0\n"), "{compared}\n{report}");
    client
        .file("exact.json", document(&json!([{"pattern": "/usr/bin/rg", "argPattern": "^x$"}])).to_string());
    let nothing = client.answer(&suggest(&["--narrow", "--file", "exact.json"]));
    assert!(nothing.starts_with("exit: 0\n") && nothing.contains("Nothing to narrow."), "{nothing}");
}

#[test]
fn an_entry_that_allows_a_denied_command_is_left_to_a_person() {
    let client = client();
    client.file(
        "denied.ndjson",
        history(&[
            ("main", "ls x", ALLOWED),
            ("main", "tail x", ALLOWED),
            ("main", "tail /etc/passwd", DENIED),
            // Of an agent without a list: the entry of `*` allows it.
            ("ops", "rg secret /srv", DENIED),
        ]),
    );
    for entries in
        [json!([{"pattern": "/usr/bin/*"}]), json!([{"pattern": "/usr/bin/*", "lastUsedAt": 1_000}])]
    {
        client.file("wide.json", document(&entries).to_string());
        let flags = ["--narrow", "--stale", "30d", "--file", "wide.json", "--prompts", "denied.ndjson"];
        let (exit, report) = client.json(&suggest(&flags));
        assert_eq!((exit, &report["patch"]), (0, &Value::Null), "{report}");
        for found in report["narrowings"].as_array().unwrap() {
            assert_eq!(found["kind"], "allows-denied", "{report}");
        }
        assert_eq!(report["narrowings"].as_array().unwrap().len(), entries.as_array().unwrap().len());
    }
    // What the first entry allows was not used by the second.
    client.file(
        "wide.json",
        document(&json!([{"pattern": "/usr/bin/tail"}, {"pattern": "/usr/bin/*"}])).to_string(),
    );
    let report = client.json(&suggest(&["--narrow", "--file", "wide.json", "--prompts", "denied.ndjson"])).1;
    let kinds: Vec<&Value> =
        report["narrowings"].as_array().unwrap().iter().map(|found| &found["kind"]).collect();
    assert_eq!(kinds, ["allows-denied", "wide"], "{report}");
    assert_eq!(
        report["patch"]["agents"]["main"]["allowlist"],
        json!([{"pattern": "/usr/bin/tail"}, {"pattern": "/usr/bin/ls"}])
    );
    let mut of_all = document(&json!([]));
    of_all["agents"] = json!({"*": {"allowlist": [{"pattern": "/usr/bin/r*"}]}});
    client.file("wide.json", of_all.to_string());
    let flags = ["--narrow", "--file", "wide.json", "--prompts", "denied.ndjson"];
    assert_eq!(client.json(&suggest(&flags)).1["narrowings"][0]["kind"], "allows-denied");
}

#[test]
fn wrong_command_lines_are_usage_errors() {
    let client = client();
    for flags in [
        &["--stale", "30d"][..],
        &["--narrow", "--agent", "main"],
        &["--patch", "--json"],
        &["--yes"],
        &["--apply", "--file", "policy.json"],
        &["--at-least", "0"],
        &["--narrow", "--stale", "soon"],
        &["--file", "-", "--prompts", "-"],
    ] {
        let answer = client.answer(&suggest(flags));
        assert!(answer.starts_with("exit: 2\n"), "{flags:?}: {answer}");
    }
}

#[test]
fn nothing_to_do_has_a_next_step() {
    let client = client();
    let without = client.answer(&suggest(&["--file", "policy.json"]));
    assert!(without.starts_with("exit: 0\n"), "{without}");
    let next = "next: name prompts: clearance approvals suggest --programs programs.toml --config openclaw.json \
                --release 2026.9.6 --file policy.json --prompts history.ndjson\n";
    assert!(without.contains(next), "{without}");
    let nobody = client.answer(&suggest(&[&FILES[..], &["--agent", "nobody"]].concat()));
    for said in ["no prompt that can be used is of agent nobody", "name one of: main, ops"] {
        assert!(nobody.contains(said), "{nobody}");
    }
    for verb in [&["suggest", "--at-least", "9"][..], &["upgrade", "--for", "2026.9.6", "--from", "2026.9.6"]]
    {
        let flags = ["--programs", "programs.toml", "--config", "openclaw.json", "--patch"];
        let output = client.command(&[&["approvals"], verb, &FILES, &flags].concat()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.stdout.is_empty() && err.contains("No edits; nothing was printed.\n"), "{err}");
    }
}

#[test]
fn prompts_of_standard_input_are_saved_before_they_are_applied() {
    let client = client();
    let history = fs::read(client.home().join("history.ndjson")).unwrap();
    let flags = suggest(&["--prompts", "-"]);
    let output = client.command(&flags).write_stdin(history).output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let next = "next: save the prompts in a file, then: clearance approvals suggest";
    assert!(out.contains(next) && out.contains("--prompts FILE --apply"), "{out}");
    assert!(!out.contains("--prompts -"), "{out}");
}

#[test]
fn a_gateway_whose_programs_are_unknown_has_a_next_step() {
    let dev = Dev::start(&[]);
    let client = dev.client();
    for verb in [&["suggest"][..], &["suggest", "--narrow"], &["upgrade", "--for", "2026.9.6"]] {
        let answer = client.answer(&[&["approvals"], verb, &["--gateway"]].concat());
        assert!(answer.starts_with("exit: 2\n"), "{answer}");
        for said in [
            "it is unknown which programs",
            "clearance queue history --gateway --ndjson > history.ndjson",
            "--prompts history.ndjson",
            "--programs FILE",
        ] {
            assert!(answer.contains(said), "{said}: {answer}");
        }
    }
}

// ---- upgrade

fn upgrade(client: &Client, more: &[&str]) -> (i32, Value) {
    let host = ["approvals", "upgrade", "--programs", "programs.toml", "--config", "openclaw.json"];
    client.json(&[&host[..], more].concat())
}

#[test]
fn what_another_release_makes_of_a_document_is_listed() {
    let client = client();
    let entries = json!([
        {"pattern": "/usr/bin/tickets", "argPattern": "^list$"},
        {"pattern": "rg"},
        {"pattern": "/usr/bin/ls"},
    ]);
    client.file("old.json", document(&entries).to_string());
    let flags =
        ["--file", "old.json", "--prompts", "history.ndjson", "--from", "2026.4.14", "--for", "2026.9.6"];
    let host = ["approvals", "upgrade", "--programs", "programs.toml", "--config", "openclaw.json"];
    snapshot!("upgrade", client.answer(&[&host[..], &flags].concat()));
    let (exit, report) = upgrade(&client, &flags);
    assert_eq!(exit, 1);
    snapshot!("upgrade_json", serde_json::to_string_pretty(&report).unwrap());
    // The patch keeps every command that an edit is said to keep.
    client.file("new.json", report["patch"].to_string());
    let verdict = |command: &str, file: &str, release: &str| {
        let more = ["approvals", "explain", command, "--file", file, "--release", release, "--cwd", "/srv"];
        client.json(&[&more[..], &HOST[..4]].concat()).1["verdict"].clone()
    };
    let mut kept = 0;
    for change in report["changes"].as_array().unwrap() {
        let command = change["command"].as_str().unwrap();
        if change["kept"] == true && change["source"] == "prompts" {
            kept += 1;
            assert_eq!(
                verdict(command, "old.json", "2026.4.14"),
                verdict(command, "new.json", "2026.9.6"),
                "{command}"
            );
        }
    }
    assert!(kept > 0, "{report}");
    // Nothing that was asked about runs by the edits.
    assert_eq!(verdict("tickets drop", "new.json", "2026.9.6"), "asks");
}

#[test]
fn a_document_that_means_the_same_is_no_finding() {
    let client = client();
    client.file("same.json", document(&json!([{"pattern": "/usr/bin/ls"}])).to_string());
    let (exit, report) =
        upgrade(&client, &["--file", "same.json", "--from", "2026.9.6", "--for", "2026.9.6"]);
    assert_eq!((exit, &report["same"], &report["patch"]), (0, &json!(true), &Value::Null), "{report}");
    let wrong = ["approvals", "upgrade", "--file", "same.json", "--for", "latest"];
    assert!(client.answer(&wrong).starts_with("exit: 2\n"));
}

#[test]
fn a_default_that_differs_is_written_down() {
    let client = client();
    client.file("open.json", r#"{"version": 1, "defaults": {"security": "allowlist", "ask": "on-miss"}}"#);
    let (exit, report) =
        upgrade(&client, &["--file", "open.json", "--from", "2026.4.14", "--for", "2026.9.6"]);
    let differs = report["policies"].as_array().unwrap();
    assert_eq!(exit == 1, !differs.is_empty() || report["same"] == false, "{report}");
    for policy in differs {
        assert_eq!(policy["kept"], true, "{report}");
    }
}

#[test]
fn a_release_that_was_not_measured_and_a_guessed_one_are_said() {
    let client = client();
    let host = ["approvals", "upgrade", "--programs", "programs.toml", "--config", "openclaw.json"];
    let flags = ["--file", "policy.json", "--for", "2030.1.1"];
    let answer = client.answer(&[&host[..], &flags].concat());
    for said in [
        "from  2026.9.6 (the newest known); proven: its own code agrees on ",
        "; name the real one: --from RELEASE\n",
        "for   2030.1.1, decided as 2026.9.6 (--for); not proven: its own code was not compared\n",
    ] {
        assert!(answer.contains(said), "{answer}");
    }
    let named = client.answer(&[&host[..], &flags, &["--from", "2026.6.11"]].concat());
    assert!(!named.contains("name the real one"), "{named}");
    let target = client.answer(&[&suggest(&FILES)[..7], &["2030.1.1"], &FILES].concat());
    assert!(target.contains("release: 2030.1.1, decided as 2026.9.6 (--release); not proven"), "{target}");
}

#[test]
fn prompts_that_could_not_be_read_are_no_clean_result() {
    let client = client();
    client.file("same.json", document(&json!([])).to_string());
    let cut = json!({"version": 1, "cut": "limit", "problems": [], "decided": []});
    client.file("cut.json", cut.to_string());
    let flags = ["--file", "same.json", "--prompts", "cut.json", "--from", "2026.9.6", "--for", "2026.9.6"];
    let (exit, report) = upgrade(&client, &flags);
    assert_eq!(report["same"], true, "{report}");
    assert_ne!(report["problems"], json!([]), "{report}");
    assert_eq!(exit, 3, "{report}");
}

#[test]
fn policy_fields_that_differ_are_counted() {
    let client = client();
    client.file("open.json", r#"{"version": 1, "defaults": {"security": "allowlist", "ask": "on-miss"}}"#);
    let host = ["approvals", "upgrade", "--programs", "programs.toml", "--config", "openclaw.json"];
    let flags = ["--file", "open.json", "--from", "2026.4.14", "--for", "2026.9.6"];
    let answer = client.answer(&[&host[..], &flags].concat());
    let line = "From 2026.4.14 to 2026.9.6: 0 commands keep their verdict, but 2 policy fields differ.\n";
    assert!(answer.starts_with("exit: 1\n") && answer.contains(line), "{answer}");
}

#[test]
fn policy_tests_are_witnesses() {
    let client = client();
    client.file(
        "old.json",
        document(&json!([{"pattern": "/usr/bin/tickets", "argPattern": "^list$"}])).to_string(),
    );
    client.file(
        "approvals-test.toml",
        "document = \"old.json\"\n[[case]]\ncommand = \"tickets drop\"\nexpect = \"asks\"\n",
    );
    let flags =
        ["--file", "old.json", "--tests", "approvals-test.toml", "--from", "2026.4.14", "--for", "2026.6.11"];
    let (exit, report) = upgrade(&client, &flags);
    assert_eq!(exit, 1);
    let changes = report["changes"].as_array().unwrap();
    let tested = changes.iter().find(|change| change["source"] == "tests").unwrap();
    assert_eq!(
        (&tested["command"], &tested["before"]["verdict"], &tested["after"]["verdict"]),
        (&json!("tickets drop"), &json!("runs"), &json!("asks")),
        "{report}"
    );
}
