//! What is quoted in a command of 2026.4.14: a character after a backslash, or a text in quotes. Source: the scanners of
//! `splitCommandChainWithOperators` and `splitShellPipeline` of that release, which agree on it.

/// What 2026.4.14 answers to a line break inside double quotes.
pub(super) const NEWLINE: &str = "unsupported shell token: newline";
/// What it answers to `$(`, in double quotes too.
pub(super) const SUBSTITUTION: &str = "unsupported shell token: $()";

/// Something quoted: a character after a backslash, or a text in quotes.
pub(super) struct Literal {
    /// Offset of the first byte after it.
    pub end: usize,
    /// Whether its quote is closed, or a character follows the backslash.
    pub is_closed: bool,
    /// What a pipeline may not have in it.
    pub fault: Option<&'static str>,
    /// Whether it has a backslash before a line break, which ends a chain.
    pub is_continued: bool,
}

impl Literal {
    /// What is quoted from a byte of the text on. `None`: nothing.
    pub(super) fn at(text: &str, at: usize) -> Option<Self> {
        let rest = text.get(at..)?;
        let literal = |end: Option<usize>| Self {
            end: end.map_or(text.len(), |end| at + end),
            is_closed: end.is_some(),
            fault: None,
            is_continued: false,
        };
        match rest.as_bytes().first()? {
            b'\\' => Some(literal(rest.chars().nth(1).map(|escaped| 1 + escaped.len_utf8()))),
            b'\'' => Some(literal(rest.get(1..)?.find('\'').map(|end| end + 2))),
            b'"' => {
                let (end, fault, is_continued) = inside_double_quotes(rest);
                Some(Self { fault, is_continued, ..literal(end) })
            }
            _ => None,
        }
    }
}

/// The end of double quotes at the start of a text, the first thing in them that a pipeline refuses, and whether they have a
/// continued line.
fn inside_double_quotes(text: &str) -> (Option<usize>, Option<&'static str>, bool) {
    let (mut fault, mut is_continued) = (None, false);
    let mut bytes = text.bytes().enumerate().skip(1).peekable();
    while let Some((at, byte)) = bytes.next() {
        let next = bytes.peek().map(|&(_, next)| next);
        let found = match (byte, next) {
            (b'"', _) => return (Some(at + 1), fault, is_continued),
            (b'\\', Some(b'\n' | b'\r')) => {
                is_continued = true;
                Some(NEWLINE)
            }
            (b'\\', Some(b'\\' | b'"' | b'$' | b'`')) => {
                bytes.next();
                None
            }
            (b'$', Some(b'(')) => Some(SUBSTITUTION),
            (b'`', _) => Some("unsupported shell token: `"),
            (b'\n' | b'\r', _) => Some(NEWLINE),
            _ => None,
        };
        fault = fault.or(found);
    }
    (None, fault, is_continued)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts_end_at_their_quotes() {
        for (text, end, is_closed, fault, is_continued) in [
            (r"\ab", 2, true, None, false),
            (r"\é", 3, true, None, false),
            (r"\", 1, false, None, false),
            (r"'a\' b", 4, true, None, false),
            ("'a", 2, false, None, false),
            (r#""a\"b"c"#, 6, true, None, false),
            (r#""a`$("#, 5, false, Some("unsupported shell token: `"), false),
            ("\"$(x)\n\"", 7, true, Some(SUBSTITUTION), false),
            ("\"a\\\nb\"", 6, true, Some(NEWLINE), true),
        ] {
            let literal = Literal::at(text, 0).unwrap();
            let found = (literal.end, literal.is_closed, literal.fault, literal.is_continued);
            assert_eq!(found, (end, is_closed, fault, is_continued), "{text:?}");
        }
        assert!(Literal::at("a", 0).is_none());
    }
}
