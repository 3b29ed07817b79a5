//! Files that the tool makes of itself are current. `CLEARANCE_BLESS=1 cargo test generated` rewrites them.

use std::path::Path;

fn assert_current(path: &str, content: &str) {
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
    let derived = serde_json::to_string_pretty(&clearance::approvals::schema::derived()).unwrap();
    assert_current("src/approvals/schema.json", &format!("{derived}\n"));
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
        &["man", "approvals", "get"],
        &["man", "approvals", "set"],
        &["man", "approvals", "schema"],
    ] {
        let name = ["clearance"].iter().chain(&command[1..]).copied().collect::<Vec<_>>().join("-");
        assert_current(&format!("completions/man/{name}.1"), &printed(command));
    }
}
