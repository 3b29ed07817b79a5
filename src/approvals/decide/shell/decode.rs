//! Removes quotes from a word as the releases' command explainer does, which is not always what Bash does: an unknown
//! escape in `$'...'` keeps the character alone, for example. Each decoder can also say where each byte of the value
//! comes from, so that a finding in the text of `sh -c` can be placed in the command. Source: `extract.ts` of 2026.6.11 and
//! 2026.9.6.

/// How a word is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Not at all: each backslash keeps the next character.
    None,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// As `$'...'`.
    AnsiC,
}

/// A value under construction, with the place in the source after each byte of it.
struct Decoded {
    value: String,
    /// One more than the value has bytes: the source offset before the first byte, then after each.
    ends: Vec<usize>,
}

impl Decoded {
    fn starting_at(offset: usize) -> Self {
        Self { value: String::new(), ends: vec![offset] }
    }

    /// Appends a character that is in the source at `start`.
    fn push(&mut self, character: char, start: usize) {
        self.value.push(character);
        self.ends.extend((1..=character.len_utf8()).map(|done| start.saturating_add(done)));
    }

    /// Appends the character of an escape that ends at `end`.
    fn push_escape(&mut self, text: &str, end: usize) {
        self.value.push_str(text);
        self.ends.extend(std::iter::repeat_n(end, text.len()));
    }

    /// Drops a line continuation that ends at `end`.
    fn skip_to(&mut self, end: usize) {
        if let Some(last) = self.ends.last_mut() {
            *last = end;
        }
    }
}

/// The value of a word, or of the literal text in one.
pub(super) fn value(text: &str, quoting: Quoting) -> String {
    if !text.contains('\\') {
        return body(text, quoting).1.to_owned();
    }
    match quoting {
        Quoting::Single => within(text, 1).to_owned(),
        Quoting::None => unquoted(text).value,
        Quoting::Double => double_quoted(text).value,
        Quoting::AnsiC => ansi_c(text).value,
    }
}

/// The offset in `text` after each byte of `value`, preceded by the offset before the first. Where the release
/// does not know an offset, it assumes that there are no escapes.
pub(super) fn source_offsets(text: &str, quoting: Quoting, value: &str) -> Vec<usize> {
    let decoded = match quoting {
        Quoting::Single => {
            let inner = within(text, 1);
            Decoded {
                value: inner.to_owned(),
                ends: (0..=inner.len()).map(|at| at.saturating_add(1)).collect(),
            }
        }
        Quoting::None => unquoted(text),
        Quoting::Double => double_quoted(text),
        Quoting::AnsiC => ansi_c(text),
    };
    if decoded.value == value {
        return decoded.ends;
    }
    let prefix = match quoting {
        Quoting::None => 0,
        Quoting::Single | Quoting::Double => 1,
        Quoting::AnsiC => 2,
    };
    (0..=value.len()).map(|at| at.saturating_add(prefix)).collect()
}

/// What is between the quotes, and the number of bytes before it.
fn body(text: &str, quoting: Quoting) -> (usize, &str) {
    match quoting {
        Quoting::Single => (1, within(text, 1)),
        Quoting::Double if text.starts_with('"') && text.ends_with('"') => (1, within(text, 1)),
        Quoting::AnsiC if text.starts_with("$'") && text.ends_with('\'') => (2, within(text, 2)),
        Quoting::None | Quoting::Double | Quoting::AnsiC => (0, text),
    }
}

/// The text without its first `start` bytes and its last one.
fn within(text: &str, start: usize) -> &str {
    text.get(start..text.len().saturating_sub(1)).unwrap_or_default()
}

/// The length of the line break at the start of a text.
fn line_break(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r' | b'\n', ..] => Some(1),
        _ => None,
    }
}

fn unquoted(text: &str) -> Decoded {
    let mut decoded = Decoded::starting_at(0);
    let mut at = 0;
    while let Some((character, rest)) = split_first(text, at) {
        let after = at.saturating_add(character.len_utf8());
        match rest.chars().next() {
            Some(next) if character == '\\' => {
                if let Some(length) = line_break(rest) {
                    at = after.saturating_add(length);
                    decoded.skip_to(at);
                } else {
                    decoded.push(next, after);
                    at = after.saturating_add(next.len_utf8());
                }
            }
            _ => {
                decoded.push(character, at);
                at = after;
            }
        }
    }
    decoded
}

fn double_quoted(text: &str) -> Decoded {
    let (start, body) = body(text, Quoting::Double);
    let mut decoded = Decoded::starting_at(start);
    let mut at = 0;
    while let Some((character, rest)) = split_first(body, at) {
        let after = at.saturating_add(character.len_utf8());
        if character == '\\' {
            if let Some(length) = line_break(rest) {
                at = after.saturating_add(length);
                decoded.skip_to(start.saturating_add(at));
                continue;
            }
            if let Some(next @ ('\\' | '"' | '$' | '`')) = rest.chars().next() {
                decoded.push(next, start.saturating_add(after));
                at = after.saturating_add(1);
                continue;
            }
        }
        decoded.push(character, start.saturating_add(at));
        at = after;
    }
    decoded
}

fn ansi_c(text: &str) -> Decoded {
    let (start, body) = body(text, Quoting::AnsiC);
    let mut decoded = Decoded::starting_at(start);
    let mut at = 0;
    while let Some((character, rest)) = split_first(body, at) {
        if character != '\\' {
            decoded.push(character, start.saturating_add(at));
            at = at.saturating_add(character.len_utf8());
            continue;
        }
        let (meaning, length) = ansi_c_escape(rest);
        at = at.saturating_add(1).saturating_add(length);
        decoded.push_escape(&meaning, start.saturating_add(at));
    }
    decoded
}

/// The character of an escape of which `rest` follows the backslash, and how many bytes of `rest` belong to it.
fn ansi_c_escape(rest: &str) -> (String, usize) {
    let Some(next) = rest.chars().next() else { return ("\\".to_owned(), 0) };
    let simple = match next {
        '\'' | '"' | '?' | '\\' => Some(next),
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'e' | 'E' => Some('\u{1b}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        _ => None,
    };
    if let Some(simple) = simple {
        return (simple.to_string(), 1);
    }
    let (digits, radix) = match next {
        'x' => (digits(rest, 1, 2, 16), 16),
        'u' => (digits(rest, 1, 4, 16), 16),
        'U' => (digits(rest, 1, 8, 16), 16),
        '0'..='7' => (digits(rest, 0, 3, 8), 8),
        _ => ("", 16),
    };
    if digits.is_empty() {
        return (next.to_string(), next.len_utf8());
    }
    let length = digits.len().saturating_add(usize::from(radix == 16));
    (code_point(next, digits, radix), length)
}

/// The character of a numeric escape. A code point beyond Unicode is left as it is written; half of a surrogate pair
/// cannot be in a Rust string, and becomes the replacement character.
fn code_point(letter: char, digits: &str, radix: u32) -> String {
    match u32::from_str_radix(digits, radix) {
        Ok(code) if code <= 0x0010_ffff => {
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).to_string()
        }
        _ => format!("\\{letter}{digits}"),
    }
}

/// The digits of `text` from `start`, at most `most`.
fn digits(text: &str, start: usize, most: usize, radix: u32) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.chars().take(most).take_while(|digit| digit.is_digit(radix)).count();
    rest.get(..length).unwrap_or_default()
}

/// The character at an offset, and what follows it.
fn split_first(text: &str, at: usize) -> Option<(char, &str)> {
    let mut characters = text.get(at..)?.chars();
    let first = characters.next()?;
    Some((first, characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::{Quoting, source_offsets, value};

    #[test]
    fn quotes_are_removed() {
        for (text, quoting, expected) in [
            (r"a\ b\\c\", Quoting::None, r"a b\c\"),
            ("a\\\r\nb", Quoting::None, "ab"),
            (r"'a\'", Quoting::Single, r"a\"),
            (r#""a\"\$\`\x""#, Quoting::Double, r#"a"$`\x"#),
            (r"$'\n\t\'\x41\u00e9\U0001F600\101\q\c'", Quoting::AnsiC, "\n\t'A\u{e9}\u{1F600}Aqc"),
            (r"$'\UFFFFFFFF\xg\'", Quoting::AnsiC, r"\UFFFFFFFFxg\"),
        ] {
            assert_eq!(value(text, quoting), expected, "{text}");
        }
    }

    #[test]
    fn each_byte_of_a_value_has_its_place() {
        for (text, quoting, expected) in [
            (r"a\bc", Quoting::None, vec![0, 1, 3, 4]),
            ("'ab'", Quoting::Single, vec![1, 2, 3]),
            (r#""\$é""#, Quoting::Double, vec![1, 3, 4, 5]),
            (r"$'\x41b'", Quoting::AnsiC, vec![2, 6, 7]),
        ] {
            assert_eq!(source_offsets(text, quoting, &value(text, quoting)), expected, "{text}");
        }
        assert_eq!(source_offsets("a'b'", Quoting::None, "ab"), vec![0, 1, 2]);
    }
}
