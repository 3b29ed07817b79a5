//! Generated files are current. `CLEARANCE_BLESS=1 cargo test generated` rewrites them.

use std::path::Path;

use clearance::internals::approvals::Code;
use clearance::internals::decide::Proof;

#[track_caller]
pub fn assert_current(path: &str, content: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("CLEARANCE_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == content, "{path} is not current: run CLEARANCE_BLESS=1 cargo test generated");
}

#[test]
fn schema_is_current() {
    let derived = serde_json::to_string_pretty(&clearance::internals::approvals::derived()).unwrap();
    assert_current("src/approvals/check/schema.json", &format!("{derived}\n"));
    let derived = serde_json::to_string_pretty(&clearance::internals::approvals::derived_native()).unwrap();
    assert_current("src/approvals/check/native.schema.json", &format!("{derived}\n"));
    let derived = serde_json::to_string_pretty(&clearance::internals::approvals::derived_tests()).unwrap();
    assert_current("src/approvals/policy_tests/schema.json", &format!("{derived}\n"));
}

fn printed(arguments: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    let output = crate::support::clearance(home.path()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn completions_are_current() {
    for (shell, file) in [
        ("bash", "clearance.bash"),
        ("elvish", "clearance.elv"),
        ("fish", "clearance.fish"),
        ("powershell", "clearance.ps1"),
        ("zsh", "_clearance"),
    ] {
        assert_current(&format!("completions/{file}"), &printed(&["completions", shell]));
    }
}

#[test]
fn manual_pages_are_current() {
    for command in [
        &["man"] as &[&str],
        &["man", "approvals"],
        &["man", "approvals", "validate"],
        &["man", "approvals", "lint"],
        &["man", "approvals", "get"],
        &["man", "approvals", "set"],
        &["man", "approvals", "diff"],
        &["man", "approvals", "allowlist"],
        &["man", "approvals", "allowlist", "ls"],
        &["man", "approvals", "allowlist", "add"],
        &["man", "approvals", "allowlist", "remove"],
        &["man", "approvals", "allowlist", "remove-tool"],
        &["man", "approvals", "watch"],
        &["man", "approvals", "versions"],
        &["man", "approvals", "versions", "show"],
        &["man", "approvals", "restore"],
        &["man", "approvals", "schema"],
        &["man", "approvals", "explain"],
        &["man", "approvals", "test"],
        &["man", "approvals", "suggest"],
        &["man", "approvals", "upgrade"],
        &["man", "queue"],
        &["man", "queue", "ls"],
        &["man", "queue", "dedupe"],
        &["man", "queue", "guard"],
        &["man", "queue", "resolve"],
        &["man", "queue", "history"],
        &["man", "grants"],
        &["man", "grants", "ls"],
        &["man", "grants", "revoke"],
        &["man", "queue", "triage"],
        &["man", "run"],
        &["man", "run", "ls"],
        &["man", "run", "cancel"],
        &["man", "gateway"],
        &["man", "gateway", "status"],
        &["man", "gateway", "add"],
        &["man", "gateway", "dev"],
        &["man", "completions"],
        &["man", "man"],
    ] {
        let name = ["clearance"].iter().chain(&command[1..]).copied().collect::<Vec<_>>().join("-");
        assert_current(&format!("completions/man/{name}.1"), &printed(command));
    }
}

#[test]
fn docs_list_every_code() {
    use std::fmt::Write;
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints.md")).unwrap();
    let mut checks = String::from("| code | what is wrong |\n| --- | --- |\n");
    for code in Code::ALL {
        writeln!(checks, "| `{code}` | {} |", code.explanation().title).unwrap();
    }
    let mut lints = String::from("| code | severity | what it is |\n| --- | --- | --- |\n");
    for code in Code::LINTS {
        let fixed = if code.is_fixable() { " (`--fix`)" } else { "" };
        let severity = code.severity().as_str();
        writeln!(lints, "| `{code}` | {severity} | {}{fixed} |", code.explanation().title).unwrap();
    }
    let page = with_table(&page, "codes", &checks);
    assert_current("docs/lints.md", &with_table(&page, "lints", &lints));
}

#[test]
fn docs_list_the_proofs() {
    use std::fmt::Write;
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/proofs.md")).unwrap();
    let mut table = String::from(
        "| release | cases | with a fixed policy | seeds | disagreements | split otherwise | unknown | date |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let mut commands = String::from("```console\n");
    for proof in Proof::all() {
        let seeds: Vec<String> = proof.seeds.iter().map(u64::to_string).collect();
        writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            proof.release,
            proof.cases,
            proof.fixed,
            seeds.join(", "),
            proof.disagreements,
            proof.words,
            proof.unknown,
            proof.date
        )
        .unwrap();
        writeln!(commands, "$ {}", proof.command).unwrap();
    }
    let page = with_table(&page, "proofs", &table);
    assert_current("docs/proofs.md", &with_table(&page, "commands", &format!("{commands}```\n")));
}

#[test]
fn docs_show_how_releases_differ() {
    let path = "docs/explain.md";
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let tables = crate::differences::tables();
    let page = tables.iter().fold(page, |page, (name, table)| with_table(&page, name, table));
    assert_current(path, &page);
}

#[test]
fn docs_list_the_keys_of_triage() {
    use std::fmt::Write;
    let path = "docs/triage.md";
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut table = String::from("| key | what it does |\n| --- | --- |\n");
    for binding in clearance::internals::triage::BINDINGS {
        let keys: Vec<String> = binding.shown.split(", ").map(|key| format!("`{key}`")).collect();
        writeln!(table, "| {} | {} |", keys.join(", "), binding.help).unwrap();
    }
    assert_current(path, &with_table(&page, "keys", &table));
}

/// The text with a table in its place.
pub fn with_table(text: &str, name: &str, table: &str) -> String {
    let (start, end) = (format!("<!-- {name}: kept current by a test -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&start).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{start}\n{table}\n{end}{after}")
}

#[test]
fn readme_has_the_exit_codes_of_the_help() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let help = printed(&["--help"]);
    let rows =
        help.lines().skip_while(|line| *line != "Exit codes:").skip(1).take_while(|line| !line.is_empty());
    let mut count = 0;
    for row in rows {
        let (code, meaning) = row.trim().split_once(' ').unwrap();
        assert!(readme.contains(&format!("| {code} | {} |", meaning.trim())), "{row}");
        count += 1;
    }
    assert_eq!(count, 9);
}
