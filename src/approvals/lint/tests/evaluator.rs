//! What lints say about entries and policies, release by release.

use serde_json::{Value, json};

use super::super::{Facts, Files, Keeper, Overrides, lint};
use crate::approvals::decide::Profile::{self, V2026_4_14 as A, V2026_6_11 as B, V2026_9_6 as C};
use crate::approvals::decide::{Host, Place, Programs, Table};
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::lint::trial;
use crate::approvals::text::syntax::Syntax;

fn all(document: &Value, facts: &Facts<'_>) -> Vec<String> {
    let found = lint(document.to_string().as_bytes(), Syntax::Json, facts, &Overrides::default());
    assert!(!found.invalid, "{found:?}");
    let line = |found: &Diagnostic| format!("{}: {}", found.code, found.message);
    found.verdict.diagnostics.iter().map(line).collect()
}

fn of_entry(entry: &Value, release: Option<&str>) -> Vec<String> {
    let document = json!({"version": 1, "defaults": {"security": "allowlist"}, "agents": {"main": {"allowlist": [entry]}}});
    all(&document, &Facts { release, ..Facts::default() })
}

fn of_pattern(pattern: &str, release: Option<&str>) -> Vec<String> {
    of_entry(&json!({"pattern": pattern}), release)
}

/// No release between 2026.4.14 and 2026.6 was measured: they count as 2026.4.14, as in every other answer.
#[test]
fn a_release_that_was_not_measured_counts_as_the_one_before_it() {
    let ignored = |release: &str| {
        let found = of_entry(&json!({"pattern": "/usr/bin/rg", "argPattern": "^x$"}), Some(release));
        found.iter().any(|line| line.starts_with("ignored-by-release: "))
    };
    for release in ["2026.4.14", "2026.4.20", "2026.5.1"] {
        assert!(ignored(release), "{release}");
    }
    assert!(!ignored("2026.6.1") && !ignored("2026.9.6"));
}

/// 2026.9.6 never matches entries for these programs.
#[test]
fn programs_that_a_gateway_looks_through_are_dead() {
    for name in [
        "bunx",
        "chroot",
        "chrt",
        "doas",
        "env",
        "flock",
        "ionice",
        "nice",
        "nohup",
        "npx",
        "nsenter",
        "pkexec",
        "runuser",
        "script",
        "setsid",
        "stdbuf",
        "su",
        "sudo",
        "systemd-run",
        "taskset",
        "time",
        "timeout",
        "unshare",
        "watch",
        "xargs",
    ] {
        for pattern in [name.to_owned(), format!("/usr/bin/{name}")] {
            let found = of_pattern(&pattern, Some("2026.9.6"));
            assert!(found.len() == 1 && found[0].starts_with("never-matches: "), "{found:?}");
            assert!(found[0].contains(" never matches on 2026.9.6: "), "{found:?}");
        }
    }
    assert_eq!(
        of_pattern("env", None),
        [
            "never-matches: `env` never matches: a gateway matches the program that `env` starts: write an entry for that program"
        ]
    );
    assert_eq!(
        of_pattern("/usr/bin/xargs", None),
        [
            "interpreter-without-arguments: `/usr/bin/xargs` allows `xargs id` on 2026.4.14; no command matches it on 2026.6.11 and 2026.9.6"
        ]
    );
    assert_eq!(
        of_pattern("npx", None),
        [
            "interpreter-without-arguments: `npx` allows `npx id` on 2026.6.11; no command matches it on 2026.9.6"
        ]
    );
    // With arguments that are restricted they are dead too.
    let restricted = of_entry(&json!({"pattern": "timeout", "argPattern": "^5 ls$"}), Some("2026.9.6"));
    assert!(restricted[0].starts_with("never-matches: "), "{restricted:?}");
}

/// A shell with an entry is dangerous by its input.
#[test]
fn shells_are_dangerous_by_their_input() {
    assert_eq!(
        of_pattern("/bin/bash", None),
        [
            "interpreter-without-arguments: `/bin/bash` allows `bash -c id` on 2026.4.14, and `cat a.sh | bash` (where `cat` has an entry) on 2026.6.11 and 2026.9.6"
        ]
    );
    assert_eq!(
        of_pattern("bash", Some("2026.9.6")),
        [
            "interpreter-without-arguments: `bash` allows `cat a.sh | bash` (where `cat` has an entry) on 2026.9.6"
        ]
    );
}

/// The bug: nothing was found, although a shell with an `argPattern` allows any command after a wrapper or a pipe.
#[test]
fn a_shell_with_arguments_allows_more_than_one_without() {
    for (entry, command) in [
        (json!({"pattern": "/usr/bin/bash", "argPattern": "^-c .*$"}), "`env bash -c id`"),
        (json!({"pattern": "sh", "argPattern": "^-c id$"}), "`env sh -c id`"),
        (json!({"pattern": "bash", "argPattern": "^.+$"}), "`cat a.sh | bash`"),
    ] {
        for release in ["2026.6.11", "2026.9.6"] {
            let found = of_entry(&entry, Some(release));
            assert!(found[0].starts_with("interpreter-without-arguments: "), "{entry}: {found:?}");
            assert!(found[0].contains(command), "{entry}: {found:?}");
        }
    }
}

/// The bug: one command was tried for each program, and an expression that allows another one was passed over.
#[test]
fn an_expression_is_asked_with_several_commands() {
    for (pattern, arguments, release, expected) in [
        ("/usr/bin/ssh", "^.* ls$", "2026.9.6", "`ssh -o ProxyCommand=id a ls`"),
        ("python3", r"^.*\.py$", "2026.9.6", "`python3 -c 1.py`"),
        ("docker", "^exec .*$", "2026.9.6", "`docker exec a id`"),
        ("gh", "^alias .*$", "2026.9.6", "`gh alias set --shell a id`"),
        ("terraform", "^apply .*$", "2026.9.6", "`terraform apply -auto-approve`"),
        ("systemctl", "^--user .*$", "2026.9.6", "`systemctl --user enable --now /work/a.service`"),
        ("openclaw", "^config .*$", "2026.9.6", "`openclaw config set tools.exec.security full`"),
        ("npx", "^openclaw .*$", "2026.6.11", "`npx openclaw approvals allowlist add /bin/sh`"),
        ("node", "^/usr/lib/node_modules/openclaw/.*$", "2026.9.6", "approvals allowlist add /bin/sh`"),
    ] {
        let found = of_entry(&json!({"pattern": pattern, "argPattern": arguments}), Some(release));
        let code = if expected.contains("approvals") || expected.contains("config") {
            "rewrites-approvals: "
        } else {
            "interpreter-without-arguments: "
        };
        assert!(
            found.iter().any(|line| line.starts_with(code) && line.contains(expected)),
            "{pattern}: {found:?}"
        );
    }
}

/// `*` matches no slash, so `*/bash` matches nothing.
#[test]
fn one_star_before_a_slash_never_matches() {
    let found = of_pattern("*/bash", None);
    assert!(
        found.len() == 1 && found[0].starts_with("never-matches: `*/bash` never matches: `*` does not"),
        "{found:?}"
    );
    assert!(of_pattern("**/bash", None)[0].starts_with("interpreter-without-arguments: `**/bash` allows"));
    for profile in Profile::ALL {
        assert!(!trial::runs(&json!([{"pattern": "*/ls"}]), "ls", "ls", profile));
    }
}

/// The bug: only a pattern without a slash, or with an option, was taken for a command line.
#[test]
fn a_command_line_is_reported_with_the_entry_that_is_meant() {
    for (pattern, command, program) in [
        ("/usr/bin/git status", "git status", "git"),
        ("/usr/bin/gh pr *", "gh pr list", "gh"),
        ("python3 /x/y.py *", "python3 /x/y.py a", "python3"),
    ] {
        let found = of_pattern(pattern, None);
        assert!(found.len() == 1 && found[0].starts_with("command-as-pattern: "), "{found:?}");
        let (_, proposed) = found[0].split_once("; the entry should be ").unwrap();
        let entry: Value = serde_json::from_str(proposed).unwrap();
        for profile in [B, C] {
            assert!(trial::runs(&json!([entry]), program, command, profile), "{pattern} {profile:?}");
            assert!(!trial::runs(&json!([entry]), program, program, profile));
            assert!(!trial::runs(&json!([{"pattern": pattern}]), program, command, profile));
        }
    }
    // The bug: what was proposed was dangerous, or allowed nothing.
    for pattern in [
        "git *",
        "/usr/bin/python3 *",
        "bash -c *",
        "ls | wc",
        "git status && git push",
        "npx cowsay",
        "$X a",
        "sudo ls",
    ] {
        let found = of_pattern(pattern, None);
        assert!(found[0].ends_with("looks like a command line"), "{found:?}");
    }
    for (pattern, proposed) in [
        ("timeout 5 ls -l", r#"{"pattern": "ls", "argPattern": "^-l$"}"#),
        ("/usr/bin/env python3 x.py", r#"{"pattern": "python3", "argPattern": "^x\\.py$"}"#),
    ] {
        let found = of_pattern(pattern, Some("2026.9.6"));
        assert!(found[0].ends_with(&format!("; the entry should be {proposed}")), "{found:?}");
    }
    let found = of_pattern("git status", Some("2026.4.14"));
    assert!(
        found[0].ends_with("; a gateway 2026.4.14 cannot restrict the arguments of a program"),
        "{found:?}"
    );
}

/// The bug: it "matches every command", and the same release "never matches" it.
#[test]
fn a_release_gets_no_contradicting_findings() {
    let codes = |release| {
        let found = of_pattern("**", release);
        found.iter().map(|line| line.split(": ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(Some("2026.4.14")), ["ignored-by-release"]);
    assert_eq!(codes(Some("2026.9.6")), ["any-command"]);
    assert_eq!(of_pattern("**", None), ["any-command: `**` matches every command on 2026.6.11 and 2026.9.6"]);
    assert_eq!(of_pattern("*", None), ["any-command: `*` matches every command"]);
}

/// The bug: nothing was said about a link, which current releases never match.
#[test]
fn a_link_of_this_host_is_reported() {
    let places = [("/usr/bin/python3", Place::At("/usr/bin/python3.11".to_owned()))];
    let places = places.map(|(path, place)| (path.to_owned(), place));
    let table = Table { programs: Programs::Places(places.into()), complete: true, ..Table::default() };
    let host = table.host("/");
    let host: &dyn Host = &host;
    let of = |pattern: &str, keeper| {
        let document = json!({"version": 1, "defaults": {"security": "allowlist"}, "agents": {"main": {"allowlist": [{"pattern": pattern}]}}});
        let files = Files { host, home: "/home/ann" };
        let found = all(&document, &Facts { keeper, host: Some(files), ..Facts::default() });
        found.into_iter().filter(|line| line.starts_with("link-as-pattern")).collect::<Vec<_>>()
    };
    assert_eq!(
        of("/usr/bin/python3", Keeper::Database),
        [
            "link-as-pattern: `/usr/bin/python3` never matches: on this host it is a link, and the path it leads to is compared: `/usr/bin/python3.11`"
        ]
    );
    assert!(of("/usr/bin/python3", Keeper::File)[0].contains(" never matches on 2026.6.11: "));
    for pattern in ["/usr/bin/python3.11", "/usr/bin/python*", "/usr/bin/absent", "python3"] {
        assert_eq!(of(pattern, Keeper::Database), [""; 0], "{pattern}");
    }
}

/// The bug: a missing `askFallback` was said to be `deny` in every release, and `full` to matter under `allowlist`.
#[test]
fn an_unanswered_prompt_is_judged_as_the_release_does() {
    let of = |policy: Value, release: Option<&str>| {
        let document = json!({"version": 1, "defaults": policy});
        let found = all(&document, &Facts { release, ..Facts::default() });
        found.into_iter().filter(|line| line.starts_with("ask-fallback-full")).collect::<Vec<_>>()
    };
    assert_eq!(
        of(json!({"security": "full", "ask": "always"}), None),
        [
            "ask-fallback-full: all agents: without `askFallback` the command of an unanswered prompt runs on 2026.4.14"
        ]
    );
    let none = [""; 0];
    assert_eq!(of(json!({"security": "full", "ask": "always"}), Some("2026.9.6")), none);
    assert_eq!(of(json!({"security": "full", "ask": "always", "askFallback": "deny"}), None), none);
    assert_eq!(of(json!({"security": "allowlist", "ask": "always"}), None), none);
    assert_eq!(of(json!({"security": "allowlist", "ask": "on-miss", "askFallback": "full"}), None), none);
    assert_eq!(
        of(json!({"security": "full", "ask": "always", "askFallback": "full"}), None),
        ["ask-fallback-full: all agents: the command of an unanswered prompt runs"]
    );
}

/// The bug: only a list of interpreters was known.
#[test]
fn programs_that_run_others_are_found_by_a_command_that_the_release_runs() {
    for (pattern, witness) in [
        ("git", "git -c core.pager=id -p log"),
        ("npm", "npm run a"),
        ("tar", "tar -xf a.tar --to-command=id"),
        ("vi", "vi -c ':!id' a.txt"),
        ("less", "less '+!id' a.txt"),
        ("ssh", "ssh -o ProxyCommand=id a"),
        ("make", "make -f a.txt"),
        ("python3.11", "python3.11 -c 1"),
    ] {
        assert_eq!(
            of_pattern(pattern, Some("2026.9.6")),
            [format!("interpreter-without-arguments: `{pattern}` allows `{witness}` on 2026.9.6")]
        );
    }
    // `-exec` asks a person from 2026.6 on.
    assert_eq!(of_pattern("find", None), [""; 0]);
    assert_eq!(
        of_pattern("/usr/bin/find", None),
        ["interpreter-without-arguments: `/usr/bin/find` allows `find . -exec id {} +` on 2026.4.14"]
    );
    assert_eq!(
        of_pattern("openclaw", None),
        [
            "rewrites-approvals: `openclaw` allows `openclaw approvals allowlist add /bin/sh` on 2026.6.11 and 2026.9.6, which changes this allowlist"
        ]
    );
    // An expression is asked with the command, so it need not be free to allow it.
    let with =
        |arguments: &str| of_entry(&json!({"pattern": "python3", "argPattern": arguments}), Some("2026.9.6"));
    assert!(with("^-c .*$")[0].starts_with("interpreter-without-arguments: `python3` allows `python3 -c 1`"));
    assert_eq!(with(r"^safe\.py$"), [""; 0]);
    assert_eq!(of_entry(&json!({"pattern": "openclaw", "argPattern": "^status$"}), None), [""; 0]);
}

#[test]
fn releases_that_cannot_read_a_store_are_not_asked() {
    let document = json!({"version": 1, "defaults": {"security": "allowlist"}, "agents": {"main": {"allowlist": [{"pattern": "/usr/bin/xargs"}]}}});
    let of = |keeper| all(&document, &Facts { keeper, ..Facts::default() });
    assert!(of(Keeper::Database)[0].starts_with("never-matches"));
    assert!(of(Keeper::File)[0].ends_with(" on 2026.4.14; no command matches it on 2026.6.11"));
    let every = trial::runs(&json!([{"pattern": "/usr/bin/xargs"}]), "xargs", "xargs id", A);
    assert!(every);
}
