//! The last check before a command starts: a script of Python or Node is read for variables of a shell, and a call of them
//! that is too involved to find the script is refused. Source: `validateScriptFileForShellBleed` of the three releases.

use super::decision::Verdict;
use super::host::{Found, Host};
use super::levels::{Ask, Security};
use super::profile::Profile;
use super::situation::{Outcome, Situation};
use super::splitter;
use super::words::{absolute, base_name, trim};

mod complex;
mod python;
mod script;
mod text;

use script::{Kind, Target};

/// The largest script that is read.
const MAX_BYTES: usize = 512 * 1024;

const COMPLEX: &str = "exec preflight: complex interpreter invocation detected; refusing to run without script preflight \
                       validation. Use a direct `python <file>.py` or `node <file>.js` command.";

/// The outcome, or a refusal in its place. Only what runs is checked.
pub(super) fn check(situation: &Situation<'_>, outcome: Outcome) -> Outcome {
    let policy = situation.policy;
    let is_free = policy.security == Security::Full && policy.ask == Ask::Off;
    if outcome.verdict != Verdict::Runs || situation.profile.parses_bash() && is_free {
        return outcome;
    }
    let command = trim(situation.question.command);
    let words = splitter::words(command);
    let Some(target) = words.as_deref().and_then(script::of_call) else {
        let is_refused = complex::is_refused(command, words.as_deref());
        return if is_refused { Outcome::denied(COMPLEX.to_owned()) } else { outcome };
    };
    if situation.profile >= Profile::V2026_9_6 && target.kind == Kind::Node {
        return outcome;
    }
    for path in &target.paths {
        match inspect(situation, &target, path) {
            Inspection::Passes => {}
            Inspection::Fails(reason) => return Outcome::denied(reason),
            Inspection::Unknown => return Outcome::unknown(vec![path.clone()]),
        }
    }
    outcome
}

/// What a look into a script says.
enum Inspection {
    Passes,
    Fails(String),
    Unknown,
}

/// Looks into one script. A script outside the working directory is not read.
fn inspect(situation: &Situation<'_>, target: &Target, path: &str) -> Inspection {
    if situation.question.directory.is_empty() {
        return Inspection::Unknown;
    }
    let root = absolute("/", situation.question.directory);
    let path = absolute(&root, path);
    if path == root || !is_inside(&path, &root) {
        return Inspection::Passes;
    }
    let real = match situation.world.host.look(&path) {
        Found::File(real) | Found::Program(real) => real,
        Found::Unknown => return Inspection::Unknown,
        Found::Directory(_) | Found::Nothing => return Inspection::Passes,
    };
    if !is_inside(&real, &real_directory(&root, situation.world.host)) {
        return Inspection::Passes;
    }
    let Some(bytes) = situation.world.host.read(&path, MAX_BYTES) else { return Inspection::Passes };
    let content = String::from_utf8_lossy(&bytes);
    match fault(&content, target.kind, situation.profile, base_name(&path)) {
        Some(reason) => Inspection::Fails(reason),
        None => Inspection::Passes,
    }
}

fn real_directory(root: &str, host: &dyn Host) -> String {
    match host.look(root) {
        Found::Directory(real) => real,
        _ => root.to_owned(),
    }
}

fn is_inside(path: &str, root: &str) -> bool {
    path.strip_prefix(root.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What is wrong with a script, in the release's words.
fn fault(content: &str, kind: Kind, profile: Profile, name: &str) -> Option<String> {
    let is_newest = profile >= Profile::V2026_9_6;
    let found = if is_newest { python::shell_variable(content) } else { any_variable(content) };
    if let Some(variable) = found {
        let before = content.get(..variable.start).unwrap_or_default();
        let line = 1 + if is_newest { text::line_ends(before) } else { before.matches('\n').count() };
        let token = content.get(variable).unwrap_or_default();
        let kind = if kind == Kind::Python { "python" } else { "node" };
        let what = "exec preflight: detected likely shell variable injection";
        return Some(format!("{what} ({token}) in {kind} script: {name}:{line}."));
    }
    let first = content.lines().map(trim).find(|line| !line.is_empty())?;
    let rest = first.strip_prefix("NODE").filter(|_| kind == Kind::Node)?;
    let is_word = |next: char| next.is_ascii_alphanumeric() || next == '_';
    (!rest.starts_with(is_word)).then(|| {
        format!("exec preflight: JS file starts with shell syntax ({first}). This looks like a shell command, not JavaScript.")
    })
}

/// The first `$NAME` of at least two characters, wherever it is.
fn any_variable(content: &str) -> Option<std::ops::Range<usize>> {
    content
        .match_indices('$')
        .find_map(|(at, _)| python::variable_at(content, at).filter(|range| range.len() > 2))
}

#[cfg(test)]
mod tests;
