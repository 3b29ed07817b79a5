//! The proposals of `approvals suggest` for a generated month, judged by the code of releases: what they save, and whether
//! one of them allows a command that was denied.
//!
//! `MONTH=50000` takes the whole month; without it, a sample. The proposals are made of the whole history, and once more of
//! its first half alone: then the second half shows what they save of prompts that they were not made of.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::month::{self, Prompt};
use crate::proof::judge::Judge;
use crate::tool::Tool;

/// The number of prompts if `MONTH` is not set.
const SAMPLE: usize = 4_000;

/// The releases that read the arguments of entries.
const RELEASES: [&str; 2] = ["2026.6.11", "2026.9.6"];

/// What a release makes of prompts under a document.
#[derive(Debug, Default)]
struct Judged {
    prompts: u64,
    repeats: u64,
    saved: u64,
    saved_repeats: u64,
    /// Denied commands that run.
    denied: Vec<String>,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prompts, repeats, saved, saved_repeats, denied } = self;
        write!(f, "{saved} of {prompts} prompts and {saved_repeats} of {repeats} repeats are saved, ")?;
        write!(f, "{} denied commands run", denied.len())
    }
}

#[test]
fn proposals_save_half_of_the_repeats_and_allow_nothing_that_was_denied() {
    let count = env::var("MONTH").map_or(SAMPLE, |count| count.parse().expect("MONTH is a number"));
    let prompts = month::month(1, count);
    let (first, second) = prompts.split_at(count / 2);
    // Not below `/tmp`: nothing is proposed for programs in a directory that every user can write to.
    let target = env!("CARGO_TARGET_TMPDIR");
    let host = tempfile::Builder::new().prefix("clearance-month-").tempdir_in(target).expect("a directory");
    let bin = host.path().join("bin");
    fs::create_dir(&bin).expect("a directory");
    for program in month::PROGRAMS {
        let file = bin.join(program);
        fs::write(&file, "#!/bin/sh\n").expect("a program");
        fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("an executable file");
    }
    let bin = bin.to_str().expect("a path");
    for release in RELEASES {
        let whole = judged(release, bin, &suggested(release, bin, &prompts), &prompts, &prompts);
        println!("{release}, the whole month: {whole}");
        assert_eq!(whole.denied, Vec::<String>::new(), "{release}");
        assert!(whole.saved_repeats * 2 >= whole.repeats, "{release}: {whole:?}");
        let later = judged(release, bin, &suggested(release, bin, first), second, first);
        println!("{release}, the second half by proposals of the first: {later}");
        assert_eq!(later.denied, Vec::<String>::new(), "{release}: denied in the first half");
    }
}

/// The document with the proposals for a history.
fn suggested(release: &str, bin: &str, prompts: &[Prompt]) -> Value {
    let tool = Tool::new();
    let document = tool.file("document.json", &month::document().to_string());
    let config = tool.file("openclaw.json", &month::configuration().to_string());
    let history = tool.file("history.ndjson", &month::history(prompts));
    let arguments = [
        "approvals",
        "suggest",
        "--json",
        "--file",
        &document,
        "--config",
        &config,
        "--prompts",
        &history,
        "--release",
        release,
        "--path",
        bin,
        "--timeout",
        "10m",
    ];
    let ran = tool.run(&arguments);
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    report["patch"].take()
}

/// Has a release judge every command of prompts under a document. `known`: the prompts that the proposals are made of.
fn judged(release: &str, bin: &str, document: &Value, prompts: &[Prompt], known: &[Prompt]) -> Judged {
    let mut asked: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for prompt in prompts {
        *asked.entry((prompt.agent, &prompt.command)).or_default() += 1;
    }
    let is_denied = |prompt: &&Prompt| prompt.decision == Some("deny");
    // A denied command may not run for any agent.
    let denied: Vec<&str> = known.iter().filter(is_denied).map(|prompt| prompt.command.as_str()).collect();
    let agents: Vec<&str> = {
        let mut agents: Vec<&str> = prompts.iter().map(|prompt| prompt.agent).collect();
        agents.sort_unstable();
        agents.dedup();
        agents
    };
    for command in denied {
        for agent in &agents {
            asked.entry((agent, command)).or_default();
        }
    }
    let cases: Vec<Value> = asked
        .iter()
        .map(|((agent, command), count)| {
            json!({
                "id": count, "document": document, "config": month::configuration(), "agent": agent, "command": command,
                "cwd": bin, "path": bin, "home": bin, "family": "month",
            })
        })
        .collect();
    let forbidden: std::collections::BTreeSet<&str> =
        known.iter().filter(is_denied).map(|prompt| prompt.command.as_str()).collect();
    let mut judged = Judged { prompts: prompts.len() as u64, ..Judged::default() };
    for (case, answer) in Judge::start(release, cases.into_iter()) {
        let count = case["id"].as_u64().expect("a number");
        judged.repeats += count.saturating_sub(1);
        if answer["verdict"] != "runs" {
            assert!(answer["verdict"] == "asks" || answer["verdict"] == "denied", "{case} {answer}");
            continue;
        }
        judged.saved += count;
        judged.saved_repeats += count.saturating_sub(1);
        let command = case["command"].as_str().expect("a text");
        if forbidden.contains(command) {
            judged.denied.push(format!("{}: {command}", case["agent"]));
        }
    }
    judged
}
