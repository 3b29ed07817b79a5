//! Patterns that were written as command lines, and the entries that are meant by them.

use serde_json::{Value, json};

use super::arguments::{Arguments, is_quick};
use super::judge::{Judge, Shape};
use super::listed::Listed;
use super::release::Release;
use super::{programs, trial};
use crate::approvals::decide::{Profile, inclusion};
use crate::approvals::redact::credentials::quotable;

/// Maximum length in bytes of a pattern for which an entry is proposed.
const LONGEST: usize = 400;

/// Characters that have a meaning in a regular expression.
const SPECIAL: &str = r"\^$.|+*?()[]{}";

/// What `*` and `?` of a pattern are in the command that is read: characters that no command has.
const ANY: char = '\u{e000}';
const ONE: char = '\u{e001}';

/// The finding for a pattern that was written as a command line.
pub(super) fn message(entry: &Listed<'_>, release: Release<'_>, judge: &mut Judge<'_>) -> String {
    let pattern = entry.pattern();
    let shown = quotable(pattern);
    let wrong =
        format!("`{shown}` is matched as the {} of a program, and looks like a command line", kind(pattern));
    let reading = release.those(Profile::reads_arguments);
    if reading.is_empty() {
        let names = release.names(release.readers());
        return format!("{wrong}; a gateway {names} cannot restrict the arguments of a program");
    }
    // If something of it is masked, what is proposed is not what is meant.
    if shown != pattern || pattern.len() > LONGEST || !judge.may_propose() {
        return wrong;
    }
    let Some((program, arguments)) = proposed(pattern, &reading, judge) else { return wrong };
    let [program, arguments] = [program, arguments].map(Value::from);
    format!("{wrong}; the entry should be {{\"pattern\": {program}, \"argPattern\": {arguments}}}")
}

fn kind(pattern: &str) -> &'static str {
    if pattern.contains('/') { "path" } else { "name" }
}

/// The entry that is meant by a command line, unless it does not allow that command on each of these releases, or is itself
/// something to report.
fn proposed(pattern: &str, reading: &[Profile], judge: &mut Judge<'_>) -> Option<(String, String)> {
    let (program, arguments) = intended(pattern, *reading.last()?)?;
    let entries = json!([{"pattern": program, "argPattern": arguments}]);
    let command: String = pattern.chars().map(|c| if matches!(c, '*' | '?') { 'a' } else { c }).collect();
    let runs = |profile: &Profile| trial::runs(&entries, &program, &command, *profile);
    let is_fit = is_quick(&arguments) && reading.iter().all(runs) && is_harmless(&program, &arguments, judge);
    is_fit.then_some((program, arguments))
}

/// Whether an entry allows no command that runs something else.
fn is_harmless(program: &str, arguments: &str, judge: &mut Judge<'_>) -> bool {
    let name = programs::name(program);
    let plain = if judge.knows(name) { name } else { programs::plain(name) };
    let is_free = Arguments::of(Some(arguments)).are_free();
    let shape = Shape {
        name: name.to_owned(),
        by_path: inclusion::is_path(program),
        arguments: (!is_free).then(|| arguments.to_owned()),
        is_generated: false,
    };
    !judge.knows(plain) || judge.power(&shape, plain).runs.is_empty()
}

/// The program that a gateway compares for a command line of one part, and an anchored expression for its arguments. A
/// wildcard matches any text.
fn intended(pattern: &str, profile: Profile) -> Option<(String, String)> {
    let mut command = String::new();
    for character in pattern.chars() {
        match character {
            '*' if command.ends_with(ANY) => {}
            '*' => command.push(ANY),
            '?' => command.push(ONE),
            other => command.push(other),
        }
    }
    let parts = trial::parts(&command, profile)?;
    let [part] = parts.as_slice() else { return None };
    let (program, arguments) = part.effective.as_ref().unwrap_or(&part.argv).split_first()?;
    if program.contains([ANY, ONE]) {
        return None;
    }
    let mut expression = String::from("^");
    for character in arguments.join(" ").chars() {
        match character {
            ANY => expression.push_str(".*"),
            ONE => expression.push('.'),
            special if SPECIAL.contains(special) => expression.extend(['\\', special]),
            other => expression.push(other),
        }
    }
    expression.push('$');
    Some((program.clone(), expression))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bug: wrappers, pipes and further commands were taken for a program and its arguments.
    #[test]
    fn the_intended_entry_has_the_arguments_as_an_anchored_expression() {
        for (pattern, expected) in [
            ("git status", Some(("git", "^status$"))),
            ("/usr/bin/git  status", Some(("/usr/bin/git", "^status$"))),
            ("/opt/homebrew/bin/gh pr *", Some(("/opt/homebrew/bin/gh", "^pr .*$"))),
            ("python3 /x/y.py **", Some(("python3", r"^/x/y\.py .*$"))),
            ("ls -la 'a b'?", Some(("ls", "^-la a b.$"))),
            ("/usr/bin/env python3 x.py", Some(("python3", r"^x\.py$"))),
            ("timeout 5 ls *", Some(("ls", "^.*$"))),
            ("ls | wc", None),
            ("git status && git push", None),
            ("ls > a", None),
            ("* a", None),
        ] {
            let expected = expected.map(|(program, arguments)| (program.to_owned(), arguments.to_owned()));
            assert_eq!(intended(pattern, Profile::V2026_9_6), expected, "{pattern}");
        }
    }
}
