//! Compares clearance's validation with the published contract, on generated documents.
//!
//! clearance may be stricter, but only in the ways listed here; the contract must accept what clearance accepts.

use std::collections::BTreeMap;
use std::fs;

use clearance::internals::approvals::Code;
use clearance::internals::approvals::Diagnostic;
use clearance::internals::approvals::Step;
use clearance::internals::approvals::Strictness;
use clearance::internals::approvals::Syntax;
use clearance::internals::approvals::check;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::registry;

const DOCUMENTS: usize = 16_000;

/// In a generated string: a placeholder for half of a surrogate pair in the written text.
const HALF_A_PAIR: char = '\u{fdd0}';
/// In a generated document: a placeholder for a number beyond a double's range in the written text.
const BEYOND_A_DOUBLE: f64 = 1.25e299;

/// Codes that clearance rejects and the contract accepts, and why.
const STRICTER: [Code; 8] = [
    // The contract accepts any string for `security`, `ask` and `askFallback`; a gateway drops the words it does not
    // know.
    Code::UnknownValue,
    // It accepts any string for an entry's `pattern`; a gateway drops a blank one, or rejects the whole document.
    Code::BlankText,
    // It does not restrict `argPattern`.
    Code::InvalidArgPattern,
    // It accepts every agent id.
    Code::ReservedAgentId,
    Code::LegacyDefaultAgent,
    // It is about values, and these codes are about the text. `JSON.parse` keeps the last of two equal keys,
    Code::DuplicateKey,
    // turns a number that a double cannot hold into Infinity,
    Code::NumberOutOfRange,
    // and keeps half of a surrogate pair, which is not a character and has no UTF-8.
    Code::Syntax,
];

/// A field that appears again later in the document.
const HIDDEN: &str = r#"{"version":2,"#;

/// The contract's patterns for agents, `^.*$`, match no id with a line end in it: it does not restrict such an agent.
fn is_beyond_the_contract(diagnostic: &Diagnostic) -> bool {
    matches!(diagnostic.path.steps(), [Step::Key(agents), Step::Key(id), ..]
        if agents == "agents" && id.contains(['\n', '\r', '\u{2028}', '\u{2029}']))
}

#[test]
fn nothing_passes_that_the_contract_refuses() {
    let contract = contract();
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let written = (documents(), 0..5u32, any::<bool>());
    let mut cells: BTreeMap<(bool, bool), usize> = BTreeMap::new();
    let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
    let mut disagreements = Vec::new();
    for _ in 0..DOCUMENTS {
        let (document, style, twice) = written.new_tree(&mut runner).unwrap().current();
        let text = write(&document, style, twice && style == 0);
        let verdict = check(text.as_bytes(), Strictness { syntax: Syntax::Json, allow_legacy: false });
        let (theirs, ours) = (contract.is_valid(&document), verdict.is_valid());
        *cells.entry((theirs, ours)).or_default() += 1;
        for diagnostic in &verdict.diagnostics {
            *codes.entry(diagnostic.code).or_default() += 1;
        }
        let halved = document.to_string().contains(HALF_A_PAIR);
        // The first of two equal fields, which the contract's reader never sees.
        let hidden = |diagnostic: &Diagnostic| {
            text.starts_with(HIDDEN)
                && diagnostic.start.column == HIDDEN.len() - 1
                && diagnostic.start.line == 1
        };
        let is_stricter = |diagnostic: &Diagnostic| match diagnostic.code {
            Code::Syntax => halved,
            Code::UnsupportedVersion => hidden(diagnostic),
            code => STRICTER.contains(&code) || is_beyond_the_contract(diagnostic),
        };
        if (ours && !theirs) || (theirs && !verdict.diagnostics.iter().all(is_stricter)) {
            disagreements.push(format!("theirs {theirs}, ours {:?}: {text}", verdict.diagnostics));
        }
    }
    println!("(theirs, ours) {cells:?}\n{codes:?}");
    disagreements.sort_by_key(String::len);
    let shown = disagreements.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(disagreements.is_empty(), "{} disagreements, the shortest:\n{shown}", disagreements.len());

    // The generated documents must keep covering both verdicts, and every kind of problem that a value can have.
    for cell in [(true, true), (true, false), (false, false)] {
        assert!(cells.get(&cell).is_some_and(|count| *count > 1_000), "{cells:?}");
    }
    let of_values = [
        Code::LegacyBareEntry,
        Code::LegacyNullUsage,
        Code::LegacySource,
        Code::MissingField,
        Code::NegativeTime,
        Code::UnknownField,
        Code::UnsupportedVersion,
        Code::WrappedDocument,
        Code::WrongType,
    ];
    for code in of_values.iter().chain(&STRICTER) {
        assert!(codes.contains_key(code), "no document has {code}");
    }
    assert!(!codes.contains_key(&Code::Refused));
}

/// The requirements of a gateway on `file` in `exec.approvals.set`.
fn contract() -> jsonschema::Validator {
    let package = registry::package("@openclaw/gateway-protocol", "2026.9.1");
    let file = package.join("@openclaw/gateway-protocol/protocol.schema.json");
    let published: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let mut document = published["definitions"]["ExecApprovalsSetParams"]["properties"]["file"].clone();
    assert_eq!(document["properties"]["version"]["const"], 1);
    document["$schema"] = published["$schema"].clone();
    jsonschema::validator_for(&document).unwrap()
}

/// A document as text: compact, with a duplicate field, indented, or with its characters escaped.
fn write(document: &Value, style: u32, twice: bool) -> String {
    let text = match style {
        0 | 1 => document.to_string(),
        2 => serde_json::to_string_pretty(document).unwrap(),
        _ => escaped(&document.to_string()),
    };
    let text = match text.strip_prefix(r#"{""#) {
        Some(rest) if twice => format!(r#"{HIDDEN}"{rest}"#),
        _ => text,
    };
    let half = if style == 1 { r"\uD83D" } else { r"\udc00" };
    text.replace(HALF_A_PAIR, half).replace("1.25e299", "1e999").replace("1.25e+299", "1E+999")
}

/// Writes every letter `e` and every character beyond ASCII as a JSON escape, in keys too; numbers and literals stay
/// unchanged.
fn escaped(text: &str) -> String {
    let mut inside = false;
    let mut after_backslash = false;
    let mut out = String::new();
    for c in text.chars() {
        let is_quote = c == '"' && !after_backslash;
        let plain = !inside || after_backslash || is_quote || c == HALF_A_PAIR || (c.is_ascii() && c != 'e');
        after_backslash = inside && c == '\\' && !after_backslash;
        inside ^= is_quote;
        if plain {
            out.push(c);
        } else {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// Values of every type, and values at the limit of a rule.
fn anything() -> BoxedStrategy<Value> {
    let edge = [
        json!(null),
        json!(true),
        json!(0),
        json!(-0.0),
        json!(1),
        json!(-1),
        json!(-0.5),
        json!(1.0),
        json!(1e300),
        json!(-1e300),
        json!(5e-324),
        json!(u64::MAX),
        json!(i64::MIN),
        json!([]),
        json!({}),
        json!([1]),
        json!({ "version": 1 }),
        json!({ "deny": null }),
        json!({ "pattern": "a" }),
        json!(["/bin/ls"]),
    ];
    prop_oneof![3 => select(edge.to_vec()), 1 => words(), 1 => any::<String>().prop_map(Value::from)].boxed()
}

/// Valid words of the fields, near misses, and strings that count as blank by some definition.
fn words() -> BoxedStrategy<Value> {
    select(vec![
        "",
        " ",
        "\t\n",
        "\u{a0}",
        "\u{85}",
        "\u{feff}",
        "\u{200b}",
        "\u{180e}",
        "\u{1680}",
        "\u{2028}",
        "\u{3000}",
        "\0",
        "\u{fdd0}",
        "1",
        "deny",
        "Deny",
        "allowlist",
        "alowlist",
        "full",
        "off",
        "on-miss",
        "on_miss",
        "always",
        "allow-always",
        "allow-once",
        "manual",
        "/usr/bin/curl",
        "^a$",
        "(",
        "a/b~c",
        "é😀",
        "\\\"",
        "1.25e299",
    ])
    .prop_map(Value::from)
    .boxed()
}

/// Mostly a valid value, sometimes any value.
fn mostly(right: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![40 => right, 1 => anything()].boxed()
}

/// A valid value, or a word that the contract accepts as well.
fn worded(right: &[&'static str]) -> BoxedStrategy<Value> {
    mostly(prop_oneof![25 => select(right.to_vec()).prop_map(Value::from), 1 => words()])
}

fn text() -> BoxedStrategy<Value> {
    mostly(
        prop_oneof![6 => "[ -~]{0,6}[!-~]".prop_map(Value::from), 2 => Just(json!("~/bin/**")), 1 => words()],
    )
}

fn millis() -> BoxedStrategy<Value> {
    let edge = [
        json!(0),
        json!(-0.0),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(BEYOND_A_DOUBLE),
        json!(-1e-9),
    ];
    mostly(prop_oneof![25 => any::<u64>().prop_map(Value::from), 1 => select(edge.to_vec())])
}

fn flag() -> BoxedStrategy<Value> {
    mostly(any::<bool>().prop_map(Value::from))
}

/// An object with each field at its percentage, and sometimes an unknown field.
fn object(fields: Vec<(&'static str, u32, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, percent, value)| {
            (0..100u32, value)
                .prop_map(move |(roll, value)| (roll < percent).then(|| (name.to_owned(), value)))
        })
        .collect();
    let names = select(vec![
        "secruity",
        "Ask",
        "pattern",
        "rules",
        "",
        "a/b~c",
        "__proto__",
        "version",
        "lastUsedAt",
    ]);
    let stranger =
        prop_oneof![60 => Just(None), 1 => (names.prop_map(str::to_owned), anything()).prop_map(Some)];
    (fields, stranger)
        .prop_map(|(fields, stranger)| Value::Object(fields.into_iter().flatten().chain(stranger).collect()))
        .boxed()
}

fn array(of: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    mostly(proptest::collection::vec(of, 0..4).prop_map(Value::from))
}

fn policy() -> Vec<(&'static str, u32, BoxedStrategy<Value>)> {
    vec![
        ("security", 40, worded(&["deny", "allowlist", "full"])),
        ("ask", 40, worded(&["off", "on-miss", "always"])),
        ("askFallback", 40, worded(&["deny", "allowlist", "full"])),
        ("autoAllowSkills", 40, flag()),
    ]
}

fn entry() -> BoxedStrategy<Value> {
    let null_or = |right| prop_oneof![40 => right, 1 => Just(Value::Null)].boxed();
    object(vec![
        ("id", 40, text()),
        ("pattern", 99, text()),
        ("source", 30, worded(&["allow-always"])),
        ("commandText", 20, text()),
        ("argPattern", 30, worded(&["^a$", "^--version$", "sha256:argv:00", r"^[\w.-]+$", "a**", "("])),
        ("lastUsedAt", 30, null_or(millis())),
        ("lastUsedCommand", 20, null_or(text())),
        ("lastResolvedPath", 20, null_or(text())),
    ])
}

fn tool() -> BoxedStrategy<Value> {
    object(vec![
        ("server", 99, text()),
        ("tool", 99, text()),
        ("source", 99, worded(&["allow-always"])),
        ("addedAt", 99, millis()),
        ("lastUsedAt", 40, millis()),
    ])
}

fn agent() -> BoxedStrategy<Value> {
    let mut fields = policy();
    fields.push(("allowlist", 60, array(prop_oneof![60 => entry(), 1 => text()].boxed())));
    fields.push(("mcpTools", 30, array(tool())));
    object(fields)
}

fn agents() -> BoxedStrategy<Value> {
    let odd = select(vec![
        "default",
        "__proto__",
        "constructor",
        "",
        " ",
        "a/b~c",
        "a\nb",
        "\r",
        "\u{2028}",
        "0",
        "Main",
    ]);
    let id = prop_oneof![20 => "[a-z]{1,5}", 10 => Just("*".to_owned()), 1 => odd.prop_map(str::to_owned), 1 => "\\PC{0,3}"];
    let agent = prop_oneof![60 => agent(), 1 => anything()];
    mostly(proptest::collection::btree_map(id, agent, 0..4).prop_map(|agents| agents.into_iter().collect()))
}

/// Documents as operators and gateways write them, with typical mistakes.
fn documents() -> BoxedStrategy<Value> {
    let version = prop_oneof![30 => Just(json!(1)), 5 => Just(json!(1.0)), 1 => Just(json!(2))];
    let socket = object(vec![("path", 60, text()), ("token", 60, text())]);
    let document = object(vec![
        ("version", 98, mostly(version)),
        ("socket", 30, mostly(socket)),
        ("defaults", 50, mostly(object(policy()))),
        ("agents", 85, agents()),
    ]);
    let wrapped =
        document.clone().prop_map(|file| json!({ "path": "/a", "exists": true, "hash": "", "file": file }));
    prop_oneof![60 => document, 1 => wrapped, 1 => anything()].boxed()
}
