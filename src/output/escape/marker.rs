//! The writer of marks. It replaces each character that does not show as itself with a mark.

use std::fmt::Write;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_width::UnicodeWidthChar;

/// The start and the end of a mark.
pub(super) const MARK: (char, char) = ('⟨', '⟩');
/// The prefix of each line of prompt text.
pub(super) const GUTTER: char = '│';
/// The maximum number of combining characters on one letter: more of them overlap other lines.
const COMBINING: u8 = 2;

/// Whether a character shows as itself and has no other effect.
pub(in crate::output) fn is_harmless(c: char) -> bool {
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
    // Letters and marks without a shape (Unicode's Default_Ignorable_Code_Point, and the Braille blank), and spaces
    // other than U+0020.
    let shapeless = matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}');
    visible && !shapeless && category != GeneralCategory::SpaceSeparator
}

/// Whether a character takes no column but changes the one before it.
pub(super) fn is_combining(c: char) -> bool {
    let combines =
        matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
    combines || c.width() == Some(0)
}

/// Whether clearance's own output uses the character with a special meaning.
fn is_reserved(c: char) -> bool {
    c == MARK.0 || c == MARK.1 || c == GUTTER || ('\u{2400}'..='\u{2426}').contains(&c)
}

/// Writes text with marks, character by character.
#[derive(Default)]
pub(super) struct Marker {
    pub(super) shown: String,
    /// Whether the last character can carry combining characters.
    pub(super) base: bool,
    pub(super) combining: u8,
}

impl Marker {
    pub(super) fn push(&mut self, c: char) {
        if (' '..='~').contains(&c) {
            self.shown.push(c);
            (self.base, self.combining) = (c != ' ', 0);
        } else if c.is_ascii_control() {
            // Unicode has a picture for each control character.
            let picture = if c == '\u{7f}' { 0x2421 } else { 0x2400 + u32::from(c) };
            self.shown.push(char::from_u32(picture).unwrap_or(char::REPLACEMENT_CHARACTER));
            self.base = false;
        } else if !is_harmless(c) || is_reserved(c) {
            self.mark(c);
        } else if is_combining(c) {
            if self.base && self.combining < COMBINING {
                self.shown.push(c);
                self.combining += 1;
            } else {
                self.mark(c);
            }
        } else {
            self.shown.push(c);
            (self.base, self.combining) = (true, 0);
        }
    }

    pub(super) fn mark(&mut self, c: char) {
        // Writing to a String cannot fail.
        let _ = write!(self.shown, "{}U+{:04X}{}", MARK.0, u32::from(c), MARK.1);
        self.base = false;
    }

    pub(super) fn spaces(&mut self, count: usize) {
        let many = if count == 1 { "" } else { "s" };
        let _ = write!(self.shown, "{}{count} space{many}{}", MARK.0, MARK.1);
        self.base = false;
    }
}
