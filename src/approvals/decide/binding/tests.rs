//! Tests of what can be bound: forms of commands and the files that they need.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::approvals::decide::configuration::Setup;
use crate::approvals::decide::host::{Found, Host};
use crate::approvals::decide::question::{Context, Question};
use crate::approvals::decide::resolve::Hypothesis;

/// A host with some programs and scripts, none of which can be changed.
struct Some3;

impl Host for Some3 {
    fn look(&self, path: &str) -> Found {
        match path {
            "/bin/ls" | "/bin/sh" | "/bin/bash" | "/bin/python3" | "/bin/env" | "/bin/node"
            | "/bin/busybox" | "/bin/cd" => Found::Program(path.to_owned()),
            "/work/app.py" | "/work/run.sh" => Found::File(path.to_owned()),
            "/work" => Found::Directory(path.to_owned()),
            _ => Found::Nothing,
        }
    }

    fn read(&self, _: &str, _: usize) -> Option<Vec<u8>> {
        Some(b"\x7fELF".to_vec())
    }

    fn is_writable(&self, _: &str) -> Option<bool> {
        Some(false)
    }
}

fn part(words: &[&str], lookup: &Lookup<'_>) -> Segment {
    let argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let unwrapped = wrappers::unwrap(Profile::V2026_9_6, &argv);
    let program = lookup.program(unwrapped.argv.first().map(String::as_str).unwrap_or_default());
    Segment {
        argv,
        effective: None,
        resolved: program.resolved,
        real: program.real,
        by: None,
        entry: None,
        never: None,
        near: Vec::new(),
        span: 0..0,
    }
}

/// What a binding says about parts, and whether a file of it can be changed.
fn bound(parts: &[&[&str]]) -> Result<bool, &'static str> {
    let question = Question {
        command: "",
        agent: "main",
        document: None,
        configuration: &Value::Null,
        directory: "/work",
        path: "/bin",
        home: "/",
        state_directory: None,
        environment: BTreeMap::new(),
        context: Context::Interactive,
        ask: None,
        security: None,
        permission_mode: None,
    };
    let setup = Setup { path: "/bin".to_owned(), ..Setup::default() };
    let world = World {
        host: &Some3,
        hypothesis: Hypothesis::Nothing,
        unknown: std::cell::RefCell::default(),
        failed: std::cell::Cell::default(),
    };
    let lookup = Lookup::new(&question, Profile::V2026_9_6, &setup, &world);
    let evaluation = Evaluation {
        not_analysable: None,
        segments: parts.iter().map(|words| part(words, &lookup)).collect(),
        satisfied: false,
        plan: Plan::Renders(None),
        durable: false,
        inline_code: false,
        heredoc: false,
    };
    let subject = Subject { question: &question, setup: &setup, evaluation: &evaluation, world: &world };
    bind(&subject).map(|binding| binding.is_mutable(&world))
}

#[test]
fn forms_are_bound_or_refused() {
    const RUNTIME: &str = "SYSTEM_RUN_DENIED: approval cannot safely bind this interpreter/runtime command";
    const RESOLVED: &str = "SYSTEM_RUN_DENIED: approval requires a resolved executable";
    for (parts, result) in [
        (&[&["ls", "-l"] as &[&str]] as &[&[&str]], Ok(false)),
        (&[&["absent"]], Err(RESOLVED)),
        (&[&["./absent"]], Err(RUNTIME)),
        (
            &[&["cd", "x"], &["ls"]],
            Err("SYSTEM_RUN_DENIED: approval cannot safely bind commands after cwd changes"),
        ),
        (&[&["ls"], &["cd", "x"]], Ok(false)),
        (&[&["bash", "run.sh", "a"]], Ok(true)),
        (&[&["bash", "absent.sh"]], Err("SYSTEM_RUN_DENIED: approval requires an existing script operand")),
        (&[&["bash", "-i"]], Err("SYSTEM_RUN_DENIED: approval cannot safely bind shell startup files")),
        (&[&["sh", "-c", "ls"]], Ok(false)),
        (&[&["sh", "-c", "ls; ls"]], Err(RUNTIME)),
        (&[&["sh", "-c", "/bin/ls"]], Ok(false)),
        (&[&["python3", "app.py"]], Ok(true)),
        (&[&["python3", "-m", "app"]], Err(RUNTIME)),
        (&[&["python3", "-c", "1"]], Ok(false)),
        (&[&["python3", "--version"]], Ok(false)),
        (&[&["node", "-r", "./app.py", "-e", "1"]], Err(RUNTIME)),
        (
            &[&["env", "-C", "/", "ls"]],
            Err("SYSTEM_RUN_DENIED: approval cannot safely bind dispatch cwd options"),
        ),
        (&[&["env", "A=1", "python3", "app.py"]], Ok(true)),
        (&[&["busybox", "sh", "run.sh"]], Err(RUNTIME)),
        // The release counts the words that `env -S` adds backwards, and finds no operand.
        (
            &[&["env", "-S", "python3 app.py a b c"]],
            Err("SYSTEM_RUN_DENIED: approval requires a stable script operand"),
        ),
        (&[], Err("SYSTEM_RUN_DENIED: approval cannot safely bind this command")),
    ] {
        assert_eq!(bound(parts), result, "{parts:?}");
    }
}
