//! What gateways of three releases wrote into their documents for an answer `allow-always`, measured with agents that ran
//! these commands (`security: allowlist`, `ask: on-miss`; the gateway ran as `nobody`, its directory was [`DIRECTORY`]).

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::approvals::decide::{Context, Table, decide};

const DIRECTORY: &str = "/tmp/triage-lab-2026.9.6-nobody/workspace";

fn written_by(profile: Profile, command: &str) -> Result<Vec<Written>, String> {
    let names = [
        "uptime", "ls", "ps", "grep", "sort", "id", "uname", "df", "stat", "groups", "nl", "du", "seq",
        "md5sum", "dirname", "expr", "head", "wc", "true",
    ];
    let programs: Vec<String> = names.iter().map(|name| format!("/usr/bin/{name}")).collect();
    let mut table = json!({"programs": programs, "path": "/usr/bin:/usr/local/bin", "home": "/h"});
    for more in [
        "/usr/local/bin/git",
        "/tmp/labtest/tool.sh",
        "/usr/bin/bash",
        "/usr/bin/sh",
        "/usr/bin/env",
        "/usr/bin/nice",
        "/usr/bin/timeout",
    ] {
        table["programs"].as_array_mut().unwrap().push(more.into());
    }
    let table: Table = serde_json::from_value(table).unwrap();
    let configuration = json!({"tools": {"exec": {"security": "allowlist", "ask": "on-miss"}}});
    let host = table.host(DIRECTORY);
    let question = Question {
        command,
        agent: "main",
        document: None,
        configuration: &configuration,
        directory: DIRECTORY,
        path: "/usr/bin:/usr/local/bin",
        home: "/h",
        state_directory: None,
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    };
    let decision = decide(&question, profile, &host);
    written(&question, profile, decision.evaluation.as_ref())
}

/// What was written by a gateway of 2026.6.11: the pattern, and the hash of its `argPattern`.
const WRITTEN_BY_2026_6_11: &[(&str, &[(&str, &str)])] = &[
    ("uptime", &[("/usr/bin/uptime", ""), ("=node-command:dd291cd6294bafef", "")]),
    ("stat -L /srv", &[("/usr/bin/stat", ""), ("=node-command:4e2ccf6366163650", "")]),
    (
        "ps aux | grep ssh | sort -n",
        &[
            ("/usr/bin/ps", ""),
            ("/usr/bin/grep", ""),
            ("/usr/bin/sort", ""),
            ("=node-command:6fb55c62c0bddc8c", ""),
        ],
    ),
    (
        "bash -c 'id -u; df /'",
        &[("/usr/bin/id", ""), ("/usr/bin/df", ""), ("=node-command:fcc7add89e70fa6a", "")],
    ),
    ("sh -c 'uname -a'", &[("/usr/bin/uname", ""), ("=node-command:182321315e79418e", "")]),
    ("timeout 5 groups", &[("/usr/bin/groups", ""), ("=node-command:fa324a592603280a", "")]),
    ("/tmp/labtest/tool.sh arg", &[("/tmp/labtest/tool.sh", ""), ("=node-command:27536870df3097e2", "")]),
    ("nl *.md", &[("/usr/bin/nl", ""), ("=node-command:65e8d8b29661075a", "")]),
    (
        "du /srv && seq 3",
        &[("/usr/bin/du", ""), ("/usr/bin/seq", ""), ("=node-command:b86954254399c70e", "")],
    ),
    ("/usr/bin/env md5sum", &[("/usr/bin/md5sum", ""), ("=node-command:5a0f30e2dcf058bd", "")]),
    ("nice dirname /mnt", &[("/usr/bin/dirname", ""), ("=node-command:a1d16cb87f8d0474", "")]),
    ("git status", &[("/usr/local/bin/git", ""), ("=node-command:e62b04aadf39df1a", "")]),
    ("A=1; expr 1", &[("/usr/bin/expr", ""), ("=node-command:0cb21f94b0fee01d", "")]),
];

/// What was written by a gateway of 2026.9.6: the pattern, and the hash of its `argPattern`.
const WRITTEN_BY_2026_9_6: &[(&str, &[(&str, &str)])] = &[
    (
        "uptime",
        &[
            ("/usr/bin/uptime", "5de1f4553940093045f4131be96692dd9216e22bc0f64984d3194b54aea1955e"),
            ("=node-command:dd291cd6294bafef", ""),
        ],
    ),
    (
        "ls -la /srv",
        &[
            ("/usr/bin/ls", "1a2030ca28d3601ed338c073d82b8a45c520a6c0608802904e7a5c5d4c7886d6"),
            ("=node-command:c0b0f649e05d5e21", ""),
        ],
    ),
    (
        "ps aux | grep ssh | sort -n",
        &[
            ("/usr/bin/ps", "b72a9854f0b8ce68eaafa7429b72ddc19d1b6d5caa9ad908156bc4f6b7d0fc19"),
            ("/usr/bin/grep", "4d9ee85e6e645873ab03c11a1fc7dd23f4d382b88b7f4576d65a5a8535629d42"),
            ("/usr/bin/sort", "e5e2e96fc3bd4923f466fd9b02a96bb4f9dd93aba20c0a38318d50b4582d77b9"),
            ("=node-command:6fb55c62c0bddc8c", ""),
        ],
    ),
    (
        "ls /srv && id -u",
        &[
            ("/usr/bin/ls", "3a2c3fe7f66b5eaf525112cd152eda12d3004373aacedb57521b95b58788d068"),
            ("/usr/bin/id", "fe3b12a72712ebf9ba135de30a5df8bc837fa92fb5a417c9973dc34884ed948d"),
            ("=node-command:b34cdad6eeaeca51", ""),
        ],
    ),
    (
        "sh -c 'uname -a'",
        &[
            ("/usr/bin/uname", "ea6e783cdbd21488e5e458cccecf2fc35d428bc83ccca846015766e598dfb379"),
            ("=node-command:182321315e79418e", ""),
        ],
    ),
    (
        "timeout 5 ls /etc",
        &[
            ("/usr/bin/ls", "05bb26aa39d2214527d53f5675848e350b7aed47fa2163b93b4efcaa5288f474"),
            ("=node-command:8d7b9f0e79fc3a6a", ""),
        ],
    ),
    (
        "/tmp/labtest/tool.sh arg",
        &[
            ("/tmp/labtest/tool.sh", "07d8b1c97ffd82890eb39fcc24303f960449b690e20839ccc8c29ffa22e52aca"),
            ("=node-command:27536870df3097e2", ""),
        ],
    ),
    (
        "ls *.md",
        &[
            ("/usr/bin/ls", "3263716f5cf10a3d6a4e42a04e5d23870c4b2b9e31c5eece3bfb3da7419e63df"),
            ("=node-command:41dbaa8f49b4392d", ""),
        ],
    ),
    (
        "df / && du /srv",
        &[
            ("/usr/bin/df", "85d648c303a5d593c73c6690fd43a279d38c5493fc35c4f0824125516427af63"),
            ("/usr/bin/du", "3a2c3fe7f66b5eaf525112cd152eda12d3004373aacedb57521b95b58788d068"),
            ("=node-command:b01e73d9fdb8c1a1", ""),
        ],
    ),
    (
        "/usr/bin/env ls /media",
        &[
            ("/usr/bin/ls", "5209ab5ca027a9ab4f37fdbd756df475808483f7eb1a39d46980ed2d80c857a9"),
            ("=node-command:6320e7da7fc244e9", ""),
        ],
    ),
    (
        "nice ls /mnt",
        &[
            ("/usr/bin/ls", "1ec3c0ebeb6099c8b3e2c00cf714c6b8132d01ae343df7314e9005d3e6613a32"),
            ("=node-command:7958e37131d9a035", ""),
        ],
    ),
    (
        "git status",
        &[
            ("/usr/local/bin/git", "ae7010983f791936de47e7e3866fbc13a84a7aa75feb37c50c79ce42a3822d9a"),
            ("=node-command:e62b04aadf39df1a", ""),
        ],
    ),
    (
        "A=1; ls /run",
        &[
            ("/usr/bin/ls", "7303a157506721471dffc3f50229be1e0a455377cecda83969bd52306ba78d6b"),
            ("=node-command:691c87386209ba36", ""),
        ],
    ),
    (
        "ps -e | head -3",
        &[
            ("/usr/bin/ps", "4bd485a321a8036a4512996a7d78b7939ad8fce052270078b53cfc0b6096ad28"),
            ("/usr/bin/head", "56f0f153140626ab50423189cad6c79f64c6f2cd13fe69277e42c29932a84a6f"),
            ("=node-command:b96701ec0f4768a1", ""),
        ],
    ),
    (
        "ls -l || true",
        &[
            ("/usr/bin/ls", "c8aafed519e3bef7193a3899a4f954e864808ba70335a32865c89c10f78ebe15"),
            ("/usr/bin/true", "5de1f4553940093045f4131be96692dd9216e22bc0f64984d3194b54aea1955e"),
            ("=node-command:34d2b631fbec359c", ""),
        ],
    ),
    (
        "bash -c \"ls /tmp | wc -l\"",
        &[
            ("/usr/bin/ls", "f93822b7ed3c1b853ea8d124a4ba948db10c6ede9c1cd4be03fca1fe0b3c503f"),
            ("/usr/bin/wc", "c8aafed519e3bef7193a3899a4f954e864808ba70335a32865c89c10f78ebe15"),
            ("=node-command:eced1e66d9ce55c7", ""),
        ],
    ),
];

#[test]
fn the_entries_that_gateways_wrote() {
    for (profile, measured) in
        [(Profile::V2026_6_11, WRITTEN_BY_2026_6_11), (Profile::V2026_9_6, WRITTEN_BY_2026_9_6)]
    {
        for (command, entries) in measured {
            let expected: Vec<Written> = entries
                .iter()
                .map(|(pattern, hash)| Written {
                    pattern: (*pattern).to_owned(),
                    arg_pattern: (!hash.is_empty()).then(|| format!("sha256:cwd-argv:v1:{hash}")),
                })
                .collect();
            assert_eq!(written_by(profile, command), Ok(expected), "{command} on {profile:?}");
        }
    }
}

#[test]
fn what_is_not_known_is_not_guessed() {
    for profile in Profile::ALL {
        let why = written_by(profile, "no-such-program x").unwrap_err();
        let expected =
            if profile == Profile::V2026_4_14 { "writes the path" } else { "the real path of no-such" };
        assert!(why.contains(expected), "{why}");
    }
    assert!(written_by(Profile::V2026_9_6, "ls > x").unwrap_err().contains("cannot analyse"));
}
