//! Look-alikes: `mаin` with a Cyrillic letter is not `main`, and must look different.

use unicode_security::is_potential_mixed_script_confusable_char;
use unicode_security::{GeneralSecurityProfile, MixedScript};

use super::marker::{Marker, is_combining};

/// The name of an agent, a session, a run or a prompt. If it mixes scripts, or consists of look-alikes alone, each
/// letter beyond ASCII becomes a mark; so does each character that no name should have. Repeated spaces are counted,
/// because spaces separate the cells of a table.
pub(in crate::output) fn name(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
        return text.to_owned();
    }
    let suspect = is_suspect(text);
    let mut marker = Marker { shown: String::with_capacity(text.len()), ..Marker::default() };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let at_an_end = rest.len() == text.len() || spaces == rest.len();
        if spaces > 1 || spaces > 0 && at_an_end {
            marker.spaces(spaces);
            rest = &rest[spaces..];
            continue;
        }
        let strange = c.is_alphanumeric() && !c.identifier_allowed();
        if !c.is_ascii() && !is_combining(c) && (suspect && c.is_alphabetic() || strange) {
            marker.mark(c);
        } else {
            marker.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    marker.shown
}

/// A word of a command. It may use any script, but each part of it only one.
pub(super) fn word(marker: &mut Marker, word: &str) {
    if word.is_ascii() {
        word.chars().for_each(|c| marker.push(c));
        return;
    }
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let is_letter = |c: char| c.is_alphanumeric() || is_combining(c);
        let length = rest.find(|c| is_letter(c) != is_letter(first)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(length);
        let mixed = is_letter(first) && !part.is_ascii() && !part.is_single_script();
        for c in part.chars() {
            if mixed && c.is_alphabetic() && !c.is_ascii() && !is_combining(c) {
                marker.mark(c);
            } else {
                marker.push(c);
            }
        }
        rest = after;
    }
}

fn is_suspect(text: &str) -> bool {
    let mut letters = text.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).peekable();
    if letters.peek().is_none() {
        return false;
    }
    !text.is_single_script() || letters.all(is_potential_mixed_script_confusable_char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_be_taken_for_others_are_spelt_out() {
        for (given, shown) in [
            ("agent:main:telegram", "agent:main:telegram"),
            ("m\u{430}in", "m⟨U+0430⟩in"),
            ("agent:\u{441}\u{43e}\u{441}\u{43e}:main", "agent:⟨U+0441⟩⟨U+043E⟩⟨U+0441⟩⟨U+043E⟩:main"),
            // Every letter looks like a Latin one.
            ("\u{441}\u{43e}\u{441}\u{43e}", "⟨U+0441⟩⟨U+043E⟩⟨U+0441⟩⟨U+043E⟩"),
            ("мария", "мария"),
            ("müller", "müller"),
            ("東京タワー", "東京タワー"),
            ("\u{ff4d}ain", "⟨U+FF4D⟩ain"),
            ("\u{1d5fa}ain", "⟨U+1D5FA⟩ain"),
            ("main ", "main⟨1 space⟩"),
            ("a  main", "a⟨2 spaces⟩main"),
            ("a\u{200b}b", "a⟨U+200B⟩b"),
        ] {
            assert_eq!(name(given), shown, "{given:?}");
        }
    }
}
