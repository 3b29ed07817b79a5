//! Finds the scripts that a direct call of Python or Node would run. Source: `extractScriptTargetFromCommand`, alike in all
//! three releases.

use super::text::is_python;
use crate::approvals::decide::carrier_options::ENV_VALUES;
use crate::approvals::decide::carriers::is_assignment;
use crate::approvals::decide::words::{lower_case, trim};

/// The interpreter of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Python.
    Python,
    /// Node.
    Node,
}

/// The scripts of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Their interpreter.
    pub kind: Kind,
    /// Their paths as written.
    pub paths: Vec<String>,
}

/// The scripts of a call, after `env` too.
pub(super) fn of_call(argv: &[String]) -> Option<Target> {
    of_argv(argv).or_else(|| of_argv(without_env(argv)))
}

/// The scripts of the words of a call.
pub(super) fn of_argv(argv: &[String]) -> Option<Target> {
    let (program, arguments) = without_assignments(argv).split_first()?;
    let program = lower_case(trim(program));
    let (kind, paths) = if is_python(&program) {
        (Kind::Python, python_script(arguments).into_iter().collect::<Vec<_>>())
    } else if program == "node" {
        (Kind::Node, node_scripts(arguments))
    } else {
        return None;
    };
    (!paths.is_empty()).then_some(Target { kind, paths })
}

/// The words after assignments.
pub(super) fn without_assignments(argv: &[String]) -> &[String] {
    let start = argv.iter().position(|word| !is_assignment(word)).unwrap_or(argv.len());
    argv.get(start..).unwrap_or_default()
}

/// The words after `env` and its options; all words if they do not start with `env`.
pub(super) fn without_env(argv: &[String]) -> &[String] {
    let Some((_, mut rest)) = without_assignments(argv).split_first().filter(|(program, _)| is_env(program))
    else {
        return argv;
    };
    while let Some((word, behind)) = rest.split_first() {
        if word == "--" {
            return behind;
        }
        if !is_assignment(word) && (!word.starts_with('-') || word == "-") {
            break;
        }
        let takes_value = !is_assignment(word) && ENV_VALUES.contains(&word.as_str());
        rest = if takes_value { behind.get(1..).unwrap_or_default() } else { behind };
    }
    rest
}

fn is_env(word: &str) -> bool {
    let name = lower_case(trim(word.rsplit(['/', '\\']).next().unwrap_or_default()));
    name.strip_suffix(".exe").unwrap_or(&name) == "env"
}

fn ends_with(word: &str, suffix: &str) -> bool {
    trim(word).to_lowercase().ends_with(suffix)
}

/// The script of a call of Python.
fn python_script(arguments: &[String]) -> Option<String> {
    let script = |word: &String| ends_with(word, ".py").then(|| word.clone());
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--" => return words.next().and_then(script),
            "-W" | "-X" | "-Q" | "--check-hash-based-pycs" => {
                words.next();
            }
            "-" => return None,
            other if other.starts_with("-c") || other.starts_with("-m") => return None,
            other if other.starts_with('-') => {}
            _ => return script(word),
        }
    }
    None
}

/// The scripts of a call of Node: those that it loads first, then its own.
fn node_scripts(arguments: &[String]) -> Vec<String> {
    let mut scripts = Vec::new();
    let mut has_code = false;
    let script = |word: &str| ends_with(word, ".js").then(|| word.to_owned());
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if word == "--" {
            scripts.extend(words.next().filter(|_| !has_code).and_then(script));
            break;
        }
        if is_code_option(word) {
            has_code = true;
            if matches!(word, "-e" | "-p" | "--eval" | "--print") {
                words.next();
            }
        } else if matches!(word, "-r" | "--require" | "--import") {
            scripts.extend(words.next().and_then(script));
        } else if let Some(value) = preloaded(word) {
            scripts.extend(script(value));
        } else if !word.starts_with('-') {
            scripts.extend(Some(word).filter(|_| !has_code).and_then(script));
            break;
        }
    }
    scripts
}

/// Whether an option of Node holds code: `-e`, `-p` and their forms with a value.
pub(super) fn is_code_option(word: &str) -> bool {
    matches!(word, "--eval" | "--print")
        || ["-e", "-p", "--eval=", "--print="].iter().any(|start| word.starts_with(start))
}

/// The value of `-rFILE`, `--require=FILE` and `--import=FILE`.
fn preloaded(word: &str) -> Option<&str> {
    word.strip_prefix("-r")
        .filter(|value| !value.is_empty())
        .or_else(|| word.strip_prefix("--require="))
        .or_else(|| word.strip_prefix("--import="))
}
