//! Here-documents as the splitter of 2026.4.14 reads them: it takes the body for data if nothing in it is expanded by a
//! command. Source: `splitShellPipeline` of that release.

use super::words::is_white;

/// What 2026.4.14 answers if a body does not end.
pub(super) const UNTERMINATED: &str = "unterminated heredoc";

/// A here-document whose body is still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heredoc {
    /// The line that ends the body.
    delimiter: String,
    /// Whether tabs at the start of that line do not count: `<<-`.
    strips_tabs: bool,
    /// Whether the delimiter is quoted, so that nothing in the body is expanded.
    is_quoted: bool,
}

impl Heredoc {
    fn ends_with(&self, line: &str) -> bool {
        let line = if self.strips_tabs { line.trim_start_matches('\t') } else { line };
        line == self.delimiter
    }
}

/// Reads the delimiter after `<<`, and says where it ends. `None`: there is none, or its quote is not closed.
pub(super) fn delimiter(text: &str, at: usize, strips_tabs: bool) -> Option<(Heredoc, usize)> {
    let after = text.get(at..)?;
    let rest = after.trim_start_matches([' ', '\t']);
    let start = at + (after.len() - rest.len());
    let (delimiter, length, is_quoted) = if let quote @ ('\'' | '"') = rest.chars().next()? {
        let (delimiter, length) = quoted_delimiter(rest, quote)?;
        (delimiter, length, true)
    } else {
        let ends = |character: char| is_white(character) || matches!(character, '|' | '&' | ';' | '<' | '>');
        let length = rest.find(ends).unwrap_or(rest.len());
        (rest.get(..length)?.to_owned(), length, false)
    };
    let found = is_quoted || length > 0;
    found.then(|| (Heredoc { delimiter, strips_tabs, is_quoted }, start + length))
}

/// A delimiter in quotes, and its length with them. A line break in it makes it none.
fn quoted_delimiter(text: &str, quote: char) -> Option<(String, usize)> {
    let mut delimiter = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if matches!(character, '\n' | '\r') {
            return None;
        }
        if character == quote {
            return Some((delimiter, at + 1));
        }
        if quote == '"' && character == '\\' {
            match characters.next() {
                Some((_, escaped)) => delimiter.push(escaped),
                None => return None,
            }
        } else {
            delimiter.push(character);
        }
    }
    None
}

/// Skips the bodies that follow the line break at a byte, and says where the text goes on. Those without an end stay in the
/// list.
pub(super) fn skip_bodies(text: &str, at: usize, pending: &mut Vec<Heredoc>) -> Result<usize, &'static str> {
    let mut ended = 0;
    let mut at = at + line_break(text, at);
    while let Some(heredoc) = pending.get(ended) {
        let rest = text.get(at..).unwrap_or_default();
        let end = rest.find(['\n', '\r']);
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if heredoc.ends_with(line) {
            ended += 1;
        } else if end.is_some() && !heredoc.is_quoted && is_expanded(line) {
            return Err("command substitution in unquoted heredoc");
        }
        at += line.len();
        if end.is_none() {
            break;
        }
        at += line_break(text, at);
    }
    pending.drain(..ended);
    Ok(at)
}

/// The bytes of the line break here: `\n`, `\r` or both.
fn line_break(text: &str, at: usize) -> usize {
    if text.get(at..).is_some_and(|rest| rest.starts_with("\r\n")) { 2 } else { 1 }
}

/// Whether a line of a body has a backquote, `$(` or `${` without a backslash before it.
fn is_expanded(line: &str) -> bool {
    let mut is_escaped = false;
    let mut bytes = line.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let expands = byte == b'`' || (byte == b'$' && matches!(bytes.peek(), Some(b'(' | b'{')));
        if expands && !is_escaped {
            return true;
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_words_or_quoted() {
        for (text, result) in [
            ("E", Some(("E", 1, false))),
            (" \tE;x", Some(("E", 3, false))),
            ("\\E x", Some(("\\E", 2, false))),
            ("'a b'c", Some(("a b", 5, true))),
            ("\"a\\\"b\"", Some(("a\"b", 6, true))),
            ("''", Some(("", 2, true))),
            ("'a\nb'", None),
            ("'a", None),
            ("", None),
            ("  ", None),
            ("<x", None),
        ] {
            let found = delimiter(text, 0, false);
            let found =
                found.as_ref().map(|(heredoc, end)| (heredoc.delimiter.as_str(), *end, heredoc.is_quoted));
            assert_eq!(found, result, "{text:?}");
        }
    }

    #[test]
    fn a_body_ends_at_its_delimiter() {
        for (text, strips_tabs, result) in [
            ("\nx\nE\nrest", false, Ok((5, 0))),
            ("\r\nx\r\nE\r\nrest", false, Ok((8, 0))),
            ("\n\tE", false, Ok((3, 1))),
            ("\n\t\tE", true, Ok((4, 0))),
            ("\n E", true, Ok((3, 1))),
            ("\n\\$(x) \\\\\\`\nE", false, Ok((13, 0))),
            ("\n\\\\$(x)\nE", false, Err("command substitution in unquoted heredoc")),
            ("\n${x}\nE", false, Err("command substitution in unquoted heredoc")),
            ("\n$(x", false, Ok((4, 1))),
        ] {
            let mut pending = vec![Heredoc { delimiter: "E".to_owned(), strips_tabs, is_quoted: false }];
            let end = skip_bodies(text, 0, &mut pending);
            assert_eq!(end.map(|end| (end, pending.len())), result, "{text:?}");
        }
    }
}
