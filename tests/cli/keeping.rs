//! An edit keeps every byte outside the edited part, and the metadata of the file.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use rustix::fs::{XattrFlags, fgetxattr, fremovexattr, fsetxattr};
use serde_json::{Value, json};

use crate::support::database::Host;
use crate::support::dev::{Client, Dev};

const STORE: &str = ".openclaw/exec-approvals.json";
const COMPACT: &str = r#"{"version":1,"agents":{"main":{"allowlist":[{"pattern":"/usr/bin/git"}]}}}"#;
const STRANGE: &str = r#"{"version":1,"comment":"ours","agents":{"main":{"model":"opus","allowlist":[{"pattern":"/usr/bin/git","note":"why"},{"pattern":"/usr/bin/git"}]}}}"#;

fn add<'w>(pattern: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    [&["approvals", "allowlist", "add", pattern, "--agent", "main"], more].concat()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_compact_document_stays_compact() {
    let client = Client::alone();
    let file = client.file("d.json", COMPACT);
    assert_eq!(client.json(&add("/usr/bin/id", &["--file", "d.json"])).0, 0);
    assert_eq!(
        text(&file),
        r#"{"version":1,"agents":{"main":{"allowlist":[{"pattern":"/usr/bin/git"},{"pattern":"/usr/bin/id"}]}}}"#
    );
    let remove = ["approvals", "allowlist", "remove", "/usr/bin/id", "--agent", "main", "--file", "d.json"];
    assert_eq!(client.json(&remove).0, 0);
    assert_eq!(text(&file), COMPACT);
    // The same holds for a store. The new entry gets the fields that OpenClaw adds, and no other entry changes.
    let store = client.file(STORE, COMPACT);
    let (exit, report) = client.json(&add("/usr/bin/id", &[]));
    assert_eq!(exit, 0, "{report}");
    let stored = text(&store);
    let start = COMPACT.strip_suffix("]}}}").unwrap();
    let new = stored.strip_prefix(start).and_then(|rest| rest.strip_suffix("]}}}")).unwrap();
    let new: Value = serde_json::from_str(new.strip_prefix(',').unwrap()).unwrap();
    assert_eq!(new["pattern"], "/usr/bin/id");
    assert!(new["id"].is_string() && new["lastUsedAt"].is_u64(), "{new}");
}

/// Sets an extended attribute. Returns `false` if the file system does not support them.
fn mark(path: &Path) -> bool {
    let file = File::open(path).unwrap();
    fsetxattr(&file, "user.origin", b"ansible", XattrFlags::empty()).is_ok()
}

fn marked(path: &Path) -> bool {
    let mut value = [0; 32];
    let file = File::open(path).unwrap();
    fgetxattr(&file, "user.origin", &mut value[..]).is_ok_and(|size| &value[..size] == b"ansible")
}

#[test]
fn group_mode_and_attributes_stay() {
    let root = rustix::process::geteuid().is_root();
    let duplicate = r#"{"version":1,"agents":{"main":{"allowlist":[{"pattern":"/usr/bin/id"},{"pattern":"/usr/bin/id"}]}}}"#;
    let client = Client::alone();
    client.file("new.json", r#"{"version":1,"agents":{}}"#);
    let words: [&[&str]; 5] = [
        &["approvals", "allowlist", "add", "/usr/bin/uptime", "--file", "d.json"],
        &["approvals", "allowlist", "add", "/usr/bin/uptime", "--store", "d.json"],
        &["approvals", "allowlist", "remove", "/usr/bin/id", "--agent", "main", "--store", "d.json"],
        &["approvals", "lint", "d.json", "--fix", "--yes", "--fail-on", "never"],
        &["approvals", "set", "--file", "new.json", "--store", "d.json"],
    ];
    for words in words {
        let file = client.file("d.json", duplicate);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        if root {
            chown(&file, Some(0), Some(1000)).unwrap();
        }
        let before = fs::metadata(&file).unwrap();
        let attributes = mark(&file);
        let output = client.command(words).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?} {}", String::from_utf8_lossy(&output.stderr));
        let after = fs::metadata(&file).unwrap();
        assert_ne!(text(&file), duplicate, "{words:?}");
        assert_ne!(before.ino(), after.ino(), "{words:?}");
        let owner = |found: &fs::Metadata| (found.uid(), found.gid(), found.mode());
        assert_eq!(owner(&after), owner(&before), "{words:?}");
        assert_eq!(marked(&file), attributes, "{words:?}");
        fs::remove_file(&file).unwrap();
    }
}

/// An access control list as the kernel stores it: the owner, the user 4711, the group, the mask, and others.
fn access(user: u16, mask: u16) -> Vec<u8> {
    const NOBODY: u32 = u32::MAX;
    let entries =
        [(0x01, 6, NOBODY), (0x02, user, 4711), (0x04, 4, NOBODY), (0x10, mask, NOBODY), (0x20, 0, NOBODY)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend(u16::to_le_bytes(tag));
        list.extend(u16::to_le_bytes(permissions));
        list.extend(u32::to_le_bytes(id));
    }
    list
}

/// The access control list of a file, if it has one.
fn access_of(path: &Path) -> Option<Vec<u8>> {
    let mut list = [0; 256];
    let size = fgetxattr(File::open(path).unwrap(), "system.posix_acl_access", &mut list[..]).ok()?;
    Some(list[..size].to_vec())
}

const EDITS: [&[&str]; 2] = [
    &["approvals", "allowlist", "add", "/usr/bin/uptime", "--file", "d.json"],
    &["approvals", "allowlist", "add", "/usr/bin/uptime", "--store", "d.json"],
];

#[test]
fn an_access_control_list_stays() {
    let client = Client::alone();
    for words in EDITS {
        for (user, mask) in [(6, 6), (6, 4), (4, 0)] {
            let file = client.file("d.json", COMPACT);
            let list = access(user, mask);
            let set =
                fsetxattr(File::open(&file).unwrap(), "system.posix_acl_access", &list, XattrFlags::empty());
            if set.is_err() {
                // The file system has none.
                return;
            }
            let mode = fs::metadata(&file).unwrap().mode();
            assert_eq!(client.json(words).0, 0, "{words:?}");
            assert_ne!(text(&file), COMPACT, "{words:?}");
            assert_eq!(access_of(&file), Some(list), "{words:?}");
            assert_eq!(fs::metadata(&file).unwrap().mode(), mode, "{words:?}");
            fs::remove_file(&file).unwrap();
        }
    }
}

/// The default of a directory applies to new files. An edit makes a new file, but it is not a new document.
#[test]
fn an_access_control_list_is_not_inherited() {
    let client = Client::alone();
    for words in EDITS {
        let file = client.file("d.json", COMPACT);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let home = File::open(client.home()).unwrap();
        let default = "system.posix_acl_default";
        if fsetxattr(&home, default, &access(6, 6), XattrFlags::empty()).is_err() {
            return;
        }
        assert_eq!(client.json(words).0, 0, "{words:?}");
        assert_ne!(text(&file), COMPACT, "{words:?}");
        assert_eq!(access_of(&file), None, "{words:?}");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640, "{words:?}");
        fremovexattr(&home, default).unwrap();
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn a_file_with_another_name_is_not_replaced() {
    let client = Client::alone();
    let file = client.file("it's/d.json", COMPACT);
    fs::hard_link(&file, client.home().join("other.json")).unwrap();
    let path = file.to_str().unwrap();
    client.file("new.json", r#"{"version":1}"#);
    let edits = [
        add("/usr/bin/id", &["--file", path]),
        add("/usr/bin/id", &["--store", path, "--dry-run"]),
        vec!["approvals", "set", "--file", "new.json", "--store", path],
        vec!["approvals", "set", "--file", "new.json", "--store", path, "--dry-run"],
    ];
    let mut remedy = String::new();
    for words in edits {
        let (exit, report) = client.json(&words);
        assert_eq!(exit, 7, "{words:?} {report}");
        assert!(report["error"]["message"].as_str().unwrap().contains("another name"), "{report}");
        remedy = report["error"]["remedy"].as_str().unwrap().to_owned();
        assert_eq!(text(&client.home().join("other.json")), COMPACT);
    }
    // An entry that already exists needs no new file.
    assert_eq!(client.json(&add("/usr/bin/git", &["--file", path])).0, 0);
    // The printed next step works, and the other name keeps the document.
    let command = remedy.split_once("again: ").unwrap().1;
    assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
    assert_eq!(client.json(&add("/usr/bin/id", &["--file", path])).0, 0);
    assert_eq!(text(&client.home().join("other.json")), COMPACT);
    assert!(text(&file).contains("/usr/bin/id"));
}

#[test]
fn unknown_fields_stay_in_an_edited_store() {
    let client = Client::alone();
    let store = client.file(STORE, STRANGE);
    let (exit, report) = client.json(&add("/usr/bin/id", &[]));
    assert_eq!((exit, &report["outcome"]), (0, &json!("stored")), "{report}");
    let start = STRANGE.strip_suffix("]}}}").unwrap();
    assert!(text(&store).starts_with(start), "{}", text(&store));
    let remove = ["approvals", "allowlist", "remove", "/usr/bin/id", "--agent", "main"];
    assert_eq!(client.json(&remove).0, 0);
    assert_eq!(text(&store), STRANGE);
    // The same holds for a database, which has no other way to keep them.
    let host = Host::new();
    host.change(&format!(
        "INSERT OR REPLACE INTO exec_approvals_config (config_key, raw_json, has_socket_token, agent_count, allowlist_count, updated_at_ms) VALUES ('current', '{STRANGE}', 0, 1, 2, 1)"
    ));
    let client =
        Client::alone().variable("OPENCLAW_STATE_DIR", host.home().join(".openclaw").to_str().unwrap());
    let (exit, report) = client.json(&add("/usr/bin/id", &[]));
    assert_eq!((exit, &report["departures"]), (0, &json!([])), "{report}");
    assert!(host.text().unwrap().starts_with(start), "{:?}", host.text());
}

#[test]
fn unknown_fields_are_taken_out_on_request() {
    let client = Client::alone();
    client.file("strange.json", STRANGE.replace("\"ours\"", r#"{"apiKey":"hunter2"}"#));
    let store = client.file("s.json", r#"{"version":1}"#);
    let set = ["approvals", "set", "--file", "strange.json", "--store", "s.json"];
    let (exit, report) = client.json(&set);
    assert_eq!((exit, &report["error"]["code"]), (1, &json!("invalid-document")), "{report}");
    let (exit, report) = client.json(&[&set[..], &["--drop-unknown", "--dry-run"]].concat());
    assert_eq!((exit, &report["outcome"]), (0, &json!("planned")), "{report}");
    let paths: Vec<&Value> =
        report["droppedUnknown"].as_array().unwrap().iter().map(|field| &field["path"]).collect();
    assert_eq!(paths, ["/comment", "/agents/main/model", "/agents/main/allowlist/0/note"]);
    assert!(!report.to_string().contains("hunter2"), "{report}");
    let output = client.command(&[&set[..], &["--drop-unknown"]].concat()).output().unwrap();
    let output_text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output_text.contains("removes 3 unknown fields")
            && output_text.contains("- /agents/main/model: \"opus\""),
        "{output_text}"
    );
    assert!(!output_text.contains("hunter2"), "{output_text}");
    assert!(!text(&store).contains("note") && text(&store).contains("/usr/bin/git"));
}

#[test]
fn lint_looks_past_unknown_fields_and_takes_them_out() {
    let client = Client::alone();
    let file = client.file("strange.json", STRANGE);
    let lint = |more: &[&str]| {
        let words = [&["approvals", "lint", "strange.json", "--format", "json"], more].concat();
        let output = client.command(&words).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), report)
    };
    let codes = |report: &Value| -> Vec<String> {
        let problems = report["files"][0]["problems"].as_array().unwrap();
        problems.iter().map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
    };
    let (exit, report) = lint(&[]);
    let (unknown, git) = ("unknown-field", "interpreter-without-arguments");
    assert_eq!(
        (exit, codes(&report)),
        (
            1,
            ["unset-security", unknown, unknown, git, unknown, "duplicate-entry", git]
                .map(str::to_owned)
                .to_vec()
        )
    );
    assert_eq!((&report["fixable"], &report["fixableFields"]), (&json!(1), &json!(3)), "{report}");
    let (exit, report) = lint(&["--fix", "--yes", "--fail-on", "error"]);
    assert_eq!((exit, codes(&report)), (0, ["unset-security", git].map(str::to_owned).to_vec()), "{report}");
    assert_eq!(report["fixedFields"].as_array().unwrap().len(), 3);
    assert_eq!(text(&file), COMPACT);
}

/// A document that is valid with --allow-legacy can be set, compared and edited with it.
#[test]
fn one_rule_for_early_forms() {
    let beside = r#"{"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/usr/bin/rg"}]}, "default": {"security": "deny"}}}"#;
    let early = r#"{"version": 1, "agents": {"default": {"security": "deny", "allowlist": ["/usr/bin/rg", {"pattern": "/a", "source": "manual"}]}}}"#;
    for document in [beside, early] {
        let client = Client::alone();
        client.file("d.json", document);
        let store = client.file("s.json", document);
        for words in [
            vec!["approvals", "validate", "d.json", "--allow-legacy"],
            vec!["approvals", "set", "--file", "d.json", "--store", "s.json", "--allow-legacy", "--dry-run"],
            vec!["approvals", "diff", "d.json", "d.json"],
            add("/b", &["--store", "s.json", "--allow-legacy"]),
            vec!["approvals", "validate", "s.json"],
        ] {
            let output = client.command(&words).output().unwrap();
            assert_eq!(
                output.status.code(),
                Some(0),
                "{words:?} {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let stored: Value = serde_json::from_str(&text(&store)).unwrap();
        assert_eq!(stored["agents"]["main"]["security"], "deny");
        let entries = stored["agents"]["main"]["allowlist"].as_array().unwrap();
        assert_eq!(
            (&entries[0]["pattern"], &entries.last().unwrap()["pattern"]),
            (&json!("/usr/bin/rg"), &json!("/b"))
        );
    }
}

#[test]
fn fields_that_the_next_official_command_drops_are_reported() {
    let client = Client::alone();
    client.file("d.json", r#"{"version":1,"agents":{"main":{"allowlist":[{"pattern":"/a"},{"pattern":"/b","commandText":"b x"}]}}}"#);
    let set = ["approvals", "set", "--file", "d.json", "--store", "s.json"];
    for more in [&["--dry-run"][..], &[]] {
        let output = client.command(&[&set[..], more].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("OpenClaw drops /agents/main/allowlist/1/commandText"), "{stderr}");
    }
    let (_, report) = client.json(&[&set[..], &["--dry-run"]].concat());
    assert_eq!(report["outcome"], "unchanged");
    assert_eq!(report["remarks"], json!([]));
}

#[test]
fn get_counts_what_validate_shows() {
    let client = Client::alone();
    for (name, document) in [
        ("a b.json", r#"{"version": 1, "agents": {"default": {"allowlist": ["/bin/ls", "/bin/cat"]}}}"#),
        ("c.json", "{version: 1, x: 1}"),
        ("d.json5", "{version: 1, x: 1}"),
        ("e.json", r#"{"version": 1}"#),
    ] {
        client.file(name, document);
        let output = client.command(&["approvals", "validate", name, "--format", "json"]).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let count = report["files"][0]["problems"].as_array().unwrap().len();
        let output = client.command(&["approvals", "get", "--file", name]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        match count {
            0 => assert_eq!(stderr, ""),
            _ => {
                assert!(
                    stderr.contains(&format!("({count}); clearance approvals validate ")),
                    "{count} {stderr}"
                );
            }
        }
    }
    let output = client.command(&["approvals", "get", "--file", "a b.json"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("validate 'a b.json' shows where"));
}

#[test]
fn lint_findings_of_a_new_entry_are_reported_before_the_edit() {
    let client = Client::alone();
    let store = client.file("s.json", COMPACT);
    let place = ["--store", "s.json"];
    let output = client.command(&add("/bin/bash", &[&place[..], &["--dry-run"]].concat())).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr.contains("warning: ") && stderr.contains("[interpreter-without-arguments]"), "{stderr}");
    let (exit, report) = client.json(&add("/bin/bash", &place));
    assert_eq!((exit, &report["lints"][0]["code"]), (0, &json!("interpreter-without-arguments")), "{report}");
    assert!(text(&store).contains("/bin/bash"));
    // An entry that an existing one covers is reported once, in the plan.
    client.file("s.json", COMPACT.replace("/usr/bin/git", "/usr/bin/*"));
    let output = client.command(&add("/usr/bin/uptime", &place)).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.matches("[covered-entry]").count(), 1, "{stderr}");
    let output = client.command(&add("/opt/plain", &place)).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    // The same holds for a gateway.
    let dev = Dev::start(&[]);
    let (exit, report) = dev.client().json(&add("/bin/sh", &["--gateway"]));
    assert_eq!((exit, &report["lints"][0]["code"]), (0, &json!("interpreter-without-arguments")), "{report}");
}
