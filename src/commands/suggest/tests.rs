//! Invariants of proposals, decided by the evaluator.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::judge::Judge;
use super::observed::{Gathered, Outcome, Row};
use super::propose::{Proposed, Terms, propose};
use super::with_proposals;
use crate::approvals::decide::{Profile, Table, Verdict};
use crate::commands::explain::{Circumstances, Surroundings, Target};
use crate::report::approvals::explain::{ConfigurationUsed, DecidedAs, DocumentUsed, HostUsed};

/// The programs of the host.
const PROGRAMS: [&str; 8] = ["tool", "show", "rm", "git", "python3", "openclaw", "bash", "timeout"];

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
    let table = json!({"programs": programs, "links": {"/usr/bin/see": "show"}, "complete": true, "home": "/home/ops"});
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
    let terms = Terms { least: 3, counts_undecided: undecided, agents: Vec::new() };
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
        "show --id=1",
        "show --id=2",
        "see --id=33",
        "tool status",
        "tool status",
        "tool status",
        "tool once",
    ]);
    rows.push(row(90, "main", "show --id=77", Outcome::Undecided));
    for profile in [Profile::V2026_6_11, Profile::V2026_9_6] {
        let found = proposed(&policy(), profile, &rows, false);
        let expected = [("/usr/bin/show", "^--id=[0-9]+$"), ("/usr/bin/tool", "^status$")];
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
    let ids = ["show --id=1", "show --id=2", "show --id=3", "show --id=1", "show --id=1"];
    for (denied, expected) in [
        // The general entry would allow it, so that only what repeats is proposed.
        ("show --id=9", vec!["^--id=1$"]),
        ("/usr/bin/show --id=9", vec!["^--id=1$"]),
        ("show --id=1", vec![]),
        ("show --all", vec!["^--id=[0-9]+$"]),
        ("show --id=9 && tool x", vec!["^--id=[0-9]+$"]),
        // It may be a link to the program: the directory of a history is unknown.
        ("./x --id=9", vec!["^--id=1$"]),
        ("./x --id=1", vec![]),
        ("./x --id=9 && ./y --id=9", vec![]),
        ("show --id=***", vec![]),
        ("see --id=***", vec![]),
        ("tool --id=***", vec!["^--id=[0-9]+$"]),
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
    let program =
        prop::sample::select(vec!["tool", "show", "see", "rm", "git", "timeout 5 show", "/usr/bin/show"]);
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
