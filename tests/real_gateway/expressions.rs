//! Compares `argPattern` validation with the engine that will compile the expressions: `clearance` must agree with
//! Node.
//!
//! A gateway calls `new RegExp(argPattern)` and treats a failure as "never matches", so an expression that is wrongly
//! accepted is a rule without effect, and one that is wrongly rejected is a document that cannot be set.

use std::io::Write;
use std::process::{Command, Stdio};

use clearance::internals::approvals::Code;
use clearance::internals::approvals::Strictness;
use clearance::internals::approvals::Syntax;
use clearance::internals::approvals::check;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use crate::registry;

const EXPRESSIONS: usize = 30_000;

/// A difference between V8 and `regress`, which `clearance` uses.
struct Known {
    /// The shortest example; the test fails when the difference is gone, so that it leaves this list.
    example: &'static str,
    /// Whether Node compiles such an expression: then `clearance` rejects it, otherwise `clearance` accepts it.
    node: bool,
    /// A pattern that marks expressions of this kind.
    has: &'static str,
    why: &'static str,
}

const KNOWN: [Known; 6] = [
    Known {
        example: "(?<𝒜>)",
        node: true,
        has: r"(?:\(\?|\\k)<[^>]*[\u{10000}-\u{10ffff}]",
        why: "regress reads a group's name by UTF-16 units, so a letter beyond the BMP is none",
    },
    Known {
        example: "a{2147483648,2147483647}",
        node: true,
        has: r"\{\d{10,},\d{10,}\}",
        why: "V8 takes every count from 2^31 - 1 on for endless before it compares the two",
    },
    Known {
        example: "(?<a>(?<a>)|)",
        node: true,
        has: TWICE,
        why: "V8 does not see that a group of an alternative has the name of the group around it",
    },
    Known {
        example: r"(?<n>)[\k]",
        node: false,
        has: r"(?=[^]*\(\?<[^=!])[^]*\[(?:\\[^]|[^\]\\])*?\\k",
        why: "regress allows \\k in a class of an expression with named groups",
    },
    Known {
        example: r"(?<\u{+61}>)",
        node: false,
        has: r"<[^>]*\\u\{\+",
        why: "regress reads hexadecimal digits with a sign",
    },
    Known {
        example: "(?:|(?<a>))(?:(?<a>))",
        node: false,
        has: TWICE,
        why: "regress compares alternatives by their depth alone, so groups of two neighbours never meet",
    },
];

/// A name that two groups share, in an expression with alternatives.
const TWICE: &str = r"(?=[^]*\|)[^]*\(\?<(a|n|\\u0061|\\u\{\+?61\})>[^]*\(\?<(?:\1|\\u0061|\\u\{\+?61\}|a)>";

#[test]
fn expressions_compile_where_node_compiles_them() {
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[4; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let strategy = expressions();
    let expressions: Vec<String> =
        (0..EXPRESSIONS).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let compiled = node_compiles(&expressions);
    let known = KNOWN.map(|known| (regress::Regex::with_flags(known.has, "u").unwrap(), known));
    let mut counts = [0; KNOWN.len()];
    let mut unknown = Vec::new();
    for (expression, node) in expressions.iter().zip(&compiled) {
        if clearance_compiles(expression) != *node {
            match known.iter().position(|(has, known)| known.node == *node && has.find(expression).is_some())
            {
                Some(kind) => counts[kind] += 1,
                None => unknown.push(format!("node {node}: {expression:?}")),
            }
        }
    }
    let valid = compiled.iter().filter(|compiled| **compiled).count();
    println!("{valid} of {EXPRESSIONS} compile");
    for (count, (_, known)) in counts.iter().zip(&known) {
        println!("{count:4} as {} (node {}): {}", known.example, known.node, known.why);
    }
    unknown.sort_by_key(String::len);
    assert!(
        unknown.is_empty(),
        "{} differences, the shortest:\n{}",
        unknown.len(),
        unknown[..unknown.len().min(20)].join("\n")
    );
    // The generated expressions must keep covering both answers.
    assert!(valid > EXPRESSIONS / 4 && valid < EXPRESSIONS * 3 / 4, "{valid} of {EXPRESSIONS} compile");
}

#[test]
fn known_differences_are_still_there() {
    let node = node_compiles(&KNOWN.map(|known| known.example.to_owned()));
    for (known, node) in KNOWN.iter().zip(node) {
        assert_eq!(node, known.node, "{}", known.example);
        assert_ne!(clearance_compiles(known.example), node, "no longer different: {}", known.example);
        let has = regress::Regex::with_flags(known.has, "u").unwrap();
        assert!(has.find(known.example).is_some(), "{} is not recognised", known.example);
    }
}

/// Limits of `regress` and of clearance, beyond what an expression for a command line needs: V8 goes further.
#[test]
fn expressions_beyond_a_limit_are_refused() {
    let nested = |depth: usize| format!("{}{}", "(?:".repeat(depth), ")".repeat(depth));
    let long = |bytes: usize| format!("({})", "a".repeat(bytes - 2));
    let within = [nested(255), long(4096)];
    let beyond = [nested(256), long(4097)];
    assert_eq!(node_compiles(&within), [true, true]);
    assert_eq!(node_compiles(&beyond), [true, true]);
    assert!(within.iter().all(|expression| clearance_compiles(expression)));
    assert!(!beyond.iter().any(|expression| clearance_compiles(expression)));
}

fn clearance_compiles(expression: &str) -> bool {
    let entry = json!({ "pattern": "/bin/ls", "argPattern": expression });
    let document = json!({ "version": 1, "agents": { "main": { "allowlist": [entry] } } });
    let verdict =
        check(document.to_string().as_bytes(), Strictness { syntax: Syntax::Json, allow_legacy: false });
    assert!(
        verdict.diagnostics.iter().all(|d| d.code == Code::InvalidArgPattern),
        "{expression:?} {verdict:?}"
    );
    verdict.is_valid()
}

/// Node's answer for each expression, all in one process.
fn node_compiles(expressions: &[String]) -> Vec<bool> {
    const SCRIPT: &str = "
        const compiles = (text) => { try { new RegExp(text); return true } catch { return false } };
        const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        process.stdout.write(JSON.stringify(texts.map(compiles)));";
    let mut node = Command::new(registry::node())
        .args(["-e", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node starts");
    // Node reads all of its input before it writes, so neither process waits for the other. Dropping the pipe ends the
    // input.
    let mut input = node.stdin.take().unwrap();
    input.write_all(serde_json::to_string(expressions).unwrap().as_bytes()).unwrap();
    drop(input);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let answers: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), expressions.len());
    answers
}

/// Expressions from the grammar, some of them damaged, and some of special characters only.
fn expressions() -> BoxedStrategy<String> {
    const MEANING: &str = r"[-a0,:=!<>?*+|^$.\\/(){}\[\]ku😀]{0,9}";
    let piece = select(vec![
        "(", ")", "[", "]", "{", "}", "*", "?", "\\", "|", "-", "^", "(?<a>", "\\k<a>", "😀", "1",
    ]);
    let damage = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4u32, piece);
    let damaged = (disjunction(), damage).prop_map(|(expression, (at, to, how, piece))| {
        let mut chars: Vec<char> = expression.chars().collect();
        let (at, to) = (at.index(chars.len() + 1), to.index(chars.len() + 1));
        match how {
            0 => chars.truncate(at),
            1 => drop(chars.splice(at..at, piece.chars())),
            2 => drop(chars.drain(at.min(to)..at.max(to).min(at.min(to) + 2))),
            _ => drop(chars.drain(..at)),
        }
        chars.into_iter().collect()
    });
    prop_oneof![6 => disjunction(), 3 => damaged, 2 => MEANING, 1 => "\\PC{0,6}"].boxed()
}

fn disjunction() -> BoxedStrategy<String> {
    let leaf = prop_oneof![6 => atom(), 2 => class()];
    let term = leaf.prop_recursive(3, 16, 4, |inner| {
        let many = prop::collection::vec(inner.clone(), 0..4).prop_map(|terms| terms.concat());
        let either = prop::collection::vec(many.clone(), 1..3).prop_map(|terms| terms.join("|"));
        prop_oneof![
            3 => (group(), either.clone()).prop_map(|(open, inner)| format!("{open}{inner})")),
            2 => (inner, quantifier()).prop_map(|(inner, quantifier)| format!("{inner}{quantifier}")),
            1 => many,
            1 => either,
        ]
    });
    prop::collection::vec(term, 1..4).prop_map(|terms| terms.join("")).boxed()
}

fn atom() -> BoxedStrategy<String> {
    let usual = select(vec![
        "a", "b", "z", "0", "-", ".", "\\.", "\\d", "\\W", "\\s", " ", "--", "=", "/", "\\/", "^", "$", "é",
        "😀",
    ]);
    let odd = select(vec![
        "\\b",
        "\\B",
        "]",
        "{",
        "}",
        "{,",
        "{1",
        "{,2}",
        "{a}",
        "\\1",
        "\\2",
        "\\9",
        "\\0",
        "\\08",
        "\\377",
        "\\400",
        "\\x41",
        "\\x4",
        "\\x",
        "\\u0041",
        "\\u00",
        "\\u",
        "\\u{41}",
        "\\u{2}",
        "\\u{110000}",
        "\\u{",
        "\\u{2,1}",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\ud83d\\u",
        "\\cA",
        "\\c",
        "\\c1",
        "\\c*",
        "\\p{L}",
        "\\p{Nope}",
        "\\P",
        "\\k",
        "\\k<a>",
        "\\k<n>",
        "\\k<",
        "\\k{a}",
        "\\-",
        "\\_",
        "\\a",
        "\\A",
        "\\Z",
        "\\z",
        "\\e",
        "\\Q",
        "\\é",
        "\\😀",
        "\n",
        "\u{2028}",
        "\\\n",
        "\0",
        "\u{feff}",
    ]);
    prop_oneof![5 => usual, 2 => odd].prop_map(str::to_owned).boxed()
}

fn class() -> BoxedStrategy<String> {
    let item = select(vec![
        "a",
        "z",
        "a-z",
        "0-9",
        "z-a",
        "-",
        "\\-",
        "\\w",
        "\\w-z",
        "a-\\d",
        "\\d-\\w",
        "\\b",
        "\\B",
        "\\]",
        "[",
        "^",
        "\\^",
        ".",
        "\\1",
        "\\8",
        "\\0",
        "\\01",
        "\\cA",
        "\\c",
        "\\c1",
        "\\c_",
        "\\x41",
        "\\x4",
        "\\u0041-\\u005a",
        "\\u{41}",
        "\\u{5a}-\\u{41}",
        "a-\\u{62}",
        "\\p{L}",
        "\\k",
        "(",
        ")",
        "|",
        "*",
        "{1}",
        "é",
        "é-ü",
        "ü-é",
        "😀",
        "😀-😁",
        "a-😀",
        "\\ud83d\\ude00",
        "\n",
        "--",
        "&&",
        "\\q{a}",
        "+--",
        "[:alpha:",
    ]);
    let items = prop::collection::vec(item, 0..4).prop_map(|items| items.concat());
    (select(vec!["[", "[", "[^"]), items).prop_map(|(open, items)| format!("{open}{items}]")).boxed()
}

fn group() -> BoxedStrategy<String> {
    let usual = select(vec!["(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?<a>", "(?<n>", "(?i:"]);
    let odd = select(vec![
        "(?<é>",
        "(?<$_>",
        "(?<a1>",
        "(?<1a>",
        "(?<>",
        "(?<a",
        "(?<a-b>",
        "(?<\\u0061>",
        "(?<\\u{61}>",
        "(?<\\u{+61}>",
        "(?<𝒜>",
        "(?<a𝒜>",
        "(?<\\ud835\\udc9c>",
        "(?<\\u{1d49c}>",
        "(?<a\u{200d}>",
        "(?<😀>",
        "(?-i:",
        "(?i-ms:",
        "(?ims:",
        "(?-:",
        "(?ii:",
        "(?i-i:",
        "(?i-:",
        "(?x:",
        "(?i",
        "(?",
        "(?#",
        "(?>",
        "(?P<a>",
        "(?'a'",
        "(*",
        "(+",
        "(??",
        "(?i)",
    ]);
    prop_oneof![6 => usual, 1 => odd].prop_map(str::to_owned).boxed()
}

fn quantifier() -> BoxedStrategy<String> {
    let usual = select(vec!["*", "+", "?", "*?", "+?", "??", "{2}", "{2,}", "{2,3}", "{2,3}?"]);
    let odd = select(vec![
        "{3,2}",
        "{,3}",
        "{}",
        "{a}",
        "{2",
        "{2,",
        "{ 2 }",
        "{2, 3}",
        "**",
        "+*",
        "???",
        "*{2}",
        "{2}{3}",
        "{0}",
        "{00,0}",
        "{-1}",
        "{99999999999}",
        "{99999999999,1}",
        "{2147483648,2147483647}",
        "{4294967296,4294967295}",
        "{99999999999999999999,99999999999999999998}",
        "{18446744073709551616,18446744073709551615}",
    ]);
    prop_oneof![5 => usual, 1 => odd].prop_map(str::to_owned).boxed()
}
