//! Property: a fixed document allows every agent exactly what the original did.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Facts, Linted, Overrides, lint, without};
use super::gateway::{Generation, Program, allows};
use crate::approvals::json as read;
use crate::approvals::parse;
use crate::approvals::text::syntax::Syntax;

const PATTERNS: [&str; 40] = [
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
    "sha256:cwd-argv:v1:00",
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
        let mut agents = json!({ "ops": { "allowlist": ops } });
        for (id, list) in [("*", all), ("main", main)] {
            if let Some(list) = list {
                agents[id] = json!({ "security": "allowlist", "allowlist": list });
            }
        }
        json!({ "version": 1, "agents": agents })
    })
}

/// Programs that the patterns match, and similar ones, with arguments that the expressions match.
fn programs() -> Vec<Program> {
    let paths = [
        ("rg", "/usr/bin/rg"),
        ("rg", "/home/ann/bin/rg"),
        ("/usr/bin/rg", "/usr/bin/rg"),
        ("./rg", "/srv/rg"),
        ("bash", "/bin/bash"),
        ("/bin/bash", "/bin/bash"),
        ("fd", "/usr/bin/fd"),
        ("rg", "/opt/😀/rg"),
        ("rg", "/rg"),
        ("rg", "/usr/local/lib/rg"),
        ("git", "/bin/git"),
        ("busybox", "/bin/busybox"),
        ("ag", "/home/ann/x/ag"),
    ];
    let lists: [&[&str]; 7] =
        [&[], &["status"], &["a", "b"], &["-c", "ls"], &["push", "status"], &[""], &["b"]];
    let mut programs = Vec::new();
    for (raw, path) in paths {
        for list in lists {
            for bound in ["sha256:cwd-argv:v1:00", "sha256:cwd-argv:v1:22"] {
                let arguments = list.iter().map(|argument| (*argument).to_owned()).collect();
                let path = Some(path.to_owned());
                programs.push(Program {
                    raw: raw.to_owned(),
                    real: path.clone(),
                    path,
                    arguments,
                    bound: bound.to_owned(),
                });
            }
        }
    }
    programs.push(Program {
        raw: "nosuch".into(),
        path: None,
        real: None,
        arguments: vec![],
        bound: String::new(),
    });
    programs
}

fn looked_at(text: &str, syntax: Syntax, release: Option<&str>) -> Linted {
    lint(text.as_bytes(), syntax, &Facts { release, ..Facts::default() }, &Overrides::default())
}

fn same(before: &str, after: &str, generation: Generation) -> Result<(), TestCaseError> {
    let (before, after) = (
        parse(before.as_bytes(), Syntax::Json5).expect("valid"),
        parse(after.as_bytes(), Syntax::Json5).expect("still valid"),
    );
    for program in programs() {
        for agent in ["main", "ops", "unlisted"] {
            let (then, now) =
                (allows(&before, agent, &program, generation), allows(&after, agent, &program, generation));
            prop_assert_eq!(then, now, "{} {:?}", agent, program);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_fixed_document_allows_the_same(document in documents(), pretty: bool, early: bool) {
        let text = if pretty { serde_json::to_string_pretty(&document).unwrap() } else { document.to_string() };
        let (release, generation) =
            if early { (Some("2026.6.11"), Generation::Early) } else { (None, Generation::Bound) };
        let found = looked_at(&text, Syntax::Json, release);
        prop_assert!(!found.invalid);
        let fixed = without(text.as_bytes(), Syntax::Json, &found.removals).unwrap();
        same(&text, &fixed, generation)?;
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
    assert_eq!(removed(json!([generated("rg"), manual("~bob/x"), with("*", "^a$")])), [0, 1, 2]);
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
