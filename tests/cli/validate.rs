//! `approvals validate` as a process: every fixture in every format, every way to fail.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use clearance::internals::approvals::Code;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{binary, clearance, fixture, transcript};

const FORMATS: [&str; 4] = ["human", "json", "github", "sarif"];

/// The tokens in the fixtures: a string and a number.
const SECRETS: [&str; 2] = ["hunter2", "271828"];

/// Far longer than any command here takes, and far shorter than a hang.
const SOON: Duration = Duration::from_secs(20);

/// Every invalid fixture and the code of each of its problems, by place.
#[rustfmt::skip]
const INVALID: &[(&str, &[&str])] = &[
    ("arg-pattern.json", &["invalid-arg-pattern", "invalid-arg-pattern", "invalid-arg-pattern", "invalid-arg-pattern"]),
    ("array.json", &["wrong-type"]),
    ("blank-text.json", &["blank-text"; 5]),
    ("bom-and-more.json", &["byte-order-mark", "unsupported-version", "unknown-field"]),
    ("bom.json", &["byte-order-mark"]),
    ("comment-only.json5", &["empty-document"]),
    ("control-character-in-string.json", &["syntax"]),
    ("cut-after-colon.json", &["cut-short"]),
    ("cut-in-array.json", &["cut-short"]),
    ("cut-in-comment.json5", &["cut-short"]),
    ("cut-in-string.json", &["cut-short"]),
    ("cut-in-token.json", &["cut-short"]),
    ("duplicate-agents.json", &["duplicate-key", "duplicate-key"]),
    ("duplicate-keys.json", &["duplicate-key", "duplicate-key"]),
    ("empty.json", &["empty-document"]),
    ("hostile-argument-pattern.json", &["invalid-arg-pattern", "invalid-arg-pattern"]),
    ("hostile-before-error.json", &["syntax"]),
    ("hostile-escapes.json", &["unknown-value", "unknown-field", "unknown-field", "unknown-value", "unknown-value"]),
    ("hostile-key-without-quotes.json5", &["syntax"]),
    ("hostile-raw.json", &["unknown-value", "unknown-field", "unknown-field", "unknown-value", "unknown-field"]),
    ("json5-in-json.json", &["json5-notation"]),
    ("key-without-quotes.json5", &["syntax"]),
    ("latin-1.json", &["invalid-utf8"]),
    ("leading-zero.json", &["syntax"]),
    ("line-break-in-string.json", &["syntax"]),
    ("line-break-in-string.json5", &["syntax"]),
    ("line-separator.json", &["json5-notation"]),
    ("lone-surrogate.json", &["syntax"]),
    ("long-key-and-value.json", &["unknown-value", "unknown-field"]),
    ("long-line-broken.json", &["syntax"]),
    ("long-line.json", &["unknown-field"]),
    ("mcp-source.json", &["unknown-value"]),
    ("missing-comma.json", &["syntax"]),
    ("missing-fields.json", &["missing-field"; 8]),
    ("misspelt-fields.json", &["unknown-field"; 5]),
    ("misspelt-security.json", &["unknown-value"; 6]),
    ("negative-time.json", &["negative-time", "negative-time", "negative-time"]),
    ("nested-beyond-every-parser.json", &["nested-too-deep"]),
    ("nested-too-deep.json", &["nested-too-deep"]),
    ("no-break-space.json", &["json5-notation"]),
    ("no-json.json", &["syntax"]),
    ("no-version.json", &["missing-field"]),
    ("nul-only.json", &["nul-byte"]),
    ("nul-within.json", &["nul-byte"]),
    ("null-last-resolved-path.json", &["wrong-type"]),
    ("null.json", &["wrong-type"]),
    ("number-infinity.json5", &["number-out-of-range", "number-out-of-range"]),
    ("number-out-of-range.json", &["number-out-of-range"]),
    ("openclaw-config.json", &["openclaw-config"]),
    ("request-envelope.json", &["wrapped-document"]),
    ("reserved-agent-id.json", &["reserved-agent-id"]),
    ("secret-as-socket.json", &["wrong-type"]),
    ("secret-beside-error.json", &["wrong-type", "unknown-field", "unknown-field"]),
    ("secret-control-character.json", &["syntax"]),
    ("secret-duplicate.json", &["duplicate-key"]),
    ("secret-in-agent.json", &["unknown-field", "unknown-field", "unknown-field"]),
    ("secret-in-broken-text.json", &["syntax"]),
    ("secret-in-comment.json5", &["unknown-field"]),
    ("secret-in-wrong-case.json", &["unknown-field", "unknown-field"]),
    ("secret-json5.json", &["json5-notation"]),
    ("secret-misspelt-cut.json", &["cut-short"]),
    ("secret-misspelt-in-broken-text.json", &["syntax"]),
    ("secret-misspelt-near-error.json", &["unknown-field", "unknown-field"]),
    ("secret-misspelt.json", &["unknown-field", "unknown-field", "unknown-field"]),
    ("secret-number.json", &["number-out-of-range"]),
    ("secret-of-wrong-type.json", &["wrong-type"]),
    ("secret-trailing.json", &["trailing-text"]),
    ("secret-under-escaped-key-in-broken-text.json", &["syntax"]),
    ("secret-with-quote.json", &["syntax"]),
    ("several-in-one-entry.json", &["blank-text", "blank-text", "wrong-type", "invalid-arg-pattern", "negative-time", "unknown-field"]),
    ("snapshot-envelope.json", &["wrapped-document"]),
    ("tab-indented.json", &["unknown-value"]),
    ("trailing-bracket.json", &["trailing-text"]),
    ("trailing-comma.json", &["json5-notation"]),
    ("trailing-text.json", &["trailing-text"]),
    ("unknown-escape.json", &["syntax"]),
    ("utf-16-without-mark.json", &["nul-byte"]),
    ("utf-16.json", &["invalid-utf8"]),
    ("version-2.json", &["unsupported-version"]),
    ("version-as-text.json", &["wrong-type"]),
    ("white-space.json", &["empty-document"]),
    ("windows-node.json", &["unknown-field"]),
    ("wrong-types.json", &["wrong-type"; 28]),
    ("yaml.json", &["syntax"]),
];

/// The tool at the root of the repository, where relative paths name fixtures, and a home that is empty.
struct Bench {
    home: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// `approvals validate` with these arguments.
    fn validate(&self, arguments: &[&str]) -> Command {
        let mut command = clearance(self.home.path());
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["approvals", "validate"]).args(arguments);
        command
    }

    /// A file in the home, and its path.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A pipe without a writer.
    fn pipe(&self, name: &str) -> String {
        let path = self.home.path().join(name);
        assert!(Process::new("mkfifo").arg(&path).status().unwrap().success());
        path.to_str().unwrap().to_owned()
    }
}

/// How a command ended, as text.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code().expect("the tool was killed"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The codes that a JSON report lists for its only file.
fn codes(report: &Value) -> Vec<&str> {
    let [file] = report["files"].as_array().unwrap().as_slice() else { panic!("not one file: {report}") };
    file["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

/// Every file of a folder of fixtures, by its path from the root of the repository.
fn fixtures(folder: &str) -> Vec<String> {
    let folder = format!("fixtures/approvals/{folder}");
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder)).unwrap();
    let mut paths: Vec<String> =
        entries.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap())).collect();
    paths.sort();
    paths
}

/// Whether a character moves a cursor, turns a line around, or cannot be seen. Defined independently
/// of `src/output/escape.rs`, so that a mistake in one place does not hide a mistake in the other.
fn is_hostile(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let wrong: Vec<&str> = text.lines().filter(|line| line.chars().any(is_hostile)).collect();
    assert!(wrong.is_empty(), "{what} has characters that harm: {wrong:#?}");
}

#[track_caller]
fn assert_discreet(what: &str, text: &str) {
    let wrong: Vec<&str> =
        text.lines().filter(|line| SECRETS.iter().any(|secret| line.contains(secret))).collect();
    assert!(wrong.is_empty(), "{what} shows a secret: {wrong:#?}");
}

// The fixtures.

#[test]
fn invalid_fixtures_for_people() {
    let bench = Bench::new();
    insta::assert_snapshot!(transcript(&mut bench.validate(&["fixtures/approvals/invalid"]), &[]));
}

#[test]
fn invalid_fixtures_as_json() {
    let bench = Bench::new();
    let mut command = bench.validate(&["fixtures/approvals/invalid", "--format", "json"]);
    insta::assert_snapshot!(transcript(&mut command, &[]));
}

#[test]
fn invalid_fixtures_as_annotations() {
    let bench = Bench::new();
    let mut command = bench.validate(&["fixtures/approvals/invalid", "--format", "github"]);
    insta::assert_snapshot!(transcript(&mut command, &[]));
}

#[test]
fn legacy_fixtures_for_people() {
    let bench = Bench::new();
    let mut command = bench.validate(&["fixtures/approvals/legacy", "--allow-legacy"]);
    insta::assert_snapshot!(transcript(&mut command, &[]));
}

#[test]
fn every_invalid_fixture_fails_and_each_problem_is_named() {
    let listed: Vec<String> =
        INVALID.iter().map(|(name, _)| format!("fixtures/approvals/invalid/{name}")).collect();
    assert_eq!(fixtures("invalid"), listed, "INVALID lists the folder, sorted");
    let bench = Bench::new();
    for (path, (name, expected)) in listed.iter().zip(INVALID) {
        let found = ended(&mut bench.validate(&[path, "--format", "json"]));
        assert_eq!(found.code, 1, "{name}: {}", found.err);
        let report = json(&found.out);
        assert_eq!(codes(&report), *expected, "{name}");
        assert_eq!(report["valid"], false, "{name}");
        assert_eq!(report["files"][0]["status"], "invalid", "{name}");
        assert_eq!(found.err.is_empty(), *name != "windows-node.json", "{name}: {}", found.err);
        for format in FORMATS {
            let found = ended(&mut bench.validate(&[path, "--format", format]));
            assert_eq!(found.code, 1, "{name} as {format}");
            for code in *expected {
                assert!(found.out.contains(code), "{name} as {format} does not name {code}");
            }
        }
    }
}

#[test]
fn every_code_that_a_file_can_show_has_a_fixture() {
    let bench = Bench::new();
    let mut shown: BTreeSet<String> =
        INVALID.iter().flat_map(|(_, codes)| *codes).map(|&code| code.to_owned()).collect();
    for path in fixtures("legacy") {
        let report = json(&ended(&mut bench.validate(&[&path, "--format", "json"])).out);
        shown.extend(codes(&report).into_iter().map(str::to_owned));
    }
    // `refused` is for a keyword that the schema does not use yet. `validate` checks a node's policy as a policy, and
    // only `lint` and `set` reject it. `too-many-values` needs a file of megabytes.
    let all: BTreeSet<String> = Code::ALL
        .iter()
        .filter(|&&code| !matches!(code, Code::Refused | Code::NodePolicy | Code::TooManyValues))
        .map(|code| code.as_str().to_owned())
        .collect();
    assert_eq!(shown, all);
}

#[test]
fn problems_are_within_their_file() {
    let bench = Bench::new();
    for path in fixtures("invalid") {
        let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
        let report = json(&ended(&mut bench.validate(&[&path, "--format", "json"])).out);
        for problem in report["files"][0]["problems"].as_array().unwrap() {
            let number = |field: &str| usize::try_from(problem[field].as_u64().unwrap()).unwrap();
            let (start, end) = ((number("line"), number("column")), (number("endLine"), number("endColumn")));
            assert!(start <= end, "{path}: {problem}");
            for (line, column) in [start, end] {
                assert!((1..=lines.len()).contains(&line), "{path}: {problem}");
                assert!((1..=lines[line - 1] + 1).contains(&column), "{path}: {problem}");
            }
        }
    }
}

#[test]
fn places_are_exact() {
    let bench = Bench::new();
    for (document, line, column) in [
        ("{\"version\": 2}", 1, 13),
        ("{\r\n  \"version\": 2\r\n}", 2, 14),
        ("\n\n{ \"\u{e9}\": 1, \"version\": 1}", 3, 3),
        ("{\"version\": 1, /* \u{1f99e}e\u{301} */ x: 1}", 1, 26),
        ("{\"version\": 1} /* \u{1f99e} */ x", 1, 24),
        ("{\"version\": 1, \"agents\": {\"\u{e9}\u{1}\": {}}}", 1, 29),
        ("{\"version\": 1, \"agents\": {\"\u{e9}\n\": {}}}", 1, 29),
    ] {
        let path = bench.file("place.json", document);
        let syntax = if document.contains("/*") { "json5" } else { "json" };
        let found = ended(&mut bench.validate(&[&path, "--format", "json", "--syntax", syntax]));
        let problem = &json(&found.out)["files"][0]["problems"][0];
        let place = (problem["line"].as_u64(), problem["column"].as_u64());
        assert_eq!(place, (Some(line), Some(column)), "{document:?}: {problem}");
    }
}

#[test]
fn valid_fixtures_pass_in_every_format() {
    let bench = Bench::new();
    let paths = fixtures("valid");
    assert!(paths.len() >= 12);
    for format in FORMATS {
        let found = ended(&mut bench.validate(&["fixtures/approvals/valid", "--format", format]));
        assert_eq!((found.code, found.err.as_str()), (0, ""), "{format}: {}", found.out);
        match format {
            "human" => assert_eq!(found.out, format!("{} valid\n", paths.len())),
            "github" => assert_eq!(found.out, ""),
            "json" => {
                let report = json(&found.out);
                assert_eq!(report["valid"], true);
                let files = report["files"].as_array().unwrap();
                let named: Vec<&str> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
                assert_eq!(named, paths);
                assert!(files.iter().all(|file| file["problems"] == serde_json::json!([])));
            }
            _ => assert_eq!(json(&found.out)["runs"][0]["results"], serde_json::json!([])),
        }
    }
    for path in paths {
        let found = ended(&mut bench.validate(&[&path]));
        assert_eq!((found.code, found.out.as_str()), (0, "1 valid\n"), "{path}");
    }
}

#[test]
fn legacy_fixtures_fail_unless_they_are_allowed() {
    let bench = Bench::new();
    let paths = fixtures("legacy");
    assert!(paths.len() >= 6);
    for path in paths {
        let strict = ended(&mut bench.validate(&[&path, "--format", "json"]));
        assert_eq!(strict.code, 1, "{path}");
        let report = json(&strict.out);
        let found = codes(&report);
        assert!(
            !found.is_empty() && found.iter().all(|code| code.starts_with("legacy-")),
            "{path}: {found:?}"
        );

        for format in FORMATS {
            let lenient = ended(&mut bench.validate(&[&path, "--allow-legacy", "--format", format]));
            assert_eq!(lenient.code, 0, "{path} as {format}");
            assert!(lenient.out.contains("warning"), "{path} as {format} does not warn");
            for code in &found {
                assert!(lenient.out.contains(code), "{path} as {format} does not name {code}");
            }
            if format == "json" {
                let report = json(&lenient.out);
                assert_eq!((codes(&report), &report["valid"]), (found.clone(), &Value::Bool(true)), "{path}");
                for problem in report["files"][0]["problems"].as_array().unwrap() {
                    assert_eq!(problem["severity"], "warning", "{path}");
                }
            }
        }
    }
}

#[test]
fn allowing_legacy_forms_allows_nothing_else() {
    let bench = Bench::new();
    for path in fixtures("invalid") {
        assert_eq!(ended(&mut bench.validate(&[&path, "--allow-legacy"])).code, 1, "{path}");
    }
}

// Outputs.

/// Validates all fixtures in every format and strictness. Returns the arguments and the result of each run.
fn every_report() -> Vec<(String, Ended)> {
    let bench = Bench::new();
    let strictness = [&[] as &[&str], &["--allow-legacy"], &["--syntax", "json"], &["--syntax", "json5"]];
    let combinations = FORMATS.iter().flat_map(|format| strictness.map(|more| (*format, more)));
    combinations
        .map(|(format, more)| {
            let arguments = [&["fixtures/approvals", "--format", format], more].concat();
            let found = ended(&mut bench.validate(&arguments));
            assert_eq!(found.code, 1, "{arguments:?}");
            (format!("{arguments:?}"), found)
        })
        .collect()
}

#[test]
fn no_output_shows_a_secret() {
    for (what, Ended { out, err, .. }) in every_report() {
        assert_discreet(&what, &out);
        assert_discreet(&what, &err);
    }
}

#[test]
fn no_output_shows_a_character_that_harms() {
    for (what, Ended { out, err, .. }) in every_report() {
        assert_harmless(&what, &out);
        assert_harmless(&what, &err);
    }
}

#[test]
fn no_output_shows_a_character_that_harms_from_a_name() {
    let bench = Bench::new();
    let content = "{\"version\": 2}";
    let invalid = bench.file("a\u{1b}[31m\u{202e}\u{200b}b::error::\n,%0A.json", content);
    let missing = bench.home.path().join("c\u{1b}]0;d\u{7}\u{2066}.json");
    for format in FORMATS {
        let arguments = [invalid.as_str(), missing.to_str().unwrap(), "--format", format];
        let found = ended(&mut bench.validate(&arguments));
        assert_eq!(found.code, 7);
        assert_harmless(format, &found.out);
        assert_harmless(format, &found.err);
        if format == "github" {
            assert_eq!(found.out.lines().count(), 2, "{}", found.out);
            assert!(found.out.lines().all(|line| line.starts_with("::error file=")), "{}", found.out);
        }
        if format == "json" {
            let report = json(&found.out);
            assert_eq!(report["files"][0]["path"], invalid);
            assert_eq!(report["files"][1]["path"], missing.to_str().unwrap());
        }
    }
    assert_eq!(ended(&mut bench.validate(&["--explain", "\u{1b}[31m\u{202e}"])).code, 2);
    let found = ended(&mut bench.validate(&["--explain", "\u{1b}[31m\u{202e}"]));
    assert_harmless("--explain", &found.err);
}

#[test]
fn colours_are_for_terminals_and_for_who_forces_them() {
    let bench = Bench::new();
    let path = "fixtures/approvals/invalid/misspelt-security.json";
    for (variables, coloured) in [
        (&[] as &[(&str, &str)], false),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("CLICOLOR", "1")], false),
        (&[("NO_COLOR", "1")], false),
        (&[("TERM", "dumb")], false),
    ] {
        let found = ended(bench.validate(&[path]).envs(variables.iter().copied()));
        assert_eq!(found.out.contains("\x1b["), coloured, "{variables:?}");
        let found = ended(bench.validate(&["--bogus"]).envs(variables.iter().copied()));
        assert_eq!(found.err.contains("\x1b["), coloured, "{variables:?}, standard error");
    }
    for format in ["json", "github", "sarif"] {
        let found = ended(bench.validate(&[path, "--format", format]).env("CLICOLOR_FORCE", "1"));
        assert!(!found.out.contains('\x1b'), "{format} is for machines");
    }
}

#[test]
fn forced_colours_leave_hostile_text_escaped() {
    let bench = Bench::new();
    let plain = ended(&mut bench.validate(&["fixtures/approvals/invalid"]));
    let coloured = ended(bench.validate(&["fixtures/approvals/invalid"]).env("CLICOLOR_FORCE", "1"));
    // Without its colour sequences, the output equals the plain one.
    let mut rest = String::new();
    let mut text = coloured.out.as_str();
    while let Some((before, after)) = text.split_once("\x1b[") {
        let (colour, after) = after.split_once('m').expect("a colour ends in m");
        assert!(colour.chars().all(|c| c.is_ascii_digit() || c == ';'), "{colour:?} is not a colour");
        rest.push_str(before);
        text = after;
    }
    rest.push_str(text);
    assert_eq!(rest, plain.out);
}

#[test]
fn json_keeps_what_it_escapes() {
    let bench = Bench::new();
    let found = ended(&mut bench.validate(&["fixtures/approvals/invalid", "--format", "json"]));
    let report = json(&found.out);
    assert_eq!(report["version"], 1);
    assert_eq!(json(&serde_json::to_string(&report).unwrap()), report);
    let problems: Vec<&Value> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|file| file["problems"].as_array().unwrap())
        .collect();
    let has_path = |path: &str| problems.iter().any(|problem| problem["path"] == path);
    assert!(has_path("/defaults/de\u{200b}ny"));
    assert!(has_path("/agents/m\u{ad}a\u{200d}in/x\u{7f}\u{85}\u{9b}"));
    assert!(has_path("/defaults/\u{1b}]0;owned\u{7}"));
    assert!(has_path("/agents/a~1b~0c/ask"));
    for problem in problems {
        let expected = ["code", "severity", "message", "path", "line", "column", "endLine", "endColumn"];
        assert!(expected.iter().all(|field| problem.get(field).is_some()), "{problem}");
    }
}

#[test]
fn sarif_follows_its_schema() {
    let mut schema = json(&fs::read_to_string(fixture("sarif-schema-2.1.0.json")).unwrap());
    // The only invalid regular expression in the schema occurs twice: `^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$`.
    for definition in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][definition]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft7)
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    let bench = Bench::new();
    let odd = bench.file("odd name%20\u{e9}:#?[\u{202e}.json", "[]");
    for (arguments, exit) in [
        (&["fixtures/approvals"] as &[&str], 1),
        (&["fixtures/approvals", "--allow-legacy"], 1),
        (&["fixtures/approvals/valid"], 0),
        (&["fixtures/approvals/invalid", "/nowhere/at all.json", &odd], 7),
        (&["-"], 1),
        (&[], 0),
    ] {
        let found = ended(bench.validate(arguments).args(["--format", "sarif"]).write_stdin("{"));
        assert_eq!(found.code, exit, "{arguments:?}");
        let log = json(&found.out);
        let wrong: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path().as_str()))
            .collect();
        assert!(wrong.is_empty(), "{arguments:?}: {wrong:#?}");

        let run = &log["runs"][0];
        let rules: BTreeSet<&str> = run["tool"]["driver"]["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| rule["id"].as_str().unwrap())
            .collect();
        for result in run["results"].as_array().unwrap() {
            assert!(rules.contains(result["ruleId"].as_str().unwrap()), "{result}");
        }
        assert_eq!(run["invocations"][0]["executionSuccessful"], exit != 7, "{arguments:?}");
    }
}

#[test]
fn every_code_is_explained() {
    let bench = Bench::new();
    for code in Code::ALL {
        let found = ended(&mut bench.validate(&["--explain", code.as_str()]));
        assert_eq!((found.code, found.err.as_str()), (0, ""), "{code}");
        assert!(found.out.starts_with(&format!("{code}: {}\n", code.explanation().title)), "{}", found.out);
        assert_harmless(code.as_str(), &found.out);
    }
    insta::assert_snapshot!(transcript(&mut bench.validate(&["--explain", "unknown-value"]), &[]));
}

#[test]
fn a_code_that_does_not_exist_is_a_usage_error() {
    let bench = Bench::new();
    insta::assert_snapshot!(transcript(&mut bench.validate(&["--explain", "unknown-valeu"]), &[]));
}

#[test]
fn the_nearest_name_is_suggested() {
    let bench = Bench::new();
    for (document, suggestion) in [
        (r#"{"version": 1, "defaults": {"security": "alowlist"}}"#, Some("allowlist")),
        (r#"{"version": 1, "defaults": {"security": "DENY"}}"#, Some("deny")),
        (r#"{"version": 1, "defaults": {"ask": "onmiss"}}"#, Some("on-miss")),
        (r#"{"version": 1, "defaults": {"askfallback": "deny"}}"#, Some("askFallback")),
        (r#"{"version": 1, "agnets": {}}"#, Some("agents")),
        (r#"{"version": 1, "agents": {"main": {"allow_list": []}}}"#, Some("allowlist")),
        (
            r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "a", "argpatern": "b"}]}}}"#,
            Some("argPattern"),
        ),
        (
            r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "a", "source": "allow_always"}]}}}"#,
            Some("allow-always"),
        ),
        (r#"{"version": 1, "defaults": {"security": "xyz"}}"#, None),
        (r#"{"version": 1, "xyz": 1}"#, None),
    ] {
        let found = ended(bench.validate(&["-", "--format", "json"]).write_stdin(document));
        assert_eq!(found.code, 1, "{document}");
        let report = json(&found.out);
        assert_eq!(report["files"][0]["problems"][0]["suggestion"].as_str(), suggestion, "{document}");
        let found = ended(bench.validate(&["-"]).write_stdin(document));
        let suggested = suggestion.is_some_and(|name| found.out.contains(&format!("did you mean `{name}`?")));
        assert_eq!(suggested, suggestion.is_some(), "{}", found.out);
    }
}

// Inputs.

#[test]
fn a_missing_file_is_not_read() {
    let bench = Bench::new();
    insta::assert_snapshot!(transcript(&mut bench.validate(&["fixtures/missing.json"]), &[]));
    for format in FORMATS {
        let found = ended(&mut bench.validate(&["fixtures/missing.json", "--format", format]));
        assert_eq!(found.code, 7, "{format}");
        assert!(found.out.contains("fixtures/missing.json"), "{format}: {}", found.out);
    }
}

#[test]
fn a_directory_without_documents_is_not_a_success() {
    let bench = Bench::new();
    bench.file("empty/notes.txt", "");
    bench.file("empty/below/more.toml", "");
    let folder = bench.home.path().join("empty");
    let folder = folder.to_str().unwrap();
    insta::assert_snapshot!(transcript(&mut bench.validate(&[folder]), &[(folder, "[folder]")]));
    for format in FORMATS {
        assert_eq!(ended(&mut bench.validate(&[folder, "--format", format])).code, 7, "{format}");
    }
}

#[test]
fn a_directory_is_searched_to_its_end() {
    let bench = Bench::new();
    bench.file("hosts/b.json", "{\"version\": 1}");
    bench.file("hosts/a/deep/c.json5", "{ version: 1 }");
    bench.file("hosts/a/notes.txt", "no document");
    let folder = bench.home.path().join("hosts");
    let found = ended(&mut bench.validate(&[folder.to_str().unwrap(), "--format", "json"]));
    assert_eq!(found.code, 0);
    let report = json(&found.out);
    let paths: Vec<&str> =
        report["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    let expected = ["a/deep/c.json5", "b.json"].map(|name| folder.join(name).to_str().unwrap().to_owned());
    assert_eq!(paths, expected);
}

#[test]
fn standard_input_is_read_as_json5_by_default() {
    let bench = Bench::new();
    for (arguments, document, exit) in [
        (&["-"] as &[&str], "{ version: 1 }", 0),
        (&["-", "--syntax", "json5"], "{ version: 1 }", 0),
        (&["-", "--syntax", "json"], "{ version: 1 }", 1),
        (&["-", "--syntax", "json"], "{\"version\": 1}", 0),
        (&["-"], "", 1),
    ] {
        let found = ended(bench.validate(arguments).write_stdin(document));
        assert_eq!(found.code, exit, "{arguments:?} {document}");
        assert_eq!(found.out.contains("<stdin>"), exit == 1, "{}", found.out);
    }
}

#[test]
fn the_notation_goes_by_the_name_of_the_file() {
    let bench = Bench::new();
    let content = "{ version: 1 }";
    for (name, exit) in [("a.json", 1), ("a.json5", 0), ("exec-approvals", 0)] {
        let path = bench.file(name, content);
        assert_eq!(ended(&mut bench.validate(&[&path])).code, exit, "{name}");
        assert_eq!(ended(&mut bench.validate(&[&path, "--syntax", "json"])).code, 1, "{name}");
        assert_eq!(ended(&mut bench.validate(&[&path, "--syntax", "json5"])).code, 0, "{name}");
    }
}

#[test]
fn without_arguments_it_is_the_store_of_this_host() {
    let bench = Bench::new();
    let replace = |text: &str| text.replace(bench.home.path().to_str().unwrap(), "[home]");
    let missing = ended(&mut bench.validate(&[]));
    assert_eq!(missing.code, 0);
    assert!(
        replace(&missing.err).contains("[home]/.openclaw/exec-approvals.json holds no"),
        "{}",
        missing.err
    );

    bench.file(".openclaw/exec-approvals.json", "{\"version\": 1}");
    assert_eq!(ended(&mut bench.validate(&[])).code, 0);

    // A host reads its store as JSON.
    bench.file(".openclaw/exec-approvals.json", "{ version: 1 }");
    let found = ended(&mut bench.validate(&["--format", "json"]));
    assert_eq!(found.code, 1);
    let report = json(&found.out);
    assert_eq!(codes(&report), ["json5-notation"]);
    assert_eq!(replace(report["files"][0]["path"].as_str().unwrap()), "[home]/.openclaw/exec-approvals.json");
}

#[test]
fn without_a_home_there_is_no_store() {
    let bench = Bench::new();
    let found = ended(bench.validate(&["--format", "json"]).env_remove("HOME"));
    assert_eq!(found.code, 7);
    assert_eq!(json(&found.out)["error"]["exit"], 7);
    assert!(found.err.starts_with("error: ") && found.err.contains("\n  next: "), "{}", found.err);
}

// Endless and oversized inputs.

#[test]
fn a_pipe_that_nobody_writes_to_ends_with_the_deadline() {
    let bench = Bench::new();
    let pipe = bench.pipe("pipe.json");
    for format in FORMATS {
        let start = Instant::now();
        let found = ended(&mut bench.validate(&[&pipe, "--timeout", "300ms", "--format", format]));
        assert!(start.elapsed() < SOON, "{format}: {:?}", start.elapsed());
        assert_eq!(found.code, 4, "{format}: {}", found.out);
        if format == "json" || format == "sarif" {
            json(&found.out);
        }
    }
}

#[test]
fn standard_input_that_nobody_closes_ends_with_the_deadline() {
    let mut child = Process::new(binary())
        .args(["approvals", "validate", "-", "--timeout", "300ms", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Standard input stays open until the tool has ended.
    let writer = child.stdin.take();
    let start = Instant::now();
    let output = child.wait_with_output().unwrap();
    drop(writer);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(output.status.code(), Some(4));
    json(std::str::from_utf8(&output.stdout).unwrap());
}

#[test]
fn an_input_that_never_ends_is_too_large() {
    let bench = Bench::new();
    let found = ended(&mut bench.validate(&["/dev/zero", "--max-size", "1MiB"]));
    assert_eq!(found.code, 7);
    assert!(found.out.contains("/dev/zero is larger than"), "{}", found.out);
}

#[test]
fn a_huge_file_is_refused_unread() {
    let bench = Bench::new();
    let path = bench.file("huge.json", "");
    OpenOptions::new().write(true).open(&path).unwrap().set_len(2 << 30).unwrap();
    let start = Instant::now();
    let found = ended(&mut bench.validate(&[&path]));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(found.code, 7);
    assert!(found.out.contains("--max-size"), "{}", found.out);
}

#[test]
fn the_limit_is_inclusive() {
    let bench = Bench::new();
    let path = bench.file("a.json", "{\"version\":1}");
    assert_eq!(ended(&mut bench.validate(&[&path, "--max-size", "13"])).code, 0);
    assert_eq!(ended(&mut bench.validate(&[&path, "--max-size", "12"])).code, 7);
    let stdin =
        |limit: &str| ended(bench.validate(&["-", "--max-size", limit]).write_stdin("{\"version\":1}")).code;
    assert_eq!((stdin("13"), stdin("12")), (0, 7));
}

#[test]
fn what_hides_more_chooses_the_exit_code() {
    let bench = Bench::new();
    let (valid, invalid, missing) = (
        "fixtures/approvals/valid/seed.json",
        "fixtures/approvals/invalid/bom.json",
        "fixtures/missing.json",
    );
    let pipe = bench.pipe("pipe.json");
    for (paths, timeout, exit) in [
        (&[valid] as &[&str], "30s", 0),
        (&[valid, valid], "30s", 0),
        (&[valid, invalid], "30s", 1),
        (&[invalid, valid], "30s", 1),
        (&[missing, invalid, valid], "30s", 7),
        (&[invalid, missing], "30s", 7),
        (&[missing, invalid, valid, &pipe], "300ms", 4),
        (&[&pipe, missing, invalid], "300ms", 4),
    ] {
        for format in ["human", "json"] {
            let found = ended(bench.validate(paths).args(["--timeout", timeout, "--format", format]));
            assert_eq!(found.code, exit, "{paths:?}: {}", found.out);
            if format == "json" {
                assert_eq!(json(&found.out)["files"].as_array().unwrap().len(), paths.len());
            }
        }
    }
}

// Output streams.

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let bench = Bench::new();
    let entries = vec!["{\"pattern\": \"\"}"; 5_000].join(",\n");
    let path = bench.file(
        "many.json",
        format!("{{\"version\": 1, \"agents\": {{\"main\": {{\"allowlist\": [{entries}]}}}}}}"),
    );
    for format in FORMATS {
        let mut child = Process::new(binary())
            .args(["approvals", "validate", &path, "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_a_failure() {
    let bench = Bench::new();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for arguments in [
        &["approvals", "validate", "fixtures/approvals/valid"] as &[&str],
        &["approvals", "validate", "fixtures/approvals/invalid"],
        &["approvals", "validate", "fixtures/approvals/valid", "--format", "json"],
        &["approvals", "validate", "fixtures/approvals/invalid", "--format", "sarif"],
        &["approvals", "validate", "--explain", "syntax"],
        &["approvals", "schema"],
        &["--help"],
    ] {
        let output = Process::new(binary())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("HOME", bench.home.path())
            .args(arguments)
            .stdout(full())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(7), "{arguments:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("error: cannot write the output: "), "{arguments:?}: {stderr}");
    }
}

// Command lines.

#[test]
fn a_usage_error_is_json_too_where_json_was_asked_for() {
    let bench = Bench::new();
    for arguments in [
        &["--format", "json", "--bogus"] as &[&str],
        &["--format=json", "--syntax", "yaml"],
        &["--bogus", "--format", "json"],
        &["--format", "json", "--timeout", "soon"],
        &["--format", "json", "--timeout", "0s"],
        &["--format", "json", "--max-size", "lots"],
        &["--format", "json", "--explain", "syntax"],
        &["--format", "sarif", "--bogus"],
    ] {
        let found = ended(&mut bench.validate(arguments));
        assert_eq!(found.code, 2, "{arguments:?}");
        let error = &json(&found.out)["error"];
        assert_eq!((&error["code"], &error["exit"]), (&"usage".into(), &2.into()), "{arguments:?}");
        assert!(found.err.starts_with("error: "), "{arguments:?}: {}", found.err);
    }
    insta::assert_snapshot!(transcript(&mut bench.validate(&["--format", "json", "--bogus"]), &[]));
}

#[test]
fn a_usage_error_prints_nothing_on_standard_output() {
    let bench = Bench::new();
    for arguments in [&["--bogus"] as &[&str], &["--format", "xml"], &["--explain"], &["--timeout", "never"]]
    {
        let found = ended(&mut bench.validate(arguments));
        assert_eq!((found.code, found.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!found.err.is_empty(), "{arguments:?}");
    }
}

/// Texts at which a parser stops in the middle of a character, through every command.
#[test]
fn white_space_beyond_ascii_stops_no_command() {
    let home = TempDir::new().unwrap();
    for space in
        ['\u{85}', '\u{a0}', '\u{1680}', '\u{2003}', '\u{2028}', '\u{3000}', '\u{feff}', '\u{10ffff}']
    {
        for text in [
            format!("{{{space}\"version\": 1}}"),
            format!("{{\"version\": 1}}{space}"),
            format!("{{\"version\"{space}: 1, \"agents\": {{\"é\":{space}{{}}}}}}"),
            format!("{space}{{\"socket\": {{\"token\": {space}\"hunter2\"}}"),
        ] {
            let document = home.path().join("document.json");
            fs::write(&document, &text).unwrap();
            let document = document.to_str().unwrap();
            let other = home.path().join("other.json");
            fs::write(&other, "{\"version\": 2}").unwrap();
            let other = other.to_str().unwrap();
            let formats = FORMATS.map(|format| vec!["validate", "--format", format, document, other]);
            let lints = FORMATS.map(|format| vec!["lint", "--format", format, document, other]);
            let verbs = [
                vec!["get", "--file", document],
                vec!["get", "--json", "--file", document],
                vec!["diff", document, document],
                vec!["set", "--file", document, "--store", other, "--dry-run"],
                vec!["allowlist", "add", "--file", document, "/bin/ls", "--dry-run"],
            ];
            for verb in formats.iter().chain(&lints).chain(&verbs) {
                let output = clearance(home.path()).arg("approvals").args(verb).output().unwrap();
                let code = output.status.code();
                assert!(matches!(code, Some(0 | 1 | 7)), "{verb:?} {text:?}: {output:?}");
                let out = String::from_utf8(output.stdout).unwrap();
                assert!(!out.contains("hunter2"), "{verb:?} {text:?}");
                if matches!(verb[0], "validate" | "lint") {
                    assert!(
                        out.contains("unsupported-version"),
                        "the other file's verdict: {verb:?} {text:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_too_many_to_list_is_counted() {
    let home = TempDir::new().unwrap();
    let document = home.path().join("document.json");
    let count = 12_000;
    fs::write(
        &document,
        format!(
            "{{\"version\": 1, {}}}",
            (0..count).map(|n| format!("\"x{n}\":1")).collect::<Vec<_>>().join(",")
        ),
    )
    .unwrap();
    let report = |format: &str| {
        let output = clearance(home.path())
            .args(["approvals", "validate", "--format", format])
            .arg(&document)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    let listed = json(&report("json"));
    assert_eq!(listed["files"][0]["problems"].as_array().unwrap().len(), 10_000);
    assert_eq!(listed["files"][0]["omitted"], 2_000);
    assert!(report("human").contains("and 2,000 more problems in "));
    assert!(report("github").contains("::and 2,000 more problems"));
    assert!(report("sarif").contains("and 2,000 more problems, not listed"));
}

#[test]
fn a_document_denser_than_any_host_has_is_refused_everywhere() {
    let home = TempDir::new().unwrap();
    let document = home.path().join("document.json");
    let entries = vec!["{\"pattern\":\"a\"}"; 100_001].join(",");
    fs::write(&document, format!("{{\"version\":1,\"agents\":{{\"main\":{{\"allowlist\":[{entries}]}}}}}}"))
        .unwrap();
    let path = document.to_str().unwrap();
    let store = home.path().join("store.json");
    for arguments in [
        vec!["validate", "--format", "json", path],
        vec!["lint", "--format", "json", path],
        vec!["set", "--json", "--dry-run", "--file", path, "--store", store.to_str().unwrap()],
        vec!["diff", "--json", path, path],
        vec!["get", "--json", "--file", path],
    ] {
        let output = clearance(home.path()).arg("approvals").args(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(json(&text).is_object() && text.contains("too-many-values"), "{arguments:?}: {text}");
    }
}
