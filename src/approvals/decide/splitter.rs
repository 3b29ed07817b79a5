//! The splitter of 2026.4.14, which knows quotes, chains, pipelines and here-documents, but not the grammar of Bash. It
//! refuses what it does not know (`>`, `&`, `$(`) and takes everything else, `$HOME` and `for` included, for plain words.
//!
//! Source: `splitCommandChainWithOperators`, `splitShellPipeline` and `splitShellArgs` of that release. Later releases use
//! the last of them for `env -S`.

use std::ops::Range;

use super::heredoc::{self, Heredoc};
use super::quoting::{Literal, NEWLINE, SUBSTITUTION};
use super::words::{is_white, trim};

/// A part of a chain, without white space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its bytes of the text.
    pub span: Range<usize>,
    /// The operator after it: `&&`, `||` or `;`.
    pub operator: Option<&'static str>,
}

/// A part of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its text without the bodies of here-documents.
    pub raw: String,
    /// Its bytes of the text, bodies of here-documents included.
    pub span: Range<usize>,
}

/// Whether a backslash is before the end of a line. Nothing with one is analysed, quoted or not.
pub(super) fn has_line_continuation(text: &str) -> bool {
    text.contains("\\\n") || text.contains("\\\r")
}

/// The parts of a chain. `None`: there is no chain, or one of its parts is empty.
pub(super) fn chain(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        if let Some(literal) = Literal::at(text, at) {
            if literal.is_continued {
                return None;
            }
            at = literal.end;
        } else if is_comment(text, at) {
            break;
        } else if let Some(operator) =
            ["&&", "||", ";"].into_iter().find(|operator| is_at(text, at, operator))
        {
            parts.push(Part { span: trimmed(text, start..at)?, operator: Some(operator) });
            at += operator.len();
            start = at;
        } else {
            at += 1;
        }
    }
    if parts.is_empty() {
        return None;
    }
    parts.push(Part { span: trimmed(text, start..at)?, operator: None });
    Some(parts)
}

/// The parts of a pipeline, or why the text is none.
pub(super) fn pipeline(text: &str) -> Result<Vec<Piece>, &'static str> {
    let mut reader =
        Pipeline { text, at: 0, start: 0, raw: String::new(), pieces: Vec::new(), heredocs: Vec::new() };
    // Whether nothing at all follows the last `|`. White space is something.
    let mut is_empty = false;
    while reader.at < text.len() {
        if let Some(literal) = Literal::at(text, reader.at) {
            if let Some(fault) = literal.fault {
                return Err(fault);
            }
            reader.keep(literal.end);
            if !literal.is_closed {
                let is_pending = !reader.heredocs.is_empty();
                return Err(if is_pending {
                    heredoc::UNTERMINATED
                } else {
                    "unterminated shell quote/escape"
                });
            }
        } else if is_comment(text, reader.at) {
            break;
        } else if reader.is_body() {
            reader.at = heredoc::skip_bodies(text, reader.at, &mut reader.heredocs)?;
            continue;
        } else if let Some(token) = refused(text, reader.at) {
            return Err(token);
        } else if is_at(text, reader.at, "|") {
            reader.finish();
            is_empty = true;
            reader.at += 1;
            reader.start = reader.at;
            continue;
        } else if is_at(text, reader.at, "<<") {
            reader.heredoc();
        } else {
            reader.keep(reader.at + 1);
        }
        is_empty = false;
    }
    reader.finish();
    match reader.pieces {
        _ if !reader.heredocs.is_empty() => Err(heredoc::UNTERMINATED),
        pieces if pieces.is_empty() => Err("empty command"),
        _ if is_empty => Err("empty pipeline segment"),
        pieces => Ok(pieces),
    }
}

/// The words of a simple command, without quotes. Empty words vanish. `None`: a quote or an escape is not closed.
pub(super) fn words(raw: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut rest = raw.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => word.push(rest.next()?),
            '\'' => loop {
                match rest.next()? {
                    '\'' => break,
                    inner => word.push(inner),
                }
            },
            '"' => double_quoted(&mut rest, &mut word)?,
            '#' if word.is_empty() => break,
            white if is_white(white) => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            plain => word.push(plain),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    Some(words)
}

/// Reads a word on to the end of its double quotes.
fn double_quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match rest.next()? {
            '"' => return Some(()),
            '\\' => {
                let mut ahead = rest.clone();
                match ahead.next() {
                    Some(escaped @ ('\\' | '"' | '$' | '`' | '\n' | '\r')) => {
                        word.push(escaped);
                        *rest = ahead;
                    }
                    _ => word.push('\\'),
                }
            }
            plain => word.push(plain),
        }
    }
}

/// A pipeline while it is read.
struct Pipeline<'t> {
    text: &'t str,
    /// The next byte.
    at: usize,
    /// The first byte of the piece.
    start: usize,
    /// The text of the piece so far.
    raw: String,
    pieces: Vec<Piece>,
    /// The here-documents whose bodies are still to come.
    heredocs: Vec<Heredoc>,
}

impl Pipeline<'_> {
    /// Takes the text up to a byte into the piece. Bytes of one character may come one by one.
    fn keep(&mut self, end: usize) {
        let mut end = end;
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        self.raw.push_str(self.text.get(self.at..end).unwrap_or_default());
        self.at = end;
    }

    /// Ends a piece. An empty one is left out.
    fn finish(&mut self) {
        let raw = std::mem::take(&mut self.raw);
        if let (false, Some(span)) = (trim(&raw).is_empty(), trimmed(self.text, self.start..self.at)) {
            self.pieces.push(Piece { raw: trim(&raw).to_owned(), span });
        }
    }

    /// Whether a line ends here and the body of a here-document follows.
    fn is_body(&self) -> bool {
        !self.heredocs.is_empty() && (is_at(self.text, self.at, "\n") || is_at(self.text, self.at, "\r"))
    }

    /// Reads `<<`, `<<-` and the delimiter, which stay in the text. Without a delimiter it is text alone, and the release
    /// takes the `-` into it twice.
    fn heredoc(&mut self) {
        self.keep(self.at + 2);
        let strips_tabs = is_at(self.text, self.at, "-");
        if strips_tabs {
            self.raw.push('-');
        }
        let start = self.at + usize::from(strips_tabs);
        if let Some((heredoc, end)) = heredoc::delimiter(self.text, start, strips_tabs) {
            self.heredocs.push(heredoc);
            self.at = start;
            self.keep(end);
        }
    }
}

/// What 2026.4.14 refuses outside quotes, in its words.
fn refused(text: &str, at: usize) -> Option<&'static str> {
    const TOKENS: [(&str, &str); 12] = [
        ("||", "unsupported shell token: ||"),
        ("|&", "unsupported shell token: |&"),
        ("&", "unsupported shell token: &"),
        (";", "unsupported shell token: ;"),
        (">", "unsupported shell token: >"),
        ("<", "unsupported shell token: <"),
        ("`", "unsupported shell token: `"),
        ("\n", NEWLINE),
        ("\r", NEWLINE),
        ("(", "unsupported shell token: ("),
        (")", "unsupported shell token: )"),
        ("$(", SUBSTITUTION),
    ];
    let token = TOKENS.iter().find(|(token, _)| is_at(text, at, token))?;
    (!is_at(text, at, "<<")).then_some(token.1)
}

/// Whether a comment begins here: at the start, or after white space.
fn is_comment(text: &str, at: usize) -> bool {
    is_at(text, at, "#")
        && text.get(..at).is_none_or(|before| before.chars().next_back().is_none_or(is_white))
}

fn is_at(text: &str, at: usize, token: &str) -> bool {
    text.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(token.as_bytes()))
}

/// A span without the white space at its ends. `None`: nothing is left.
fn trimmed(text: &str, span: Range<usize>) -> Option<Range<usize>> {
    let part = text.get(span.clone())?;
    let start = span.start + (part.len() - part.trim_start_matches(is_white).len());
    let end = start + trim(part).len();
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<Vec<(&str, &'static str)>> {
        let part = |part: Part| (&text[part.span], part.operator.unwrap_or_default());
        chain(text).map(|parts| parts.into_iter().map(part).collect())
    }

    #[test]
    fn chains_are_split_outside_quotes() {
        let long = vec![("a", "&&"), ("b | c", "||"), ("d &", ";"), ("e", "")];
        for (text, result) in [
            ("a && b | c||d & ; e", Some(long)),
            ("'a;b' \";\" \\; ;c", Some(vec![("'a;b' \";\" \\;", ";"), ("c", "")])),
            ("a;#b", Some(vec![("a", ";"), ("#b", "")])),
            ("a; b #c; d", Some(vec![("a", ";"), ("b", "")])),
            ("a; 'open", Some(vec![("a", ";"), ("'open", "")])),
            ("é;é", Some(vec![("é", ";"), ("é", "")])),
            ("a", None),
            ("a;", None),
            (";a", None),
            ("a;;b", None),
            ("a; #b", None),
            ("a;\"b\\\nc\"", None),
            ("", None),
        ] {
            assert_eq!(parts(text), result, "{text:?}");
        }
    }

    fn pieces(text: &str) -> Result<Vec<String>, &'static str> {
        pipeline(text).map(|pieces| pieces.into_iter().map(|piece| piece.raw).collect())
    }

    #[test]
    fn pipelines_are_split_and_what_is_unknown_is_refused() {
        for (text, result) in [
            ("a 'x|y' | b\\| |c", Ok(vec!["a 'x|y'", "b\\|", "c"])),
            ("a | ", Ok(vec!["a"])),
            (" | a", Ok(vec!["a"])),
            ("a |", Err("empty pipeline segment")),
            ("a #b | c", Ok(vec!["a"])),
            ("a $HOME {x} * ~ [ !", Ok(vec!["a $HOME {x} * ~ [ !"])),
            ("a \"\\$(b) \\`\"", Ok(vec!["a \"\\$(b) \\`\""])),
            ("", Err("empty command")),
            ("a\nb", Err(NEWLINE)),
            ("a \"\n\"", Err(NEWLINE)),
            ("a '\n'", Ok(vec!["a '\n'"])),
            ("a |& b", Err("unsupported shell token: |&")),
            ("a || b", Err("unsupported shell token: ||")),
            ("a > b", Err("unsupported shell token: >")),
            ("a < b", Err("unsupported shell token: <")),
            ("a $(b)", Err(SUBSTITUTION)),
            ("a \"$(b)\"", Err(SUBSTITUTION)),
            ("a 'b", Err("unterminated shell quote/escape")),
            ("a \\", Err("unterminated shell quote/escape")),
            ("é | ü", Ok(vec!["é", "ü"])),
        ] {
            assert_eq!(
                pieces(text),
                result.map(|texts| texts.iter().map(ToString::to_string).collect()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_bodies_of_heredocs_are_dropped() {
        for (text, result) in [
            ("a <<E | b\nx | y\nE", Ok(vec!["a <<E", "b"])),
            ("a <<E\n$x\nE\n -z", Ok(vec!["a <<E -z"])),
            ("a <<-E <<'F'\n1\n\tE\n`2`\nF\n", Ok(vec!["a <<-E <<'F'"])),
            ("a <<E\n$(x)\nE", Err("command substitution in unquoted heredoc")),
            ("a <<E\nx", Err(heredoc::UNTERMINATED)),
            ("a <<E 'x", Err(heredoc::UNTERMINATED)),
            ("a <<", Ok(vec!["a <<"])),
            ("a <<-", Ok(vec!["a <<--"])),
            ("a <<< b", Err("unsupported shell token: <")),
        ] {
            assert_eq!(
                pieces(text),
                result.map(|texts| texts.iter().map(ToString::to_string).collect()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn words_lose_their_quotes_and_empty_ones_vanish() {
        let all = |words: &[&str]| Some(words.iter().map(ToString::to_string).collect::<Vec<_>>());
        for (raw, result) in [
            (" a  b\tc\u{a0}d\u{85}e ", all(&["a", "b", "c", "d\u{85}e"])),
            ("'a b'\"c d\"\\ e", all(&["a bc d e"])),
            ("\"\\$x \\q \\\"\"", all(&["$x \\q \""])),
            ("a '' \"\" b", all(&["a", "b"])),
            ("a b#c #d", all(&["a", "b#c"])),
            ("''#a", all(&[])),
            ("a 'b", None),
            ("a \"b", None),
            ("a \\", None),
        ] {
            assert_eq!(words(raw), result, "{raw:?}");
        }
    }
}
