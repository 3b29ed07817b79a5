//! Patterns that were written as command lines, and the entries that they should be.

use serde_json::Value;

use super::listed::Listed;
use super::release::Release;
use crate::approvals::decide::Profile;
use crate::approvals::redact::credentials::quotable;

/// Maximum length in bytes of a pattern for which an entry is proposed.
const LONGEST: usize = 400;

/// Characters that have a meaning in a regular expression.
const SPECIAL: &str = r"\^$.|+()[]{}";

/// The finding for a pattern that was written as a command line.
pub(super) fn message(entry: &Listed<'_>, release: Release<'_>) -> String {
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
    if shown != pattern || pattern.len() > LONGEST {
        return wrong;
    }
    let Some((program, arguments)) = intended(pattern) else { return wrong };
    let [program, arguments] = [program, arguments].map(Value::from);
    format!("{wrong}; the entry should be {{\"pattern\": {program}, \"argPattern\": {arguments}}}")
}

fn kind(pattern: &str) -> &'static str {
    if pattern.contains('/') { "path" } else { "name" }
}

/// The program of a command line, and an anchored expression for its arguments. A wildcard matches any text.
pub(super) fn intended(pattern: &str) -> Option<(String, String)> {
    let mut words = pattern.split_whitespace();
    let program = words.next()?;
    let mut expression = String::from("^");
    for (index, word) in words.enumerate() {
        if index > 0 {
            expression.push(' ');
        }
        let mut characters = word.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '*' => {
                    while characters.next_if_eq(&'*').is_some() {}
                    expression.push_str(".*");
                }
                '?' => expression.push('.'),
                special if SPECIAL.contains(special) => expression.extend(['\\', special]),
                other => expression.push(other),
            }
        }
    }
    expression.push('$');
    Some((program.to_owned(), expression))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_intended_entry_has_the_arguments_as_an_anchored_expression() {
        for (pattern, program, arguments) in [
            ("git status", "git", "^status$"),
            ("/usr/bin/git  status", "/usr/bin/git", "^status$"),
            ("/opt/homebrew/bin/gh pr *", "/opt/homebrew/bin/gh", "^pr .*$"),
            ("python3 /x/y.py **", "python3", r"^/x/y\.py .*$"),
            ("ls -la (a)?", "ls", r"^-la \(a\).$"),
        ] {
            assert_eq!(intended(pattern), Some((program.to_owned(), arguments.to_owned())));
        }
    }
}
