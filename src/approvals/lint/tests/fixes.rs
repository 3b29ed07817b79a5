//! Property: a fixed document allows every agent exactly what the original did, on every release that could read it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Facts, Linted, Overrides, lint, without};
use crate::approvals::decide::{
    Context, Prepared, Profile, Programs, Question, Table, TableHost, Verdict, decide_prepared,
};
use crate::approvals::json as read;
use crate::approvals::text::syntax::Syntax;

const PATTERNS: [&str; 43] = [
    "*",
    "**",
    "***",
    "rg",
    "rg",
    " rg",
    "r*",
    "r?",
    "?g",
    "bash",
    "b*",
    "ba?h",
    "/usr/bin/rg",
    "/usr/bin/*",
    "/usr/bin/r*",
    "/usr/**",
    "/usr/*/rg",
    "/**",
    "**/rg",
    "**/*",
    "*/rg",
    "~/bin/rg",
    "~/bin/*",
    "~/**",
    "~",
    "~bob/rg",
    "./rg",
    "bin/rg",
    "/usr/bin/",
    "/usr//bin/rg",
    "/usr/../bin/rg",
    "/home/ann/bin/*",
    "/home/*/bin/rg",
    "/bin/bash",
    "/bin/*",
    "=command:00",
    "\\\\usr\\\\bin\\\\rg",
    "/opt/?/rg",
    "/opt/😀/*",
    "/bin/b?sh",
    "env",
    "/usr/bin/env",
    "/usr/bin/rg status",
];

const ARGUMENTS: [&str; 12] = [
    "",
    "^status$",
    "status",
    "^a b$",
    ".*",
    "^$",
    "^-c ls$",
    "sha256:argv:00",
    // The directory /srv and the argument `status`.
    "sha256:cwd-argv:v1:cccfbb896c2f6c9b24c0a9267ad89799f28253dca33c9ca5264757911967f1fd",
    "sha256:cwd-argv:v1:11",
    "^status\u{0}$",
    "^a|b$",
];

/// Patterns that cover each other, some of them mutually.
const CLOSE: [&str; 8] = ["**", "***", "rg", "r*", "/usr/**", "/usr/***", "/usr/bin/*", "/usr/bin/rg"];

fn entries(patterns: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let arguments = proptest::option::weighted(0.4, proptest::sample::select(&ARGUMENTS[..]));
    let entry = (proptest::sample::select(patterns), arguments, proptest::bool::weighted(0.25));
    let entry = entry.prop_map(|(pattern, arguments, generated)| {
        let mut entry = json!({ "pattern": pattern });
        if let Some(arguments) = arguments {
            entry["argPattern"] = arguments.into();
        }
        if generated {
            entry["source"] = "allow-always".into();
        }
        entry
    });
    proptest::collection::vec(entry, 0..6).prop_map(Value::from)
}

fn documents() -> impl Strategy<Value = Value> {
    prop_oneof![documents_of(&PATTERNS), documents_of(&CLOSE)]
}

fn documents_of(patterns: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let list = || entries(patterns);
    (proptest::option::of(list()), proptest::option::of(list()), list()).prop_map(|(all, main, ops)| {
        let mut agents = json!({ "ops": { "security": "allowlist", "allowlist": ops } });
        for (id, list) in [("*", all), ("main", main)] {
            if let Some(list) = list {
                agents[id] = json!({ "security": "allowlist", "allowlist": list });
            }
        }
        json!({ "version": 1, "defaults": { "security": "allowlist", "ask": "off" }, "agents": agents })
    })
}

/// A command, and the host on which it is called.
struct Call {
    command: String,
    path: &'static str,
    host: TableHost,
}

/// Calls of programs that the patterns match, and similar ones, with arguments that the expressions match.
fn calls() -> Vec<Call> {
    let programs = [
        ("rg", "/usr/bin", "/usr/bin/rg"),
        ("rg", "/home/ann/bin", "/home/ann/bin/rg"),
        ("/usr/bin/rg", "/usr/bin", "/usr/bin/rg"),
        ("/usr/../bin/rg", "/usr/bin", "/bin/rg"),
        ("./rg", "/usr/bin", "/srv/rg"),
        ("bash", "/bin", "/bin/bash"),
        ("fd", "/usr/bin", "/usr/bin/fd"),
        ("rg", "/opt/😀", "/opt/😀/rg"),
        ("rg", "/", "/rg"),
        ("rg", "/usr/local/lib", "/usr/local/lib/rg"),
        ("busybox", "/bin", "/bin/busybox"),
        ("env", "/usr/bin", "/usr/bin/env"),
        ("nosuch", "/usr/bin", "/usr/bin/rg"),
    ];
    let arguments = ["", " status", " a b", " -c ls"];
    let call = |(word, path, program): (&str, &'static str, &str), arguments: &str| {
        let programs = Programs::Paths([program.to_owned()].into());
        let table = Table { programs, complete: true, ..Table::default() };
        Call { command: format!("{word}{arguments}"), path, host: table.host("/srv") }
    };
    programs.into_iter().flat_map(|program| arguments.map(|arguments| call(program, arguments))).collect()
}

fn looked_at(text: &str, syntax: Syntax, release: Option<&str>) -> Linted {
    lint(text.as_bytes(), syntax, &Facts { release, ..Facts::default() }, &Overrides::default())
}

fn allows(loaded: &Prepared, agent: &str, call: &Call, profile: Profile) -> bool {
    let question = Question {
        command: &call.command,
        agent,
        document: None,
        configuration: &Value::Null,
        directory: "/srv",
        path: call.path,
        home: "/home/ann",
        state_directory: None,
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    };
    decide_prepared(&question, profile, loaded, &call.host).verdict == Verdict::Runs
}

fn same(before: &str, after: &str, profile: Profile) -> Result<(), TestCaseError> {
    for agent in ["main", "ops", "unlisted"] {
        let [then, now] = [before, after].map(|text| Prepared::of(Some(text), agent, profile));
        if then.entries() == now.entries() {
            continue;
        }
        for call in calls() {
            let both = [&then, &now].map(|loaded| allows(loaded, agent, &call, profile));
            prop_assert_eq!(both[0], both[1], "{:?} {} {} {}", profile, agent, &call.command, call.path);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_fixed_document_allows_the_same(document in documents(), pretty: bool, of in 0_usize..4) {
        let text = if pretty { serde_json::to_string_pretty(&document).unwrap() } else { document.to_string() };
        let named = Profile::ALL.get(of).copied();
        let release = named.map(Profile::release);
        let found = looked_at(&text, Syntax::Json, release);
        prop_assert!(!found.invalid);
        let fixed = without(text.as_bytes(), Syntax::Json, &found.removals).unwrap();
        for profile in named.map_or(Profile::ALL.to_vec(), |profile| vec![profile]) {
            same(&text, &fixed, profile)?;
        }
        // After the fix there is nothing left to fix.
        let again = looked_at(&fixed, Syntax::Json, release);
        prop_assert_eq!(again.removals, vec![]);
        prop_assert_eq!(found.removals.is_empty(), text == fixed);
    }
}

#[test]
fn everything_but_the_entries_stays_as_it_was() {
    let text = "{\n  // who\n  version: 1,\n  socket: {token: 'x'},\n  agents: {main: {allowlist: [\n    {pattern: 'rg'}, // kept\n    {pattern: 'rg'},\n    /* fd */ {pattern: 'fd', id: '7'},\n    {pattern: 'fd'},\n  ]}, ops: {allowlist: [{pattern: '~'}]}},\n}\n";
    let found = looked_at(text, Syntax::Json5, None);
    let fixed = without(text.as_bytes(), Syntax::Json5, &found.removals).unwrap();
    assert_eq!(
        fixed,
        "{\n  // who\n  version: 1,\n  socket: {token: 'x'},\n  agents: {main: {allowlist: [\n    {pattern: 'rg'}, // kept\n    {pattern: 'fd', id: '7'},\n  ]}, ops: {allowlist: []}},\n}\n"
    );
    assert!(read(fixed.as_bytes(), Syntax::Json5).is_some());
}

#[test]
fn each_kind_of_fix_is_made_and_what_only_looks_like_one_is_not() {
    let removed = |list: Value| -> Vec<usize> {
        let text = json!({ "version": 1, "agents": { "main": { "allowlist": list } } }).to_string();
        looked_at(&text, Syntax::Json, None).removals.iter().map(|removal| removal.index).collect()
    };
    let manual = |pattern: &str| json!({ "pattern": pattern });
    let with = |pattern: &str, arguments: &str| json!({ "pattern": pattern, "argPattern": arguments });
    let generated = |pattern: &str| json!({ "pattern": pattern, "source": "allow-always" });
    assert_eq!(removed(json!([manual("rg"), manual("rg"), manual(" rg ")])), [1, 2]);
    assert_eq!(
        removed(json!([manual("/usr/bin/*"), manual("/usr/bin/rg"), with("/usr/bin/git", "^a$")])),
        [1, 2]
    );
    assert_eq!(removed(json!([manual("**"), manual("***")])), [1]);
    // Only releases from 2026.8 on match no generated entry without a directory, so it is kept where others may read it.
    assert_eq!(removed(json!([generated("rg"), manual("~bob/x"), with("*", "^a$")])), [1, 2]);
    // A command line is to be corrected, and not to be removed.
    let command_lines = [manual("python3 /x/y.py *"), manual("/usr/bin/*"), manual("/usr/bin/git status")];
    assert_eq!(removed(json!(command_lines)), [0usize; 0]);
    // A bare name of a program that a gateway looks through matches nothing anywhere; a path may be a script's.
    assert_eq!(
        removed(json!([manual("env"), manual("/usr/bin/env"), manual("xargs"), manual("npx")])),
        [0, 2]
    );
    // Only the root directory has what this one matches, and 2026.4.14 matches a path as it was written.
    assert_eq!(removed(json!([manual("*/rg"), manual("/usr/../bin/rg")])), [0usize; 0]);
    // For a shell, only an entry with its own arguments allows scripts.
    assert_eq!(removed(json!([manual("/bin/*"), with("/bin/bash", "^-c ls$")])), [0usize; 0]);
    assert_eq!(removed(json!([manual("*"), with("/bin/bash", "^-c ls$")])), [1]);
    // An approval of one command text covers no other entry.
    assert_eq!(removed(json!([manual("*"), generated("=command:00")])), [0usize; 0]);
    assert_eq!(
        removed(json!([
            with("rg", "^a$"),
            with("rg", "^b$"),
            manual("/usr/bin/rg"),
            generated("=command:00")
        ])),
        [0usize; 0]
    );
}
