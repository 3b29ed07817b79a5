//! Makes untrusted text visible. This is the only module that turns it into something to print.
//!
//! An agent chooses the text of its prompts, and a person decides by what the screen shows. So no text may move the
//! cursor, reverse a line, hide, look like another text, or appear in the place of clearance's own words:
//!
//! - [`escaped`], [`text`] and [`name`] replace each character that does not show as itself with a *mark*: `␊` for a
//!   line break (`␉`, `␛`, … for other control characters), `⟨U+202E⟩` for the rest, `⟨12 spaces⟩` for many spaces. The
//!   characters that marks use are marked themselves, so no text can imitate a mark, and two different texts never look
//!   the same.
//! - [`Paper`] wraps lines that are too long for the terminal, and puts a gutter `│` before each further line. The
//!   gutter is marked in texts too: only clearance prints it.
//! - [`shortened`] and [`excerpt`] keep the head and the tail of a long text, with a mark that counts the missing characters.

mod marker;
mod paper;
mod scripts;

use marker::Marker;
pub(super) use marker::is_harmless;
pub use paper::Paper;
pub(super) use paper::{columns, excerpt, padded, shortened};
pub(super) use scripts::name;

/// The maximum run of spaces that is shown as spaces: a longer one could push text out of sight.
const SPACES: usize = 8;

/// A text on one line, with a mark for every character that does not show as itself.
pub(crate) fn escaped(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut marker = Marker { shown: String::with_capacity(text.len()), ..Marker::default() };
    text.chars().for_each(|c| marker.push(c));
    marker.shown
}

/// The text of a prompt on one line, such as a command. As [`escaped`]; in addition, spaces at the ends (which are
/// invisible) and long runs of spaces (which could push text out of sight) are counted, and words that mix scripts are
/// spelt out.
pub(super) fn text(text: &str) -> String {
    let mut marker = Marker { shown: String::with_capacity(text.len()), ..Marker::default() };
    let mut rest = text;
    while !rest.is_empty() {
        let inner = rest.trim_start_matches(' ');
        let spaces = rest.len() - inner.len();
        let at_an_end = rest.len() == text.len() || inner.is_empty();
        if spaces > SPACES || spaces > 0 && at_an_end {
            marker.spaces(spaces);
        } else {
            rest[..spaces].chars().for_each(|c| marker.push(c));
        }
        let (word, after) = inner.split_at(inner.find(' ').unwrap_or(inner.len()));
        scripts::word(&mut marker, word);
        rest = after;
    }
    marker.shown
}

/// A name inside a sentence, between backquotes, shortened to this many columns. A backquote in the name is a mark, so
/// that the name cannot end its quotes.
pub(super) fn quoted(text: &str, room: usize) -> String {
    format!("`{}`", shortened(&name(text).replace('`', "⟨U+0060⟩"), room))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads marks back, to show that the output has one meaning.
    fn read(shown: &str) -> String {
        let mut text = String::new();
        let mut rest = shown;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '⟨' => {
                    let (inside, after) = rest.split_once('⟩').unwrap();
                    rest = after;
                    if let Some(hex) = inside.strip_prefix("U+") {
                        let code = u32::from_str_radix(hex, 16).unwrap();
                        text.push(char::from_u32(code).unwrap());
                    } else {
                        let count = inside.split(' ').next().unwrap().parse().unwrap();
                        text.push_str(&" ".repeat(count));
                    }
                }
                '\u{2421}' => text.push('\u{7f}'),
                '\u{2400}'..='\u{2426}' => text.push(char::from_u32(u32::from(c) - 0x2400).unwrap()),
                c => text.push(c),
            }
        }
        text
    }

    /// Texts of the characters that matter here, and of arbitrary ones.
    pub(super) fn texts() -> impl Strategy<Value = String> {
        let special = prop::sample::select(
            "\n\r\t\\n\u{1b}\u{7f}\u{9b}⟨⟩│U+0A␊␛ <>\u{202e}\u{301}\u{20dd}\u{200d}\u{fe0f}漢😀🇩ﷺаmainо\u{a0}\u{3000}"
                .chars()
                .collect::<Vec<_>>(),
        );
        let spaces = (1_usize..30).prop_map(|count| " ".repeat(count));
        let part = prop_oneof![
            4 => special.prop_map(String::from),
            1 => spaces,
            1 => any::<char>().prop_map(String::from),
            1 => "[a-z]{1,12}",
        ];
        prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
    }

    #[test]
    fn what_moves_turns_or_hides_is_written_out() {
        for (given, shown) in [
            ("plain é 漢 😀", "plain é 漢 😀"),
            ("a\x1b[2Jb\r\n\t", "a␛[2Jb␍␊␉"),
            ("\u{202e}evil\u{2066}", "⟨U+202E⟩evil⟨U+2066⟩"),
            ("a\u{200b}b\u{feff}c\u{ad}", "a⟨U+200B⟩b⟨U+FEFF⟩c⟨U+00AD⟩"),
            ("\u{e0041}\u{fe0f}\u{3164}\u{2028}", "⟨U+E0041⟩⟨U+FE0F⟩⟨U+3164⟩⟨U+2028⟩"),
            ("a\u{a0}b\u{3000}", "a⟨U+00A0⟩b⟨U+3000⟩"),
            ("\u{9b}\u{7f}\u{0}", "⟨U+009B⟩␡␀"),
            ("\\n is not \n", "\\n is not ␊"),
            ("⟨U+202E⟩ ␊ │", "⟨U+27E8⟩U+202E⟨U+27E9⟩ ⟨U+240A⟩ ⟨U+2502⟩"),
            ("e\u{301}\u{302}\u{303}\u{304}x", "e\u{301}\u{302}⟨U+0303⟩⟨U+0304⟩x"),
            ("\u{301}a \u{301}", "⟨U+0301⟩a ⟨U+0301⟩"),
        ] {
            assert_eq!(escaped(given), shown);
        }
    }

    #[test]
    fn spaces_that_nobody_would_see_are_counted() {
        for (given, shown) in [
            ("a        b", "a        b"),
            ("a         b", "a⟨9 spaces⟩b"),
            (" a ", "⟨1 space⟩a⟨1 space⟩"),
            ("   ", "⟨3 spaces⟩"),
            ("⟨9 spaces⟩", "⟨U+27E8⟩9 spaces⟨U+27E9⟩"),
            ("git сommit", "git ⟨U+0441⟩ommit"),
            ("echo коммит", "echo коммит"),
        ] {
            assert_eq!(text(given), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(given in texts()) {
            prop_assert!(escaped(&given).chars().all(is_harmless));
            prop_assert!(text(&given).chars().all(is_harmless));
            prop_assert!(name(&given).chars().all(is_harmless));
        }

        #[test]
        fn different_texts_look_different(given in texts()) {
            prop_assert_eq!(&read(&escaped(&given)), &given);
            prop_assert_eq!(&read(&text(&given)), &given);
            prop_assert_eq!(&read(&name(&given)), &given);
        }
    }
}
