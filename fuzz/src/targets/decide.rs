//! Commands: splitter, parser and decision. The first byte chooses the release and the document.

use std::cell::RefCell;

use clearance::internals::decide::{Answer, Case, Cases, Context, Found, Host, Profile};
use serde_json::{Value, json};

use super::{Target, chosen, kind};

pub(super) const TARGET: Target = Target {
    name: "decide",
    run: decide,
    fixtures: &["fixtures/decisions/cases.ndjson"],
    split: commands,
    tokens: &TOKENS,
    pairs: &[["'", "'"], ["\"", "\""], ["$(", ")"], ["sh -c '", "'"], ["{ ", "; }"], ["\"$(", ")\""]],
    joins: &[" | ", " && ", "; ", "\n"],
    // The longest text that a release parses.
    longest: 131_072,
};

/// A host on which every third name is a program, so that commands run, ask and are denied without any file.
struct Imagined;

impl Host for Imagined {
    fn look(&self, path: &str) -> Found {
        match path.bytes().fold(path.len(), |sum, byte| sum.wrapping_add(usize::from(byte))) % 6 {
            _ if path.ends_with("/work") || path.ends_with("/bin") => Found::Directory(path.to_owned()),
            0 | 1 => Found::Program(path.to_owned()),
            2 => Found::Program("/usr/bin/real".to_owned()),
            3 => Found::Nothing,
            4 => Found::File(path.to_owned()),
            _ => Found::Unknown,
        }
    }

    fn read(&self, path: &str, _: usize) -> Option<Vec<u8>> {
        path.ends_with('y').then(|| b"import os\nNODE=$HOME ls\n".to_vec())
    }

    fn is_writable(&self, path: &str) -> Option<bool> {
        (!path.len().is_multiple_of(3)).then_some(path.len().is_multiple_of(2))
    }
}

thread_local! {
    static CASES: RefCell<[Cases; 3]> = RefCell::new(Profile::ALL.map(Cases::new));
}

/// Decides twice: the answer does not depend on what was decided before.
fn decide(input: &[u8]) -> u64 {
    let (choice, command) = chosen(input);
    let case = Case {
        document: document(choice / 3 % 3).into(),
        command: String::from_utf8_lossy(command).into_owned(),
        cwd: "/work".to_owned(),
        path: "/usr/bin:/bin".to_owned(),
        home: "/home/ann".to_owned(),
        config: json!({ "tools": { "exec": { "strictInlineEval": choice.is_multiple_of(2) } } }),
        context: if choice.is_multiple_of(5) { Context::Cron } else { Context::Interactive },
        ..Case::default()
    };
    CASES.with_borrow_mut(|cases| {
        let cases = &mut cases[usize::from(choice % 3)];
        let answer = cases.answer(&case, &Imagined);
        if choice >= 192 && command.len() < 4000 {
            let again = cases.answer(&case, &Imagined);
            let written = |answer: &Answer| serde_json::to_string(answer).expect("JSON");
            assert_eq!(written(&answer), written(&again), "two answers to one question");
        }
        let reason = answer.reason.split(['`', ':', '/']).next();
        kind((choice % 3, answer.verdict, reason, answer.segments.len().min(8)))
    })
}

/// The commands of recorded cases.
fn commands(fixture: &[u8]) -> Vec<Vec<u8>> {
    let lines = fixture.split(|byte| *byte == b'\n');
    let cases = lines.filter_map(|line| serde_json::from_slice::<Case>(line).ok());
    cases.map(|case| case.command.into_bytes()).collect()
}

fn document(choice: u8) -> Value {
    let entries = match choice {
        0 => json!([{ "pattern": "*" }, { "pattern": "/usr/bin/*" }, { "pattern": "/bin/**" }]),
        1 => json!([
            { "pattern": "/usr/bin/*", "argPattern": "^(-[a-z]+ ?)*$" },
            { "pattern": "git", "argPattern": "(status|log)\u{0}" },
            { "pattern": "/usr/bin/real", "argPattern": "a" },
        ]),
        _ => json!([]),
    };
    let defaults = json!({ "security": "allowlist", "ask": "on-miss", "askFallback": "allowlist" });
    json!({ "version": 1, "defaults": defaults, "agents": { "main": { "allowlist": entries } } })
}

/// Pieces of commands.
const TOKENS: [&str; 82] = [
    "ls",
    "git status",
    "sh -c ",
    "bash -lc ",
    "env ",
    "env -S ",
    "sudo ",
    "nice ",
    "timeout 5 ",
    "xargs ",
    "find . -exec ",
    "npx ",
    "pnpm dlx ",
    "uv run ",
    "busybox sh ",
    "python3 -c ",
    "node -e ",
    "pwsh -c ",
    "cmd /c ",
    "exec ",
    "command ",
    "builtin ",
    "eval ",
    "source ",
    ". ",
    "openclaw ",
    "/approve a allow-once",
    "sqlite3 ",
    "'",
    "\"",
    "`",
    "$(",
    ")",
    "${",
    "}",
    "$((",
    "))",
    "{",
    "{\u{1f600}",
    "{1..\u{10ffff}",
    "(",
    "[",
    "]",
    "[[",
    "]]",
    "|",
    "||",
    "&",
    "&&",
    ";",
    ";;",
    "\n",
    "\\\n",
    "\r\n",
    "\\",
    " ",
    "\t",
    "<<EOF\n",
    "\nEOF\n",
    "<<-'E'\n",
    "<<<",
    ">",
    ">>",
    "2>&1",
    "<(",
    "A=1 ",
    "*",
    "?",
    "~",
    "#",
    "!",
    "$'",
    "$0 \"$@\"",
    "--",
    "-c",
    "-",
    "\u{a0}",
    "\u{3000}",
    "é",
    "\u{feff}",
    "\0",
    "if true; then ",
];
