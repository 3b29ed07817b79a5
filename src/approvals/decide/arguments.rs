//! `argPattern`: a regular expression of JavaScript over the arguments, or on 2026.9.6 a hash of them and of
//! the directory.
//!
//! Source: `matchArgPattern` and `buildCwdBoundHashedArgPattern` of `exec-command-resolution`. 2026.4.14
//! ignores the field. `regress` runs the expressions without a limit of steps: an expression such as `(a+)+$` may run
//! forever, as it does in a gateway. Callers therefore decide untrusted commands on a thread with a deadline.

use sha2::{Digest, Sha256};

use super::profile::Profile;
use super::words;
use crate::approvals::text::expression::{self, ExpressionError, Purpose};

/// The longest text that is searched, in UTF-16 units: the time of a harmless `.*x` grows with the square of the length.
const LONGEST_SUBJECT: usize = 16_384;

/// The longest run of literal characters that V8 compiles, in UTF-16 units. A longer one is a `SyntaxError` ("Regular
/// expression too large"), and matches nothing. Measured on Node 24.
const LONGEST_LITERAL: usize = 32_767;

/// Prefix of a hash of a directory and arguments.
const BOUND: &str = "sha256:cwd-argv:v1:";

/// Prefix of a hash that older releases stored: of the arguments alone.
const UNBOUND: &str = "sha256:argv:";

/// What an approval of exactly one command begins with.
const EXACT: &str = "=command:";

/// What the same begins with for commands of nodes. 2026.9.6 writes it beside the entries of every command.
const EXACT_ON_NODES: &str = "=node-command:";

/// Whether an `argPattern` is a hash of a directory and arguments.
pub(in crate::approvals) fn is_bound_hash(pattern: &str) -> bool {
    pattern.starts_with(BOUND)
}

/// Whether an `argPattern` is a hash of arguments alone, which 2026.9.6 never matches.
pub(in crate::approvals) fn is_unbound_hash(pattern: &str) -> bool {
    pattern.starts_with(UNBOUND)
}

/// The hash of a call with this directory and these arguments.
pub(super) fn bound_hash(directory: &str, arguments: &[String]) -> String {
    let directory = words::normalize(directory).replace('\\', "/");
    let mut hash = Sha256::new();
    hash.update(format!("{}\0{directory}\0{}\0", directory.len(), arguments.len()));
    for argument in arguments {
        hash.update(format!("{}\0{argument}\0", argument.len()));
    }
    format!("{BOUND}{}", data_encoding::HEXLOWER.encode(&hash.finalize()))
}

/// The pattern of an approval of exactly this command: `=command:` and 16 digits of the hash of the trimmed
/// text.
pub(super) fn command_pattern(command: &str) -> String {
    format!("{EXACT}{}", short_hash(command))
}

/// The same for nodes.
pub(super) fn node_pattern(command: &str) -> String {
    format!("{EXACT_ON_NODES}{}", short_hash(command))
}

/// The first 16 digits of the hash of the trimmed text.
fn short_hash(command: &str) -> String {
    let mut hash = data_encoding::HEXLOWER.encode(&Sha256::digest(words::trim(command)));
    hash.truncate(16);
    hash
}

/// Whether a pattern can be that of an approval of exactly one command.
pub(super) fn is_command_pattern(pattern: &str) -> bool {
    let hash = pattern.strip_prefix(EXACT);
    hash.is_some_and(|hash| {
        hash.len() == 16 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Whether an expression matches arguments. `None`: unknown, because it is too long.
pub(super) fn matches(profile: Profile, pattern: &str, arguments: &[String]) -> Option<bool> {
    if profile >= Profile::V2026_9_6 && is_unbound_hash(pattern) {
        return Some(false);
    }
    let subject = subject(pattern, arguments);
    let stripped = if profile == Profile::V2026_6_11 && !pattern.contains('\0') {
        Some(without_redirections(&subject)).filter(|stripped| stripped.len() < subject.len())
    } else {
        None
    };
    if let Some(plain) = Plain::of(pattern) {
        if plain.text.encode_utf16().nth(LONGEST_LITERAL).is_some() {
            return Some(false);
        }
        return Some(plain.is_in(&subject) || stripped.is_some_and(|stripped| plain.is_in(stripped)));
    }
    let expression = match expression::compile(pattern, Purpose::Match) {
        Ok(expression) => expression,
        Err(ExpressionError::Syntax(_)) => return Some(false),
        Err(ExpressionError::TooLong | ExpressionError::TooManyAlternatives) => return None,
    };
    let hits = |subject: &str| {
        let units: Vec<u16> = subject.encode_utf16().take(LONGEST_SUBJECT + 1).collect();
        (units.len() <= LONGEST_SUBJECT).then(|| expression.find_from_ucs2(&units, 0).next().is_some())
    };
    match (hits(&subject)?, stripped) {
        (false, Some(stripped)) => hits(stripped),
        (found, _) => Some(found),
    }
}

/// An expression without anything but literal characters and anchors, which most are. It needs no engine.
struct Plain {
    text: String,
    starts: bool,
    ends: bool,
}

impl Plain {
    fn of(pattern: &str) -> Option<Self> {
        let (body, starts) = pattern.strip_prefix('^').map_or((pattern, false), |body| (body, true));
        let mut text = String::with_capacity(body.len());
        let mut characters = body.chars();
        let mut ends = false;
        while let Some(character) = characters.next() {
            match character {
                '\\' => text.push(characters.next().filter(char::is_ascii_punctuation)?),
                '$' if characters.as_str().is_empty() => ends = true,
                '^' | '$' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' => return None,
                literal => text.push(literal),
            }
        }
        Some(Self { text, starts, ends })
    }

    fn is_in(&self, subject: &str) -> bool {
        match (self.starts, self.ends) {
            (true, true) => subject == self.text,
            (true, false) => subject.starts_with(&self.text),
            (false, true) => subject.ends_with(&self.text),
            (false, false) => subject.contains(&self.text),
        }
    }
}

/// Whether an expression is invalid, so that it matches nothing. False if it is too long to decide.
pub(super) fn is_invalid(pattern: &str) -> bool {
    matches!(expression::compile(pattern, Purpose::Check), Err(ExpressionError::Syntax(_)))
}

/// The text that is searched: the arguments joined by spaces; or each followed by NUL if the expression has a
/// NUL itself.
fn subject(pattern: &str, arguments: &[String]) -> String {
    if !pattern.contains('\0') {
        return arguments.join(" ");
    }
    if arguments.is_empty() { "\0\0".to_owned() } else { arguments.join("\0") + "\0" }
}

/// A text without ` 2>&1`, ` 1>/dev/null` and the like at its end, as 2026.6.11 tries it.
fn without_redirections(subject: &str) -> &str {
    let mut rest = subject;
    loop {
        let trimmed = rest.trim_end_matches(words::is_white);
        let cut = ["1>&1", "1>&2", "2>&1", "2>&2", "1>/dev/null", "2>/dev/null"]
            .iter()
            .find_map(|end| trimmed.strip_suffix(end))
            .filter(|before| before.ends_with(words::is_white));
        match cut {
            Some(before) => rest = before.trim_end_matches(words::is_white),
            None => return rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(arguments: &[&str]) -> Vec<String> {
        arguments.iter().map(|&argument| argument.to_owned()).collect()
    }

    #[test]
    fn an_expression_that_is_too_large_for_the_engine_matches_nothing() {
        for (character, count, is_match) in [("a", 32_767, true), ("a", 32_768, false), ("😀", 16_384, false)]
        {
            let text = character.repeat(count);
            for pattern in [format!("^{text}$"), text.clone()] {
                let found = matches(Profile::V2026_6_11, &pattern, std::slice::from_ref(&text));
                assert_eq!(found, Some(is_match), "{character} {count}");
            }
        }
    }

    #[test]
    fn expressions_are_searched_in_the_joined_arguments() {
        use Profile::{V2026_6_11 as B, V2026_9_6 as C};
        for (profile, pattern, arguments, result) in [
            (C, "^status$", &["status"][..], true),
            (C, "stat", &["status", "-s"], true),
            (C, "^$", &[], true),
            (C, "^status -s$", &["status", "-s"], true),
            (C, "(", &["("], false),
            (C, "(?i)x", &["x"], false),
            (C, "(?i:X)", &["x"], true),
            (C, "/x/i", &["X"], false),
            (C, "^status\\b?$", &["status"], false),
            (C, "^[^\\uD83D\\uDE00]+$", &["😁"], false),
            (C, "^.$", &["😀"], false),
            (C, "^..$", &["😀"], true),
            (C, "^a\0b\0$", &["a", "b"], true),
            (C, "^\0\0$", &[], true),
            (C, "sha256:argv:00", &["sha256:argv:00"], false),
            (B, "sha256:argv:00", &["sha256:argv:00"], true),
            (B, "^a$", &["a", "2>&1", "1>/dev/null"], true),
            (C, "^a$", &["a", "2>&1"], false),
        ] {
            assert_eq!(matches(profile, pattern, &owned(arguments)), Some(result), "{pattern}");
        }
        assert_eq!(matches(C, &"a+".repeat(5000), &[]), None);
        assert_eq!(matches(C, "b+", &["a".repeat(20_000)]), None);
        assert_eq!(matches(C, "^b$", &["a".repeat(20_000)]), Some(false));
    }

    #[test]
    fn hashes_follow_the_release() {
        // printf '5\0/work\0002\0001\0a\0002\0\xc3\xa9\0' | sha256sum
        let hash = bound_hash("/x/../work", &owned(&["a", "é"]));
        assert_eq!(
            hash,
            "sha256:cwd-argv:v1:e2e97e3fa8ef910ed6bbbb49d507471b6ba6100d2efc36074783591529d9a384"
        );
        assert_eq!(command_pattern(" ls -l\n"), command_pattern("ls -l"));
        assert_eq!(command_pattern("ls -l"), "=command:f0f40cf78dab06e0");
        assert_eq!(command_pattern("ls"), "=command:c7b68ac37f364473");
        for (pattern, is_exact) in [
            ("=command:f0f40cf78dab06e0", true),
            ("=command:F0f40cf78dab06e0", false),
            ("=command:f0f40cf78dab06e", false),
            ("command:f0f40cf78dab06e0", false),
        ] {
            assert_eq!(is_command_pattern(pattern), is_exact, "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn plain_expressions_need_no_engine(pattern in r"\^?[ab /\\.-]{0,4}\$?", subject in "[ab /.-]{0,5}") {
            if let Some(plain) = Plain::of(&pattern) {
                let expression = regress::Regex::new(&pattern).unwrap();
                proptest::prop_assert_eq!(plain.is_in(&subject), expression.find(&subject).is_some());
            }
        }
    }
}
