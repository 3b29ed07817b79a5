//! Commands read as 2026.4.14 reads them, on a host with a handful of programs.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::approvals::decide::question::{Context, EntryId};
use crate::approvals::decide::resolve::Hypothesis;
use crate::approvals::decide::table::{Programs, Table};

const PROGRAMS: [&str; 8] = ["cat", "dash", "git-wrapper", "ls", "printf", "pwd", "timeout", "wc"];

/// Checks a command against entries with these patterns.
fn read(command: &str, patterns: &[&str]) -> Evaluation {
    let programs = PROGRAMS.iter().map(|name| format!("/bin/{name}")).collect();
    let links = [("/bin/sh".to_owned(), "/bin/dash".to_owned())].into();
    let table = Table { programs: Programs::Paths(programs), links, complete: true, ..Table::default() };
    let host = table.host("/work");
    let configuration = Value::Null;
    let question = Question {
        command,
        agent: "main",
        document: None,
        configuration: &configuration,
        directory: "/work",
        path: "/bin",
        home: "/home/a",
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
        state_directory: None,
    };
    let setup = Setup { path: "/bin".to_owned(), ..Setup::default() };
    let entries: Vec<Entry> = patterns.iter().enumerate().map(entry).collect();
    let world = World {
        host: &host,
        hypothesis: Hypothesis::Nothing,
        unknown: RefCell::default(),
        failed: std::cell::Cell::default(),
    };
    evaluate(&question, Profile::V2026_4_14, &setup, &entries, &world)
}

/// An entry. A `+` in front means the source `allow-always`.
fn entry((index, pattern): (usize, &&str)) -> Entry {
    let stored = ("main".to_owned(), index);
    Entry {
        id: EntryId { scope: "main".to_owned(), index, stored },
        pattern: pattern.trim_start_matches('+').to_owned(),
        arg_pattern: None,
        odd_arguments: None,
        unread_arguments: None,
        allow_always: pattern.starts_with('+'),
    }
}

fn by(evaluation: &Evaluation) -> Vec<Option<By>> {
    evaluation.segments.iter().map(|segment| segment.by).collect()
}

#[test]
fn a_chain_is_read_up_to_the_first_part_that_nothing_allows() {
    const YES: Option<By> = Some(By::Allowlist);
    for (command, result) in [
        ("ls", vec![YES]),
        ("ls && ls | ls; ls", vec![YES; 4]),
        ("ls && pwd && ls", vec![YES, None]),
        ("pwd; ls", vec![None]),
        ("ls | pwd | ls", vec![YES, None, None]),
        ("timeout 5 ls", vec![YES]),
        ("sudo ls", vec![None]),
        ("' ' ls", vec![None]),
    ] {
        let evaluation = read(command, &["/bin/ls"]);
        assert_eq!(by(&evaluation), result, "{command}");
        assert_eq!(evaluation.satisfied, result.iter().all(Option::is_some), "{command}");
    }
}

#[test]
fn the_command_of_a_shell_is_read_if_it_is_a_chain() {
    for (command, is_allowed) in [
        ("sh -c 'ls'", false),
        ("sh -c 'ls | ls'", false),
        ("sh -c 'ls && ls'", true),
        ("sh -c 'ls && pwd'", false),
        ("sh -c 'ls; ls > x'", false),
        ("sh -lc 'ls; sh -c \"ls; ls\"'", true),
        ("sh -c 'ls; sh -c \"ls; sh -c \\\"ls; ls\\\"\"'", false),
    ] {
        let result = if is_allowed { Some(By::InlineChain) } else { None };
        assert_eq!(by(&read(command, &["/bin/ls"])), [result], "{command}");
    }
}

#[test]
fn the_prelude_of_a_skill_needs_the_entry_of_its_wrapper_alone() {
    const SKILL: &str = "cat ~/skills/git/SKILL.md";
    const MARK: &str = "printf '\\n---CMD---\\n'";
    for (command, is_allowed) in [
        (format!("{SKILL} && {MARK} && git-wrapper x"), true),
        (format!("{SKILL} && git-wrapper x"), true),
        (format!("{MARK} && git-wrapper x && {SKILL} && git-wrapper y"), true),
        (format!("{SKILL}; git-wrapper x"), false),
        (format!("{SKILL} && ls && git-wrapper x"), false),
        ("cat ~/skills/other/SKILL.md && git-wrapper x".to_owned(), false),
        (format!("git-wrapper x && {SKILL}"), false),
    ] {
        assert_eq!(read(&command, &["/bin/git-wrapper"]).satisfied, is_allowed, "{command}");
    }
}

#[test]
fn a_satisfied_command_is_rebuilt_with_every_word_in_quotes() {
    for (command, text) in [
        ("ls", "'/bin/ls'"),
        ("ls -l *.txt $HOME 'it'\\''s'", "'/bin/ls' '-l' '*.txt' '$HOME' 'it'\"'\"'s'"),
        ("ls|ls  &&  timeout 5 ls x;ls # y", "'/bin/ls' | '/bin/ls' && '/bin/ls' 'x' ; '/bin/ls'"),
        ("sh -c 'ls; ls'", "'/bin/dash' '-c' 'ls; ls'"),
    ] {
        assert_eq!(read(command, &["/bin/ls"]).plan, Plan::Renders(Some(text.to_owned())), "{command}");
    }
    assert_eq!(read("ls | ", &["/bin/ls"]).plan, Plan::Unavailable("empty pipeline segment"));
    assert_eq!(read("pwd", &["/bin/ls"]).plan, Plan::Renders(None));
}

#[test]
fn what_cannot_be_analysed_says_why() {
    for (command, reason) in [
        ("ls \\\n -l", "line continuation"),
        ("ls > x", "unsupported shell token: >"),
        ("ls; ls > x", "unsupported shell token: >"),
        ("ls &", "unsupported shell token: &"),
        ("ls;", "unsupported shell token: ;"),
        ("''", "unable to parse shell segment"),
        ("ls \\ ", "unable to parse shell segment"),
    ] {
        let evaluation = read(command, &["*"]);
        assert_eq!(evaluation.not_analysable.as_deref(), Some(reason), "{command}");
        assert!(evaluation.segments.is_empty() && !evaluation.satisfied, "{command}");
    }
}

#[test]
fn parts_have_their_place_in_the_command() {
    for (command, places) in [
        ("ls é  | cat <<E | wc\nx\nE", vec!["ls é", "cat <<E", "wc\nx\nE"]),
        (" é && ls # x", vec!["é", "ls"]),
    ] {
        let segments = read(command, &["*"]).segments;
        let found: Vec<_> = segments.iter().map(|segment| &command[segment.span.clone()]).collect();
        assert_eq!(found, places, "{command}");
    }
}

#[test]
fn approvals_for_good_and_heredocs_are_noted() {
    for (command, patterns, durable, heredoc) in [
        ("ls", ["+/bin/ls", "/bin/cat"], true, false),
        ("ls && cat", ["+/bin/ls", "/bin/cat"], false, false),
        ("cat <<E\nx\nE", ["+/bin/ls", "+/bin/cat"], true, true),
        ("pwd", ["+/bin/ls", "/bin/cat"], false, false),
    ] {
        let evaluation = read(command, &patterns);
        assert_eq!((evaluation.durable, evaluation.heredoc), (durable, heredoc), "{command}");
    }
}
