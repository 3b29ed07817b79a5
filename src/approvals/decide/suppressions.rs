//! Commands that mention the suppressions of security findings ask, unless they only read the configuration. Source:
//! `commandRequiresSecurityAuditSuppressionApproval` of 2026.6.11 and 2026.9.6.

use super::evaluation::{Evaluation, Segment};
use super::question::Question;
use super::words::{lower_case, program_name, trim};

/// How many UTF-16 units may be between two of the three words.
const MAX_GAP: usize = 200;

/// Whether the command may change what `openclaw security audit` suppresses.
pub(super) fn are_mentioned(question: &Question<'_>, evaluation: &Evaluation) -> bool {
    let command = question.command;
    let is_mentioned_in = |part: &Segment| {
        // The last word is in one of the words of the part, or not at all.
        part.argv.iter().any(|word| names_suppressions(word)) && mentions(&part.argv.join(" "))
    };
    if !mentions(command) && !evaluation.segments.iter().any(is_mentioned_in) {
        return false;
    }
    let raw = |part: &Segment| trim(command.get(part.span.clone()).unwrap_or_default()).to_owned();
    let mut remaining = command.to_owned();
    let mut has_mention = false;
    for part in &evaluation.segments {
        let text = raw(part);
        if mentions(&format!("{text} {}", part.argv.join(" "))) {
            has_mention = true;
            if !only_reads(&part.argv) {
                return true;
            }
        }
        if !text.is_empty() {
            remaining = remaining.replacen(&text, " ", 1);
        }
    }
    if has_mention { mentions(&remaining) } else { mentions(command) }
}

/// Whether a text has `security`, `audit` and `suppressions` in this order and not far apart.
fn mentions(text: &str) -> bool {
    if !names_suppressions(text) {
        return false;
    }
    let text = text.to_lowercase();
    let audits = follow(&text, &ends(&text, "security"), "audit");
    !follow(&text, &audits, "suppressions").is_empty()
}

/// Whether a text has the last of the three words. Most do not.
fn names_suppressions(text: &str) -> bool {
    text.len() >= "suppressions".len() && lower_case(text).contains("suppressions")
}

/// The ends of the occurrences of a word.
fn ends(text: &str, word: &str) -> Vec<usize> {
    text.match_indices(word).map(|(start, _)| start + word.len()).collect()
}

/// The ends of the occurrences of a word that follow one of the places closely. The places are in order.
fn follow(text: &str, places: &[usize], word: &str) -> Vec<usize> {
    let near = |start: usize| {
        let before = places.partition_point(|place| *place <= start);
        let nearest = before.checked_sub(1).and_then(|index| places.get(index))?;
        is_short(text.get(*nearest..start)?).then_some(())
    };
    text.match_indices(word)
        .filter(|(start, _)| near(*start).is_some())
        .map(|(start, _)| start + word.len())
        .collect()
}

/// Whether a gap is short enough. A quote at either side does not count.
fn is_short(gap: &str) -> bool {
    const QUOTES: [char; 2] = ['"', '\''];
    let gap = gap.strip_prefix(QUOTES).unwrap_or(gap);
    let gap = gap.strip_suffix(QUOTES).unwrap_or(gap);
    gap.encode_utf16().nth(MAX_GAP).is_none()
}

/// Whether the words are `openclaw config get`, `schema` or `validate`.
fn only_reads(argv: &[String]) -> bool {
    let word = |index: usize| argv.get(index).map(String::as_str).unwrap_or_default();
    let mut at = usize::from(program_name(word(0)) == "pnpm" && word(1) == "openclaw");
    if program_name(word(at)) != "openclaw" {
        return false;
    }
    at += 1;
    loop {
        let (name, value) =
            word(at).split_once('=').map_or((word(at), None), |(name, value)| (name, Some(value)));
        at += match (name, value) {
            ("--profile" | "--container" | "--log-level", None) => 2,
            ("--dev" | "--no-color", None) | ("--profile" | "--container" | "--log-level", Some(_)) => 1,
            _ => break,
        };
    }
    word(at) == "config" && matches!(word(at + 1), "get" | "schema" | "validate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_words_count_if_they_are_near() {
        let far = "x".repeat(201);
        for (text, is) in [
            ("echo security.audit.suppressions", true),
            ("SECURITY: {\"audit\": {suppressions", true),
            ("audit security suppressions", false),
            ("security audit", false),
            (&format!("security{far}audit suppressions"), false),
            (&format!("security\"{}\"audit suppressions", "x".repeat(200)), true),
        ] {
            assert_eq!(mentions(text), is, "{text}");
        }
    }

    #[test]
    fn reading_the_configuration_is_recognised() {
        for (text, is) in [
            ("openclaw config get x", true),
            ("pnpm openclaw --dev --profile p --log-level=debug config schema", true),
            ("openclaw config set x", false),
            ("npx openclaw config get x", false),
        ] {
            let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(only_reads(&argv), is, "{text}");
        }
    }
}
