//! Every page of help, and the errors of wrong command lines.

use crate::support::{clearance, transcript};

fn answer(arguments: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    transcript(clearance(home.path()).args(arguments), &[])
}

#[test]
fn every_page_of_help() {
    for (name, command) in [
        ("clearance", &[] as &[&str]),
        ("approvals", &["approvals"]),
        ("approvals_validate", &["approvals", "validate"]),
        ("approvals_lint", &["approvals", "lint"]),
        ("approvals_get", &["approvals", "get"]),
        ("approvals_set", &["approvals", "set"]),
        ("approvals_diff", &["approvals", "diff"]),
        ("approvals_allowlist", &["approvals", "allowlist"]),
        ("approvals_allowlist_ls", &["approvals", "allowlist", "ls"]),
        ("approvals_allowlist_add", &["approvals", "allowlist", "add"]),
        ("approvals_allowlist_remove", &["approvals", "allowlist", "remove"]),
        ("approvals_allowlist_remove_tool", &["approvals", "allowlist", "remove-tool"]),
        ("approvals_watch", &["approvals", "watch"]),
        ("approvals_versions", &["approvals", "versions"]),
        ("approvals_restore", &["approvals", "restore"]),
        ("approvals_explain", &["approvals", "explain"]),
        ("approvals_test", &["approvals", "test"]),
        ("approvals_suggest", &["approvals", "suggest"]),
        ("approvals_upgrade", &["approvals", "upgrade"]),
        ("approvals_schema", &["approvals", "schema"]),
        ("queue", &["queue"]),
        ("queue_ls", &["queue", "ls"]),
        ("queue_dedupe", &["queue", "dedupe"]),
        ("queue_guard", &["queue", "guard"]),
        ("queue_resolve", &["queue", "resolve"]),
        ("queue_history", &["queue", "history"]),
        ("queue_triage", &["queue", "triage"]),
        ("run", &["run"]),
        ("run_ls", &["run", "ls"]),
        ("run_cancel", &["run", "cancel"]),
        ("grants", &["grants"]),
        ("grants_ls", &["grants", "ls"]),
        ("grants_revoke", &["grants", "revoke"]),
        ("gateway", &["gateway"]),
        ("gateway_status", &["gateway", "status"]),
        ("gateway_add", &["gateway", "add"]),
        ("gateway_dev", &["gateway", "dev"]),
        ("completions", &["completions"]),
        ("man", &["man"]),
    ] {
        let long = answer(&[command, &["--help"]].concat());
        let short = answer(&[command, &["-h"]].concat());
        assert!(long.starts_with("exit: 0\n") && short.starts_with("exit: 0\n"), "{name}");
        insta::assert_snapshot!(format!("{name}_long"), long);
        insta::assert_snapshot!(format!("{name}_short"), short);
        assert_eq!(answer(&[&["help"], command].concat()), long, "clearance help {name}");
    }
}

#[test]
fn every_command_has_its_page() {
    // The pages above are all there are: the commands that the listing of a page names.
    let listed = |arguments: &[&str]| -> Vec<String> {
        let page = answer(arguments);
        let commands = page.lines().skip_while(|line| *line != "Commands:").skip(1);
        let commands = commands.take_while(|line| !line.is_empty());
        commands.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
    };
    assert_eq!(
        listed(&["--help"]),
        ["approvals", "queue", "run", "grants", "gateway", "completions", "man", "help"]
    );
    assert_eq!(
        listed(&["approvals", "--help"]),
        [
            "validate",
            "lint",
            "get",
            "set",
            "diff",
            "allowlist",
            "watch",
            "versions",
            "restore",
            "explain",
            "test",
            "suggest",
            "upgrade",
            "schema",
            "help"
        ]
    );
    assert_eq!(listed(&["approvals", "allowlist", "--help"]), ["ls", "add", "remove", "remove-tool", "help"]);
    assert_eq!(
        listed(&["queue", "--help"]),
        ["ls", "dedupe", "guard", "resolve", "history", "triage", "help"]
    );
    assert_eq!(listed(&["run", "--help"]), ["ls", "cancel", "help"]);
    assert_eq!(listed(&["grants", "--help"]), ["ls", "revoke", "help"]);
    assert_eq!(listed(&["gateway", "--help"]), ["status", "add", "dev", "help"]);
}

#[test]
fn pages_fit_a_terminal() {
    for command in [
        &[] as &[&str],
        &["approvals"],
        &["approvals", "validate"],
        &["approvals", "lint"],
        &["approvals", "set"],
        &["gateway", "dev"],
    ] {
        for line in answer(&[command, &["--help"]].concat()).lines() {
            // Examples are commands, which are copied: they are not wrapped.
            assert!(line.chars().count() <= 100 || line.starts_with("  clearance "), "{command:?}: {line}");
        }
    }
}

#[test]
fn wrong_command_lines() {
    for (name, arguments) in [
        ("wrong_flag", &["approvals", "validate", "--formt", "json"] as &[&str]),
        ("wrong_value", &["approvals", "validate", "--format", "jsno"]),
        ("wrong_command", &["aprovals"]),
        ("wrong_verb", &["approvals", "vaildate"]),
        ("wrong_duration", &["approvals", "get", "--timeout", "soon"]),
        ("wrong_size", &["approvals", "validate", "--max-size", "lots"]),
        ("wrong_shell", &["completions", "ksh"]),
        ("wrong_page", &["man", "approvals", "vaildate"]),
        ("no_document", &["approvals", "set"]),
        ("two_documents", &["approvals", "set", "--file", "a.json", "--stdin"]),
        ("token_without_gateway", &["approvals", "get", "--token-file", "token"]),
        ("two_secrets", &["gateway", "status", "--token-file", "a", "--password-file", "b"]),
        ("two_trusts", &["gateway", "status", "--ca-file", "a", "--tls-fingerprint", "b"]),
        ("file_and_gateway", &["approvals", "get", "--file", "a.json", "--gateway"]),
        ("downgrade_of_a_file", &["approvals", "set", "--file", "a.json", "--downgrade"]),
        ("embedded_is_no_port", &["gateway", "dev", "--port", "70000"]),
        ("diff_of_a_misspelt_place", &["approvals", "diff", "a.json", "gatway:prod"]),
        ("diff_with_an_address", &["approvals", "diff", "a.json", "wss://gateway.example"]),
        ("diff_of_one", &["approvals", "diff", "a.json"]),
        ("diff_of_standard_input_twice", &["approvals", "diff", "-", "-"]),
        ("diff_with_a_token_and_no_gateway", &["approvals", "diff", "a", "b", "--token-file", "t"]),
        (
            "diff_with_a_token_and_two_gateways",
            &["approvals", "diff", "gateway:a", "node:n@b", "--token-file", "t"],
        ),
        ("allow_nothing", &["approvals", "allowlist", "add", " "]),
        ("allow_for_nobody", &["approvals", "allowlist", "add", "/a", "--agent", ""]),
        ("allow_for_the_early_name", &["approvals", "allowlist", "add", "/a", "--agent", "default"]),
        ("allow_all_arguments", &["approvals", "allowlist", "add", "/a", "--arg-pattern="]),
        ("allow_by_no_expression", &["approvals", "allowlist", "add", "/a", "--arg-pattern", "("]),
        (
            "allow_in_a_file_and_a_gateway",
            &["approvals", "allowlist", "add", "/a", "--file", "a.json", "--gateway"],
        ),
        ("lint_fix_of_a_gateway", &["approvals", "lint", "--gateway", "--fix"]),
        ("lint_yes_without_fix", &["approvals", "lint", "--yes"]),
        ("lint_files_and_store", &["approvals", "lint", "a.json", "--store", "b.json"]),
        ("explain_and_check", &["approvals", "validate", "--explain", "syntax", "a.json"]),
    ] {
        let answer = answer(arguments);
        assert!(answer.starts_with("exit: 2\n--- stdout\n--- stderr\n"), "{name}: {answer}");
        insta::assert_snapshot!(name, answer);
    }
}

#[test]
fn aliases_are_the_commands_themselves() {
    for (alias, command) in [
        (&["queue", "list"] as &[&str], &["queue", "ls"] as &[&str]),
        (&["queue", "purge"], &["queue", "dedupe"]),
        (&["run", "list"], &["run", "ls"]),
        (&["approvals", "allowlist", "rm"], &["approvals", "allowlist", "remove"]),
    ] {
        let page = |command: &[&str]| answer(&[command, &["--help"]].concat());
        assert_eq!(page(alias), page(command), "{alias:?}");
        let man = |command: &[&str]| answer(&[&["man"], command].concat());
        assert_eq!(man(alias), man(command), "{alias:?}");
        let above = page(&command[..command.len() - 1]);
        let name = alias.last().unwrap();
        assert!(above.contains(&format!("(alias: {name})")), "{above}");
    }
}

#[test]
fn a_bare_number_is_seconds_wherever_a_duration_is_taken() {
    let text = answer(&["--help"]);
    assert!(text.contains("a number of seconds"), "{text}");
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("queue.json"), r#"{"approvals": [], "nowMs": 1}"#).unwrap();
    for (command, options) in [
        (&["queue", "ls"] as &[&str], &["--older-than", "--newer-than"] as &[&str]),
        (&["queue", "dedupe"], &["--older-than", "--newer-than", "--margin", "--settle"]),
    ] {
        for option in options.iter().chain(&["--timeout"]) {
            let mut run = clearance(home.path());
            run.current_dir(home.path()).args(command).args(["--file", "queue.json", option, "5"]);
            let output = run.output().unwrap();
            assert!(output.status.success(), "{command:?} {option}");
        }
    }
    // Those of a guard are read before it finds no gateway.
    for option in ["--margin", "--cooling", "--within"] {
        let text = answer(&["queue", "guard", "--gateway=none", option, "5"]);
        assert!(text.contains("unknown gateway `none`"), "{option}: {text}");
    }
    for (page, options) in [(["queue", "dedupe"], 4), (["queue", "guard"], 3), (["queue", "ls"], 2)] {
        let text = answer(&[&page[..], &["--help"]].concat());
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(text.matches("a bare number is seconds").count(), options, "{page:?}");
    }
}

#[test]
fn the_version_is_the_crate_s() {
    let expected = format!("exit: 0\n--- stdout\nclearance {}\n--- stderr\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(answer(&["--version"]), expected);
    assert_eq!(answer(&["-V"]), expected);
}

#[test]
fn the_verbose_version_has_the_target_and_the_proven_releases() {
    for arguments in [["--version", "--verbose"], ["--verbose", "--version"], ["--verbose", "-V"]] {
        let text = answer(&arguments);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines[0], format!("clearance {}", env!("CARGO_PKG_VERSION")), "{text}");
        let target = lines[1].strip_prefix("target           ").unwrap();
        assert!(
            target.starts_with(std::env::consts::ARCH) && target.contains(std::env::consts::OS),
            "{text}"
        );
        // As `explain` says it: without a disagreement.
        let proven = clearance::internals::decide::Proof::all();
        let releases = proven.into_iter().filter(|proof| proof.disagreements == 0).map(|proof| proof.release);
        let releases = releases.collect::<Vec<_>>().join(", ");
        assert_eq!(lines[2], format!("proven releases  {releases}"), "{text}");
        let disagreeing = clearance::internals::decide::Proof::all();
        let disagreeing: Vec<String> = disagreeing
            .into_iter()
            .filter(|proof| proof.disagreements > 0)
            .map(|proof| {
                let (release, disagreements, cases) = (proof.release, proof.disagreements, proof.cases);
                format!("not proven       {release} ({disagreements} of {cases} cases disagree)")
            })
            .collect();
        let shown: Vec<&str> = lines[3..].iter().copied().filter(|line| line.starts_with("not ")).collect();
        assert_eq!(shown, disagreeing, "{text}");
    }
    // It is an option of --version alone.
    assert!(answer(&["--verbose"]).starts_with("exit: 2\n"));
    let text = answer(&["--verbose", "queue", "ls"]);
    assert!(text.starts_with("exit: 2\n") && text.contains("--version"), "{text}");
}
