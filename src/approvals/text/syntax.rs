//! From bytes to a tree: all problems of a text that precede the checks of a document.
//!
//! Plain JSON is checked by `serde_json`, which is as strict as a gateway's own `JSON.parse`. The tree comes from
//! `jsonc-parser`, which is more lenient. Text that it accepts and JSON5 forbids is rejected here.

use std::collections::HashSet;
use std::ops::Range;

use jsonc_parser::ast::{Object, ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, ParseStringErrorKind, parse_to_ast};
use serde::de::IgnoredAny;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::approvals::bounds;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::finding::{Finding, Findings, shortened};
use crate::approvals::model::path::Step;
use crate::approvals::model::scalar::is_blank;
use crate::approvals::text::tree;

/// The notation that a text must use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// RFC 8259, as a gateway reads its own store.
    Json,
    /// JSON5, as the official command line reads its input. All JSON is JSON5.
    Json5,
}

/// Maximum nesting depth of brackets: `serde_json`'s own limit, far above the five levels of a document.
const DEPTH: usize = 127;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a file, or the finding that explains why it is not text, with the part before the problem.
pub(in crate::approvals) fn text(bytes: &[u8]) -> Result<&str, (Box<Finding>, &str)> {
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        let finding = Finding::new(Code::InvalidUtf8, 0..0, "the file is UTF-16; a document is UTF-8");
        return Err((Box::new(finding.found("a UTF-16 byte-order mark").expected("UTF-8")), ""));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            Some(at) => {
                let finding = Finding::new(Code::NulByte, at..at, "the file has a NUL byte");
                Err((Box::new(finding.found("a NUL byte").expected("text")), &text[..at]))
            }
            None => Ok(text),
        },
        Err(error) => {
            let at = error.valid_up_to();
            let found = format!("the byte 0x{:02x}", bytes[at]);
            let finding = Finding::new(Code::InvalidUtf8, at..at, format!("{found} is not UTF-8 here"));
            let before = std::str::from_utf8(&bytes[..at]).unwrap_or_default();
            Err((Box::new(finding.found(found).expected("UTF-8")), before))
        }
    }
}

/// The text without its byte-order mark, which is reported as a finding.
pub(in crate::approvals) fn without_mark<'t>(text: &'t str, findings: &mut Vec<Finding>) -> &'t str {
    let Some(rest) = text.strip_prefix(BYTE_ORDER_MARK) else { return text };
    findings.push(
        Finding::new(Code::ByteOrderMark, 0..0, "the file starts with a byte-order mark")
            .found("U+FEFF")
            .expected("`{`"),
    );
    rest
}

/// Parses the result of [`without_mark`]. It returns a tree whenever there is one to check further, even if the text
/// breaks some rules of `syntax`.
///
/// `elided` is the text without its accepted entries, if it exists: then the tree is built from it.
pub(in crate::approvals) fn parse<'t>(
    text: &'t str,
    elided: Option<&'t str>,
    syntax: Syntax,
    findings: &mut Vec<Finding>,
) -> Option<Value<'t>> {
    let mut found = Findings::default();
    let root = parse_all(
        text,
        Source { text: elided.unwrap_or(text), elided: elided.is_some(), cut: false },
        syntax,
        &mut found,
    );
    findings.extend(found.kept);
    root
}

/// The source of a tree.
#[derive(Debug, Clone, Copy)]
pub(in crate::approvals) struct Source<'t> {
    /// The text, or the rest of it.
    pub(in crate::approvals) text: &'t str,
    /// Whether accepted entries were left out. Then the whole text is plain JSON.
    pub(in crate::approvals) elided: bool,
    /// Whether its end was cut off.
    pub(in crate::approvals) cut: bool,
}

/// The source from any part of the text.
pub(in crate::approvals) fn parse_all<'t>(
    text: &str,
    source: Source<'t>,
    syntax: Syntax,
    findings: &mut Findings<'_>,
) -> Option<Value<'t>> {
    let empty =
        || Finding::new(Code::EmptyDocument, 0..0, "the file holds no document").expected("an object");
    if is_blank(text) {
        findings.push(empty());
        return None;
    }
    let strict = if source.elided { Ok(()) } else { serde_json::from_str::<IgnoredAny>(text).map(drop) };
    // This is found before the tree is built: both would be in memory at the same time.
    let not_json = match (&strict, syntax) {
        (Err(error), Syntax::Json) => Some(not_json(text, error, source.cut)),
        _ => None,
    };
    let root = match parse_to_ast(source.text, &CollectOptions::default(), &json5()) {
        Ok(parsed) => parsed.value,
        Err(error) => {
            findings.push(of_parse_error(&error, source.text));
            return None;
        }
    };
    let Some(root) = root else {
        findings.push(empty());
        return None;
    };
    if let Some(at) = bounds::next_line(source.text) {
        let finding =
            Finding::new(Code::Syntax, at..at + 2, "U+0085 is not white space in JSON5, nor in JSON");
        findings.push(finding.found("U+0085").expected("a space"));
        return None;
    }
    findings.begin();
    let mut walk = Walk {
        text: source.text,
        json: strict.is_ok(),
        trail: Vec::new(),
        found: findings,
        too_deep: false,
        explained: false,
    };
    walk.value(&root, 0);
    let Walk { too_deep, explained, .. } = walk;
    // An error that no reader accepts also stops the strict parser, and is already reported.
    if let Some(finding) = not_json.filter(|_| !explained) {
        findings.begin();
        findings.push(finding);
    }
    (!too_deep).then_some(root)
}

fn json5() -> ParseOptions {
    ParseOptions { allow_missing_commas: false, ..ParseOptions::default() }
}

fn json() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// For a text that parses as JSON5 and not as JSON: the first place at which it is not JSON.
///
/// `cut`: the text is too large for a tree, so the error of the strict parser is reported.
fn not_json(text: &str, error: &serde_json::Error, cut: bool) -> Finding {
    if !cut && let Err(notation) = parse_to_ast(text, &CollectOptions::default(), &json()) {
        let range = notation.range();
        if let ParseErrorKind::String(kind) = notation.kind() {
            // JSON5 would accept it with a different meaning.
            let message = format!("invalid string: {}", lower_first(&kind.to_string()));
            return Finding::new(Code::Syntax, range.start..range.end, message)
                .expected("`\\\\` for a backslash");
        }
        let message = format!("this is JSON5, not JSON: {}", lower_first(&notation.kind().to_string()));
        return Finding::new(Code::Json5Notation, range.start..range.end, message).expected("JSON");
    }
    let at = offset(text, error.line(), error.column());
    if let Some(blank) = text[at..].chars().next().filter(|c| !c.is_ascii() && is_json5_space(*c)) {
        let message =
            format!("this is JSON5, not JSON: U+{:04X} is not white space in JSON", u32::from(blank));
        let finding = Finding::new(Code::Json5Notation, at..at + blank.len_utf8(), message);
        return finding.found(format!("U+{:04X}", u32::from(blank))).expected("a space");
    }
    // No notation allows it: a control character in a string, half a surrogate pair.
    Finding::new(Code::Syntax, at..at + 1, without_place(error)).expected("JSON")
}

/// White space of JSON5 (ECMAScript 5.1's `WhiteSpace` and `LineTerminator`).
fn is_json5_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        || c.general_category() == GeneralCategory::SpaceSeparator
}

/// `serde_json`'s message without the place at its end, which a diagnostic shows in its own way.
fn without_place(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    sentence.rsplit_once(" at line ").map(|(what, _)| what.to_owned()).unwrap_or(sentence)
}

/// Byte offset at which `serde_json` stopped: its column is the number of bytes before it.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        Some(nth) => text.match_indices('\n').nth(nth).map_or(0, |(at, _)| at + 1),
        None => 0,
    };
    text.floor_char_boundary((start + column).min(text.len()))
}

fn of_parse_error(error: &ParseError, text: &str) -> Finding {
    let range = error.range();
    let kind = error.kind();
    let at_end = text[text.floor_char_boundary(range.start)..].trim_end().is_empty();
    let code = match kind {
        ParseErrorKind::MultipleRootJsonValues => Code::TrailingText,
        ParseErrorKind::NestingDepthExceeded => return too_deep(range.start),
        ParseErrorKind::UnterminatedArray
        | ParseErrorKind::UnterminatedCommentBlock
        | ParseErrorKind::UnterminatedObject
        | ParseErrorKind::String(ParseStringErrorKind::UnterminatedStringLiteral) => Code::CutShort,
        // The expected part is missing because the file ends.
        _ if at_end => Code::CutShort,
        _ => Code::Syntax,
    };
    match code {
        // The parser points at the bracket or quote that is never closed; the actual problem is at the end of the file.
        Code::CutShort => Finding::new(
            code,
            range.start..range.start + 1,
            format!("the file ends too early: {}", lower_first(&kind.to_string())),
        ),
        Code::TrailingText => Finding::new(code, range.start..range.end, "text follows the document")
            .expected("the end of the file"),
        _ => Finding::new(code, range.start..range.end, lower_first(&kind.to_string())),
    }
}

fn too_deep(at: usize) -> Finding {
    Finding::new(Code::NestedTooDeep, at..at + 1, "brackets are nested too deeply")
        .expected(format!("at most {DEPTH} levels"))
}

fn lower_first(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// Checks every node for problems that no parser reports and every reader has.
struct Walk<'n, 't, 'f, 'b> {
    text: &'t str,
    /// Whether the text is plain JSON, so that no string or key can break JSON5's rules.
    json: bool,
    trail: Vec<Trail<'n>>,
    found: &'f mut Findings<'b>,
    too_deep: bool,
    /// Whether a problem was found that no reader accepts.
    explained: bool,
}

/// A [`Step`] that borrows: nearly every node passes without a finding.
enum Trail<'n> {
    Key(&'n str),
    Index(usize),
}

impl<'n, 't> Walk<'n, 't, '_, '_> {
    fn value(&mut self, value: &'n Value<'t>, depth: usize) {
        if self.found.is_over() {
            return;
        }
        match value {
            Value::Object(object) => {
                if self.enters(object.range.start, depth) {
                    self.object(object, depth + 1);
                }
            }
            Value::Array(array) => {
                if self.enters(array.range.start, depth) {
                    for (index, element) in array.elements.iter().enumerate() {
                        self.trail.push(Trail::Index(index));
                        self.value(element, depth + 1);
                        self.trail.pop();
                    }
                }
            }
            Value::StringLit(text) => self.quoted(text.range.start..text.range.end),
            Value::NumberLit(literal) => {
                if tree::number(literal.value).is_none() {
                    let span = literal.range.start..literal.range.end;
                    let message = "the number has no value that JSON can hold";
                    let finding = Finding::new(Code::NumberOutOfRange, span, message);
                    // The text may be a secret, which the excerpt masks.
                    self.report(finding.expected("a finite number"));
                }
            }
            Value::BooleanLit(_) | Value::NullKeyword(_) => {}
        }
    }

    fn enters(&mut self, at: usize, depth: usize) -> bool {
        if depth >= DEPTH && !self.too_deep {
            self.too_deep = true;
            self.report(too_deep(at));
        }
        depth < DEPTH
    }

    fn object(&mut self, object: &'n Object<'t>, depth: usize) {
        self.duplicates(object);
        for property in &object.properties {
            match &property.name {
                ObjectPropName::String(name) => self.quoted(name.range.start..name.range.end),
                ObjectPropName::Word(name) if !is_identifier(name.value) => {
                    let span = name.range.start..name.range.end;
                    let finding = Finding::new(Code::Syntax, span, "this key needs quotes");
                    self.report(finding.found(shortened(name.value)).expected("a quoted key"));
                }
                ObjectPropName::Word(_) => {}
            }
            self.trail.push(Trail::Key(tree::key(property)));
            self.value(&property.value, depth);
            self.trail.pop();
        }
    }

    fn duplicates(&mut self, object: &'n Object<'t>) {
        // Most objects have few keys, for which a linear search is faster than hashing.
        let mut seen = HashSet::new();
        let hashed = object.properties.len() > 16;
        for (index, property) in object.properties.iter().enumerate() {
            let name = tree::key(property);
            let repeated = if hashed {
                !seen.insert(name)
            } else {
                object.properties[..index].iter().any(|earlier| tree::key(earlier) == name)
            };
            if repeated {
                let range = property.name.range();
                let shown = shortened(name);
                let message = format!("`{shown}` is in this object twice");
                let finding = Finding::new(Code::DuplicateKey, range.start..range.end, message);
                self.trail.push(Trail::Key(name));
                self.report(finding.found(format!("`{shown}` again")).expected("each key once"));
                self.trail.pop();
            }
        }
    }

    /// JSON5 strings must not continue over a line end without a backslash; the parser allows it.
    fn quoted(&mut self, span: Range<usize>) {
        if self.json {
            return;
        }
        let mut escaped = false;
        for at in span {
            let byte = self.text.as_bytes()[at];
            if !escaped && (byte == b'\n' || byte == b'\r') {
                let finding = Finding::new(Code::Syntax, at..at, "a string runs over the end of a line");
                self.report(finding.expected("a closing quote"));
                return;
            }
            // In `\<CR><LF>` the backslash continues the line over both.
            escaped = if byte == b'\\' { !escaped } else { escaped && byte == b'\r' };
        }
    }

    fn report(&mut self, finding: Finding) {
        let steps = self.trail.iter().map(|step| match step {
            Trail::Key(key) => Step::Key((*key).to_owned()),
            Trail::Index(index) => Step::Index(*index),
        });
        self.explained |= matches!(finding.code, Code::NumberOutOfRange | Code::NestedTooDeep | Code::Syntax);
        self.found.push(finding.at(steps.collect()));
    }
}

/// An ECMAScript 5.1 `IdentifierName` without escapes: what JSON5 allows as a key without quotes.
fn is_identifier(word: &str) -> bool {
    use GeneralCategory as G;
    let starts = |c: char| {
        c == '$'
            || c == '_'
            || matches!(
                c.general_category(),
                G::UppercaseLetter
                    | G::LowercaseLetter
                    | G::TitlecaseLetter
                    | G::ModifierLetter
                    | G::OtherLetter
                    | G::LetterNumber
            )
    };
    let goes_on = |c: char| {
        starts(c)
            || matches!(c, '\u{200c}' | '\u{200d}')
            || matches!(
                c.general_category(),
                G::NonspacingMark | G::SpacingMark | G::DecimalNumber | G::ConnectorPunctuation
            )
    };
    let mut chars = word.chars();
    chars.next().is_some_and(starts) && chars.all(goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_notation_takes_for_white_space_is_reported() {
        for syntax in [Syntax::Json, Syntax::Json5] {
            let mut findings = Vec::new();
            assert!(parse("{\u{85}\"version\":1}", None, syntax, &mut findings).is_none());
            let reported: Vec<_> =
                findings.iter().map(|finding| (finding.code, finding.span.clone())).collect();
            assert_eq!(reported, [(Code::Syntax, 1..3)]);
            findings.clear();
            // Inside a string it is an ordinary character, and so it is in a comment of JSON5.
            assert!(parse("{\"\u{85}\":1}", None, syntax, &mut findings).is_some());
            assert!(syntax == Syntax::Json || parse("{/*\u{85}*/}", None, syntax, &mut findings).is_some());
        }
    }
}
