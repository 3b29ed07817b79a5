//! Hostile text made visible: no character of a document may move a cursor, turn a line around, or hide.

use std::fmt::Write;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whether a character shows as itself and does nothing else.
pub(super) fn is_harmless(c: char) -> bool {
    if (' '..='~').contains(&c) {
        return true;
    }
    let category = c.general_category();
    let visible = !matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    // Letters and marks that have no shape of their own (Unicode's Default_Ignorable_Code_Point, and the Braille
    // blank), and spaces that are not the space.
    let shapeless = matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}');
    visible && !shapeless && category != GeneralCategory::SpaceSeparator
}

/// The text with every harmful character written as `\n`, `\t`, `\r` or `\u{…}`.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_harmless(c) => shown.push(c),
            // Writing to a String cannot fail.
            c => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_moves_turns_or_hides_is_written_out() {
        for (text, shown) in [
            ("plain é 漢 😀", "plain é 漢 😀"),
            ("a\x1b[2Jb\r\n\t", "a\\u{1b}[2Jb\\r\\n\\t"),
            ("\u{202e}evil\u{2066}", "\\u{202e}evil\\u{2066}"),
            ("a\u{200b}b\u{feff}c\u{ad}", "a\\u{200b}b\\u{feff}c\\u{ad}"),
            ("\u{e0041}\u{fe0f}\u{3164}\u{2028}", "\\u{e0041}\\u{fe0f}\\u{3164}\\u{2028}"),
            ("a\u{a0}b\u{3000}", "a\\u{a0}b\\u{3000}"),
            ("\u{9b}\u{7f}\u{0}", "\\u{9b}\\u{7f}\\u{0}"),
        ] {
            assert_eq!(escaped(text), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            prop_assert!(escaped(&text).chars().all(is_harmless));
        }
    }
}
