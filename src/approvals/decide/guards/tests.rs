//! Tests of what is refused whatever the policy.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::approvals::decide::host::Found;
use crate::approvals::decide::question::Context;

/// A host on which every path is itself.
struct Plain;

impl Host for Plain {
    fn look(&self, path: &str) -> Found {
        Found::Directory(path.to_owned())
    }

    fn read(&self, _: &str, _: usize) -> Option<Vec<u8>> {
        None
    }

    fn is_writable(&self, _: &str) -> Option<bool> {
        None
    }
}

fn question(command: &str) -> Question<'_> {
    Question {
        command,
        agent: "main",
        document: None,
        configuration: &Value::Null,
        directory: "/work",
        path: "/bin",
        home: "/home/me",
        state_directory: Some("/home/me/.openclaw"),
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    }
}

fn refused(command: &str, profile: Profile) -> Option<&'static str> {
    let question = question(command);
    refusal(&question, profile).or_else(|| state_refusal(&question, profile, &Plain))
}

#[test]
fn only_a_command_that_opens_a_database_depends_on_the_state_directory() {
    for (command, depends) in [
        ("sqlite3 /tmp/x .dump", true),
        ("sh -c 'sudo sqlite3 x'", true),
        ("sqlite3 :memory: '.open /x'", true),
        ("sqlite3", false),
        ("sqlite3 :memory: 'select 1'", false),
        ("rg sqlite3 src", false),
    ] {
        let question = question(command);
        assert_eq!(depends_on_state_directory(&question, Profile::V2026_9_6), depends, "{command}");
        assert!(!depends_on_state_directory(&question, Profile::V2026_6_11), "{command}");
    }
}

#[test]
fn guards_look_through_carriers_and_shells() {
    let [old, middle, new] = [Profile::V2026_4_14, Profile::V2026_6_11, Profile::V2026_9_6];
    for (command, by) in [
        ("/approve a deny", [Some(APPROVE), Some(APPROVE), Some(APPROVE)]),
        ("ls; sudo -u x env A=1 /approve a deny", [Some(APPROVE), Some(APPROVE), Some(APPROVE)]),
        ("bash -c 'exec /approve a deny'", [Some(APPROVE), Some(APPROVE), Some(APPROVE)]),
        ("env -S '/approve a deny'", [Some(APPROVE), Some(APPROVE), Some(APPROVE)]),
        ("ls $(/approve a deny)", [None, Some(APPROVE), Some(APPROVE)]),
        ("ls > x\n/approve a deny", [Some(APPROVE), Some(APPROVE), Some(APPROVE)]),
        ("echo /approve a deny", [None, None, None]),
        ("sh -c 'openclaw channels login'", [None, Some(LOGIN), Some(LOGIN)]),
        ("sqlite3 -readonly ~/.openclaw/x .dump", [None, None, Some(SQLITE)]),
        ("sqlite3 -cmd '.open file:/home/me/.openclaw/%78' /tmp/x", [None, None, Some(SQLITE)]),
        ("sqlite3 /tmp/x .dump", [None, None, None]),
    ] {
        let found = [old, middle, new].map(|profile| refused(command, profile));
        assert_eq!(found, by, "{command}");
    }
}
