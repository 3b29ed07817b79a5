//! Terminals of 40 and 60 columns: no line ends inside a word or a path, and marks are below what they mark.

use serde_json::json;

use crate::support::dev::Client;
use crate::support::terminal::Terminal;

/// The output of a command on a terminal with this number of columns.
fn shown(client: &Client, arguments: &[&str], columns: u16) -> (i32, Vec<String>) {
    let mut command = client.spawn(arguments);
    let (code, text) = Terminal::of(command.env("NO_COLOR", "1"), columns).ends();
    (code, text.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect())
}

/// Each line fits, or is one word that fits nowhere. What follows `next:` is to be pasted, and is one line.
#[track_caller]
fn assert_fitting(lines: &[String], columns: u16) {
    for line in lines {
        let word = line.trim_start_matches([' ', '│']);
        let fits = line.chars().count() <= usize::from(columns);
        assert!(fits || !word.contains(' ') || word.starts_with("next:"), "{columns}: {line}\n{lines:#?}");
    }
}

/// The text above the marks of the excerpts.
fn marked(lines: &[String]) -> Vec<String> {
    let mark = |line: &str| -> Option<std::ops::Range<usize>> {
        let (_, behind) = line.split_once("| ")?;
        let margin = line.chars().count() - behind.chars().count();
        let from = behind.chars().position(|c| c == '^')?;
        let only = behind.chars().take(from).all(|c| c == ' ');
        let count = behind.chars().skip(from).take_while(|c| *c == '^').count();
        only.then(|| margin + from..margin + from + count)
    };
    let pairs = lines.windows(2).filter_map(|pair| Some((&pair[0], mark(&pair[1])?)));
    pairs.map(|(line, mark)| line.chars().skip(mark.start).take(mark.len()).collect()).collect()
}

#[test]
fn excerpts_are_cut_around_their_marks() {
    let client = Client::alone();
    let pattern = "/opt/vendor/toolchains/2026/bin/";
    let long = json!({"version": 1, "agents": {"main": {
        "security": "alowlist",
        "allowlist": [{"pattern": format!("{pattern}a")}, {"pattern": "/usr/bin/python3", "sourse": "allow-always"}],
    }}});
    client.file("one-line.json", long.to_string());
    client.file("lines.json", serde_json::to_string_pretty(&long).unwrap());
    client.file("syntax.json", format!("{{\"version\": 1, {:>60} \"agents\": {{]}}", "\"defaults\": {},"));
    for columns in [40, 60, 80] {
        let (code, lines) = shown(&client, &["approvals", "validate", "."], columns);
        assert_eq!(code, 1, "{lines:#?}");
        assert_fitting(&lines, columns);
        let mut marked = marked(&lines);
        marked.sort();
        assert_eq!(marked[..2], ["\"alowlist\"", "\"alowlist\""], "{lines:#?}");
        assert!(marked.iter().filter(|text| *text == "\"sourse\"").count() == 2, "{marked:?}");
        let text = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        assert!(text.contains("did you mean `allowlist`?"), "{lines:#?}");
        assert!(marked.contains(&"]".to_owned()), "{lines:#?}");
    }
}

#[test]
fn lints_and_comparisons_end_between_words() {
    let client = Client::alone();
    let document = |pattern: &str| {
        json!({"version": 1, "agents": {"main": {"security": "allowlist", "allowlist": [
            {"pattern": pattern}, {"pattern": "/usr/bin/env", "argPattern": "^[a-z]+( [a-z]+)*$"},
        ]}}})
    };
    let (python, node) = ("/opt/vendor/bin/python3", "/opt/vendor/bin/node");
    client.file("a.json", document(python).to_string());
    client.file("b.json", document(node).to_string());
    for columns in [40, 60] {
        let (code, lines) = shown(&client, &["approvals", "lint", "a.json"], columns);
        assert_eq!(code, 1, "{lines:#?}");
        assert_fitting(&lines, columns);
        assert!(marked(&lines).contains(&format!("\"{python}\"")), "{lines:#?}");
        let (code, lines) = shown(&client, &["approvals", "diff", "a.json", "b.json"], columns);
        assert_eq!(code, 1, "{lines:#?}");
        assert_fitting(&lines, columns);
        assert!(lines.iter().any(|line| line.ends_with(node)), "{lines:#?}");
    }
}

#[test]
fn errors_and_warnings_end_between_words() {
    let client = Client::alone();
    let path = "directory/with/a/long-name.json";
    for columns in [40, 60] {
        let (code, lines) = shown(&client, &["approvals", "get", "--file", path], columns);
        assert_eq!(code, 7, "{lines:#?}");
        assert_fitting(&lines, columns);
        assert!(lines.iter().any(|line| line.contains(path)), "{lines:#?}");
        let (code, lines) = shown(&client, &["approvals", "validate", path], columns);
        assert_eq!(code, 7, "{lines:#?}");
        assert_fitting(&lines, columns);
        assert!(lines.iter().any(|line| line.contains(path)), "{lines:#?}");
    }
}

/// The bug: the terminal wrapped the text of entries, without the gutter of what somebody else wrote.
#[test]
fn a_document_fits_a_narrow_terminal() {
    let client = Client::alone();
    let pattern = format!("/usr/bin/{}", "git-annex ".repeat(9));
    let document = json!({"version": 1, "agents": {"main": {
        "allowlist": [{"pattern": pattern, "argPattern": format!("^{}$", "status ".repeat(9))}],
    }}});
    client.file("a.json", document.to_string());
    for columns in [40, 60] {
        let (code, lines) = shown(&client, &["approvals", "get", "--file", "a.json"], columns);
        assert_eq!(code, 0, "{lines:#?}");
        let lines: Vec<String> = lines.into_iter().filter(|line| !line.starts_with("  hash")).collect();
        assert_fitting(&lines, columns);
        let entry = lines.iter().filter(|line| line.contains("git-annex") || line.contains("status")).skip(1);
        assert!(entry.clone().count() > 1 && entry.clone().all(|line| line.contains('│')), "{lines:#?}");
    }
}
