//! Limits on how much of a document is processed. They keep time and memory proportional to the text, even for hostile
//! input.
//!
//! A text of little but brackets and commas makes a tree of many times its size. One pass over the text, in constant
//! memory, computes the size of the tree beforehand and where to stop.

use std::fmt;
use std::ops::{ControlFlow, Range};

use jsonc_parser::ast::{ObjectProp, Value};

/// Decides when a computation has to end. Pure code calls it and never reads a clock itself.
#[derive(Clone, Copy, Default)]
pub struct Budget<'b>(Option<&'b dyn Fn() -> bool>);

impl<'b> Budget<'b> {
    /// Ends when `spent` returns true.
    pub fn until(spent: &'b dyn Fn() -> bool) -> Self {
        Self(Some(spent))
    }

    /// Whether the time limit has passed.
    pub(in crate::approvals) fn is_spent(self) -> bool {
        self.0.is_some_and(|spent| spent())
    }
}

impl fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Budget" } else { "no budget" })
    }
}

/// The maximum number of objects in a document of a given size. An entry that a gateway wrote has more than 100 bytes.
pub(in crate::approvals) fn most_objects(length: usize) -> usize {
    (length / 100).max(100_000)
}

/// The maximum number of bytes that the tree of a text may take.
fn most_of_tree(length: usize) -> usize {
    (length / 2 * 9).max(48 * 1024 * 1024)
}

/// The offset of the first object beyond the limit, and the limit.
pub(in crate::approvals) fn object_too_many(text: &str) -> Option<(usize, usize)> {
    let most = most_objects(text.len());
    // Most documents need only this check.
    if text.bytes().filter(|&byte| byte == b'{').count() <= most {
        return None;
    }
    let (mut count, mut found) = (0, None);
    tokens(text, |token, at| {
        count += usize::from(token == Token::Object);
        if count > most {
            found = Some((at, most));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    found
}

/// The number of objects in a text.
pub(in crate::approvals) fn objects(text: &str) -> usize {
    let mut count = 0;
    tokens(text, |token, _| {
        count += usize::from(token == Token::Object);
        ControlFlow::Continue(())
    });
    count
}

/// The beginning of a text whose tree would be too large, with every open bracket closed.
pub(in crate::approvals) struct Cut {
    /// The beginning. Its offsets are those of the whole text.
    pub(in crate::approvals) text: String,
    /// Offset of the cut.
    pub(in crate::approvals) at: usize,
    /// The brackets that were open at the cut.
    pub(in crate::approvals) open: Vec<usize>,
}

/// Cuts a text whose tree would be too large; `None` if nothing is cut.
pub(in crate::approvals) fn cut(text: &str) -> Option<Cut> {
    /// Memory per key of an object with many keys: the index by name, and the key as the schema validator sees it.
    const INDEXED: usize = 380;
    /// Initial capacity of a list.
    const ROOM: usize = 4;
    let (element, property) = (size_of::<Value<'_>>(), size_of::<ObjectProp<'_>>());
    let most = most_of_tree(text.len());
    // Anything that takes memory has at least three bytes.
    if text.len() / 2 * (ROOM * property) <= most {
        return None;
    }
    let mut cost = 0;
    let mut open: Vec<(usize, Token, usize)> = Vec::new();
    let mut cut_at = None;
    tokens(text, |token, at| {
        match token {
            Token::Object | Token::Array => {
                // No parser nests deeper.
                if open.len() > 600 {
                    return ControlFlow::Break(());
                }
                cost += ROOM * if token == Token::Object { property } else { element };
                open.push((at, token, 1));
            }
            Token::Close => {
                open.pop();
                if open.is_empty() {
                    return ControlFlow::Break(());
                }
            }
            Token::Comma => {
                let Some((_, kind, count)) = open.last_mut() else { return ControlFlow::Break(()) };
                if cost > most {
                    cut_at = Some(at);
                    return ControlFlow::Break(());
                }
                *count += 1;
                if *count > ROOM {
                    // A list doubles its capacity when it is full.
                    cost += if *kind == Token::Object { property } else { element } * 3 / 2;
                }
                if *kind == Token::Object && *count > 4 * ROOM {
                    cost += INDEXED;
                }
            }
            Token::Escaped(length) => cost += length + 32,
            Token::Comment(_) | Token::NextLine => {}
        }
        ControlFlow::Continue(())
    });
    let at = cut_at?;
    let mut beginning = String::with_capacity(at + open.len());
    beginning.push_str(&text[..at]);
    beginning.extend(open.iter().rev().map(|(_, kind, _)| if *kind == Token::Object { '}' } else { ']' }));
    Some(Cut { text: beginning, at, open: open.into_iter().map(|(at, ..)| at).collect() })
}

/// Whether a [`serde_json::Value`] of a text would take more than six times the size of the text.
pub(in crate::approvals) fn value_too_large(text: &str) -> bool {
    /// An object: its first node, which has room for eleven fields, and its first field.
    const OBJECT: usize = 704;
    /// A field: the allocations of its key and its value.
    const FIELD: usize = 64;
    /// A field that does not fit into the first node: its share of a node that is half full.
    const FURTHER: usize = 110;
    const FIRST_NODE: usize = 11;
    /// An element: its slot in a list that doubles its capacity, and its allocation.
    const ELEMENT: usize = 80;
    const LEAST: usize = 48 * 1024 * 1024;
    let most = (text.len() * 6).max(LEAST);
    // Two bytes of text hold at most one element.
    if text.len() / 2 * OBJECT <= most {
        return false;
    }
    let mut cost = text.len();
    let mut open: Vec<(Token, usize)> = Vec::new();
    tokens(text, |token, _| {
        match token {
            Token::Object => {
                cost += OBJECT;
                open.push((token, 1));
            }
            Token::Array => {
                cost += 2 * ELEMENT;
                open.push((token, 1));
            }
            Token::Close => drop(open.pop()),
            Token::Comma => match open.last_mut() {
                Some((Token::Object, count)) => {
                    *count += 1;
                    cost += FIELD + if *count > FIRST_NODE { FURTHER } else { 0 };
                }
                _ => cost += ELEMENT,
            },
            Token::Escaped(_) | Token::Comment(_) | Token::NextLine => {}
        }
        if cost > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    cost > most
}

/// The comments of a text. Comments with nothing between them count as one.
pub(in crate::approvals) fn comments(text: &str) -> Vec<Range<usize>> {
    let mut comments: Vec<Range<usize>> = Vec::new();
    tokens(text, |token, at| {
        if let Token::Comment(length) = token {
            match comments.last_mut() {
                Some(last) if text[last.end..at].trim().is_empty() => last.end = at + length,
                _ => comments.push(at..at + length),
            }
        }
        ControlFlow::Continue(())
    });
    comments
}

/// Offset of the first U+0085 outside strings and comments.
pub(in crate::approvals) fn next_line(text: &str) -> Option<usize> {
    if !text.contains('\u{85}') {
        return None;
    }
    let mut found = None;
    tokens(text, |token, at| {
        if token == Token::NextLine {
            found = Some(at);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// `{`
    Object,
    /// `[`
    Array,
    Close,
    Comma,
    /// Length in bytes of a string with a backslash, which the tree copies.
    Escaped(usize),
    /// Length of a comment in bytes.
    Comment(usize),
    /// U+0085, which our parser accepts as white space and no notation allows.
    NextLine,
}

/// The parts of a text that take memory, with their offsets. It reads like the JSON5 parser, and never further.
fn tokens(text: &str, mut take: impl FnMut(Token, usize) -> ControlFlow<()>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let (token, length) = match byte {
            b'{' => (Some(Token::Object), 1),
            b'[' => (Some(Token::Array), 1),
            b'}' | b']' => (Some(Token::Close), 1),
            b',' => (Some(Token::Comma), 1),
            0xc2 if bytes.get(at + 1) == Some(&0x85) => (Some(Token::NextLine), 2),
            b'"' | b'\'' => {
                let (length, escaped) = quoted(&bytes[at..], byte);
                (escaped.then_some(Token::Escaped(length)), length)
            }
            b'/' => match bytes.get(at + 1) {
                Some(b'/') => {
                    let rest = &bytes[at..];
                    let length =
                        rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
                    (Some(Token::Comment(length)), length)
                }
                Some(b'*') => {
                    let length = text[at + 2..].find("*/").map_or(text.len() - at, |end| end + 4);
                    (Some(Token::Comment(length)), length)
                }
                _ => (None, 1),
            },
            _ => (None, 1),
        };
        if token.is_some_and(|token| take(token, at).is_break()) {
            return;
        }
        at += length;
    }
}

/// Length of a string in bytes, quotes included, and whether it contains a backslash.
fn quoted(bytes: &[u8], quote: u8) -> (usize, bool) {
    let (mut at, mut escaped) = (1, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                escaped = true;
                at += 2;
            }
            byte if byte == quote => return (at + 1, escaped),
            _ => at += 1,
        }
    }
    (bytes.len(), escaped)
}

#[cfg(test)]
mod tests {
    use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

    use super::*;

    #[test]
    fn the_beginning_of_what_is_cut_is_whole() {
        for (start, piece) in
            [("{\"a\":[", "1,"), ("[[", "{\"k\":\"}\",'x':[/*]*/]},"), ("{\"x\":{", "\"\":1,")]
        {
            let text = format!("{start}{}", piece.repeat(2_000_000));
            let cut = cut(&text).unwrap();
            assert!(cut.at < text.len() && cut.text.len() < text.len());
            let root = parse_to_ast(&cut.text, &CollectOptions::default(), &ParseOptions::default());
            assert!(root.unwrap().value.is_some(), "{start}{piece}");
        }
    }

    #[test]
    fn documents_are_not_cut() {
        let entry = r#"{"id":"0f8fad5b-d9cb-469f-a165-70867728950e","pattern":"/usr/bin/git","lastUsedAt":1767268800000},"#;
        let text = format!("{{\"version\":1,\"agents\":{{\"main\":{{\"allowlist\":[{}", entry.repeat(80_000));
        assert!(cut(&text).is_none() && object_too_many(&text).is_none());
    }

    #[test]
    fn a_value_may_take_six_times_its_text() {
        assert!(value_too_large(&format!("[{}1]", "{\"a\":1},".repeat(100_000))));
        let entry =
            format!("{{\"id\":\"\",\"pattern\":\"/usr/bin/git\",\"lastUsedAt\":1{}}},", " ".repeat(200));
        assert!(!value_too_large(&format!("[{}1]", entry.repeat(50_000))));
    }

    #[test]
    fn objects_are_counted_outside_strings() {
        let text = format!("[\"{}\"]", "{".repeat(300_000));
        assert_eq!(object_too_many(&text), None);
        let text = format!("[{}", "{},".repeat(300_000));
        assert_eq!(object_too_many(&text), Some((1 + 3 * 100_000, 100_000)));
    }

    #[test]
    fn comments_are_found_outside_strings() {
        let text = "{'a': '//', // one\n \"b\\\"//\": 1 /* two */ /* three */, /* four";
        let found: Vec<&str> = comments(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["// one", "/* two */ /* three */", "/* four"]);
    }
}
