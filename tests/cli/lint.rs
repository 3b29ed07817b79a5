//! `approvals lint` as a process: the corpus, the official documents, clearance.toml, fixes, exit codes.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use clearance::internals::approvals::Code;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::dev::{Client, Dev, before};
use crate::support::{clearance, fixture, transcript};

/// A temporary directory with these files.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn lint(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = clearance(directory);
    command.current_dir(directory).args(["approvals", "lint"]).args(arguments);
    command
}

fn lint_answer(directory: &Path, arguments: &[&str]) -> String {
    transcript(&mut lint(directory, arguments), &[(directory.to_str().unwrap(), "[dir]")])
}

fn object(command: &mut Command) -> Value {
    serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
}

/// All findings of these documents, one per line. The documents are copied to a directory outside any repository.
fn findings(paths: &[&str], flags: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    for path in paths {
        let (from, to) = (fixture(path), home.path().join(path));
        fs::create_dir_all(if from.is_dir() { &to } else { to.parent().unwrap() }).unwrap();
        if from.is_dir() {
            for entry in fs::read_dir(&from).unwrap().map(Result::unwrap) {
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        } else {
            fs::copy(from, to).unwrap();
        }
    }
    let report = object(&mut lint(home.path(), &[&["--format", "json"], flags, paths].concat()));
    let mut lines = String::new();
    for file in report["files"].as_array().unwrap() {
        let (path, status) = (file["path"].as_str().unwrap(), file["status"].as_str().unwrap());
        writeln!(lines, "{path} {status}").unwrap();
        for problem in file["problems"].as_array().unwrap() {
            let text = |field: &str| problem[field].as_str().unwrap().escape_debug().to_string();
            let (severity, code) = (text("severity"), text("code"));
            let (line, path, message) = (&problem["line"], text("path"), text("message"));
            writeln!(lines, "  {severity} {code} {line} {path}: {message}").unwrap();
        }
    }
    lines
}

#[test]
fn the_corpus_has_its_findings() {
    let documents = fs::read_dir(fixture("lint/documents")).unwrap().count();
    assert!(documents >= 40, "{documents}");
    insta::assert_snapshot!("corpus", findings(&["lint/documents"], &[]));
}

#[test]
fn the_corpus_has_its_findings_of_use_and_releases() {
    let of = |document: &str| format!("lint/documents/{document}");
    let (stale, fields) = (of("stale.json"), of("release-fields.json"));
    let documents =
        ["pattern-everything.json", "programs-looked-through.json", "programs-running-others.json"];
    let documents = documents.map(of);
    let documents: Vec<&str> = documents.iter().chain([&fields]).map(String::as_str).collect();
    // Entries were last used in 1970 or in 2100, so the findings do not depend on the clock.
    insta::assert_snapshot!("corpus_use", without_days(&findings(&[&stale], &["--stale", "30"])));
    for release in ["2026.4.14", "2026.6.11", "2026.9.6"] {
        insta::assert_snapshot!(format!("corpus_for_{release}"), findings(&documents, &["--for", release]));
    }
}

fn without_days(text: &str) -> String {
    let words =
        text.split(' ').map(|word| if word.parse::<u32>().is_ok_and(|n| n > 1000) { "[n]" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_lint_is_in_the_corpus() {
    let mut seen = findings(&["lint/documents"], &["--stale", "30", "--for", "2026.4.14"]);
    seen.push_str(&findings(
        &["arguments-unanchored", "generated-inactive", "release-fields"]
            .map(|name| format!("lint/documents/{name}.json"))
            .each_ref()
            .map(String::as_str),
        &[],
    ));
    // These need a repository, a configuration, a host, or time limits. Other tests cover them.
    let elsewhere = [
        Code::ExpiredEntry,
        Code::LinkAsPattern,
        Code::SecretInVersionControl,
        Code::TimedEntry,
        Code::UnusedSilence,
    ];
    for code in Code::LINTS.iter().filter(|code| !elsewhere.contains(code)) {
        assert!(seen.contains(&format!(" {code} ")), "{code}");
    }
}

/// The documents of OpenClaw's documentation (docs/tools/exec-approvals.md and docs/cli/approvals.md of the package
/// 2026.9.6), and all of their findings: a host that never asks, an entry of an early release (the
/// documentation's own `sha256:argv:…`), and a document that leaves `security` to the configuration.
#[test]
fn official_documents_give_no_false_alarms() {
    let documents = [
        "approvals/valid/official-arg-pattern.json",
        "approvals/valid/official-deny-by-default.json",
        "approvals/valid/official-example.json",
        "approvals/valid/official-yolo.json5",
        "lint/official/allowlist-examples.json",
    ];
    insta::assert_snapshot!("official", findings(&documents, &[]));
}

#[test]
fn findings_are_reported_in_every_format() {
    let text = fs::read_to_string(fixture("lint/documents/notation.json5")).unwrap();
    let directory = directory(&[("a.json5", &text)]);
    for format in ["human", "json", "github", "sarif"] {
        insta::assert_snapshot!(
            format!("format_{format}"),
            lint_answer(directory.path(), &["a.json5", "--format", format])
        );
    }
}

#[test]
fn hostile_text_is_escaped() {
    let document = fixture("lint/documents/hostile.json");
    let home = tempfile::tempdir().unwrap();
    for format in ["human", "json", "github", "sarif"] {
        let output = lint(home.path(), &[document.to_str().unwrap(), "--format", format]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("world-writable-directory"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{format}: {text:?}");
        assert!(
            !text.contains(['\u{202e}', '\u{200b}']) && !text.contains("\n::error::x"),
            "{format}: {text:?}"
        );
    }
    let text = fs::read_to_string(&document).unwrap();
    let mut fix = lint(home.path(), &["copy.json", "--fix", "--yes"]);
    fs::write(home.path().join("copy.json"), text).unwrap();
    let text = String::from_utf8(fix.output().unwrap().stdout).unwrap();
    assert!(text.contains("to remove") && text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

const BASH: &str = r#"{"version":1,"defaults":{"security":"allowlist"},"agents":{"main":{"allowlist":[{"pattern":"bash"}]}}}"#;

#[test]
fn exit_codes_follow_the_failing_severity() {
    let error = r#"{"version":1,"defaults":{"security":"full"}}"#;
    let note = r#"{"version":1}"#;
    let directory = directory(&[
        ("error.json", error),
        ("warning.json", BASH),
        ("note.json", note),
        ("invalid.json", "{}"),
    ]);
    for (flags, expected) in [
        (&[] as &[&str], [1, 1, 0, 1]),
        (&["--fail-on", "error"], [1, 0, 0, 1]),
        (&["--fail-on", "note"], [1, 1, 1, 1]),
        (&["--fail-on", "never"], [0, 0, 0, 1]),
    ] {
        for (file, code) in ["error.json", "warning.json", "note.json", "invalid.json"].iter().zip(expected) {
            lint(directory.path(), &[&[*file], flags].concat()).assert().code(code);
        }
    }
    lint(directory.path(), &["absent.json", "warning.json"]).assert().code(7);
    lint(directory.path(), &["warning.json", "--for", "latest"]).assert().code(2);
    lint(directory.path(), &["-", "--fix", "--yes"]).write_stdin(BASH).assert().code(2);
    lint(directory.path(), &["-"]).write_stdin(BASH).assert().code(1);
    lint(directory.path(), &["--timeout", "300ms", "/dev/zero", "--max-size", "1000GiB"])
        .timeout(Duration::from_secs(20))
        .assert()
        .code(4);
}

#[test]
fn the_store_of_this_host_is_the_default() {
    let directory = directory(&[
        (".openclaw/exec-approvals.json", BASH),
        ("other/exec-approvals.json", "{\"version\":1}"),
    ]);
    insta::assert_snapshot!("store_default", lint_answer(directory.path(), &[]));
    insta::assert_snapshot!(
        "store_named",
        lint_answer(directory.path(), &["--store", "other/exec-approvals.json"])
    );
}

#[test]
fn a_link_of_this_host_is_reported_for_its_own_store_alone() {
    let home = directory(&[("bin/tool-1", "")]);
    let real = home.path().canonicalize().unwrap();
    fs::set_permissions(real.join("bin/tool-1"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("tool-1", real.join("bin/tool")).unwrap();
    let pattern = real.join("bin/tool");
    let document = json!({"version": 1, "defaults": {"security": "allowlist"},
        "agents": {"main": {"allowlist": [{"pattern": pattern}, {"pattern": "~/bin/tool"}]}}});
    fs::create_dir(real.join(".openclaw")).unwrap();
    for file in [".openclaw/exec-approvals.json", "a.json"] {
        fs::write(real.join(file), document.to_string()).unwrap();
    }
    let of = |arguments: &[&str]| {
        let report = object(&mut lint(&real, &[&["--format", "json"], arguments].concat()));
        let problems = report["files"][0]["problems"].as_array().unwrap().clone();
        let codes = problems.iter().map(|problem| problem["code"].as_str().unwrap().to_owned());
        // The directory is one for temporary files.
        codes.filter(|code| code != "world-writable-directory").collect::<Vec<_>>()
    };
    assert_eq!(of(&[]), ["link-as-pattern", "link-as-pattern"]);
    assert_eq!(of(&["--for", "2026.4.14"]), [""; 0]);
    assert_eq!(of(&["a.json"]), [""; 0]);
}

#[test]
fn on_a_host_that_keeps_a_file_generated_entries_are_alive() {
    let generated = BASH.replace("}]", r#","source":"allow-always"}]"#);
    let directory = directory(&[(".openclaw/exec-approvals.json", &generated), ("a.json", &generated)]);
    insta::assert_snapshot!("store_generated", lint_answer(directory.path(), &["--fix", "--yes"]));
    insta::assert_snapshot!("file_generated", lint_answer(directory.path(), &["a.json", "--fix"]));
}

#[test]
fn the_document_of_a_gateway_is_checked() {
    let scenario = r#"{document: {version: 1, defaults: {security: "full"}, agents: {main: {allowlist: [{pattern: "bash"}, {pattern: "bash"}]}}}}"#;
    let directory = directory(&[("scenario.json", scenario)]);
    let scenario = directory.path().join("scenario.json");
    let dev = Dev::start(&["--scenario", scenario.to_str().unwrap()]);
    let client = dev.client();
    let output = client.command(&["approvals", "lint", "--gateway", "--format", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let problems = report["files"][0]["problems"].as_array().unwrap();
    // The gateway chooses the order of fields.
    let mut codes: Vec<&str> = problems.iter().map(|problem| problem["code"].as_str().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(output.status.code(), Some(1));
    let interpreter = "interpreter-without-arguments";
    assert_eq!(codes, ["duplicate-entry", "full-without-asking", interpreter, interpreter]);
    assert_eq!(report["fixable"], 0);
    // No remedy names --fix, because it works only on files and local stores.
    assert!(problems.iter().all(|problem| problem["fixable"] == false), "{report}");
    assert!(!report.to_string().contains("--fix"), "{report}");
    for format in ["human", "github"] {
        let output =
            client.command(&["approvals", "lint", "--gateway", "--format", format]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("--fix") && text.contains("approvals allowlist remove"), "{text}");
    }
}

#[test]
fn a_policy_of_rules_and_a_gateway_without_a_document_are_reported() {
    let dev = Dev::start(&[]);
    let lint_report = |client: &Client, place: &str| {
        let output = client.command(&["approvals", "lint", "--format=json", place]).output().unwrap();
        (output.status.code().unwrap(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let (exit, report) = lint_report(&dev.client(), "--node=demo-windows");
    assert_eq!((exit, &report["error"]["code"]), (2, &json!("usage")), "{report}");
    assert!(report["error"]["message"].as_str().unwrap().ends_with("which has no lints"), "{report}");
    let fresh = before(&dev, |frame| {
        if let Some(exists) = frame.pointer_mut("/payload/exists") {
            *exists = json!(false);
        }
    });
    let (exit, report) = lint_report(&dev.client_at(&fresh), "--gateway");
    assert_eq!((exit, &report["files"]), (0, &json!([])), "{report}");
    let message = report["remarks"][0].as_str().unwrap();
    assert!(message.contains("holds no approvals document, so the host uses its defaults"), "{report}");
}

const CONFIG: &str = r#"
[lint.severity]
duplicate-entry = "note"

[[lint.silence]]
code = "interpreter-without-arguments"
path = "hosts"
agent = "main"
pattern = "bash"
reason = "the build host"

[[lint.silence]]
code = "any-command"
path = "hosts/a.json"
reason = "was needed once"

[[lint.silence]]
code = "home-directory"
path = "elsewhere.json"
reason = "not looked at here"

[[lint.silence]]
code = "stale-entry"
reason = "not looked for without --stale"
"#;

#[test]
fn a_project_weighs_and_silences() {
    let two = r#"{"version":1,"defaults":{"security":"allowlist"},"agents":{"main":{"allowlist":[{"pattern":"bash"},{"pattern":"rg"},{"pattern":"rg"}]}}}"#;
    let directory = directory(&[("clearance.toml", CONFIG), ("hosts/a.json", two), ("b.json", BASH)]);
    insta::assert_snapshot!("project", lint_answer(directory.path(), &["hosts/a.json"]));
    // This also works from a subdirectory and by another path. It does not apply outside `hosts`.
    lint(directory.path(), &["a.json"]).current_dir(directory.path().join("hosts")).assert().code(0);
    lint(directory.path(), &["b.json"]).assert().code(1);
    fs::rename(directory.path().join("clearance.toml"), directory.path().join("other.toml")).unwrap();
    lint(directory.path(), &["hosts/a.json"]).assert().code(1);
    lint(directory.path(), &["hosts/a.json", "--config", "other.toml"]).assert().code(0);
    lint(directory.path(), &["hosts/a.json", "--config", "absent.toml"]).assert().code(7);
}

#[test]
fn mistakes_in_a_projects_configuration_are_reported() {
    for (name, text) in [
        ("no_reason", "[[lint.silence]]\ncode = \"any-command\"\n"),
        ("empty_reason", "[[lint.silence]]\ncode = \"any-command\"\nreason = \" \"\n"),
        ("unknown_code", "[lint.severity]\nany-comand = \"note\"\n"),
        ("validation_code", "[[lint.silence]]\ncode = \"syntax\"\nreason = \"x\"\n"),
        ("no_severity", "[lint.severity]\nany-command = \"off\"\n"),
        ("unknown_field", "[[lint.silence]]\ncode = \"any-command\"\nreson = \"x\"\n"),
        ("no_toml", "[lint\n"),
    ] {
        let directory = directory(&[("clearance.toml", text), ("a.json", BASH)]);
        let answer = lint_answer(directory.path(), &["a.json"]);
        assert!(answer.starts_with("exit: 7\n--- stdout\n--- stderr\n"), "{name}: {answer}");
        insta::assert_snapshot!(format!("project_{name}"), answer);
    }
}

#[test]
fn secrets_are_reported_only_in_a_repository() {
    let text = fs::read_to_string(fixture("lint/documents/secret-texts.json")).unwrap();
    let socket = fs::read_to_string(fixture("lint/documents/secret-socket.json")).unwrap();
    let directory = directory(&[
        ("repo/.git/HEAD", "ref: refs/heads/main\n"),
        ("repo/.gitignore", "ignored.json\n"),
        ("repo/texts.json", &text),
        ("repo/socket.json", &socket),
        ("repo/ignored.json", &socket),
        ("plain/socket.json", &socket),
    ]);
    let answer = lint_answer(directory.path(), &["repo", "plain"]);
    assert!(!answer.contains("hunter2"), "{answer}");
    insta::assert_snapshot!("secrets", answer);
}

#[test]
fn a_fix_is_shown_confirmed_and_made() {
    let text = fs::read_to_string(fixture("lint/documents/notation.json5")).unwrap();
    let covered = fs::read_to_string(fixture("lint/documents/covered-by-glob.json")).unwrap();
    let directory = directory(&[("a.json5", &text), ("b.json", &covered)]);
    let read = |file: &str| fs::read_to_string(directory.path().join(file)).unwrap();
    fs::set_permissions(directory.path().join("a.json5"), fs::Permissions::from_mode(0o644)).unwrap();
    // Without a terminal there is no confirmation, so nothing is changed.
    insta::assert_snapshot!(
        "fix_unconfirmed",
        lint_answer(directory.path(), &["a.json5", "b.json", "--fix"])
    );
    assert_eq!((read("a.json5"), read("b.json")), (text.clone(), covered));
    insta::assert_snapshot!("fix", lint_answer(directory.path(), &["a.json5", "b.json", "--fix", "--yes"]));
    insta::assert_snapshot!("fix_text", read("a.json5"));
    insta::assert_snapshot!("fix_json", read("b.json"));
    let mode = fs::metadata(directory.path().join("a.json5")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o644);
    let names: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{names:?}");
    // Nothing is left to fix, and machine output says what was done.
    let again = lint(directory.path(), &["a.json5", "--fix", "--yes", "--format", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&report["fixed"], &report["fixable"]), (&json!([]), &json!(0)));
}

#[test]
fn a_fix_in_machine_output_keeps_standard_output_to_itself() {
    let text = fs::read_to_string(fixture("lint/documents/duplicates.json")).unwrap();
    let directory = directory(&[(".openclaw/exec-approvals.json", &text)]);
    let output = lint(directory.path(), &["--fix", "--yes", "--format=json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["fixed"].as_array().unwrap().len(), 4, "{report}");
    assert_eq!(output.status.code(), Some(0), "{report}");
    let mode =
        fs::metadata(directory.path().join(".openclaw/exec-approvals.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let refused =
        lint(directory.path(), &["--fix", "--format=json", "-"]).write_stdin("{}").output().unwrap();
    let refused_object: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((refused.status.code(), &refused_object["error"]["exit"]), (Some(2), &json!(2)));
}

#[test]
fn every_lint_is_explained() {
    let home = tempfile::tempdir().unwrap();
    let pages: Vec<String> =
        Code::LINTS.iter().map(|code| lint_answer(home.path(), &["--explain", code.as_str()])).collect();
    assert!(pages.iter().all(|page| page.starts_with("exit: 0\n")));
    insta::assert_snapshot!("explanations", pages.join("\n"));
    insta::assert_snapshot!("explain_unknown", lint_answer(home.path(), &["--explain", "any-comand"]));
}
