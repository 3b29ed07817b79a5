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
