//! The tables of `docs/explain.md`: commands that people meet, and what each release does with them. The tool itself
//! decides them, so the tables say what the tool says.

use std::fmt::Write;

use serde_json::{Value, json};

/// The host of every row.
const HOST: &str = r#"
path = "/usr/local/bin:/usr/bin"
home = "/home/ops"
complete = true
programs = ["/usr/bin/bash", "/usr/bin/cat", "/usr/bin/env", "/usr/bin/find", "/usr/bin/git", "/usr/bin/ls",
            "/usr/bin/npx", "/usr/bin/sh", "/usr/bin/sudo", "/usr/bin/timeout", "/usr/bin/tool", "/usr/bin/wc",
            "/usr/bin/xargs", "/usr/bin/python3.12", "/opt/gh/bin/gh"]
files = ["/srv/app.py", "/srv/run.sh", "/srv/x"]
links = { "/usr/bin/python3" = "/usr/bin/python3.12", "/usr/local/bin/gh" = "/opt/gh/bin/gh" }
"#;

const RELEASES: [&str; 3] = ["2026.4.14", "2026.6.11", "2026.9.6"];

/// A command under some entries.
struct Row {
    command: &'static str,
    /// Entries of agent `main`: a pattern alone, or `[pattern, argPattern]`.
    entries: Value,
    /// Why the releases decide so.
    note: &'static str,
}

/// A command under another policy than `allowlist` and `on-miss`.
struct PolicyRow {
    /// The policy, as the page shows it.
    shown: &'static str,
    command: &'static str,
    /// The document, or the text of one that is damaged.
    document: Value,
    configuration: Value,
    context: &'static str,
    note: &'static str,
}

fn row(command: &'static str, entries: Value, note: &'static str) -> Row {
    Row { command, entries, note }
}

/// How the text of a command is read.
fn texts() -> Vec<Row> {
    let ls = || json!(["/usr/bin/ls"]);
    vec![
        row("ls", ls(), ""),
        row(
            "ls *.txt",
            ls(),
            "2026.4.14 quotes each word, so `ls` gets the text `*.txt`. Later releases ask, because the entry cannot cover what the pattern expands to",
        ),
        row(
            "ls $HOME",
            ls(),
            "2026.4.14 quotes each word here too. Later releases cannot analyse a computed argument, and 2026.9.6 denies what it cannot analyse",
        ),
        row("ls > x", ls(), "no release can analyse a redirection (`2>&1` is one)"),
        row("ls $(cat x)", json!(["/usr/bin/ls", "/usr/bin/cat"]), "no release can analyse a substitution"),
        row(
            "ls | wc -l",
            ls(),
            "`wc` is a safe bin; 2026.9.6 is the first release that accepts its option `-l`",
        ),
        row("pwd", json!([]), "2026.4.14 has no shell builtins: it looks for a program"),
        row("cd /srv && git push", json!(["/usr/bin/git"]), "the same for `cd`"),
        row(
            "cd /srv && git push",
            json!([]),
            "2026.9.6 never asks about a command after `cd`: it could not bind the approval to a directory",
        ),
        row(
            "cd /srv && python3 app.py",
            json!(["/usr/bin/python3", "/usr/bin/python3.12"]),
            "the entries allow it, but later releases refuse a Python script after `&&`, because they do not check it there",
        ),
        row("A=1 ls", ls(), "no entry for `ls` allows it with a variable in front"),
        row("no-such-program", json!([]), "2026.9.6 never asks about a program that it cannot find"),
    ]
}

/// Programs that start other programs.
fn wrappers() -> Vec<Row> {
    vec![
        row("timeout 5 ls", json!(["/usr/bin/ls"]), "judged as `ls`, which then runs without `timeout`"),
        row("timeout 5 ls", json!(["/usr/bin/timeout"]), "an entry for a wrapper never matches"),
        row("env A=1 ls", json!(["*"]), "no entry can allow `env` with a variable or an option"),
        row("sudo ls", json!(["*"]), "no entry can allow `sudo`"),
        row(
            "find . -exec ls {} +",
            json!(["/usr/bin/find"]),
            "for later releases no entry can allow `-exec`",
        ),
        row(
            "ls | xargs cat",
            json!(["/usr/bin/ls", "/usr/bin/xargs", "/usr/bin/cat"]),
            "the same for `xargs`",
        ),
        row(
            "sh -c 'ls'",
            json!(["/usr/bin/ls"]),
            "later releases match the command inside, but still ask, because they cannot put the path of `ls` into it",
        ),
        row(
            "sh -c 'ls'",
            json!(["/usr/bin/sh"]),
            "later releases match an entry for a shell only if the shell has no arguments",
        ),
        row("bash run.sh", json!(["/usr/bin/bash"]), "the same"),
        row("bash run.sh", json!(["/srv/run.sh"]), "an entry for the script allows it"),
        row(
            "cat x | bash",
            json!(["/usr/bin/cat", "/usr/bin/bash"]),
            "the shell has no arguments, so its entry matches: whatever is in `x` runs",
        ),
        row(
            "npx tool",
            json!(["/usr/bin/npx"]),
            "2026.9.6 matches the program that the package manager starts",
        ),
        row("npx tool", json!(["/usr/bin/tool"]), "the same"),
        row(
            "python3 -c 'print(1)'",
            json!(["/usr/bin/python3", "/usr/bin/python3.12"]),
            "an entry for an interpreter allows any code, unless `strictInlineEval` is on",
        ),
        row(
            "python3 -m http.server",
            json!([]),
            "2026.9.6 never asks about an interpreter without a script: it could not bind the approval to a file",
        ),
    ]
}

/// Which programs and arguments an entry matches.
fn entries() -> Vec<Row> {
    vec![
        row("ls", json!(["ls"]), "2026.4.14 matches paths only"),
        row("ls", json!(["*"]), ""),
        row(
            "python3 app.py",
            json!(["/usr/bin/python3"]),
            "a link to `/usr/bin/python3.12`: 2026.4.14 matches the path that was found",
        ),
        row("python3 app.py", json!(["/usr/bin/python3.12"]), "later releases match the real path"),
        row("gh pr list", json!(["/usr/local/bin/gh"]), "the same for a link of a package manager"),
        row(
            "git push",
            json!([["/usr/bin/git", "^status$"]]),
            "2026.4.14 ignores `argPattern`: the entry allows every use of `git`",
        ),
        row(
            "git status",
            json!(["/usr/bin/git status"]),
            "a pattern is a path: arguments belong in `argPattern`",
        ),
        row(
            "git status",
            json!([{"pattern": "/usr/bin/git", "source": "allow-always"}]),
            "2026.9.6 binds an *Allow always* to arguments and directory, and ignores an older one without them",
        ),
    ]
}

/// The policy, and prompts that nobody answers.
fn policies() -> Vec<PolicyRow> {
    let defaults = |policy: Value| json!({"version": 1, "defaults": policy, "agents": {}});
    let row = |shown, command, document, context, note| PolicyRow {
        shown,
        command,
        document,
        configuration: json!({}),
        context,
        note,
    };
    let mut rows = vec![
        row(
            "`full`, `always`",
            "git push",
            defaults(json!({"security": "full", "ask": "always"})),
            "interactive",
            "without `askFallback` 2026.4.14 runs what nobody answers",
        ),
        row(
            "`full`, `always`, in cron",
            "git push",
            defaults(json!({"security": "full", "ask": "always"})),
            "cron",
            "the same, at once",
        ),
        row(
            "`full`, `always`, `askFallback: full`, in cron",
            "git push",
            defaults(json!({"security": "full", "ask": "always", "askFallback": "full"})),
            "cron",
            "",
        ),
        row(
            "`allowlist`, `on-miss`, `askFallback: full`, in cron",
            "git push",
            defaults(json!({"security": "allowlist", "ask": "on-miss", "askFallback": "full"})),
            "cron",
            "the fallback is never wider than `security`",
        ),
        row(
            "`allowlist`, `off`, an entry `/usr/bin/ls`",
            "ls *.txt",
            json!({"version": 1, "defaults": {"security": "allowlist", "ask": "off"}, "agents": {"main": {"allowlist": ["/usr/bin/ls"]}}}),
            "interactive",
            "2026.6.11 asks although `ask` is off",
        ),
        row(
            "`defaults` deny, agent `full`",
            "git push",
            json!({"version": 1, "defaults": {"security": "deny"}, "agents": {"main": {"security": "full"}}}),
            "interactive",
            "for 2026.4.14 an agent's own policy cannot be wider than `defaults`, unless `openclaw.json` sets one",
        ),
        row(
            "the misspelt `security: alowlist`",
            "git push",
            defaults(json!({"security": "alowlist"})),
            "interactive",
            "early releases drop the value, and their default is `full`; 2026.9.6 refuses everything",
        ),
        row("a document that is not JSON", "git push", json!("{"), "interactive", "the same"),
    ];
    let full = defaults(json!({"security": "full", "ask": "off"}));
    let strict = json!({"tools": {"exec": {"security": "full", "ask": "off", "strictInlineEval": true}}});
    rows.push(PolicyRow {
        configuration: strict,
        ..row(
            "`full`, `off`, `strictInlineEval`",
            "python3 -c 'print(1)'",
            full,
            "interactive",
            "asks under every policy",
        )
    });
    rows
}

fn case(document: &Value, configuration: &Value, command: &str, context: &str) -> Value {
    json!({"document": document, "config": configuration, "command": command, "context": context, "cwd": "/srv",
           "path": "/usr/local/bin:/usr/bin", "home": "/home/ops"})
}

fn with_entries(entries: &Value) -> Value {
    let stored = entries.as_array().unwrap().iter().map(|entry| match entry {
        Value::Array(parts) => json!({"pattern": parts[0], "argPattern": parts[1]}),
        other => other.clone(),
    });
    json!({"version": 1, "defaults": {"security": "allowlist", "ask": "on-miss"},
           "agents": {"main": {"allowlist": stored.collect::<Vec<_>>()}}})
}

/// What the tool answers to cases as one release.
fn answers(cases: &[Value], release: &str) -> Vec<Value> {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("host.toml"), HOST).unwrap();
    let lines: Vec<String> = cases.iter().map(ToString::to_string).collect();
    let input = lines.join("\n");
    let mut command = crate::support::clearance(home.path());
    command.current_dir(home.path()).write_stdin(input);
    command.args(["approvals", "explain", "--stdin", "--programs", "host.toml", "--release", release]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The cells of each case, one for each release. A cell that differs from the one before it is bold.
fn cells(cases: &[Value]) -> Vec<String> {
    let by_release = RELEASES.map(|release| answers(cases, release));
    let words = |at: usize| {
        by_release.each_ref().map(|answers| {
            let answer = &answers[at];
            let verdict = answer["verdict"].as_str().unwrap();
            assert_ne!(verdict, "unknown", "{}: {answer}", cases[at]);
            match answer["unanswered"].as_str() {
                Some("runs") => format!("{verdict}; runs if unanswered"),
                _ => verdict.to_owned(),
            }
        })
    };
    let row = |at: usize| {
        let words = words(at);
        let shown = words.iter().enumerate().map(|(index, word)| {
            if index > 0 && words[index - 1] != *word { format!("**{word}**") } else { word.clone() }
        });
        shown.collect::<Vec<_>>().join(" | ")
    };
    (0..cases.len()).map(row).collect()
}

/// A text as code in a cell.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn entry(entry: &Value) -> String {
    match entry {
        Value::String(pattern) => code(pattern),
        Value::Array(parts) => {
            let [pattern, arguments] = [0, 1].map(|at| code(parts[at].as_str().unwrap()));
            format!("{pattern} with `argPattern` {arguments}")
        }
        stored => {
            let [pattern, source] = ["pattern", "source"].map(|key| code(stored[key].as_str().unwrap()));
            format!("{pattern} with `source` {source}")
        }
    }
}

fn table(rows: &[Row]) -> String {
    let cases: Vec<Value> = rows
        .iter()
        .map(|row| case(&with_entries(&row.entries), &json!({}), row.command, "interactive"))
        .collect();
    let mut table = format!(
        "| command | entries | {} | why |\n| --- | --- | --- | --- | --- | --- |\n",
        RELEASES.join(" | ")
    );
    for (row, cells) in rows.iter().zip(cells(&cases)) {
        let entries: Vec<String> = row.entries.as_array().unwrap().iter().map(entry).collect();
        let entries = if entries.is_empty() { "none".to_owned() } else { entries.join(", ") };
        writeln!(table, "| {} | {entries} | {cells} | {} |", code(row.command), row.note).unwrap();
    }
    table
}

fn policy_table(rows: &[PolicyRow]) -> String {
    let cases: Vec<Value> =
        rows.iter().map(|row| case(&row.document, &row.configuration, row.command, row.context)).collect();
    let mut table = format!(
        "| policy | command | {} | why |\n| --- | --- | --- | --- | --- | --- |\n",
        RELEASES.join(" | ")
    );
    for (row, cells) in rows.iter().zip(cells(&cases)) {
        writeln!(table, "| {} | {} | {cells} | {} |", row.shown, code(row.command), row.note).unwrap();
    }
    table
}

/// The tables by name.
pub fn tables() -> [(&'static str, String); 4] {
    [
        ("texts", table(&texts())),
        ("wrappers", table(&wrappers())),
        ("entries", table(&entries())),
        ("policies", policy_table(&policies())),
    ]
}
