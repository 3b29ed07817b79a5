//! A problem located by its bytes, and the conversion from bytes to lines, columns and excerpts.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ops::Range;

use crate::approvals::bounds::Budget;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::{Diagnostic, Excerpt, Position, Verdict};
use crate::approvals::findings::severity::Severity;
use crate::approvals::model::path::{Path, Step};
use crate::approvals::model::scalar::Secret;

/// Maximum number of bytes of a name that are shown.
const MAX_NAME: usize = 200;

/// Maximum number of bytes of a path that are shown.
const LONGEST_PATH: usize = 1000;

/// A name as it is shown: whole, unless it is too long to read.
pub(in crate::approvals) fn shortened(name: &str) -> Cow<'_, str> {
    if name.len() <= MAX_NAME {
        name.into()
    } else {
        format!("{}…", &name[..name.floor_char_boundary(MAX_NAME)]).into()
    }
}

/// A path as it is shown. A key may be as long as a document, and is then in the path of everything below it.
pub(in crate::approvals) fn shown(path: Path) -> Path {
    let path = path.into_steps().map(|step| match step {
        Step::Key(key) if key.len() > MAX_NAME => Step::Key(shortened(&key).into_owned()),
        step => step,
    });
    // A path that is too long to read is shortened too.
    let mut steps: Vec<Step> = path.collect();
    let mut length = 0;
    let long = steps.iter().position(|step| {
        length += if let Step::Key(key) = step { key.len() } else { 1 };
        length > LONGEST_PATH
    });
    if let Some(at) = long {
        steps.truncate(at);
        steps.push(Step::Key("…".to_owned()));
    }
    steps.into_iter().collect()
}

/// A [`Diagnostic`] before its place is computed.
#[derive(Debug, Clone)]
pub(in crate::approvals) struct Finding {
    pub(in crate::approvals) code: Code,
    pub(in crate::approvals) severity: Severity,
    pub(in crate::approvals) span: Range<usize>,
    pub(in crate::approvals) path: Path,
    pub(in crate::approvals) message: String,
    found: Option<String>,
    expected: Option<String>,
    suggestion: Option<String>,
    /// Whether `lint --fix` removes what it is about.
    pub(in crate::approvals) is_fixed: bool,
}

impl Finding {
    pub(in crate::approvals) fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            span,
            path: Path::default(),
            message: message.into(),
            found: None,
            expected: None,
            suggestion: None,
            is_fixed: false,
        }
    }

    pub(in crate::approvals) fn at(self, path: Path) -> Self {
        Self { path: shown(path), ..self }
    }

    pub(in crate::approvals) fn found(self, found: impl Into<String>) -> Self {
        Self { found: Some(found.into()), ..self }
    }

    pub(in crate::approvals) fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    pub(in crate::approvals) fn suggestion(self, suggestion: Option<String>) -> Self {
        Self { suggestion, ..self }
    }
}

/// Collects findings: keeps a limited number, and counts all.
#[derive(Debug, Default)]
pub(in crate::approvals) struct Findings<'b> {
    pub(in crate::approvals) kept: Vec<Finding>,
    /// Whether the forms of early releases are warnings.
    allow_legacy: bool,
    budget: Budget<'b>,
    /// Number of findings that are kept until the next step begins.
    room: usize,
    pub(in crate::approvals) omitted: usize,
    omitted_errors: usize,
    /// Whether there may be more findings than were counted.
    pub(in crate::approvals) uncounted: bool,
    /// Whether the time limit passed before the end.
    pub(in crate::approvals) unfinished: bool,
    /// How often the time limit was checked.
    asked: u8,
}

impl<'b> Findings<'b> {
    /// An empty collection.
    pub(in crate::approvals) fn of(allow_legacy: bool, budget: Budget<'b>) -> Self {
        Self { allow_legacy, budget, room: Verdict::MOST, ..Self::default() }
    }

    /// Makes room for the findings of another step, so that those of the first do not hide them.
    pub(in crate::approvals) fn begin(&mut self) {
        self.room = self.kept.len() + Verdict::MOST;
    }

    pub(in crate::approvals) fn push(&mut self, mut finding: Finding) {
        if self.allow_legacy && finding.code.is_legacy() {
            finding.severity = Severity::Warning;
        }
        if self.kept.len() < self.room.max(Verdict::MOST) {
            self.kept.push(finding);
        } else {
            self.count(finding.severity);
        }
    }

    pub(in crate::approvals) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }

    /// Whether the time limit has passed. It is called for every value and reads the clock only now and then.
    pub(in crate::approvals) fn is_over(&mut self) -> bool {
        self.asked = self.asked.wrapping_add(1);
        if self.asked == 0 { self.must_end() } else { self.unfinished }
    }

    /// Whether the time limit has passed.
    pub(in crate::approvals) fn must_end(&mut self) -> bool {
        self.unfinished |= self.budget.is_spent();
        self.unfinished
    }

    fn count(&mut self, severity: Severity) {
        self.omitted += 1;
        self.omitted_errors += usize::from(severity == Severity::Error);
    }
}

impl From<Vec<Finding>> for Findings<'_> {
    fn from(kept: Vec<Finding>) -> Self {
        Self { kept, ..Self::default() }
    }
}

/// Sorts findings by place and turns them into diagnostics. If there are too many, errors have priority.
/// `secrets` are the spans that no excerpt may show, sorted and disjoint. This takes one pass over the text, however
/// many findings there are.
/// findings there are.
pub(in crate::approvals) fn place(text: &str, secrets: &[Range<usize>], mut all: Findings<'_>) -> Verdict {
    if all.kept.len() > Verdict::MOST {
        let place = |finding: &Finding| (finding.span.start, finding.span.end, finding.code);
        all.kept.sort_by_key(|finding| (Reverse(finding.severity), place(finding)));
        for finding in all.kept.split_off(Verdict::MOST) {
            all.count(finding.severity);
        }
    }
    let Findings { kept: mut findings, omitted, omitted_errors, uncounted, unfinished, .. } = all;
    findings.sort_by_key(|finding| (finding.span.start, finding.span.end, finding.code));
    let mut cursor = Cursor::of(text);
    let diagnostics = findings
        .into_iter()
        .map(|mut finding| {
            finding.span = whole_characters(text, &finding.span);
            cursor.advance(finding.span.start);
            let mut after = cursor;
            after.advance(finding.span.end);
            Diagnostic {
                code: finding.code,
                severity: finding.severity,
                start: cursor.position(),
                end: after.position(),
                excerpt: finding
                    .code
                    .has_excerpt()
                    .then(|| excerpt(text, cursor.line_start, &finding.span, secrets)),
                path: finding.path,
                message: finding.message,
                found: finding.found,
                expected: finding.expected,
                suggestion: finding.suggestion,
                is_fixed: finding.is_fixed,
                remote: None,
                entry: None,
            }
        })
        .collect();
    Verdict { diagnostics, omitted, omitted_errors, uncounted, unfinished }
}

/// The span widened to whole characters inside the text: a parser may point at a byte in the middle of one.
fn whole_characters(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    start..text.ceil_char_boundary(span.end).max(start)
}

/// A place in a text that only moves forward.
#[derive(Clone, Copy)]
pub(in crate::approvals) struct Cursor<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
    line_start: usize,
    column: usize,
}

impl<'t> Cursor<'t> {
    /// The start of the text.
    pub(in crate::approvals) fn of(text: &'t str) -> Self {
        Self { text, offset: 0, line: 1, line_start: 0, column: 1 }
    }

    /// Moves forward to a byte offset; an offset past the end stops at the end.
    pub(in crate::approvals) fn advance(&mut self, to: usize) {
        let to = self.text.floor_char_boundary(to).max(self.offset);
        let passed = &self.text[self.offset..to];
        match passed.rfind('\n') {
            Some(last) => {
                self.line += passed.bytes().filter(|&byte| byte == b'\n').count();
                self.line_start = self.offset + last + 1;
                self.column = 1 + passed[last + 1..].chars().count();
            }
            None => self.column += passed.chars().count(),
        }
        self.offset = to;
    }

    pub(in crate::approvals) fn position(self) -> Position {
        Position { line: self.line, column: self.column }
    }
}

/// Bytes of the line shown before and after the start of a span.
const BEFORE: usize = 60;
const AFTER: usize = 70;

fn excerpt(text: &str, line_start: usize, span: &Range<usize>, secrets: &[Range<usize>]) -> Excerpt {
    let from = text.ceil_char_boundary(line_start.max(span.start.saturating_sub(BEFORE)));
    let limit = text.floor_char_boundary(span.start.saturating_add(AFTER)).max(from);
    let line_end = text[from..limit].find('\n').map(|at| from + at);
    let to = line_end.unwrap_or(limit);
    let to = if text[from..to].ends_with('\r') { to - 1 } else { to };

    let mut shown = String::with_capacity(to - from);
    let mut marked = 0..0;
    let mut at = from;
    let mark = |marked: &mut Range<usize>, shown: &str, at: usize, width: usize| {
        // The text is appended in pieces. This records where the span starts and ends in the appended text.
        if (at..=at + width).contains(&span.start) {
            marked.start = shown.len() + (span.start - at);
        }
        if (at..=at + width).contains(&span.end.min(to)) {
            marked.end = shown.len() + (span.end.min(to) - at);
        }
    };
    let first = secrets.partition_point(|secret| secret.end <= from);
    for secret in secrets[first..].iter().take_while(|secret| secret.start < to) {
        let (start, end) = (secret.start.max(from), secret.end.min(to));
        mark(&mut marked, &shown, at, start - at);
        shown.push_str(&text[at..start]);
        let whole = shown.len();
        shown.push_str(Secret::REDACTED);
        if (start..end).contains(&span.start) {
            marked.start = whole;
        }
        if (start + 1..=end).contains(&span.end) {
            marked.end = shown.len();
        }
        at = end;
    }
    mark(&mut marked, &shown, at, to - at);
    shown.push_str(&text[at..to]);
    marked.end = marked.end.clamp(marked.start, shown.len());
    Excerpt {
        text: shown,
        marked,
        cut_before: from > line_start,
        cut_after: line_end.is_none() && to < text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, span: Range<usize>, secrets: &[Range<usize>]) -> (String, String) {
        let line_start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let excerpt = excerpt(text, line_start, &span, secrets);
        (excerpt.text.clone(), excerpt.text[excerpt.marked].to_owned())
    }

    #[test]
    fn excerpt_is_the_line() {
        assert_eq!(shown("one\ntwo three\r\nfour", 8..13, &[]), ("two three".into(), "three".into()));
        assert_eq!(shown("ab", 2..2, &[]), ("ab".into(), String::new()));
    }

    #[test]
    fn excerpt_masks_secrets_before_within_and_after_the_span() {
        let text = "{token: hidden, x: 1, y: covert}";
        let secrets = [8..14, 25..31];
        let masked = "{token: [redacted], x: 1, y: [redacted]}";
        assert_eq!(shown(text, 16..17, &secrets), (masked.into(), "x".into()));
        assert_eq!(shown(text, 8..14, &secrets), (masked.into(), "[redacted]".into()));
        assert_eq!(shown(text, 25..31, &secrets), (masked.into(), "[redacted]".into()));
        assert_eq!(shown(text, 1..6, &secrets), (masked.into(), "token".into()));
    }

    #[test]
    fn excerpt_of_an_endless_line_is_cut_at_character_boundaries() {
        let text = "é".repeat(1000);
        let (line, marked) = shown(&text, 1000..1002, &[]);
        assert!(line.len() < 300, "{}", line.len());
        assert!(marked.chars().all(|c| c == 'é'));
    }

    #[test]
    fn a_span_inside_a_character_means_the_whole_character() {
        let text = "{\u{a0}\u{10ffff}";
        let spans = (0..12).flat_map(|start| (0..12).map(move |end| start..end));
        let findings: Vec<Finding> = spans.map(|span| Finding::new(Code::Syntax, span, "x")).collect();
        for diagnostic in place(text, &[], findings.into()).diagnostics {
            let excerpt = diagnostic.excerpt.unwrap();
            assert!(excerpt.text.get(excerpt.marked.clone()).is_some(), "{excerpt:?}");
            assert!(diagnostic.start <= diagnostic.end);
        }
    }

    #[test]
    fn positions_count_code_points_and_lines_in_one_pass() {
        let text = "aé\n😀b\n";
        let finding = |at: usize| Finding::new(Code::Syntax, at..at + 1, "x");
        let verdict = place(text, &[], vec![finding(8), finding(1), finding(4), finding(100)].into());
        let places: Vec<_> = verdict.diagnostics.iter().map(|d| (d.start.line, d.start.column)).collect();
        assert_eq!(places, [(1, 2), (2, 1), (2, 2), (3, 1)]);
    }
}
