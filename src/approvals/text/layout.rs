//! Locates the parts of a text, and removes parts from it: a scanner over JSON or JSON5 that a parser has already
//! accepted.
//!
//! It builds no tree. It finds one entry in 50 MB in one pass and in constant memory; a tree with positions would take
//! a multiple of the text. The scanner does not validate, so callers that change a text parse the result again.

use std::ops::Range;

use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::approvals::model::scalar::is_blank_char;

/// A member of an object, or an element of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::approvals) struct Item {
    /// The bytes of the key, quotes included; `None` in an array.
    pub(in crate::approvals) key: Option<Range<usize>>,
    /// The bytes of the value.
    pub(in crate::approvals) value: Range<usize>,
}

impl Item {
    /// Offset of the item: of its key, if it has one.
    pub(in crate::approvals) fn start(&self) -> usize {
        self.key.as_ref().unwrap_or(&self.value).start
    }
}

/// The items of one object or array, in their order.
#[derive(Debug, Clone)]
pub(in crate::approvals) struct Items<'t> {
    text: &'t str,
    at: usize,
    is_object: bool,
}

impl<'t> Items<'t> {
    /// The items of the object or array whose bracket opens at an offset; `None` for any other value.
    pub(in crate::approvals) fn of(text: &'t str, open: usize) -> Option<Self> {
        let is_object = match text.as_bytes().get(open)? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        Some(Self { text, at: open + 1, is_object })
    }

    /// The next item's key, and the offset of its value.
    pub(in crate::approvals) fn head(&self) -> Option<(Option<Range<usize>>, usize)> {
        let bytes = self.text.as_bytes();
        let mut at = skipped(self.text, self.at);
        if bytes.get(at) == Some(&b',') {
            at = skipped(self.text, at + 1);
        }
        if matches!(bytes.get(at)?, b'}' | b']' | b',' | b':') {
            return None;
        }
        if !self.is_object {
            return Some((None, at));
        }
        let key = at..value_end(self.text, at)?;
        let colon = skipped(self.text, key.end);
        let value = (bytes.get(colon) == Some(&b':')).then(|| skipped(self.text, colon + 1))?;
        Some((Some(key), value))
    }

    /// The items, if the value is an object.
    pub(in crate::approvals) fn of_object(text: &'t str, open: usize) -> Option<Self> {
        Self::of(text, open).filter(|items| items.is_object)
    }

    /// The items, if the value is an array.
    pub(in crate::approvals) fn of_array(text: &'t str, open: usize) -> Option<Self> {
        Self::of(text, open).filter(|items| !items.is_object)
    }
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let (key, start) = self.head()?;
        let value = start..value_end(self.text, start)?;
        self.at = value.end;
        Some(Item { key, value })
    }
}

/// Offset of the document itself.
pub(in crate::approvals) fn root(text: &str) -> usize {
    skipped(text, 0)
}

/// The member with that name in the object that opens at an offset.
pub(in crate::approvals) fn member(text: &str, open: usize, name: &str) -> Option<Item> {
    Items::of_object(text, open)?.find(|item| item.key.as_ref().is_some_and(|key| is_key(text, key, name)))
}

/// Offset of the value with that name in the object that opens at an offset. The text after it is not read.
pub(in crate::approvals) fn value_of(text: &str, open: usize, name: &str) -> Option<usize> {
    let mut items = Items::of_object(text, open)?;
    loop {
        let (key, value) = items.head()?;
        if is_key(text, &key?, name) {
            return Some(value);
        }
        items.at = value_end(text, value)?;
    }
}

/// The name of a key, unescaped.
pub(in crate::approvals) fn name(text: &str, key: &Range<usize>) -> Option<String> {
    let raw = text.get(key.clone())?;
    if raw.starts_with(['"', '\'']) { string(raw) } else { Some(raw.to_owned()) }
}

/// The value of a string literal.
pub(in crate::approvals) fn string(literal: &str) -> Option<String> {
    if let Ok(text) = serde_json::from_str(literal) {
        return Some(text);
    }
    let parsed = parse_to_ast(literal, &CollectOptions::default(), &ParseOptions::default()).ok()?;
    match parsed.value? {
        Value::StringLit(text) => Some(text.value.into_owned()),
        _ => None,
    }
}

fn is_key(text: &str, key: &Range<usize>, wanted: &str) -> bool {
    let Some(raw) = text.get(key.clone()) else { return false };
    let inner = raw.strip_prefix(['"', '\'']).and_then(|raw| raw.strip_suffix(['"', '\'']));
    match inner {
        // A key without escapes is its own name.
        Some(inner) if !inner.contains('\\') => inner == wanted,
        Some(_) => string(raw).is_some_and(|name| name == wanted),
        None => raw == wanted,
    }
}

/// Offset of the next byte that is neither blank nor in a comment.
pub(in crate::approvals) fn skipped(text: &str, mut at: usize) -> usize {
    loop {
        at = past_blanks(text, at);
        match past_comment(text, at) {
            Some(end) => at = end,
            None => return at,
        }
    }
}

/// Offset of the next byte that is not blank.
pub(in crate::approvals) fn past_blanks(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii() {
            if !is_blank_char(char::from(byte)) {
                break;
            }
            at += 1;
        } else {
            match text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(c) if is_blank_char(c) => at += c.len_utf8(),
                _ => break,
            }
        }
    }
    at
}

/// Offset of the end of the comment that begins at an offset. A line comment ends before its line break.
pub(in crate::approvals) fn past_comment(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    if rest.starts_with("//") {
        Some(at + rest.find(['\n', '\r']).unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        Some(rest.find("*/").map_or(text.len(), |end| at + end + 2))
    } else {
        None
    }
}

/// Offset of the first of the blanks before an offset.
pub(in crate::approvals) fn blanks_before(text: &str, at: usize) -> usize {
    text.get(..at).map_or(at, |before| before.trim_end_matches(is_blank_char).len())
}

/// Offset of the end of the value that begins at an offset.
fn value_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.get(at)? {
        b'"' | b'\'' => string_end(bytes, at),
        b'{' | b'[' => {
            let mut depth = 0_usize;
            let mut at = at;
            loop {
                match bytes.get(at)? {
                    b'"' | b'\'' => {
                        at = string_end(bytes, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    b'/' => {
                        if let Some(end) = past_comment(text, at) {
                            at = end;
                            continue;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
        }
        _ => {
            let rest = text.get(at..)?;
            let ends = |c: char| matches!(c, ',' | ']' | '}' | ':' | '/') || is_blank_char(c);
            Some(at + rest.find(ends).unwrap_or(rest.len())).filter(|end| *end > at)
        }
    }
}

fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = *bytes.get(start)?;
    let mut at = start + 1;
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == quote || byte == b'\\')?;
        if bytes[at] == quote {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// A range of a text, and its replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::approvals) struct Splice {
    pub(in crate::approvals) span: Range<usize>,
    pub(in crate::approvals) text: String,
}

impl Splice {
    pub(in crate::approvals) fn cut(span: Range<usize>) -> Self {
        Self { span, text: String::new() }
    }

    pub(in crate::approvals) fn insert(at: usize, text: String) -> Self {
        Self { span: at..at, text }
    }
}

/// A text with ranges replaced. Replacements at the same offset are applied in the given order; `None` if two overlap.
pub(in crate::approvals) fn spliced(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    splices.sort_by_key(|splice| splice.span.start);
    let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut at = 0;
    for splice in splices {
        result.push_str(text.get(at..splice.span.start)?);
        result.push_str(&splice.text);
        at = splice.span.end;
    }
    result.push_str(text.get(at..)?);
    Some(result)
}

/// The cuts that remove items from the object or array that opens at an offset: those for which `gone` returns true.
///
/// The result looks as if the items had never existed: the comma of an item is removed with it, and so is the rest of
/// its line if that is blank or a comment. Comments on other lines stay. Neighbouring items are removed in one cut.
pub(in crate::approvals) fn cuts(
    text: &str,
    open: usize,
    mut gone: impl FnMut(usize, &Item) -> bool,
    cuts: &mut Vec<Splice>,
) -> Option<()> {
    try_cuts(text, open, |index, item| Some(gone(index, item)), cuts)
}

/// The cuts, computed until `gone` returns `None`.
pub(in crate::approvals) fn try_cuts(
    text: &str,
    open: usize,
    mut gone: impl FnMut(usize, &Item) -> Option<bool>,
    cuts: &mut Vec<Splice>,
) -> Option<()> {
    let mut last_kept: Option<usize> = None;
    let mut run: Option<Range<usize>> = None;
    let mut items = Items::of(text, open)?;
    for (index, item) in items.by_ref().enumerate() {
        if gone(index, &item)? {
            let start = run.as_ref().map_or(item.start(), |run| run.start);
            run = Some(start..item.value.end);
        } else {
            if let Some(run) = run.take() {
                before_next(text, &run, item.start(), cuts);
            }
            last_kept = Some(item.value.end);
        }
    }
    let Some(run) = run else { return Some(()) };
    let comma = Some(skipped(text, run.end)).filter(|at| text.as_bytes().get(*at) == Some(&b','));
    let end = comma.map_or(run.end, |comma| comma + 1);
    if let Some(kept) = last_kept {
        after_last(text, kept, &run, comma, cuts);
        return Some(());
    }
    let close = skipped(text, end);
    let is_blank = |span: Range<usize>| text.get(span).is_some_and(crate::approvals::model::scalar::is_blank);
    let alone =
        is_blank(open + 1..run.start) && is_blank(run.end..comma.unwrap_or(run.end)) && is_blank(end..close);
    cuts.push(Splice::cut(if alone { open + 1..close } else { run.start..end }));
    Some(())
}

/// Cuts items that are followed by another one.
fn before_next(text: &str, run: &Range<usize>, next: usize, cuts: &mut Vec<Splice>) {
    let comma = skipped(text, run.end);
    let plain = past_blanks(text, comma + 1) == next && past_blanks(text, run.end) == comma;
    if plain {
        // There is no comment before the next item.
        cuts.push(Splice::cut(run.start..next));
    } else {
        cuts.push(Splice::cut(line_of(text, run.start, comma + 1)));
    }
}

/// Cuts the last items. `comma`: the trailing comma, if there is one.
fn after_last(text: &str, kept: usize, run: &Range<usize>, comma: Option<usize>, cuts: &mut Vec<Splice>) {
    let before = skipped(text, kept);
    let plain = past_blanks(text, kept) == before && past_blanks(text, before + 1) == run.start;
    match comma {
        _ if plain => cuts.push(Splice::cut(kept..run.end)),
        // The trailing comma stays, and now follows the new last item.
        Some(comma) => cuts.push(Splice::cut(line_of(text, run.start, comma + 1))),
        None => {
            cuts.push(Splice::cut(before..before + 1));
            cuts.push(Splice::cut(line_of(text, run.start, run.end)));
        }
    }
}

/// A span, extended to the rest of its lines if that is blank or a comment after it.
fn line_of(text: &str, start: usize, end: usize) -> Range<usize> {
    let blanks = blanks_before(text, start);
    let Some(line) = text.get(blanks..start).and_then(|lead| lead.rfind('\n')) else { return start..end };
    let line = blanks + line;
    let line = if text[..line].ends_with('\r') { line - 1 } else { line };
    let rest = |from: usize| {
        let blank = |c: char| is_blank_char(c) && c != '\n' && c != '\r';
        text.get(from..).map_or(from, |rest| from + rest.find(|c| !blank(c)).unwrap_or(rest.len()))
    };
    let behind = rest(end);
    let behind = past_comment(text, behind).map_or(behind, rest);
    match text.as_bytes().get(behind) {
        Some(b'\n' | b'\r') => line..behind,
        _ => start..end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, names: &[&str]) -> String {
        let mut found = Vec::new();
        cuts(
            text,
            root(text),
            |_, item| {
                let shown = &text[item.start()..item.value.end];
                names.contains(&shown)
                    || item.key.as_ref().is_some_and(|key| names.contains(&&text[key.clone()]))
            },
            &mut found,
        )
        .unwrap();
        spliced(text, found).unwrap()
    }

    #[test]
    fn items_are_found_in_any_notation() {
        let text = "/* a */ { // b\n 'x\\'y': [1, {z: \"]\"}], /* c */ k : 2,\u{a0}\"\\u0061\": 'é' ,}";
        let names: Vec<_> = Items::of(text, root(text))
            .unwrap()
            .map(|item| (name(text, item.key.as_ref().unwrap()).unwrap(), text[item.value].to_owned()))
            .collect();
        let wanted = [("x'y", "[1, {z: \"]\"}]"), ("k", "2"), ("a", "'é'")];
        assert_eq!(names, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(
            member(text, root(text), "a").map(|item| text[item.value].to_owned()).as_deref(),
            Some("'é'")
        );
        assert!(Items::of("[]", 0).unwrap().next().is_none() && Items::of("1", 0).is_none());
    }

    #[test]
    fn items_go_with_their_commas() {
        for (text, gone, left) in [
            ("[1, 2, 3]", &["1"][..], "[2, 3]"),
            ("[1, 2, 3]", &["2"], "[1, 3]"),
            ("[1, 2, 3]", &["3"], "[1, 2]"),
            ("[1,2,3]", &["2", "3"], "[1]"),
            ("[ 1, 2 ]", &["1", "2"], "[]"),
            ("{\"a\":1,\"b\":2}", &["\"a\""], "{\"b\":2}"),
            ("[\n  1,\n  2,\n  3\n]", &["3"], "[\n  1,\n  2\n]"),
            ("[\n  1,\n  2,\n]", &["2"], "[\n  1,\n]"),
            ("[\r\n  1,\r\n  2\r\n]", &["1"], "[\r\n  2\r\n]"),
        ] {
            assert_eq!(without(text, gone), left, "{text:?}");
        }
    }

    #[test]
    fn comments_of_others_stay() {
        let text = "[\n  // of one\n  1, // one\n  // of two\n  2, // two\n  /* of three */\n  3 // three\n]";
        assert_eq!(
            without(text, &["1"]),
            "[\n  // of one\n  // of two\n  2, // two\n  /* of three */\n  3 // three\n]"
        );
        assert_eq!(
            without(text, &["2"]),
            "[\n  // of one\n  1, // one\n  // of two\n  /* of three */\n  3 // three\n]"
        );
        assert_eq!(
            without(text, &["3"]),
            "[\n  // of one\n  1, // one\n  // of two\n  2 // two\n  /* of three */\n]"
        );
    }
}
