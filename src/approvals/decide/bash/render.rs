//! What a release starts in place of a satisfied command: the text with each program pinned to its real path, and with
//! wrappers gone. A text that the pinned programs could read differently is not rendered, and a person is asked. Source:
//! `exec-authorization-render.ts` of 2026.6.11 and 2026.9.6.

use std::ops::Range;

use super::candidates::Candidate;
use crate::approvals::decide::evaluation::{By, Plan};
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::segment::Judged;
use crate::approvals::decide::shell::Step;
use crate::approvals::decide::words::{is_white, trim};

const BLOCKED: &str = "segment execution plan unavailable";
const PAYLOAD: &str = "shell quoting required in wrapper payload";
const SPAN: &str = "source span mismatch";
const OVERLAP: &str = "overlapping replacement ranges";

/// Renders a command from its parts.
pub(super) fn plan(command: &str, profile: Profile, parts: &[(&Candidate<'_>, Judged<'_, '_>)]) -> Plan {
    match render(command, profile, parts) {
        Ok(text) => Plan::Renders((text != command).then_some(text)),
        Err(reason) => Plan::Unavailable(reason),
    }
}

fn render(
    command: &str,
    profile: Profile,
    parts: &[(&Candidate<'_>, Judged<'_, '_>)],
) -> Result<String, &'static str> {
    let mut replacements = Vec::new();
    for (candidate, judged) in parts {
        replacements.extend(replacement(profile, candidate, judged)?);
    }
    replacements.sort_by_key(|(range, _)| range.start);
    let mut text = String::with_capacity(command.len());
    let mut done = 0;
    for (range, replacement) in replacements {
        if range.start < done {
            return Err(OVERLAP);
        }
        text.push_str(command.get(done..range.start).ok_or(SPAN)?);
        text.push_str(&replacement);
        done = range.end;
    }
    text.push_str(command.get(done..).ok_or(SPAN)?);
    Ok(text)
}

/// What takes the place of which bytes of the command. `None`: the part stays as it is.
fn replacement(
    profile: Profile,
    candidate: &Candidate<'_>,
    judged: &Judged<'_, '_>,
) -> Result<Option<(Range<usize>, String)>, &'static str> {
    let is_new = profile >= Profile::V2026_9_6;
    if is_new && expands_arguments(&candidate.step) {
        return Err(Plan::SHELL_EXPANSION);
    }
    if is_new && judged.by == Some(By::Builtin) {
        return Ok(None);
    }
    if judged.unwrapped.blocked.is_some() {
        return Err(BLOCKED);
    }
    if expands_arguments(&candidate.step) {
        return Err(Plan::SHELL_EXPANSION);
    }
    if candidate.is_payload {
        return Err(PAYLOAD);
    }
    let argv = if judged.unwrapped.argv.is_empty() { &candidate.step.argv } else { &*judged.unwrapped.argv };
    let path = judged.program.real.as_deref().or(judged.program.resolved.as_deref()).map_or("", trim);
    let program = if path.is_empty() { argv.first().map_or("", String::as_str) } else { path };
    if judged.unwrapped.wrappers.is_empty() {
        return Ok(Some((candidate.step.executable.clone(), quoted(program))));
    }
    let words: Vec<String> =
        std::iter::once(program).chain(argv.iter().skip(1).map(String::as_str)).map(quoted).collect();
    Ok(Some((candidate.step.span.clone(), words.join(" "))))
}

/// Whether the shell would expand something after the program of a part.
fn expands_arguments(step: &Step) -> bool {
    let end = step.executable.end.saturating_sub(step.span.start).min(step.text.len());
    step.text.get(step.text.floor_char_boundary(end)..).is_some_and(is_expanded)
}

/// Whether a text has a pattern, a brace, or a tilde at the start of a word, outside quotes.
fn is_expanded(text: &str) -> bool {
    let mut quote = None;
    let mut at_word_start = true;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None | Some('"'), '\\') => {
                characters.next();
            }
            (Some(open), _) => {
                if character == open {
                    quote = None;
                }
            }
            (None, '\'' | '"') => quote = Some(character),
            (None, _) if is_white(character) => at_word_start = true,
            (None, '~') if at_word_start => return true,
            (None, '{' | '*' | '?' | '[') => return true,
            (None, _) => at_word_start = false,
        }
    }
    false
}

/// A word as the release writes it: bare if that is certainly safe, else in single quotes.
fn quoted(word: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_bare) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_expanded, quoted};

    #[test]
    fn expansion_outside_quotes_is_seen() {
        for (text, expected) in [
            (" a b", false),
            (" *.txt", true),
            (" '*' \"?\" \\*", false),
            (" ~/x", true),
            (" a~", false),
            // An empty pair of quotes does not end the start of a word.
            (" ''~", true),
            (" \\a~", true),
            (" {a,b}", true),
            (" \"a\\\"*\"", false),
        ] {
            assert_eq!(is_expanded(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_quoted_unless_they_are_plain() {
        for (word, expected) in [
            ("/usr/bin/ls", "/usr/bin/ls"),
            ("a b", "'a b'"),
            ("", "''"),
            ("it's", "'it'\"'\"'s'"),
            ("é", "'é'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
