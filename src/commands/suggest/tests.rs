//! Invariants of proposals, decided by the evaluator.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::judge::Judge;
use super::observed::{Gathered, Outcome, Row};
use super::propose::{Proposed, Terms, propose};
use super::with_proposals;
use crate::approvals::decide::{Profile, Table, Verdict};
use crate::commands::explain::{Circumstances, Surroundings, Target};
use crate::deadline::Deadline;
use crate::report::approvals::explain::{ConfigurationUsed, DecidedAs, DocumentUsed, HostUsed};

/// The programs of the host.
const PROGRAMS: [&str; 16] = [
    "tool",
    "show",
    "rm",
    "git",
    "python3",
    "openclaw",
    "bash",
    "timeout",
    "cat",
    "coreutils",
    "curl",
    "mkfs.ext4",
    "sort",
    "tail",
    "userdel",
    "zfs",
];

fn target(document: &Value, profile: Profile) -> Target {
    let path = "exec-approvals.json".to_owned();
    let release = profile.release().to_owned();
    Target {
        document: DocumentUsed { place: None, path, exists: true, problems: 0 },
        text: Some(document.to_string()),
        source: None,
        surroundings: Surroundings {
            configuration: json!({"tools": {"exec": {"security": "allowlist", "ask": "on-miss"}}}),
            configured: ConfigurationUsed::Gateway,
            release: DecidedAs { release, from: "a test".to_owned(), is_guess: false, profile, proof: None },
            is_here: false,
        },
        is_node: false,
        remarks: Vec::new(),
    }
}

fn circumstances() -> Circumstances {
    let programs: Vec<String> = PROGRAMS.iter().map(|name| format!("/usr/bin/{name}")).collect();
    let table = json!({"programs": programs, "links": {"/usr/bin/see": "show", "/usr/bin/head": "coreutils", "/usr/bin/shred": "coreutils"}, "complete": true, "home": "/home/ops"});
    let table: Table = serde_json::from_value(table).unwrap();
    Circumstances {
        host: Box::new(table.host("/")),
        used: HostUsed::Table("a test".to_owned()),
        path: "/usr/bin".to_owned(),
        home: Some("/home/ops".to_owned()),
        state_directory: Some("/home/ops/.openclaw".to_owned()),
        directory: "/".to_owned(),
        assumptions: Vec::new(),
    }
}

fn policy() -> Value {
    let policy = json!({"security": "allowlist", "ask": "on-miss", "askFallback": "deny"});
    json!({"version": 1, "defaults": policy, "agents": {}})
}

fn row(number: usize, agent: &str, command: &str, outcome: Outcome) -> Row {
    Row {
        id: number.to_string(),
        agent: Some(agent.to_owned()),
        command: command.to_owned(),
        directory: None,
        outcome,
        is_example: true,
        is_elided: false,
    }
}

/// The proposals for a history on a release.
fn proposed(document: &Value, profile: Profile, rows: &[Row], undecided: bool) -> Proposed {
    let (target, circumstances) = (target(document, profile), circumstances());
    let judge = Judge::new(&target, &circumstances, None).unwrap();
    let mut gathered = Gathered::default();
    rows.iter().cloned().for_each(|row| gathered.add(row));
    let terms = Terms {
        least: 3,
        counts_undecided: undecided,
        agents: Vec::new(),
        deadline: Deadline::after(Duration::from_mins(10)),
    };
    propose(&judge, &gathered.observed(), &terms)
}

/// The entries that are proposed: agent, pattern and expression.
fn entries(proposed: &Proposed) -> Vec<(String, String, String)> {
    let of = |agent: &crate::report::approvals::suggest::Proposals| {
        let name = agent.agent.clone();
        let each = agent.proposals.iter();
        each.map(move |one| (name.clone(), one.pattern.clone(), one.arg_pattern.clone())).collect::<Vec<_>>()
    };
    proposed.agents.iter().flat_map(of).collect()
}

fn allowed(commands: &[&str]) -> Vec<Row> {
    commands.iter().enumerate().map(|(at, command)| row(at, "main", command, Outcome::Allowed)).collect()
}

#[test]
fn what_varied_is_generalised_and_what_repeats_is_exact() {
    let mut rows = allowed(&[
        "show view 1",
        "show view 2",
        "/usr/bin/show view 33",
        "tool status",
        "tool status",
        "tool status",
        "tool once",
    ]);
    rows.push(row(90, "main", "show view 77", Outcome::Undecided));
    for profile in [Profile::V2026_6_11, Profile::V2026_9_6] {
        let found = proposed(&policy(), profile, &rows, false);
        let expected = [("/usr/bin/show", "^view\0[0-9]+\0$"), ("/usr/bin/tool", "^status$")];
        let shown: Vec<_> =
            entries(&found).into_iter().map(|(_, pattern, arguments)| (pattern, arguments)).collect();
        let mut expected = expected.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
        expected.sort();
        let mut sorted = shown.clone();
        sorted.sort();
        assert_eq!(sorted, expected, "{profile:?}");
        // The undecided prompt is saved, too.
        assert_eq!(found.saved, 7);
        let reasons: Vec<&str> = found.refused.iter().map(|refused| refused.why.as_str()).collect();
        assert_eq!(reasons, ["fewer than 3 prompts asked for it"]);
    }
}

#[test]
fn a_denied_command_is_never_allowed() {
    let ids = ["show view 1", "show view 2", "show view 3", "show view 1", "show view 1"];
    for (denied, expected) in [
        // The general entry would allow it, so that only what repeats is proposed.
        ("show view 9", vec!["^view\x001\0$"]),
        ("/usr/bin/show view 9", vec!["^view\x001\0$"]),
        ("show view 1", vec![]),
        ("show --all", vec!["^view\0[0-9]+\0$"]),
        ("show view 9 && tool x", vec!["^view\0[0-9]+\0$"]),
        // It may be a link to the program: the directory of a history is unknown.
        ("./x view 9", vec!["^view\x001\0$"]),
        ("./x view 1", vec![]),
        ("./x view 9 && ./y view 9", vec![]),
        ("show view ***", vec![]),
        ("see view ***", vec![]),
        ("tool view ***", vec!["^view\0[0-9]+\0$"]),
    ] {
        let mut rows = allowed(&ids);
        let is_elided = denied.contains("***");
        rows.push(Row { is_elided, ..row(99, "ops", denied, Outcome::Denied) });
        let found = proposed(&policy(), Profile::V2026_9_6, &rows, false);
        let shown: Vec<String> = entries(&found).into_iter().map(|(_, _, arguments)| arguments).collect();
        assert_eq!(shown, expected, "{denied}: {:?}", found.refused);
    }
    // Two entries of which each allows a part.
    let mut rows = allowed(&["show a", "show a", "show a", "show a", "tool b", "tool b", "tool b"]);
    rows.push(row(99, "main", "show a && tool b", Outcome::Denied));
    let found = proposed(&policy(), Profile::V2026_9_6, &rows, false);
    assert_eq!(entries(&found).len(), 1, "{found:?}");
}

#[test]
fn programs_that_run_others_and_destructive_ones_have_no_general_entry() {
    let commands = [
        "git log -1",
        "git log -2",
        "git log -3",
        "python3 a.py",
        "python3 a.py",
        "python3 a.py",
        "openclaw x",
        "openclaw x",
        "openclaw x",
        "bash -c ls",
        "bash -c ls",
        "bash -c ls",
        "timeout 5 show a",
        "timeout 5 show a",
        "timeout 5 show a",
        "rm /srv/tmp/1",
        "rm /srv/tmp/2",
        "rm /srv/tmp/3",
        "rm /srv/tmp/3",
        "rm /srv/tmp/3",
    ];
    for profile in Profile::ALL {
        let found = proposed(&policy(), profile, &allowed(&commands), false);
        let shown: Vec<_> =
            entries(&found).into_iter().map(|(_, pattern, arguments)| (pattern, arguments)).collect();
        let expected: Vec<(String, String)> = if profile.reads_arguments() {
            vec![("/usr/bin/rm".to_owned(), "^/srv/tmp/3$".to_owned())]
        } else {
            Vec::new()
        };
        assert_eq!(shown, expected, "{profile:?}");
    }
}

#[test]
fn nothing_is_generalised_that_is_not_known_to_be_harmless() {
    for form in [
        "mkfs.ext4 /srv/disk/N",
        "zfs destroy N",
        "zfs get N",
        "userdel N",
        "curl -o N https://h.example/x",
        "curl hN.example/x",
        "curl https:/hN",
        "sort -o N /srv/x",
        "tool userN@h.example",
        "tool //hN/x",
        "tool show --id=N",
        "tool show -n N",
        "tool close N",
        "tool N",
        "cat /proc/N/mem",
        "cat /home/ops/.ssh/id_N",
        "cat --config=/etc/xN",
        "cat /etc/ssh/keyN",
        "cat @/srv/app/N",
        "cat if=/srv/app/N",
        "cat /var/run/secrets/N",
        "cat /var/spool/cron/N",
        "cat /usr/lib/systemd/system/N",
        "cat --output /srv/out/N",
    ] {
        let one = |value: &str| form.replace('N', value);
        let commands = ["1", "2", "3", "3", "3"].map(one);
        let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
        let found = proposed(&policy(), Profile::V2026_9_6, &allowed(&commands), false);
        for (_, pattern, arguments) in entries(&found) {
            assert!(!arguments.contains("[0-9"), "{form}: {pattern} {arguments}");
        }
        assert!(entries(&found).len() <= 1, "{form}");
    }
    // What is known to be harmless.
    for form in ["cat /srv/reports/N.csv", "tail -n N /srv/x", "tool show N"] {
        let commands = ["1", "2", "3"].map(|value| form.replace('N', value));
        let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
        let found = proposed(&policy(), Profile::V2026_9_6, &allowed(&commands), false);
        let general = entries(&found).into_iter().find(|(_, _, arguments)| arguments.contains("[0-9]+"));
        assert!(general.is_some(), "{form}: {found:?}");
    }
}

#[test]
fn a_file_that_is_many_programs_and_a_command_with_a_credential_get_no_entry() {
    for (command, why) in [
        ("head /srv/x", "many programs in one file"),
        ("shred /srv/x", "many programs in one file"),
        ("coreutils --coreutils-prog=rm /srv/x", "many programs in one file"),
        ("see x", "a link to /usr/bin/show"),
        ("curl -u ann:Hunter22 https://h.example/x", "a credential"),
        ("curl https://ann:Hunter22@h.example/x", "a credential"),
        ("tool --api-key 0123456789abcdef0123456789abcdef", "a credential"),
    ] {
        let found = proposed(&policy(), Profile::V2026_9_6, &allowed(&[command; 4]), false);
        assert_eq!(entries(&found), [], "{command}");
        let refused = &found.refused[0];
        assert!(refused.why.contains(why), "{command}: {refused:?}");
        assert!(!format!("{refused:?}").contains("Hunter22"), "{refused:?}");
    }
}

#[test]
fn an_agent_that_cannot_be_gets_no_entry() {
    for agent in
        ["\u{1b}[31mred", "main ", " main", "__proto__", "*", "default", "a b", "", "-x", "m\u{e4}in"]
    {
        let rows: Vec<Row> = (0..4).map(|at| row(at, agent, "show x", Outcome::Allowed)).collect();
        assert_eq!(entries(&proposed(&policy(), Profile::V2026_9_6, &rows, false)), [], "{agent:?}");
    }
    let rows: Vec<Row> = (0..4).map(|at| row(at, "Ops-2_a", "show x", Outcome::Allowed)).collect();
    assert_eq!(entries(&proposed(&policy(), Profile::V2026_9_6, &rows, false)).len(), 1);
}

#[test]
fn undecided_prompts_count_only_if_they_are_asked_for() {
    let rows: Vec<Row> = (0..4).map(|at| row(at, "main", "show x", Outcome::Undecided)).collect();
    let without = proposed(&policy(), Profile::V2026_9_6, &rows, false);
    assert_eq!(entries(&without), []);
    assert!(without.refused[0].why.contains("--undecided"), "{without:?}");
    assert_eq!(entries(&proposed(&policy(), Profile::V2026_9_6, &rows, true)).len(), 1);
}

#[test]
fn the_policy_and_the_document_decide_whether_an_entry_helps() {
    let rows = allowed(&["show x", "show x", "show x"]);
    let of = |document: &Value| proposed(document, Profile::V2026_9_6, &rows, false);
    // The configuration says `allowlist`, and the stricter of the two counts.
    for (field, value, count) in [("security", "full", 1), ("security", "deny", 0), ("ask", "always", 0)] {
        let mut document = policy();
        document["defaults"][field] = value.into();
        assert_eq!(entries(&of(&document)).len(), count, "{field} {value}");
    }
    let mut document = policy();
    document["agents"]["main"] = json!({"allowlist": [{"pattern": "/usr/bin/show"}]});
    let found = of(&document);
    assert_eq!((entries(&found), found.running), (vec![], 3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever was asked and decided: no proposal, alone or with the others, allows a command that was denied, and every
    /// example runs.
    #[test]
    fn no_proposal_allows_a_denied_command_and_every_example_runs(
        asked in prop::collection::vec((0..2_usize, command(), 0..10_u8), 1..60),
        is_newest: bool,
    ) {
        let profile = if is_newest { Profile::V2026_9_6 } else { Profile::V2026_6_11 };
        let rows: Vec<Row> = asked
            .iter()
            .enumerate()
            .map(|(at, (agent, command, how))| {
                let outcome = match how { 0 => Outcome::Denied, 1 => Outcome::Undecided, _ => Outcome::Allowed };
                row(at, ["main", "ops"][*agent], command, outcome)
            })
            .collect();
        let document = policy();
        let found = proposed(&document, profile, &rows, true);
        let (target, circumstances) = (target(&document, profile), circumstances());
        let judge = Judge::new(&target, &circumstances, Some("/srv")).unwrap();
        let all = with_proposals(&document, &found).unwrap();
        for agent in &found.agents {
            let name = agent.agent.as_str();
            let together = judge.prepared(&all, name);
            for proposal in &agent.proposals {
                let entry = (proposal.pattern.clone(), Some(proposal.arg_pattern.clone()));
                let alone = judge.prepared(&Judge::with(&document, name, [&entry]).unwrap(), name);
                prop_assert!(proposal.prompts >= 3 && !proposal.examples.is_empty());
                for example in &proposal.examples {
                    prop_assert_eq!(judge.decide(&alone, name, example, None).verdict, Verdict::Runs, "{}", example);
                }
                for denied in rows.iter().filter(|row| row.outcome == Outcome::Denied) {
                    for loaded in [&alone, &together] {
                        let verdict = judge.decide(loaded, name, &denied.command, None).verdict;
                        prop_assert!(verdict != Verdict::Runs, "{} {:?}", denied.command, proposal);
                    }
                }
            }
        }
    }
}

/// A command: often the same program with arguments that vary, sometimes with an option or another form.
fn command() -> impl Strategy<Value = String> {
    let program = prop::sample::select(vec![
        "tool",
        "tool view",
        "show view",
        "cat",
        "see",
        "rm",
        "git",
        "timeout 5 show",
        "/usr/bin/show view",
    ]);
    let argument = prop_oneof![
        4 => (0..6_u32).prop_map(|n| n.to_string()),
        2 => (0..6_u32).prop_map(|n| format!("--id={n}")),
        2 => prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(|name| format!("/srv/logs/{name}.log")),
        1 => prop::sample::select(vec!["--all", "status", "'a b'", "''", "../x", "/etc/passwd", "$X", "*"]).prop_map(str::to_owned),
    ];
    let tail = prop::sample::select(vec!["", "", "", "", "", " > x", " && tool 1", " | show"]);
    (program, prop::collection::vec(argument, 0..3), tail).prop_map(|(program, arguments, tail)| {
        format!("{program} {}{tail}", arguments.join(" ")).trim().to_owned()
    })
}
