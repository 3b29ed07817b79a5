//! Property tests: over valid and invalid documents, the types, the derived schema and the validator always agree.

use std::collections::HashSet;

use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Value, json};

use crate::approvals::Strictness;
use crate::approvals::Syntax;
use crate::approvals::bounds::Budget;
use crate::approvals::check;
use crate::approvals::check::rules;
use crate::approvals::check::schema::{Compiled, Contract};
use crate::approvals::findings::finding::Findings;
use crate::approvals::model::document::Document;
use crate::approvals::parse;
use crate::approvals::text::tree;

/// Values of every type, including the boundary values of each rule.
fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![Just(0.0), Just(-0.0), Just(1.0), Just(-1.0), Just(1.5), Just(1e300)]
            .prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        words(),
        Just(json!([])),
        Just(json!({})),
        Just(json!([1])),
        Just(json!({ "version": 1 })),
        Just(json!({ "deny": null })),
        Just(json!(["/bin/ls"])),
    ]
}

fn words() -> impl Strategy<Value = Value> {
    const EDGE: [&str; 26] = [
        "",
        " ",
        "\t\n",
        "\u{a0}",
        "\u{85}",
        "\u{feff}",
        "\u{200b}",
        "\u{180e}",
        "\u{2028}",
        "\u{3000}",
        "deny",
        "Deny",
        "allowlist",
        "alowlist",
        "full",
        "off",
        "on-miss",
        "always",
        "allow-always",
        "manual",
        "/usr/bin/curl",
        "^a$",
        "(",
        "a/b~c",
        "é😀",
        "\0",
    ];
    prop_oneof![
        proptest::sample::select(&EDGE[..]).prop_map(Value::from),
        any::<String>().prop_map(Value::from)
    ]
}

/// Usually a value that is valid for the field, sometimes any value.
fn mostly<S: Strategy<Value = Value> + 'static>(right: S) -> BoxedStrategy<Value> {
    prop_oneof![9 => right, 1 => anything()].boxed()
}

/// An object with some of the fields, and now and then one that is not allowed.
fn object(fields: Vec<(&'static str, u32, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, percent, value)| {
            (0..100u32, value)
                .prop_map(move |(roll, value)| (roll < percent).then(|| (name.to_owned(), value)))
        })
        .collect();
    let stranger = prop_oneof![
        19 => Just(None),
        1 => (prop_oneof!["secruity", "pattern", "rules", "", "a/b~c"], anything()).prop_map(Some),
    ];
    (fields, stranger)
        .prop_map(|(fields, stranger)| Value::Object(fields.into_iter().flatten().chain(stranger).collect()))
        .boxed()
}

fn array(of: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    proptest::collection::vec(of, 0..4).prop_map(Value::from)
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    Union::new(words.iter().map(|word| Just(Value::from(*word))))
}

fn millis() -> impl Strategy<Value = Value> {
    prop_oneof![any::<u32>().prop_map(Value::from), Just(json!(0)), Just(json!(-0.0)), Just(json!(1.5))]
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof!["[ -~]{1,8}".prop_map(Value::from), Just(json!("/usr/bin/curl"))]
}

fn policy() -> Vec<(&'static str, u32, BoxedStrategy<Value>)> {
    vec![
        ("security", 50, mostly(one_of(&["deny", "allowlist", "full"]))),
        ("ask", 50, mostly(one_of(&["off", "on-miss", "always"]))),
        ("askFallback", 50, mostly(one_of(&["deny", "allowlist", "full"]))),
        ("autoAllowSkills", 50, mostly(any::<bool>().prop_map(Value::from))),
    ]
}

fn entry() -> BoxedStrategy<Value> {
    object(vec![
        ("id", 50, mostly(text())),
        ("pattern", 95, mostly(prop_oneof![4 => text(), 1 => words()])),
        ("source", 40, mostly(Just(json!("allow-always")))),
        ("commandText", 30, mostly(text())),
        ("argPattern", 30, mostly(prop_oneof![3 => Just(json!("^a$")), 1 => words()])),
        ("lastUsedAt", 30, mostly(millis())),
        ("lastUsedCommand", 30, mostly(text())),
        ("lastResolvedPath", 30, mostly(text())),
    ])
}

fn tool() -> BoxedStrategy<Value> {
    object(vec![
        ("server", 95, mostly(prop_oneof![4 => text(), 1 => words()])),
        ("tool", 95, mostly(text())),
        ("source", 95, mostly(Just(json!("allow-always")))),
        ("addedAt", 95, mostly(millis())),
        ("lastUsedAt", 50, mostly(millis())),
    ])
}

fn agent() -> BoxedStrategy<Value> {
    let mut fields = policy();
    fields.push(("allowlist", 60, mostly(array(mostly(entry())))));
    fields.push(("mcpTools", 40, mostly(array(mostly(tool())))));
    object(fields)
}

fn agents() -> impl Strategy<Value = Value> {
    let id =
        prop_oneof![4 => "[a-z]{1,5}", 1 => Just("*".to_owned()), 1 => "default|__proto__|a/b~c|\\PC{0,3}"];
    proptest::collection::btree_map(id, mostly(agent()), 0..4).prop_map(|agents| agents.into_iter().collect())
}

/// Documents as operators and gateways write them, with typical mistakes.
pub(in crate::approvals) fn documents() -> BoxedStrategy<Value> {
    let socket = object(vec![("path", 60, mostly(text())), ("token", 60, mostly(text()))]);
    let document = object(vec![
        ("version", 97, mostly(prop_oneof![9 => Just(json!(1)), 1 => Just(json!(1.0))])),
        ("socket", 30, mostly(socket)),
        ("defaults", 50, mostly(object(policy()))),
        ("agents", 90, mostly(agents())),
    ]);
    prop_oneof![30 => document, 1 => anything()].boxed()
}

/// What the schema reports for a whole tree.
fn shape(tree: &jsonc_parser::ast::Value<'_>, text: &str) -> Findings<'static> {
    let mut findings = Findings::default();
    crate::approvals::check::shape::findings(
        tree,
        text,
        &[],
        Contract::Document,
        &HashSet::new(),
        &mut findings,
    );
    findings
}

const STRICT: Strictness = Strictness { syntax: Syntax::Json, allow_legacy: false };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn types_schema_and_validator_agree(value in documents()) {
        let text = value.to_string();
        let types = serde_json::from_str::<Document<'_>>(&text);
        let schema = Compiled::is_valid(&value);
        prop_assert_eq!(types.is_ok(), schema, "types {:?}, schema {:?}", types.err(), schema);

        let tree = parse_to_ast(&text, &CollectOptions::default(), &ParseOptions::default()).unwrap().value.unwrap();
        prop_assert_eq!(tree::read::<Document<'_>>(&tree).is_ok(), schema);

        let valid = types.as_ref().is_ok_and(|document| rules::accept(document, Budget::default()));
        let verdict = check(text.as_bytes(), STRICT);
        prop_assert_eq!(verdict.is_valid(), valid, "{:?}", verdict);
        prop_assert_eq!(parse(text.as_bytes(), Syntax::Json).is_ok(), valid);
        prop_assert!(verdict.diagnostics.iter().all(|d| d.code != crate::approvals::findings::codes::Code::Refused), "{:?}", verdict);
    }

    /// Subtrees that the types accept are left out before the schema runs. This must lose no finding.
    #[test]
    fn every_problem_of_the_whole_document_is_reported(value in documents()) {
        let text = value.to_string();
        let tree = parse_to_ast(&text, &CollectOptions::default(), &ParseOptions::default()).unwrap().value.unwrap();
        let whole: std::collections::BTreeSet<String> =
            Compiled::iter_errors(&value).map(|error| error.instance_path().to_string()).collect();
        let wrapped = value.get("file").is_some();
        let mut reported: std::collections::BTreeSet<String> = shape(&tree, &text)
            .kept
            .into_iter()
            .map(|finding| finding.path.to_string())
            .collect();
        // An unknown field is reported at the field, the schema's error at its object.
        for path in reported.clone() {
            if let Some((object, _)) = path.rsplit_once('/') && whole.contains(object) {
                reported.insert(object.to_owned());
            }
        }
        prop_assert!(wrapped || whole.is_subset(&reported), "{:?} {:?}", whole, reported);
    }

    /// Leaving the accepted entries out of the tree must not lose or move a finding either.
    #[test]
    fn leaving_out_accepted_entries_changes_no_verdict(value in documents()) {
        let text = serde_json::to_string_pretty(&value).unwrap();
        let mut whole = Vec::new();
        if let Some(tree) = crate::approvals::text::syntax::parse(&text, None, Syntax::Json, &mut whole) {
            let mut more = shape(&tree, &text);
            rules::findings(&tree, &mut more);
            whole.extend(more.kept);
        }
        let whole = crate::approvals::findings::finding::place(&text, &[], whole.into());
        let places = |verdict: &crate::approvals::findings::diagnostic::Verdict| -> Vec<_> {
            verdict.diagnostics.iter().map(|d| (d.code, d.start, d.end, d.path.clone())).collect()
        };
        prop_assert_eq!(places(&check(text.as_bytes(), STRICT)), places(&whole));
    }

    #[test]
    fn printing_and_parsing_is_identity(value in documents()) {
        let text = value.to_string();
        if let Ok(document) = serde_json::from_str::<Document<'_>>(&text) {
            let printed = serde_json::to_string(&document).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Document<'_>>(&printed).unwrap(), &document);
            // The round trip loses nothing, except that the version may be written as 1.0.
            let mut before: Value = serde_json::from_str(&text).unwrap();
            before["version"] = json!(1);
            prop_assert_eq!(before, serde_json::from_str::<Value>(&printed).unwrap());
        }
    }

    #[test]
    fn the_tree_reads_json_as_serde_does(value in documents()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let tree = parse_to_ast(&text, &CollectOptions::default(), &ParseOptions::default()).unwrap().value.unwrap();
            prop_assert_eq!(&tree::to_json(&tree), &serde_json::from_str::<Value>(&text).unwrap());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        check(&bytes, STRICT);
        check(&bytes, Strictness { syntax: Syntax::Json5, allow_legacy: true });
    }

    #[test]
    fn no_damaged_document_makes_it_panic(value in documents(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = value.to_string().into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        for syntax in [Syntax::Json, Syntax::Json5] {
            let verdict = check(&bytes, Strictness { syntax, allow_legacy: false });
            let strict = serde_json::from_slice::<Value>(&bytes).is_ok();
            prop_assert!(strict || syntax == Syntax::Json5 || !verdict.is_valid());
        }
    }
}
