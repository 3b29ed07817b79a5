//! `queue ls`, `queue dedupe` and `queue resolve`, on the built-in scenario and others, on both generations.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::dev::{Client, Dev};
use crate::support::fixture;

/// Part of the command of the duplicates in the built-in scenario. No other prompt has it.
const STUCK: &str = "tail -5";
/// How many prompts ask for it.
const CASCADE: usize = 24;

/// A gateway on which nothing happens between commands.
pub fn still(generation: &str, more: &[&str]) -> Dev {
    let mut flags = vec!["--generation", generation, "--coalesce=off", "--cancel-on-failover=off"];
    flags.extend(more);
    Dev::start(&flags)
}

/// The same with a scenario of `fixtures/queue/`.
pub fn playing(generation: &str, scenario: &str) -> Dev {
    let scenario = fixture("queue").join(scenario);
    still(generation, &["--scenario", scenario.to_str().unwrap()])
}

/// Everything that is pending, by id.
#[track_caller]
pub fn pending(client: &Client) -> BTreeMap<String, Value> {
    let (exit, listing) = client.json(&["queue", "ls"]);
    assert_eq!(exit, 0, "{listing}");
    by_id(&listing)
}

pub fn by_id(listing: &Value) -> BTreeMap<String, Value> {
    let rows = listing["approvals"].as_array().unwrap();
    rows.iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row.clone())).collect()
}

pub fn ids(rows: &BTreeMap<String, Value>) -> Vec<&str> {
    rows.keys().map(String::as_str).collect()
}

/// A snapshot without times and ports; the ids of a scenario are the same at every start.
macro_rules! shot {
    ($name:expr, $text:expr) => {{
        let text: String = $text;
        still_redactions().bind(|| insta::assert_snapshot!($name, text));
    }};
}

pub(crate) use shot;

pub fn still_redactions() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    for (pattern, name) in [
        (r"127\.0\.0\.1:\d{4,5}\b", "127.0.0.1:[PORT]"),
        (r"asked [0-9hms]+ ago, expires in [0-9hms]+", "asked [AGE] ago, expires in [LEFT]"),
        // Of a fixed width, as the columns of a table are.
        (r"\b\d+(?:m\d\d)?s +in \d+m\d\ds", "[AGE] in [LEFT]"),
        (r"oldest [0-9hms]+", "oldest [AGE]"),
        (r"x [0-9]+(?:m\d\d)?s\b", "x [AGE]"),
        (r"(?m) [0-9]+(?:m\d\d)?s$", " [AGE]"),
        (r#""sessionId": "[0-9a-f-]{36}""#, r#""sessionId": "[UUID]""#),
        (r"\b\d{13}\b", "[MS]"),
    ] {
        settings.add_filter(pattern, name);
    }
    settings
}

fn is_stuck(row: &Value) -> bool {
    row["summary"].as_str().unwrap().ends_with(STUCK)
}

#[track_caller]
fn exit_of(client: &Client, arguments: &[&str]) -> i32 {
    client.command(arguments).output().unwrap().status.code().unwrap()
}

/// The ids that a purge reports as denied.
fn denied(report: &Value) -> Vec<&str> {
    let gateways = report["gateways"].as_array().unwrap().iter();
    let rounds = gateways.flat_map(|gateway| gateway["rounds"].as_array().unwrap());
    let outcomes = rounds.flat_map(|round| round["outcomes"].as_array().unwrap());
    let denied = outcomes.filter(|outcome| outcome["outcome"] == "denied");
    denied.map(|outcome| outcome["id"].as_str().unwrap()).collect()
}

// ---- ls

#[test]
fn listings_of_both_generations() {
    for generation in ["current", "legacy"] {
        let dev = still(generation, &[]);
        let client = dev.client();
        shot!(format!("ls_{generation}"), client.answer(&["queue", "ls"]));
        for (name, flags) in [
            ("agent", &["--agent=molly"][..]),
            ("nobody", &["--agent=nobody"]),
            ("kind", &["--kind=plugin", "--json"]),
            ("by_command", &["--sort=command", "--session=agent:finn:telegram:direct:1001"]),
            ("sort_agent", &["--sort=agent"]),
        ] {
            let answer = client.answer(&[&["queue", "ls"], flags].concat());
            shot!(format!("ls_{generation}_{name}"), answer);
        }
        // The output is one object per line, equal to the rows of the single object.
        let all = pending(&client);
        assert_eq!(all.len(), 31);
        let lines = client.command(&["queue", "ls", "--ndjson"]).output().unwrap();
        let lines = String::from_utf8(lines.stdout).unwrap();
        assert_eq!(lines.lines().count(), all.len());
        for line in lines.lines() {
            let mut row: Value = serde_json::from_str(line).unwrap();
            assert_eq!(row.as_object_mut().unwrap().remove("version"), Some(json!(1)));
            let now_ms = row.as_object_mut().unwrap().remove("nowMs").unwrap();
            assert!(now_ms.as_u64() >= row["createdAtMs"].as_u64(), "each line has its clock: {line}");
            assert_eq!(&row, &all[row["id"].as_str().unwrap()]);
        }
        // What the official CLI prints is in it.
        for (id, row) in &all {
            for field in ["kind", "agentId", "sessionKey", "createdAtMs", "expiresAtMs", "summary"] {
                assert!(!row[field].is_null(), "{id} has no {field}: {row}");
            }
        }
        let (_, duplicates) = client.json(&["queue", "ls", "--duplicates"]);
        let duplicates = by_id(&duplicates);
        assert_eq!(duplicates.len(), CASCADE);
        assert!(duplicates.values().all(is_stuck));
        assert_eq!(duplicates.values().filter(|row| row["duplicateOf"].is_null()).count(), 1);
        // Of a run: none has one on the early generation.
        let (_, run) = client.json(&["queue", "ls", "--run=2f3f0581-05e1-42c1-8d93-6ca4fec0481d"]);
        assert_eq!(by_id(&run).len(), usize::from(generation == "current"));
    }
}

#[test]
fn ages_divide_a_listing() {
    let dev = still("current", &[]);
    let client = dev.client();
    let all = pending(&client);
    let (_, older) = client.json(&["queue", "ls", "--older-than=5m"]);
    let (_, younger) = client.json(&["queue", "ls", "--newer-than=5m"]);
    for (listing, is_older) in [(&older, true), (&younger, false)] {
        let now = listing["nowMs"].as_u64().unwrap();
        let expected: Vec<&str> = all
            .iter()
            .filter(|(_, row)| (now - row["createdAtMs"].as_u64().unwrap() >= 300_000) == is_older)
            .map(|(id, _)| id.as_str())
            .collect();
        let found = by_id(listing);
        assert!(!found.is_empty());
        assert_eq!(ids(&found), expected);
        assert_eq!(listing["filtered"], all.len() - found.len());
    }
}

#[test]
fn orders_are_what_they_say() {
    let dev = playing("current", "choices.json");
    let client = dev.client();
    for sort in ["age", "expiry", "agent", "command"] {
        shot!(format!("ls_sort_{sort}"), client.answer(&["queue", "ls", "--sort", sort]));
    }
    for by in ["agent", "run"] {
        shot!(format!("ls_by_{by}"), client.answer(&["queue", "ls", "--duplicates", "--by", by]));
    }
}

#[test]
fn a_long_command_is_cut_and_can_be_had_whole() {
    let client = Client::alone();
    let command = "x".repeat(1000);
    let scenario = client.file(
        "long.json",
        json!({"prompts": [{"id": "long", "request": {"command": command, "agentId": "main"}}]}).to_string(),
    );
    let dev = Dev::start(&["--scenario", scenario.to_str().unwrap()]);
    let client = dev.client();
    let short = client.answer(&["queue", "ls"]);
    assert!(
        short.contains(" more characters⟩") && short.contains("1000 characters (--full shows all)"),
        "{short}"
    );
    assert!(!short.contains(&"x".repeat(301)));
    assert!(client.answer(&["queue", "ls", "--full"]).contains(&command));
    assert_eq!(pending(&client)["long"]["summary"], command);
}

#[test]
fn the_embedded_gateway_is_listed_and_purged() {
    let client = Client::alone();
    let (exit, listing) = client.json(&["queue", "ls", "--gateway=embedded"]);
    assert_eq!((exit, by_id(&listing).len()), (0, 31), "{listing}");
    shot!("embedded_purged", client.answer(&["queue", "dedupe", "--gateway=embedded", "--yes"]));
    shot!("embedded_planned", client.answer(&["queue", "dedupe", "--gateway=embedded", "--dry-run"]));
    assert_eq!(exit_of(&client, &["queue", "dedupe", "--gateway=embedded", "--check"]), 1);
    let (exit, report) = client.json(&["queue", "dedupe", "--gateway=embedded", "--yes"]);
    let report = &report["gateways"][0];
    assert_eq!((exit, &report["totals"]["denied"], &report["pending"]), (0, &json!(23), &json!(8)));
    // The key is made for this run only. Nothing is stored.
    assert!(fs::read_dir(client.home()).unwrap().next().is_none());
}

// ---- dedupe

#[test]
fn a_cascade_is_purged_and_nothing_else() {
    for generation in ["current", "legacy"] {
        let dev = still(generation, &[]);
        let client = dev.client();
        let before = pending(&client);
        let unchanged = |what: &str| assert_eq!(ids(&pending(&client)), ids(&before), "{what}");

        shot!(format!("dedupe_{generation}_dry_run"), client.answer(&["queue", "dedupe", "--dry-run"]));
        let (exit, planned) = client.json(&["queue", "dedupe", "--dry-run"]);
        assert_eq!(exit, 0);
        unchanged("--dry-run");
        assert_eq!(exit_of(&client, &["queue", "dedupe", "--check"]), 1);
        assert_eq!(client.json(&["queue", "dedupe", "--check"]).0, 1);
        unchanged("--check");
        shot!(format!("dedupe_{generation}_unconfirmed"), client.answer(&["queue", "dedupe"]));
        let (exit, refused) = client.json(&["queue", "dedupe"]);
        assert_eq!((exit, &refused["error"]["code"]), (2, &json!("unconfirmed")));
        unchanged("no --yes");

        shot!(format!("dedupe_{generation}_yes"), client.answer(&["queue", "dedupe", "--yes"]));
        let after = pending(&client);
        let survivor = planned["gateways"][0]["groups"][0]["survivor"]["id"].as_str().unwrap();
        let expected: Vec<&str> = before
            .iter()
            .filter(|(id, row)| !is_stuck(row) || id.as_str() == survivor)
            .map(|(id, _)| id.as_str())
            .collect();
        assert_eq!(ids(&after), expected);
        assert_eq!(after.len(), before.len() - CASCADE + 1);
        // The early generation does not report the end of runs, so the oldest prompt is kept.
        let ages =
            before.iter().filter(|(_, row)| is_stuck(row)).map(|(id, row)| (row["createdAtMs"].as_u64(), id));
        let (oldest, newest) = (ages.clone().min().unwrap().1, ages.max().unwrap().1);
        assert_eq!(survivor, if generation == "legacy" { oldest } else { newest });

        shot!(format!("dedupe_{generation}_again"), client.answer(&["queue", "dedupe", "--yes"]));
        assert_eq!(ids(&pending(&client)), expected);
        assert_eq!(exit_of(&client, &["queue", "dedupe", "--check"]), 0);
        assert_eq!(exit_of(&client, &["queue", "dedupe"]), 0, "nothing to confirm");
    }
}

#[test]
fn the_one_that_stays_is_a_matter_of_rules() {
    // By rule: which flags, what is left of `aa-1 aa-2 ab-1 b-1`, which all ask for the same.
    for (flags, left) in [
        (&[][..], &["aa-1", "b-1"][..]),
        (&["--keep=newest"], &["ab-1", "b-1"]),
        (&["--by=agent"], &["aa-1"]),
        (&["--by=agent", "--keep=newest"], &["b-1"]),
        (&["--by=run"], &["aa-1", "ab-1", "b-1"]),
        // It expires in five minutes.
        (&["--margin=6m"], &["aa-2", "b-1"]),
        (&["--margin=2h"], &["ab-1", "b-1"]),
        (&["--run=run-1"], &["aa-1", "ab-1", "b-1"]),
        (&["--session=agent:main:two"], &["aa-1", "aa-2", "ab-1", "b-1"]),
        (&["--newer-than=15m"], &["aa-1", "aa-2", "b-1"]),
        (&["--kind=plugin"], &["aa-1", "aa-2", "ab-1", "b-1"]),
    ] {
        let dev = playing("current", "choices.json");
        let client = dev.client();
        let (exit, report) = client.json(&[&["queue", "dedupe", "--yes"], flags].concat());
        assert_eq!(exit, 0, "{flags:?}: {report}");
        let expected = [left, &["c-1", "d-1", "e-1"]].concat();
        assert_eq!(ids(&pending(&client)), expected, "{flags:?}");
        assert_eq!(denied(&report).len(), 7 - expected.len(), "{flags:?}");
    }
}

/// A host that knows these gateways by name.
pub fn knowing(gateways: &[(&str, &str, &str)]) -> Client {
    let client = Client::alone();
    let mut text = Vec::new();
    for (name, url, token) in gateways {
        client.file(&format!(".config/clearance/{name}.token"), token);
        text.push(format!("[gateways.{name}]\nurl = \"{url}\"\ntoken_file = \"{name}.token\"\n"));
    }
    client.file(".config/clearance/config.toml", text.concat());
    client
}

/// An address without a listener.
fn nowhere() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("ws://127.0.0.1:{port}")
}

/// The second purge waits until the first is done.
#[test]
fn one_gateway_under_two_names_is_purged_once() {
    let dev = still("current", &[]);
    let client = knowing(&[("one", &dev.url, &dev.token), ("two", &dev.url, &dev.token)]);
    let (exit, report) = client.json(&["queue", "dedupe", "--all-gateways", "--yes"]);
    assert_eq!((exit, denied(&report).len()), (0, CASCADE - 1), "{report}");
}

#[test]
fn several_gateways_are_purged_in_one_command() {
    let (one, two) = (still("current", &[]), still("legacy", &[]));
    let client = knowing(&[("one", &one.url, &one.token), ("two", &two.url, &two.token)]);
    let both = ["--gateway=one", "--gateway=two"];
    assert_eq!(exit_of(&client, &[&["queue", "dedupe", "--check"], &both[..]].concat()), 1);
    let (exit, report) = client.json(&[&["queue", "dedupe"], &both[..]].concat());
    assert_eq!(exit, 2, "neither was confirmed: {report}");
    assert!(denied_or_none(&report).is_empty());
    let (exit, report) = client.json(&["queue", "dedupe", "--all-gateways", "--yes"]);
    assert_eq!((exit, denied(&report).len()), (0, 2 * (CASCADE - 1)));
    assert_eq!((pending(&one.client()).len(), pending(&two.client()).len()), (8, 8));
    assert_eq!(exit_of(&client, &["queue", "dedupe", "--check", "--all-gateways"]), 0);
}

#[test]
fn several_gateways_are_listed_in_one_command() {
    let (one, two) = (still("current", &[]), still("legacy", &[]));
    let client = knowing(&[("one", &one.url, &one.token), ("two", &two.url, &two.token)]);
    let listed = |flags: &[&str]| client.json(&[&["queue", "ls"], flags].concat());
    let (exit, all) = listed(&["--all-gateways"]);
    assert_eq!((exit, &all["version"]), (0, &json!(1)), "{all}");
    for (at, dev) in [&one, &two].into_iter().enumerate() {
        // Each has the shape of the command for one gateway.
        let (_, mut alone) = listed(&[["--gateway=one", "--gateway=two"][at]]);
        let mut within = all["gateways"][at].clone();
        assert_eq!(within["gateway"], json!(dev.url));
        assert_eq!(within["approvals"].as_array().unwrap().len(), CASCADE + 7);
        for listing in [&mut alone, &mut within] {
            listing["nowMs"] = Value::Null;
        }
        assert_eq!(alone, within);
    }
    let (_, both) = listed(&["--gateway=two", "--gateway=one"]);
    assert_eq!(
        (&both["gateways"][0]["gateway"], &both["gateways"][1]["gateway"]),
        (&json!(two.url), &json!(one.url))
    );
    let text = client.answer(&["queue", "ls", "--all-gateways"]);
    assert!(text.contains(&one.url) && text.contains(&two.url), "{text}");
    let lines = client.command(&["queue", "ls", "--all-gateways", "--ndjson"]).output().unwrap().stdout;
    let lines: Vec<Value> =
        serde_json::Deserializer::from_slice(&lines).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(lines.len(), 2 * (CASCADE + 7));
    assert!(lines.iter().all(|line| line["gateway"] == json!(one.url) || line["gateway"] == json!(two.url)));
    // What belongs to two gateways is never planned as one queue.
    client.file("all.json", all.to_string());
    client.file("all.ndjson", lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"));
    for file in ["all.json", "all.ndjson"] {
        let answer = client.answer(&["queue", "dedupe", "--file", file]);
        assert!(answer.starts_with("exit: 7\n") && answer.contains("several gateways"), "{answer}");
    }
    let watch = ["queue", "ls", "--watch", "--gateway=one", "--gateway=two"];
    assert!(client.answer(&watch).starts_with("exit: 2\n"), "{}", client.answer(&watch));
    assert_eq!(exit_of(&client, &["queue", "ls", "--watch", "--all-gateways"]), 2);
    assert_eq!(exit_of(&client, &["queue", "ls", "--file", "all.json", "--all-gateways"]), 2);
    assert_eq!(exit_of(&Client::alone(), &["queue", "ls", "--all-gateways"]), 2);
}

#[test]
fn a_gateway_that_is_down_hides_no_other_queue() {
    let up = still("current", &[]);
    let down = nowhere();
    let client = knowing(&[("down", &down, "t"), ("up", &up.url, &up.token)]);
    let (exit, all) = client.json(&["queue", "ls", "--all-gateways"]);
    assert_eq!(exit, 3, "{all}");
    let [first, second] = &all["gateways"].as_array().unwrap()[..] else { panic!("{all}") };
    assert_eq!((&first["gateway"], &first["error"]["code"]), (&json!("down"), &json!("unreachable")));
    assert_eq!(second["approvals"].as_array().unwrap().len(), CASCADE + 7);
    let text = client.answer(&["queue", "ls", "--all-gateways"]);
    let (out, err) = text.split_once("--- stderr").unwrap();
    assert!(out.starts_with("exit: 3\n") && out.contains(&up.url) && err.contains(&down), "{text}");
    // Alone it is the command's own failure, in the same shape.
    let only = knowing(&[("down", &down, "t")]);
    let (exit, all) = only.json(&["queue", "ls", "--all-gateways"]);
    assert_eq!((exit, &all["gateways"][0]["error"]["code"]), (4, &json!("unreachable")));
}

#[test]
fn gateways_that_fail_alike_have_their_common_exit_code() {
    let up = still("current", &[]);
    let dead = (nowhere(), nowhere());
    let client = knowing(&[("dead", &dead.0, "t"), ("dead2", &dead.1, "t"), ("up", &up.url, &up.token)]);
    for command in
        [&["queue", "ls"][..], &["queue", "dedupe"], &["queue", "dedupe", "--yes"], &["gateway", "status"]]
    {
        let both = [command, &["--gateway=dead", "--gateway=dead2"]].concat();
        assert_eq!(exit_of(&client, &both), 4, "{both:?}");
    }
    // Nothing was sent to any gateway, because one was not confirmed.
    let some = ["queue", "dedupe", "--gateway=dead", "--gateway=up"];
    assert_eq!(exit_of(&client, &some), 2);
}

#[test]
fn each_gateway_sees_its_own_credential() {
    let (one, two) = (still("current", &[]), still("current", &[]));
    let client = knowing(&[("one", &one.url, &one.token), ("two", &two.url, &two.token)]);
    let client = client.variable("OPENCLAW_GATEWAY_TOKEN", &one.token);
    let stranger = format!("--gateway={}", two.over("ws"));
    let check = ["queue", "dedupe", "--check"];
    // Each by its own token, and none by the variable.
    assert_eq!(exit_of(&client, &[&check[..], &["--gateway=one", "--gateway=two"]].concat()), 1);
    assert_eq!(exit_of(&client, &[&check[..], &["--all-gateways"]].concat()), 1);
    // The gateways do not know the device of this client; they know that of the first one.
    let unknown = knowing(&[("one", &one.url, &one.token)]).variable("OPENCLAW_GATEWAY_TOKEN", &one.token);
    let (exit, report) = unknown.json(&[&check[..], &["--gateway=one", &stranger]].concat());
    assert_eq!((exit, &report["gateways"][1]["error"]["code"]), (3, &json!("no-credential")), "{report}");
    // The default gateway's it is.
    let client = client.variable("OPENCLAW_GATEWAY_URL", &one.url);
    assert_eq!(exit_of(&client, &check), 1);
    for gateways in [&["--gateway=one", "--gateway=two"][..], &["--all-gateways"]] {
        for flag in ["--token-file=t", "--password-file=t", "--tls-fingerprint=AB"] {
            let (exit, report) = client.json(&[&check[..], gateways, &[flag]].concat());
            assert_eq!((exit, &report["error"]["code"]), (2, &json!("usage")), "{flag} {report}");
        }
    }
    let nobody = Client::alone();
    assert_eq!(exit_of(&nobody, &["queue", "dedupe", "--yes", "--all-gateways"]), 2);
}

fn denied_or_none(report: &Value) -> Vec<Value> {
    let gateways = report["gateways"].as_array().cloned().unwrap_or_default();
    gateways.into_iter().filter(|gateway| gateway.get("rounds").is_some()).collect()
}

#[test]
fn a_gateway_that_is_down_hides_no_other() {
    let up = still("current", &[]);
    let down = nowhere();
    let client = knowing(&[("down", &down, "t"), ("up", &up.url, &up.token)]);
    // Long enough for the oldest prompt of a group, which is denied in a slot of its own.
    let both = ["queue", "dedupe", "--yes", "--timeout=15s", "--gateway=down", "--gateway=up"];
    let (exit, report) = client.json(&both);
    assert_eq!((exit, report["gateways"].as_array().unwrap().len()), (3, 2), "{report}");
    let of = |name: &str| {
        let gateways = report["gateways"].as_array().unwrap();
        gateways.iter().find(|gateway| gateway.to_string().contains(name)).cloned().unwrap_or_default()
    };
    assert_eq!(of(&up.url)["totals"]["denied"], json!(CASCADE - 1), "{report}");
    assert_eq!(of("unreachable")["error"]["code"], "unreachable", "{report}");
    let answer = client.answer(&["queue", "dedupe", "--check", "--timeout=5s", "--all-gateways"]);
    assert!(
        answer.starts_with("exit: 3\n") && answer.contains(&up.url) && answer.contains(&down),
        "{answer}"
    );
    // Alone it is the command's own failure.
    let (exit, report) = client.json(&["queue", "dedupe", "--yes", "--timeout=5s", "--gateway=down"]);
    assert_eq!((exit, &report["error"]["code"]), (4, &json!("unreachable")));
}

#[test]
fn a_saved_listing_is_planned_for_and_nothing_is_done() {
    let dev = still("current", &[]);
    let client = dev.client();
    let saved = client.command(&["queue", "ls", "--json"]).output().unwrap().stdout;
    client.file("queue.json", saved);
    // Nothing is connected to.
    drop(dev);
    let alone = client.variable("OPENCLAW_GATEWAY_URL", "ws://127.0.0.1:1");
    // How the runs stood is in it: the plan is the one of the gateway.
    shot!("file_planned", alone.answer(&["queue", "dedupe", "--file=queue.json"]));
    assert_eq!(exit_of(&alone, &["queue", "dedupe", "--file=queue.json", "--yes"]), 0);
    assert_eq!(exit_of(&alone, &["queue", "dedupe", "--file=queue.json", "--check"]), 1);
    let (exit, report) = alone.json(&["queue", "dedupe", "--file=queue.json"]);
    assert_eq!((exit, &report["gateways"][0]["duplicates"]), (0, &json!(CASCADE - 1)));
    assert_eq!(report["gateways"][0]["rounds"], json!([]));
    let (exit, listed) = alone.json(&["queue", "ls", "--file=queue.json"]);
    assert_eq!((exit, by_id(&listed).len()), (0, 31));
    for file in ["2026.9.6/exec.json", "2026.4.14/exec.json", "2026.9.6/plugin.json", "made/system.json"] {
        let path = fixture("prompts").join(file);
        let path = path.to_str().unwrap();
        assert_eq!(alone.json(&["queue", "dedupe", "--check", "--file", path]).0, 0, "{file}");
        assert_eq!(alone.json(&["queue", "ls", "--file", path]).0, 0, "{file}");
    }
    // Files that are not listings.
    alone.file("not.json", "{\"sessions\": []}");
    let (exit, refused) = alone.json(&["queue", "dedupe", "--file=not.json"]);
    assert_eq!((exit, &refused["error"]["code"]), (7, &json!("not-a-saved-listing")));
}

#[test]
fn an_agent_that_asks_and_asks_ends_no_settling() {
    for generation in ["current", "legacy"] {
        let dev = playing(generation, "asks-again.json");
        let client = dev.client();
        let start = Instant::now();
        let (exit, report) = client.json(&["queue", "dedupe", "--yes", "--settle=1s", "--rounds=2"]);
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        // The agent may have re-requested before the last listing, or not yet.
        assert!(matches!(exit, 0 | 3), "{exit}: {report}");
        let rounds = report["gateways"][0]["rounds"].as_array().unwrap().len();
        assert!((2..=3).contains(&rounds), "{rounds}: {report}");
        let survivor = report["gateways"][0]["groups"][0]["survivor"]["id"].as_str().unwrap();
        assert!(!denied(&report).contains(&survivor));
        assert!(pending(&client).contains_key(survivor));
    }
}

#[test]
fn a_denial_that_is_answered_with_a_question_is_reported() {
    let dev = playing("legacy", "after-denial.json");
    let client = dev.client();
    // Two denials, two questions.
    let (exit, report) = client.json(&["queue", "dedupe", "--yes"]);
    assert_eq!((exit, &report["gateways"][0]["totals"]["requeued"]), (3, &json!(2)), "{report}");
    let (exit, report) = client.json(&["queue", "dedupe", "--yes", "--settle=1s"]);
    assert_eq!((exit, denied(&report).len()), (0, 2), "{report}");
    assert_eq!(pending(&client).len(), 1);
    // The same in one command.
    let dev = playing("legacy", "after-denial.json");
    let client = dev.client();
    let (exit, report) = client.json(&["queue", "dedupe", "--yes", "--settle=2s", "--rounds=3"]);
    assert_eq!((exit, denied(&report).len()), (0, 4), "{report}");
    assert_eq!(pending(&client).len(), 1);
}

// ---- resolve

#[test]
fn one_prompt_is_decided() {
    for generation in ["current", "legacy"] {
        let dev = playing(generation, "choices.json");
        let client = dev.client();
        let before = pending(&client);
        for (code, name, arguments) in [
            (2, "ambiguous", &["aa", "deny"][..]),
            (1, "unknown", &["zz", "deny"]),
            (1, "empty", &["", "deny"]),
            (2, "not_allowed", &["c-1", "allow-always", "--yes"]),
            (2, "unconfirmed", &["aa-1", "allow-once"]),
        ] {
            let answer = client.answer(&[&["queue", "resolve"], arguments].concat());
            assert!(answer.starts_with(&format!("exit: {code}\n")), "{name}: {answer}");
            shot!(format!("resolve_{generation}_{name}"), answer);
            let (exit, refused) = client.json(&[&["queue", "resolve"], arguments].concat());
            assert_eq!((exit, &refused["error"]["exit"]), (code, &json!(code)), "{name}");
        }
        assert_eq!(ids(&pending(&client)), ids(&before));

        shot!(format!("resolve_{generation}_deny"), client.answer(&["queue", "resolve", "ab", "deny"]));
        let (exit, report) = client.json(&["queue", "resolve", "c", "allow-once", "--yes"]);
        assert_eq!((exit, &report["decision"], &report["before"]), (0, &json!("allow-once"), &json!(false)));
        assert_eq!(report["approval"]["id"], "c-1");
        assert_eq!(exit_of(&client, &["queue", "resolve", "d-1", "deny"]), 0);
        assert_eq!(exit_of(&client, &["queue", "resolve", "aa-2", "allow-always", "--yes"]), 0);
        let left: &[&str] =
            if before.contains_key("e-1") { &["aa-1", "b-1", "e-1"] } else { &["aa-1", "b-1"] };
        assert_eq!(ids(&pending(&client)), left);
        if before.contains_key("e-1") {
            assert_eq!(exit_of(&client, &["queue", "resolve", "e-1", "deny"]), 0);
        }
        // With the full id the earlier decision is found and kept.
        let (exit, report) = client.json(&["queue", "resolve", "ab-1", "deny"]);
        if generation == "current" {
            assert_eq!((exit, &report["before"]), (0, &json!(true)), "{report}");
            let (exit, report) = client.json(&["queue", "resolve", "ab-1", "allow-once", "--yes"]);
            assert_eq!((exit, &report["error"]["code"]), (6, &json!("decided-otherwise")), "{report}");
            assert_eq!(exit_of(&client, &["queue", "resolve", "c-1", "deny"]), 6);
        } else {
            // This gateway has forgotten the decision.
            assert_eq!((exit, &report["error"]["code"]), (1, &json!("not-pending")), "{report}");
        }
    }
}

// ---- hostile text

/// What must not reach a terminal as it is, in the corpus below.
const HARMFUL: &[char] = &[
    '\0',
    '\u{7}',
    '\u{8}',
    '\t',
    '\r',
    '\u{1b}',
    '\u{7f}',
    '\u{85}',
    '\u{9b}',
    '\u{9d}',
    '\u{a0}',
    '\u{ad}',
    '\u{34f}',
    '\u{61c}',
    '\u{115f}',
    '\u{180e}',
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{200e}',
    '\u{200f}',
    '\u{2028}',
    '\u{2029}',
    '\u{202a}',
    '\u{202b}',
    '\u{202c}',
    '\u{202d}',
    '\u{202e}',
    '\u{2060}',
    '\u{2066}',
    '\u{2067}',
    '\u{2068}',
    '\u{2069}',
    '\u{2800}',
    '\u{3000}',
    '\u{3164}',
    '\u{e000}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{fff9}',
    '\u{e0001}',
    '\u{e0041}',
    '\u{e007f}',
    '\u{e0100}',
    '\u{f0000}',
    '\u{10ffff}',
];
/// What a line would begin with if a text could begin one.
const INJECTED: &str = "INJECTED";

/// Every harmful character, escape sequences, a line of its own, and a label of its position.
fn hostile(place: &str) -> String {
    let harmful: String = HARMFUL.iter().collect();
    format!(
        "evil {place} {harmful}\u{1b}[2J\u{1b}]0;title\u{7}\u{1b}]8;;http://e\u{1b}\\\n{INJECTED}\r\n{INJECTED} é漢😀\"\\'"
    )
}

#[track_caller]
fn assert_harmless(what: &str, client: &Client, arguments: &[&str]) -> std::process::Output {
    let output = client.command(arguments).output().unwrap();
    for stream in [&output.stdout, &output.stderr] {
        let text = std::str::from_utf8(stream).unwrap();
        for c in text.chars().filter(|c| !matches!(c, ' '..='~')) {
            assert!(c == '\n' || !(c.is_control() || HARMFUL.contains(&c)), "{what}: {c:?} in {arguments:?}");
        }
        assert!(
            !text.lines().any(|line| line.trim_start().starts_with(INJECTED)),
            "{what}: {arguments:?}:\n{text}"
        );
    }
    output
}

/// One that can be an argument.
fn hostile_session() -> String {
    format!("agent:main:{}", hostile("session").replace('\0', ""))
}

/// Requests of all kinds in which every text is hostile.
fn hostile_prompts() -> Vec<Value> {
    let exec = json!({
        "command": hostile("command"), "commandArgv": [hostile("argv"), hostile("argument")], "cwd": hostile("cwd"),
        "agentId": hostile("agent"), "sessionKey": hostile_session(),
        "runId": hostile("run"), "host": "gateway", "resolvedPath": hostile("path"),
        "turnSourceChannel": hostile("channel"), "turnSourceTo": hostile("to"), "warningText": hostile("warning"),
    });
    let plugin = json!({
        "title": hostile("title"), "description": hostile("description"), "agentId": hostile("agent"),
        "sessionKey": hostile_session(), "toolName": hostile("tool"), "pluginId": hostile("plugin"),
    });
    let long =
        json!({ "command": format!("long {}", "y\u{202e}".repeat(50_000)), "agentId": "z".repeat(100_000) });
    vec![
        json!({ "id": format!("{} 1", hostile("id")), "request": exec, "ageMs": 3000 }),
        json!({ "id": format!("{} 2", hostile("id")), "request": exec, "ageMs": 2000 }),
        json!({ "id": "plugin:evil", "kind": "plugin", "request": plugin }),
        json!({ "id": "long-1", "request": long, "ageMs": 3000 }),
        json!({ "id": "long-2", "request": long, "ageMs": 2000 }),
    ]
}

/// What each format shows of hostile prompts, on a gateway or of a file.
fn assert_all_harmless(what: &str, client: &Client, from: &[&str], prompts: &[Value]) {
    for flags in [
        &["queue", "ls"][..],
        &["queue", "ls", "--full"],
        &["queue", "ls", "--duplicates", "--sort=command"],
        &["queue", "ls", "--ndjson"],
        &["queue", "ls", "--json"],
        &["queue", "dedupe", "--dry-run"],
        &["queue", "dedupe", "--dry-run", "--json"],
        &["queue", "dedupe", "--check"],
    ] {
        let output = assert_harmless(what, client, &[flags, from].concat());
        assert!(!output.stdout.is_empty(), "{what}: {flags:?}");
    }
    // The output decodes to the exact text.
    let (exit, listing) = client.json(&[&["queue", "ls"], from].concat());
    let understood = listing["problems"].as_array().unwrap().is_empty();
    assert_eq!(exit, if understood { 0 } else { 3 }, "{what}");
    let rows = by_id(&listing);
    for prompt in prompts {
        let row = &rows[prompt["id"].as_str().unwrap()];
        for (field, text) in prompt["request"].as_object().unwrap() {
            assert_eq!(&row["request"][field], text, "{what}: {field}");
        }
    }
}

#[test]
fn hostile_text_is_shown_escaped_and_comes_back_whole() {
    let prompts = hostile_prompts();
    let home = Client::alone();
    let scenario = home.file("scenario.json", json!({ "prompts": prompts }).to_string());
    let dev = still("current", &["--scenario", scenario.to_str().unwrap()]);
    let client = dev.client();
    // What the gateway adds and leaves out is its own affair.
    let given: Vec<Value> = prompts
        .iter()
        .map(|prompt| {
            let mut prompt = prompt.clone();
            prompt["request"].as_object_mut().unwrap().remove("runId");
            prompt
        })
        .collect();
    assert_all_harmless("gateway", &client, &[], &given);
    let session = hostile_session();
    for arguments in [
        &["run", "ls"][..],
        &["run", "ls", "--json"],
        &["run", "cancel", "--session", &session, "--dry-run"],
        &["run", "cancel", "--superseded", "--dry-run", "--json"],
        &["queue", "resolve", "evil", "deny"],
        &["queue", "resolve", "evil", "deny", "--json"],
        &["queue", "resolve", "plugin:evil", "allow-once"],
        &["queue", "resolve", "long-1", "allow-once"],
        &["queue", "resolve", &session, "deny"],
        &["queue", "resolve", "plugin:evil", "allow-once", "--json", "--yes"],
        &["queue", "dedupe", "--yes"],
        // One of them is left.
        &["queue", "resolve", "evil", "allow-once"],
        &["queue", "resolve", "evil", "deny"],
    ] {
        assert_harmless("gateway", &client, arguments);
    }
    // A gateway may shorten long commands, so two of them are never duplicates.
    assert_eq!(ids(&pending(&client)), ["long-1", "long-2"]);
}

#[test]
fn hostile_text_of_a_file_is_shown_escaped() {
    let mut prompts = hostile_prompts();
    for prompt in &mut prompts {
        prompt["createdAtMs"] = json!(1_795_436_364_720_u64);
        prompt["expiresAtMs"] = json!(1_795_437_364_720_u64);
        // What no release has, in names as in values.
        prompt["request"][hostile("name")] = json!({ hostile("inner"): [hostile("value")] });
        if let Some(kind) = prompt.as_object_mut().unwrap().remove("kind") {
            prompt["approvalKind"] = kind;
        }
    }
    let client = Client::alone();
    client.file("queue.json", json!(prompts).to_string());
    assert_all_harmless("file", &client, &["--file=queue.json"], &prompts);
    // Values that are not prompts are reported with their known fields, and hide no other prompt.
    let good = json!(prompts).to_string();
    let hostile_id = json!(hostile("id")).to_string();
    let bad = format!(
        r#"[{{"id": "lone \ud800", "request": {{}}}}, {{"id": {hostile_id}, "request": {{"command": "\udfff"}}}}, {{"id": {hostile_id}, "request": 1, "createdAtMs": 1, "expiresAtMs": 2}}, {{"id": {hostile_id}, "approvalKind": {hostile_id}}}, {hostile_id}, {}"#,
        &good[1..]
    );
    client.file("bad.json", bad);
    assert_all_harmless("bad", &client, &["--file=bad.json"], &prompts);
    let (_, listing) = client.json(&["queue", "ls", "--file=bad.json"]);
    assert_eq!(listing["problems"].as_array().unwrap().len(), 5, "{}", listing["problems"]);
    for broken in ["[\"\u{1b}[2J\u{202e}", "{\"\u{202e}\u{1b}\": 1}", "\u{202e}", ""] {
        client.file("broken.json", broken);
        let output = assert_harmless("broken", &client, &["queue", "ls", "--file=broken.json"]);
        assert_eq!(output.status.code(), Some(7), "{broken:?}");
    }
}
