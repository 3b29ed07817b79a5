//! Quotes words for a shell, for commands in messages. A command that an error suggests must work when it is pasted.

use std::path::Path;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// A path for a shell, quoted only if necessary.
pub fn quoted(path: &Path) -> String {
    quoted_unless(path, "/._-")
}

/// A name from outside for a shell, quoted only if necessary. In a list, a name without quotes contains no comma and
/// no space.
pub fn quoted_name(name: &str) -> String {
    quoted_unless(Path::new(name), "/._-:@")
}

/// A word for a shell, quoted unless it has only letters and digits of ASCII and these characters.
pub fn quoted_unless(word: &Path, plain: &str) -> String {
    let bytes = word.as_os_str().as_encoded_bytes();
    match str::from_utf8(bytes) {
        Ok(text) if is_plain(text, plain) => text.to_owned(),
        Ok(text) if text.chars().all(shows_as_itself) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => in_escapes(bytes),
    }
}

fn is_plain(text: &str, plain: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || plain.contains(c))
}

/// Whether every output prints the character as it is. Other characters are printed as marks, which a shell does not
/// read.
fn shows_as_itself(c: char) -> bool {
    let is_letter =
        matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number);
    // These letters have no shape or no width of their own.
    let is_jamo = matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3164}' | '\u{d7b0}'..='\u{d7ff}' | '\u{ffa0}');
    matches!(c, ' '..='~') || is_letter && !is_jamo
}

/// Bytes in the notation `$'…'`. It contains no quote and no character that an output changes.
fn in_escapes(bytes: &[u8]) -> String {
    let escaped = |byte: &u8| match byte {
        b'\\' | b'\'' => format!("\\x{byte:02x}"),
        b' '..=b'~' => char::from(*byte).to_string(),
        b'\n' => "\\n".to_owned(),
        byte => format!("\\x{byte:02x}"),
    };
    format!("$'{}'", bytes.iter().map(escaped).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_the_word_itself() {
        for word in [
            &b"plain-1.json"[..],
            b"",
            b"it's",
            b"a,b; $(c) `d` \\ \"e\" !f",
            "é 漢 \u{65}\u{301}".as_bytes(),
            b"line\nbreak\r\t\x1b[2J\x7f'\\x41",
            "\u{202e}evil\u{2066} \u{200b}\u{a0}0".as_bytes(),
            "│⟨U+202E⟩␊ \u{3164}".as_bytes(),
            b"\xff\xfe1",
        ] {
            let path = Path::new(OsStr::from_bytes(word));
            for quoted in [quoted(path), quoted_unless(path, "/._-:@=,")] {
                let script = format!("printf %s {quoted}");
                let printed = Command::new("bash").args(["-c", &script]).output().unwrap();
                assert_eq!(printed.stdout, word, "{quoted}");
            }
        }
    }

    #[test]
    fn names_are_quoted_only_if_necessary() {
        for (name, expected) in [
            ("agent:main@h/1", "agent:main@h/1"),
            ("a, b", "'a, b'"),
            ("it's", r"'it'\''s'"),
            ("\u{202e}a\n", r"$'\xe2\x80\xaea\n'"),
        ] {
            assert_eq!(quoted_name(name), expected);
        }
    }
}
