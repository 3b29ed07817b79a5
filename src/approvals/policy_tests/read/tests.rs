//! Tests of reading a file: values and defaults, typos, wrong values.

use super::*;

fn problems(text: &str) -> Vec<String> {
    let problems = read(text).err().unwrap_or_default().into_iter();
    let line = |Problem { at, message, help }: Problem| {
        let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}:{} {message}{help}", at.line, at.column)
    };
    problems.map(line).collect()
}

const WHOLE: &str = r#"
document = "exec-approvals.json"
config = "openclaw.json"
release = ["2026.9.6", "2026.4.14", "2026.9.6"]
agent = "build"
context = "cron"
directory = "~/project"

[host]
path = "/usr/bin:/bin"
home = "/home/ops"
programs = { git = "/usr/bin/git", python3 = "/usr/bin/python3", "/usr/bin/python3" = "/usr/bin/python3.12", gh = false }

[[case]]
name = "status"
command = "git status"
expect = "runs"
entry = ["/usr/bin/git", { pattern = "/usr/bin/git", arg_pattern = "^status$", agent = "*" }]

[[case]]
command = '''
gh pr list'''
expect = "asks"
unanswered = "denied"
release = "2026.6.11"
agent = "main"
context = "interactive"
directory = "/srv"
env = { A = "1" }
ask = "always"
security = "allowlist"
permission_mode = "guarded"
programs = { gh = "/opt/gh" }
entry = "main//opt/gh"
"#;

#[test]
fn cases_have_their_own_values_or_those_of_the_file() {
    let suite = read(WHOLE).unwrap();
    assert_eq!(suite.document, ("exec-approvals.json".to_owned(), Position { line: 2, column: 12 }));
    let [first, second] = &suite.cases[..] else { panic!("{suite:#?}") };
    let names = |case: &Case| case.releases.iter().map(|release| release.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(first), ["2026.9.6", "2026.4.14"]);
    assert_eq!((&*first.agent, first.context, &*first.directory), ("build", Context::Cron, "~/project"));
    assert_eq!(first.entries.len(), 2);
    assert_eq!(first.at.line, 14);
    assert_eq!(names(second), ["2026.6.11"]);
    assert_eq!((&*second.agent, second.context, &*second.directory), ("main", Context::Interactive, "/srv"));
    assert_eq!((second.command.as_str(), second.at.line), ("gh pr list", 20));
    let Host::Table(table) = &suite.host else { panic!("{suite:#?}") };
    assert_eq!((table.path.as_deref(), table.home.as_deref()), (Some("/usr/bin:/bin"), Some("/home/ops")));
}

#[test]
fn every_typo_is_found_with_the_nearest_name() {
    let text = "documnt = \"a\"\nzzz = 1\n[hst]\n[host]\nprogrms = {}\n[[case]]\n  comand = \"a\"\n  expect = \"runs\"\n\
        [[case]]\ncommand = \"b\"\nexpects = \"runs\"\nentry = { patern = \"x\" }\n";
    assert_eq!(
        problems(text),
        [
            "1:1 unknown key `documnt` of the file (did you mean `document`?)",
            "2:1 unknown key `zzz` of the file (the keys of the file are agent, case, config, context, directory, document, host, release)",
            "3:2 unknown key `hst` of the file (did you mean `host`?)",
            "5:1 unknown key `progrms` of [host] (did you mean `programs`?)",
            "7:3 unknown key `comand` of a case (did you mean `command`?)",
            "11:1 unknown key `expects` of a case (did you mean `expect`?)",
            "12:11 unknown key `patern` of an entry (did you mean `pattern`?)",
        ]
    );
}

#[test]
fn wrong_values_have_their_places() {
    let case = "[[case]]\ncommand = \"a\"\nexpect = \"runs\"\n";
    for (text, expected) in [
        ("", "1:1 the key `document` is missing"),
        ("document = \"a\"", "1:1 the key `case` is missing"),
        ("document = 1", "1:12 invalid type: integer `1`, expected a string"),
        ("document = \"a", "1:14 invalid basic string, expected `\"`"),
        (
            "document = \"a\"\n[[case]]\ncommand = \"a\"\nexpect = \"run\"",
            "4:10 `run` is not a value of this key (did you mean \"runs\"?)",
        ),
        ("document = \"a\"\n[[case]]\ncommand = \"a\"", "2:1 the key `expect` is missing"),
        // The bug: a case passed as if these were absent.
        (
            "document = \"a\"\n[[case]]\ncommand = \"a\"\nexpect = \"runs\"\nask = \"alway\"",
            "5:7 `alway` is not a value of this key (did you mean \"always\"?)",
        ),
        (
            "document = \"a\"\n[[case]]\ncommand = \"a\"\nexpect = \"runs\"\nsecurity = \"dney\"",
            "5:12 `dney` is not a value of this key (did you mean \"deny\"?)",
        ),
        (
            "document = \"a\"\n[[case]]\ncommand = \"a\"\nexpect = \"runs\"\npermission_mode = \"readonly\"",
            "5:19 `readonly` is not a value of this key (did you mean \"read-only\"?)",
        ),
    ] {
        assert_eq!(problems(text), [expected], "{text}");
    }
    for (head, expected) in [
        (
            "release = \"2026.9\"",
            "2:11 `2026.9` is not a release (write it as it is published: \"2026.9.6\")",
        ),
        ("release = []", "2:11 the list is empty (write a string, or a non-empty list of them)"),
        ("agent = \"*\"", "2:9 `agent` must name one agent (name one agent: agent = \"main\")"),
        (
            "directory = \"x\"",
            "2:13 `directory` is not an absolute path (write an absolute path, or one that begins with ~/)",
        ),
        ("host.home = \"~\"", "2:1 home: `~` is not an absolute path"),
        ("host.programs.git = \"git\"", "2:1 programs: `git` is not an absolute path"),
        (
            "host = \"lokal\"",
            "2:8 invalid value: string \"lokal\", expected a table, or \"local\" for the machine that runs the tests",
        ),
    ] {
        assert_eq!(problems(&format!("document = \"a\"\n{head}\n{case}")), [expected], "{head}");
    }
    let unanswered = format!("document = \"a\"\n{case}unanswered = \"denied\"\n");
    let expected =
        "5:14 `unanswered` is only for expect = \"asks\" (write expect = \"asks\", or omit unanswered)";
    assert_eq!(problems(&unanswered), [expected]);
}
