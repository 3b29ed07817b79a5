//! Measures decisions about commands, beside the parser that they use.
//!
//! ```text
//! cargo bench --bench decide                          # decisions a second, and texts made to be slow
//! cargo bench --bench decide -- rate CASES.ndjson     # with the commands of other cases, in the form of `explain --stdin`
//! ```
//!
//! Decisions and bare parses alternate, command by command in blocks, so that both have the same machine. Bare: one parser
//! of `tree-sitter`, kept, that parses the command and does nothing with the tree.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "figures for whoever measures"
)]

use std::env;
use std::fs;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clearance::internals::decide::{Case, Cases, Host, Profile, ThisMachine};
use serde_json::json;
use tree_sitter::{ParseOptions, ParseState, Parser};

/// Cases of all kinds, from the root of the repository.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/decisions/cases.ndjson");

/// How often all cases are decided; the figure is the median.
const ROUNDS: usize = 9;

/// How long a bare parse may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest text that a release parses, in UTF-16 units.
const LONGEST: usize = 131_072;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let word = |index: usize| arguments.get(index).map(String::as_str);
    match word(0) {
        Some("hostile") => hostile(word(1).unwrap_or_default()),
        Some("rate") => rates(word(1).unwrap_or(RECORDED)),
        _ => {
            rates(RECORDED);
            hostile("");
        }
    }
}

fn parser() -> Parser {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).expect("the grammar fits");
    parser
}

/// Decisions a second: one document for all commands, as `approvals test` has it, and as `explain --stdin`, whose lines have
/// a document each.
fn rates(file: &str) {
    let text = fs::read_to_string(file).expect("the cases are read");
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let cases: Vec<Case> = lines.iter().map(|line| serde_json::from_str(line).expect("a case")).collect();
    let document = with_one_document(&cases[0]).document;
    let alike = |case: &Case| Case { document: Arc::clone(&document), ..with_one_document(case) };
    let alike: Vec<Case> = cases.iter().map(alike).collect();
    let one = serde_json::to_string(&*document).expect("a document");
    println!("{} commands of {file}, one document of {} bytes, then their own", cases.len(), one.len());
    println!(
        "| release | bare parses/s | one document, nothing on the host | ratio | this host | ratio | a line each, own documents | ratio |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for profile in Profile::ALL {
        let (mut parser, mut few, mut here, mut own) =
            (parser(), Cases::new(profile), Cases::new(profile), Cases::new(profile));
        let bare = &mut |index: usize| drop(black_box(parser.parse(&cases[index].command, None)));
        let empty = &mut |index: usize| drop(black_box(few.answer(&alike[index], &Empty)));
        let local = &mut |index: usize| drop(black_box(here.answer(&alike[index], &ThisMachine)));
        let line = &mut |index: usize| {
            let case: Case = serde_json::from_str(lines[index]).expect("a case");
            let answer = own.answer(&case, &ThisMachine);
            drop(black_box(serde_json::to_vec(&answer).expect("an answer")));
        };
        let [bare, empty, local, line] = side_by_side(cases.len(), [bare, empty, local, line]);
        println!(
            "| {} | {bare:.0} | {empty:.0} | {:.2} | {local:.0} | {:.2} | {line:.0} | {:.2} |",
            profile.release(),
            empty / bare,
            local / bare,
            line / bare
        );
    }
}

/// A host without files.
struct Empty;

impl Host for Empty {
    fn look(&self, path: &str) -> clearance::internals::decide::Found {
        match path {
            "/work" => clearance::internals::decide::Found::Directory(path.to_owned()),
            _ => clearance::internals::decide::Found::Nothing,
        }
    }

    fn read(&self, _: &str, _: usize) -> Option<Vec<u8>> {
        None
    }

    fn is_writable(&self, _: &str) -> Option<bool> {
        Some(false)
    }
}

fn with_one_document(case: &Case) -> Case {
    let entries = ["/usr/bin/rg", "/usr/bin/ls", "/usr/bin/git", "/usr/bin/*", "jq", "/opt/**/bin/*"];
    let entries: Vec<_> = entries.iter().map(|pattern| json!({ "pattern": pattern })).collect();
    Case {
        document: json!({ "version": 1, "defaults": { "security": "allowlist", "ask": "on-miss" },
            "agents": { "main": { "allowlist": entries } } })
        .into(),
        command: case.command.clone(),
        cwd: "/work".to_owned(),
        path: "/usr/local/bin:/usr/bin:/bin".to_owned(),
        home: "/home/ann".to_owned(),
        config: json!({ "tools": { "exec": { "security": "allowlist", "ask": "on-miss" } } }),
        ..Case::default()
    }
}

/// What each piece of work does a second, all in turn in each round: medians.
fn side_by_side<const N: usize>(count: usize, mut works: [&mut dyn FnMut(usize); N]) -> [f64; N] {
    let mut times = [const { Vec::new() }; N];
    for round in 0..=ROUNDS {
        let mut taken = [Duration::ZERO; N];
        for start in (0..count).step_by(50) {
            for (work, taken) in works.iter_mut().zip(&mut taken) {
                let begun = Instant::now();
                (start..count.min(start + 50)).for_each(&mut **work);
                *taken += begun.elapsed();
            }
        }
        if round > 0 {
            times.iter_mut().zip(taken).for_each(|(times, taken)| times.push(taken));
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        f64::from(u32::try_from(count).expect("few cases")) / times[times.len() / 2].as_secs_f64()
    })
}

/// Texts of the greatest length that are made to be slow, the slowest first.
fn hostile(only: &str) {
    println!(
        "\n| text of 128 KiB | bare parse | 2026.4.14 | 2026.6.11 | 2026.9.6 |\n| --- | --- | --- | --- | --- |"
    );
    let mut rows = Vec::new();
    for (name, command) in texts() {
        if !name.contains(only) {
            continue;
        }
        eprint!(".");
        // Bare, some of these never end, and take all memory.
        let bare = if command.len() - command.replace(['|', '<'], "").len() > 2000 {
            "–".to_owned()
        } else {
            let mut parser = parser();
            let mut parse = || {
                let begun = Instant::now();
                let mut progress = |_: &ParseState| {
                    let is_over = begun.elapsed() > PATIENCE;
                    if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                };
                let options = ParseOptions::new().progress_callback(&mut progress);
                let read = &mut |at: usize, _| command.as_bytes().get(at..).unwrap_or_default();
                drop(black_box(parser.parse_with_options(read, None, Some(options))));
                parser.reset();
            };
            format!("{:.0} ms", took(&mut parse) * 1e3)
        };
        let times = Profile::ALL.map(|profile| {
            let case = with_one_document(&Case { command: command.clone(), ..Case::default() });
            let mut cases = Cases::new(profile);
            took(|| drop(black_box(cases.answer(&case, &ThisMachine)))) * 1e3
        });
        let [a, b, c] = times;
        rows.push((a.max(b).max(c), format!("| {name} | {bare} | {a:.0} ms | {b:.0} ms | {c:.0} ms |")));
    }
    rows.sort_by(|left, right| right.0.total_cmp(&left.0));
    for (_, row) in &rows {
        println!("{row}");
    }
}

/// The best of three.
fn took(mut work: impl FnMut()) -> f64 {
    let once = |()| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    };
    [(); 3].map(once).into_iter().fold(f64::MAX, f64::min)
}

fn texts() -> Vec<(String, String)> {
    let filled =
        |unit: &str| (format!("`{unit}` repeated").replace('\n', "\\n"), unit.repeat(LONGEST / unit.len()));
    let nested = |open: &str, inner: &str, close: &str| {
        let depth = (LONGEST - inner.len()) / (open.len() + close.len());
        (
            format!("`{open}{inner}{close}` in itself"),
            format!("{}{inner}{}", open.repeat(depth), close.repeat(depth)),
        )
    };
    let mut texts: Vec<(String, String)> = [
        "a|",
        "a ",
        "a;",
        "a&&",
        "a\n",
        "''",
        "\"\"",
        "$(",
        "`a` ",
        "{",
        "(",
        "[",
        "[[ ",
        "[ a ] ",
        "<<a ",
        "a <<b\nb\n",
        "<<<",
        ">a ",
        "env ",
        "env -S ",
        "env A=1 ",
        "sudo ",
        "busybox sh -c ",
        "xargs ",
        "npx ",
        "sh -c a;",
        "sh -c ",
        "while ",
        "if a;then ",
        "case a in b) c;; esac;",
        "f() { a; };",
        "A=1 ",
        "A=1 b;",
        "a\\\n",
        "a \\\nb;",
        "\\",
        " ",
        "\u{a0}",
        "é",
        "é=1 ",
        "$a ",
        "*",
        "* ",
        "#\n",
        "&",
        "|",
        ";",
        "! ",
        "[[ a =~ ( ",
        "@(a|",
        "$'\\x41'",
        "${a/b/c}",
        "a\0",
        "python3 -c x;",
        "find . -exec ls {} ;",
        "/usr/bin/ls;",
        "../",
        "head -n 1;",
        "openclaw config set a b;",
        "$(a);",
        "a $(b);",
        "sh -c '$0 \"$@\"' ls;",
        "pnpm dlx a;",
        "cat /a/SKILL.md && printf x && ",
    ]
    .map(filled)
    .into();
    texts.extend(
        [
            ("\"$(", "ls", ")\""),
            ("$(", "ls", ")"),
            ("$(a ", "ls", ")"),
            ("{ ", "a", ";}"),
            ("{", "a", "}"),
            ("(", "ls", ")"),
            ("${a:-", "a", "}"),
            ("$((", "1", "))"),
            ("<(", "a", ")"),
        ]
        .map(|(open, inner, close)| nested(open, inner, close)),
    );
    for (name, open, unit, close) in [
        ("`sh -c 'a;…'`", "sh -c '", "a;", "'"),
        ("`sh -c \"\\\"…\"`", "sh -c \"", "\\\"", "\""),
        ("`sh -c 'sh -c \"a;…\"'`", "sh -c 'sh -c \"", "a;", "\"'"),
        ("`a \"$(b)…\"`", "a \"", "$(b)", "\""),
        ("`A=(a …)`", "A=(", "a ", ")"),
        ("`git -c a=b …`", "git ", "-c a=b ", ""),
    ] {
        let count = (LONGEST - open.len() - close.len()) / unit.len();
        texts.push((name.to_owned(), format!("{open}{}{close}", unit.repeat(count))));
    }
    texts
}
