//! Laws of the comparison, over random pairs of small documents and commands from a small alphabet.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::compare;
use crate::approvals::decide::arguments::{bound_hash, command_pattern};
use crate::approvals::decide::decision::Verdict;
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::question::{Context, Question};
use crate::approvals::decide::table::{Table, TableHost};
use crate::approvals::decide::verdict::decide;
use crate::approvals::decide::wider::trial::{question, runs};
use crate::approvals::decide::wider::{Agent, Circumstance, Comparison, Wider, Witness, wider};

/// Patterns that overlap in every way that the rules know.
const PATTERNS: [&str; 26] = [
    "*",
    "**",
    "/**",
    "/usr/bin/git",
    "/usr/bin/*",
    "/usr/bin/g*",
    "/usr/bin/gi?",
    "/usr/**",
    "**/git",
    "~/bin/x",
    "~/**",
    "git",
    "g*",
    "bash",
    "b*",
    "sh",
    "/usr/bin/bash",
    "/usr/bin/dash",
    "/usr/bin/b*",
    "/usr/bin/true",
    "pwd",
    "/opt/bin/x-wrapper",
    "/usr/bin/printf",
    "/usr/bin/cat",
    " /usr/bin/git ",
    "/usr/bin/../bin/git",
];

const COMMANDS: [&str; 44] = [
    "git",
    "git status",
    "git log",
    "git status x",
    "/usr/bin/git status",
    "/usr/bin/../bin/git status",
    "~/bin/x",
    "bash",
    "bash -c 'git status'",
    "bash status",
    "bash -c x",
    "sh -c true",
    "sh -c 'cd x'",
    "sh -c git",
    "/usr/bin/bash -c git",
    "git status && ls",
    "git && cat",
    "ls > x",
    "cat <<E\nE",
    "git '<<x'",
    "git *",
    "cd ~",
    "true",
    "pwd *",
    "cd /work && python3 app.py",
    "git && python3 app.py",
    "git log | python3 app.py",
    "eval git",
    "A=1 git",
    "env git status",
    "timeout 5 git log",
    "sh -c '$0 \"$@\"' git status",
    "sh -c '$0' git",
    "npm exec git",
    "busybox sh -c x",
    "wc",
    "wc -l",
    "cat /work/skills/x/SKILL.md && printf '\\n---CMD---\\n' && x-wrapper",
    "x-wrapper",
    "/absent/tool",
    "absent",
    "openclaw config set security.audit.suppressions []",
    "git; pwd",
    "tr a <<E\nE",
];

const PROGRAMS: [&str; 14] = [
    "bash", "busybox", "cat", "dash", "git", "ls", "npm", "openclaw", "printf", "pwd", "python3", "tr",
    "true", "wc",
];

const CIRCUMSTANCES: [Circumstance; 3] = [Circumstance::AtOnce, Circumstance::Unanswered, Circumstance::Cron];

fn host() -> TableHost {
    let programs = PROGRAMS.iter().map(|name| format!("/usr/bin/{name}"));
    let others = ["/opt/bin/x-wrapper", "/home/user/bin/x"].map(str::to_owned);
    let programs: Vec<String> = programs.chain(others).collect();
    let table = json!({"programs": programs, "files": {"/work/app.py": "print(1)"}, "links": {"/usr/bin/sh": "dash"},
                       "complete": true});
    let table: Table = serde_json::from_value(table).unwrap();
    table.host("/work")
}

fn entry() -> impl Strategy<Value = Value> {
    let exact = COMMANDS.iter().take(24).map(|command| command_pattern(command));
    let patterns: Vec<String> = PATTERNS.iter().map(|pattern| (*pattern).to_owned()).chain(exact).collect();
    let bound = bound_hash("/work", &["status".to_owned()]);
    let arguments = ["", " ", "^status$", "^(status|log)$", "status", "-c", "(", "^$", &bound];
    let arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    let arguments = prop::option::weighted(0.6, select(arguments));
    (select(patterns), arguments, prop::bool::weighted(0.3)).prop_map(|(pattern, arguments, is_always)| {
        let mut entry = json!({"pattern": pattern});
        if let Some(arguments) = arguments {
            entry["argPattern"] = json!(arguments);
        }
        if is_always || pattern.starts_with("=command") {
            entry["source"] = json!("allow-always");
        }
        entry
    })
}

fn part() -> impl Strategy<Value = Value> {
    let word = |words: &'static [&'static str]| prop::option::weighted(0.4, select(words));
    let security = word(&["deny", "allowlist", "allowlist", "full"]);
    let ask = word(&["off", "on-miss", "always"]);
    let fallback = word(&["deny", "allowlist", "full"]);
    (security, ask, fallback, prop::collection::vec(entry(), 0..4)).prop_map(
        |(security, ask, fallback, entries)| {
            let mut part = json!({"allowlist": entries});
            for (field, word) in [("security", security), ("ask", ask), ("askFallback", fallback)] {
                if let Some(word) = word {
                    part[field] = json!(word);
                }
            }
            part
        },
    )
}

fn document() -> impl Strategy<Value = Value> {
    let agents = prop::collection::btree_map(select(vec!["*", "main", "default", "ops"]), part(), 0..4);
    (part(), agents, prop::bool::weighted(0.05)).prop_map(|(mut defaults, agents, is_faulty)| {
        defaults.as_object_mut().unwrap().remove("allowlist");
        json!({"version": if is_faulty { 2 } else { 1 }, "defaults": defaults, "agents": agents})
    })
}

/// Two documents; often the second one is the first one with another part.
fn pair() -> impl Strategy<Value = (Value, Value)> {
    let changed = select(vec!["", "*", "main", "ops", "defaults"]);
    (document(), document(), changed).prop_map(|(before, other, changed)| {
        let mut after = before.clone();
        match changed {
            "" => after = other,
            "defaults" => after["defaults"] = other["defaults"].clone(),
            agent => {
                after["agents"][agent] = other["agents"].get(agent).cloned().unwrap_or_else(|| json!({}));
            }
        }
        (before, after)
    })
}

fn profiles() -> impl Strategy<Value = Profile> {
    select(Profile::ALL.to_vec())
}

fn configuration() -> impl Strategy<Value = Value> {
    let layer = |exec: Value| json!({"tools": {"exec": exec}});
    let strict = json!({"security": "allowlist", "ask": "on-miss", "strictInlineEval": true, "safeBins": []});
    let agents = json!({"agents": {"list": [
        {"id": "ops", "tools": {"exec": {"ask": "always"}}},
        {"id": "ci", "tools": {"exec": {"security": "deny"}}},
    ]}});
    select(vec![Value::Null, Value::Null, Value::Null, layer(json!({"mode": "auto"})), layer(strict), agents])
}

/// Whether a command runs; `None` if that is unknown.
fn is_run(
    document: &Value,
    (profile, configuration, agent): (Profile, &Value, &str),
    command: &str,
    when: Circumstance,
    host: &TableHost,
) -> Option<bool> {
    let text = document.to_string();
    let context = if when == Circumstance::Cron { Context::Cron } else { Context::Interactive };
    let question = Question { command, document: Some(&text), context, ..question(configuration, agent) };
    let decision = decide(&question, profile, host);
    (decision.verdict != Verdict::Unknown).then(|| runs(&decision, when))
}

/// Whether a finding for some agents is about this one.
fn is_about(agents: &std::collections::BTreeSet<Agent>, agent: &str, is_named: bool) -> bool {
    agents.iter().any(|known| match known {
        Agent::Named(id) => id == agent,
        Agent::AnyOther(_) => !is_named,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_new_document_alone_runs_is_reported(
        (before, after) in pair(),
        profile in profiles(),
        configuration in configuration(),
        commands in subsequence(COMMANDS.to_vec(), 12),
    ) {
        let (old, new) = (before.to_string(), after.to_string());
        let comparison =
            Comparison { before: Some(&old), after: Some(&new), configuration: &configuration, profile };
        let found = wider(&comparison).unwrap();
        // A faulty document names nobody.
        let read = [&before, &after].into_iter().filter(|document| document["version"] == 1);
        let texts: String = read.chain([&configuration]).map(Value::to_string).collect();
        for agent in ["main", "ops", "ci", "other"] {
            let is_named = agent == "main" || texts.contains(&format!("\"{agent}\""));
            let mut agents = found.widenings.iter().map(|widening| &widening.agents).chain(found.quirks.values());
            if agents.any(|agents| is_about(agents, agent, is_named)) {
                continue;
            }
            let host = host();
            for (command, when) in commands.iter().flat_map(|command| CIRCUMSTANCES.map(|when| (command, when))) {
                let run = |document: &Value| {
                    is_run(document, (profile, &configuration, agent), command, when, &host)
                };
                prop_assert!(
                    run(&after) != Some(true) || run(&before) != Some(false),
                    "{profile:?} {agent} {command} {when:?} {configuration}\n{before}\n{after}\n{found:?}"
                );
            }
        }
    }

    #[test]
    fn no_document_is_wider_than_itself(
        document in document(),
        profile in profiles(),
        configuration in configuration(),
    ) {
        let text = document.to_string();
        let comparison =
            Comparison { before: Some(&text), after: Some(&text), configuration: &configuration, profile };
        prop_assert_eq!(wider(&comparison).unwrap(), Wider::default());
    }

    #[test]
    fn fewer_entries_are_no_wider(document in document(), profile in profiles(), which in 0..100_usize) {
        let mut fewer = document.clone();
        for agent in fewer["agents"].as_object_mut().unwrap().values_mut() {
            let entries = agent["allowlist"].as_array_mut().unwrap();
            if !entries.is_empty() {
                entries.remove(which % entries.len());
            }
        }
        // An entry of white space hides others, so that fewer of them can allow more.
        prop_assume!(!document.to_string().contains("\"argPattern\":\" \""));
        let found = compare(profile, &document, &fewer);
        prop_assert!(found.widenings.is_empty(), "{profile:?}\n{document}\n{fewer}\n{found:?}");
    }

    #[test]
    fn witnesses_show_what_they_say((before, after) in pair(), profile in profiles()) {
        for widening in compare(profile, &before, &after).widenings {
            let Some(witness) = widening.witness else { continue };
            let Witness { command, agent, circumstance, programs, files, .. } = witness;
            let table = json!({"programs": programs, "files": files, "complete": true});
            let host = serde_json::from_value::<Table>(table).unwrap().host("/work");
            let run = |document: &Value| {
                is_run(document, (profile, &Value::Null, &agent), &command, circumstance, &host)
            };
            prop_assert_eq!((run(&after), run(&before)), (Some(true), Some(false)), "{}", command);
        }
    }
}
