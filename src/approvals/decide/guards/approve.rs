//! Recognises `/approve ID DECISION`, the answer to a prompt, at the start of a text. Source:
//! `parseExecApprovalShellCommand`, the same in all three releases.

use crate::approvals::decide::words::is_white;

const COMMAND: &str = "/approve";
const DECISIONS: [&str; 4] = ["allow-once", "allow-always", "always", "deny"];

/// Whether words joined by blanks can be an answer at all.
pub(super) fn can_begin(argv: &[String]) -> bool {
    let first = argv.iter().map(|word| word.trim_start_matches(is_white)).find(|word| !word.is_empty());
    first.is_some_and(|word| after_prefix(word, COMMAND).is_some())
}

/// Whether a text starts with an answer to a prompt.
pub(super) fn is_answer(text: &str) -> bool {
    rest_after_command(text.trim_start_matches(is_white)).is_some_and(starts_with_decision)
}

/// What follows `/approve` or `/approve@name` and white space.
fn rest_after_command(text: &str) -> Option<&str> {
    let rest = after_prefix(text, COMMAND)?;
    let rest = match rest.strip_prefix('@') {
        Some(mention) => {
            let rest = mention.trim_start_matches(|character| !is_white(character));
            (rest.len() < mention.len()).then_some(rest)?
        }
        None => rest,
    };
    after_white(rest)
}

/// Whether an id and a decision follow.
fn starts_with_decision(text: &str) -> bool {
    if !text.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return false;
    }
    let is_inner =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | ':' | '-');
    let Some(rest) = after_white(text.trim_start_matches(is_inner)) else { return false };
    DECISIONS.iter().any(|decision| {
        let rest = after_prefix(rest, decision);
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_'))
    })
}

/// The rest after at least one white character.
fn after_white(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(is_white);
    (rest.len() < text.len()).then_some(rest)
}

/// The rest after a prefix, whose letters may be of either case.
fn after_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::is_answer;

    #[test]
    fn answers_are_recognised_at_the_start() {
        for (text, is) in [
            ("/approve abc allow-once", true),
            ("  /APPROVE@bot a.b-c:1\nDENY now", true),
            ("/approve abc always.", true),
            ("/approve abc alwaysx", false),
            ("/approve abc", false),
            ("/approve -x deny", false),
            ("/approve@ x deny", false),
            ("/approvex x deny", false),
            ("x /approve x deny", false),
        ] {
            assert_eq!(is_answer(text), is, "{text}");
        }
    }
}
