//! Shell completions. The scripts call the tool, so these tests call it in the same way. If bash is installed, it also
//! runs its own script.

use crate::support::binary;
use crate::support::dev::{Client, Dev};

/// The completions of the last word, requested as fish does, which does not split words.
fn offered(client: &Client, words: &[&str]) -> Vec<String> {
    let words = [&["--", "clearance"], words].concat();
    let output = client.command(&words).env("COMPLETE", "fish").output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

/// The completions that bash's own script returns for a partial line.
fn bash(client: &Client, line: &str) -> Vec<String> {
    let script = client.command(&["completions", "bash"]).output().unwrap().stdout;
    let script = String::from_utf8(script).unwrap();
    // Words as readline takes them apart: at blanks, and at `=` and `:`, which are words of their own.
    let words: Vec<String> = line
        .split(' ')
        .flat_map(|word| word.split_inclusive(['=', ':']).map(str::to_owned).collect::<Vec<_>>())
        .flat_map(|word| match word.strip_suffix(['=', ':']) {
            Some(rest) => vec![rest.to_owned(), word[rest.len()..].to_owned()],
            None => vec![word],
        })
        .filter(|word| !word.is_empty())
        .chain(line.ends_with(' ').then(String::new))
        .collect();
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let run = format!(
        "{script}\nCOMP_WORDS=({}); COMP_CWORD={}; _clearance; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words.len() - 1
    );
    let mut command = std::process::Command::new("bash");
    let path =
        format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    command.args(["--norc", "-c", &run]).env_clear().env("HOME", client.home()).env("PATH", path);
    let output = command.current_dir(client.home()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// In zsh the script is a file in `fpath`: the body of the function that a Tab calls. `source` runs it as well.
#[test]
fn the_first_tab_in_zsh_is_answered() {
    let client = Client::alone();
    let script = client.command(&["completions", "zsh"]).output().unwrap().stdout;
    let script = String::from_utf8(script).unwrap();
    client.file("_clearance", &script);
    assert!(script.contains("if [[ $funcstack[1] = _clearance ]]"));
    let run = "fpath=(.); autoload -Uz _clearance
        compdef() { print \"registered $*\" }
        _describe() { print -l -- ${(P@)3} }
        words=(clearance que) CURRENT=2; _clearance; _clearance; source ./_clearance";
    let path =
        format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let mut command = std::process::Command::new("zsh");
    command.args(["-f", "-c", run]).env_clear().env("HOME", client.home()).env("PATH", path);
    // Without zsh on this machine the assertion above is the test.
    let Ok(output) = command.current_dir(client.home()).output() else { return };
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("queue:") && lines[1] == lines[0], "{text}");
    assert_eq!(lines[2], "registered _clap_dynamic_completer_clearance clearance");
}

fn knowing(dev: &Dev) -> Client {
    let client = Client::alone();
    client.file("t", &dev.token);
    for name in ["prod", "prod-eu"] {
        let (exit, _) = client.json(&["gateway", "add", name, &dev.url, "--token-file=t", "--replace"]);
        assert_eq!(exit, 0);
    }
    client
}

#[test]
fn names_of_gateways_and_codes_are_offered() {
    let dev = Dev::start(&[]);
    let client = knowing(&dev);
    assert_eq!(offered(&client, &["queue", "ls", "--gateway", "pro"]), ["prod", "prod-eu"]);
    assert_eq!(offered(&client, &["queue", "ls", "--gateway", "e"]), ["embedded"]);
    assert_eq!(offered(&client, &["approvals", "lint", "--explain", "covered"]), ["covered-entry"]);
    assert!(
        offered(&client, &["approvals", "validate", "--explain", ""]).contains(&"unknown-value".to_owned())
    );
    assert!(offered(&client, &["approvals", "diff", "gateway:p"]).contains(&"gateway:prod".to_owned()));
    assert_eq!(offered(&client, &["gat"]), ["gateway"]);
}

#[test]
fn names_that_only_a_gateway_knows_are_offered() {
    let dev = Dev::start(&[]);
    let client = knowing(&dev);
    // A gateway that was never used is not called, because that would request a pairing.
    assert_eq!(
        offered(&client, &["queue", "resolve", "--gateway=prod", ""])
            .iter()
            .filter(|word| !word.starts_with('-'))
            .count(),
        3,
        "the decisions alone"
    );
    let (_, queue) = client.json(&["queue", "ls", "--gateway=prod"]);
    let row = &queue["approvals"][0];
    let text = |field: &str| row[field].as_str().unwrap().to_owned();
    let ids = offered(&client, &["queue", "resolve", "--gateway=prod", &text("id")[..4]]);
    assert!(ids.contains(&text("id")), "{ids:?}");
    let agents = offered(&client, &["queue", "ls", "--gateway=prod", "--agent", ""]);
    assert!(agents.contains(&text("agentId")), "{agents:?}");
    let sessions = offered(&client, &["run", "cancel", "--gateway", "prod", "--session", "agent:"]);
    assert!(sessions.contains(&text("sessionKey")), "{sessions:?}");
    let runs = offered(&client, &["run", "cancel", "--gateway", "prod", &text("runId")[..6]]);
    assert!(runs.contains(&text("runId")), "{runs:?}");
    // bash takes words apart at `:` and `=`: what it replaces is behind the last of them.
    assert_eq!(bash(&client, "clearance queue ls --gateway=prod-"), ["prod-eu"]);
    assert_eq!(bash(&client, "clearance queue ls --gateway prod-"), ["prod-eu"]);
    let key = text("sessionKey");
    let (typed, session) = key.split_at(key.rfind(':').unwrap() + 1);
    let line = format!("clearance run cancel --gateway=prod --session {typed}");
    assert!(bash(&client, &line).contains(&session.to_owned()), "{line}: {:?}", bash(&client, &line));
    drop(dev);
    let none = offered(&client, &["queue", "ls", "--gateway=prod", "--agent", ""]);
    assert!(none.is_empty(), "silent where it fails: {none:?}");
}

#[test]
fn grants_and_their_jobs_are_offered() {
    let home = Client::alone();
    let request = serde_json::json!({
        "command": "backup", "agentId": "main", "sessionKey": "agent:main:cron:job-1",
        "cronJob": {"id": "job-1", "name": "nightly"},
    });
    let scenario = serde_json::json!({"prompts": [{"id": "p", "request": request}]}).to_string();
    let scenario = home.file("scenario.json", scenario);
    let dev = Dev::start(&["--scenario", scenario.to_str().unwrap()]);
    let client = knowing(&dev);
    let (exit, _) = client.json(&["queue", "resolve", "p", "allow-always", "--yes", "--gateway=prod"]);
    assert_eq!(exit, 0);
    let (_, list) = client.json(&["grants", "ls", "--gateway=prod"]);
    let id = list["grants"][0]["grantId"].as_str().unwrap().to_owned();
    assert_eq!(offered(&client, &["grants", "revoke", "--gateway=prod", &id[..4]]), [id.as_str()]);
    assert_eq!(offered(&client, &["grants", "ls", "--gateway=prod", "--job", "j"]), ["job-1"]);
}

#[test]
fn files_are_offered_where_a_file_is_meant() {
    let client = Client::alone();
    client.file("main.json", "{}");
    assert_eq!(offered(&client, &["approvals", "get", "--file", "ma"]), ["main.json"]);
    assert_eq!(offered(&client, &["queue", "ls", "--agent", "ma"]), [""; 0]);
    assert!(bash(&client, "clearance queue ls --agent ma").is_empty());
    assert_eq!(bash(&client, "clearance approvals get --file ma"), ["main.json"]);
}
