//! The result of a check: diagnostics with their places, and the verdict on one document.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::approvals::findings::codes::Code;
use crate::approvals::findings::severity::Severity;
use crate::approvals::model::path::Path;

/// A place in a text, for people. Both numbers start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line number; only LF ends a line.
    pub line: usize,
    /// Column in Unicode code points.
    pub column: usize,
}

/// The part of a source line that a diagnostic points at, shortened, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The text with its hostile characters: the code that prints it escapes it.
    pub text: String,
    /// The range of bytes of `text` that is highlighted.
    pub marked: Range<usize>,
    /// Whether the line continues before `text`.
    pub cut_before: bool,
    /// Whether the line continues after `text`.
    pub cut_after: bool,
}

/// One problem in one document.
///
/// Every string may quote the document: the code that prints it escapes it. Secrets are already masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of problem.
    pub code: Code,
    /// Whether it makes the document invalid.
    pub severity: Severity,
    /// Start of the problem.
    pub start: Position,
    /// End of the problem, exclusive.
    pub end: Position,
    /// The path of the value.
    pub path: Path,
    /// The whole problem in a sentence.
    pub message: String,
    /// The value in the document.
    pub found: Option<String>,
    /// The accepted values.
    pub expected: Option<String>,
    /// The nearest accepted name.
    pub suggestion: Option<String>,
    /// Whether `lint --fix` removes what it is about, where it edits the document.
    pub is_fixed: bool,
    /// The source line; `None` if the bytes are not text.
    pub excerpt: Option<Excerpt>,
    /// For a document of a gateway or node, which `lint --fix` does not edit: the flags that select it on a command
    /// line, each preceded by a space.
    pub remote: Option<Arc<str>>,
    /// For a document of a gateway or node: the words that name the entry for `allowlist remove`, quoted for a shell.
    pub entry: Option<String>,
}

impl Diagnostic {
    /// How to fix it in the place where the document is.
    pub fn fix(&self) -> Cow<'static, str> {
        let here = self.code.explanation().fix;
        match self.remote.as_ref().map(|flags| (flags, self.code.remote_fix().unwrap_or(here))) {
            // After --gateway without a value, a pattern could be parsed as its value.
            Some((flags, text)) => match &self.entry {
                Some(entry) => pasted(text, &format!("{entry}{flags}")).into(),
                None => text.replace("--agent ID", &format!("--agent ID{flags}")).into(),
            },
            None if self.code.is_fixable() && !self.is_fixed => without_flag(here).into(),
            None => here.into(),
        }
    }
}

/// A remedy whose commands name the entry. A full stop after the last command would be pasted with it.
fn pasted(text: &str, entry: &str) -> String {
    let named =
        text.replace("PATTERN --agent ID", entry).replace(" (with its --arg-pattern, if it has one)", "");
    match named.strip_suffix('.') {
        Some(command) if command.ends_with(entry) || command.ends_with("--source allow-always") => {
            command.to_owned()
        }
        _ => named,
    }
}

/// A remedy without its last sentence, if that one says what `lint --fix` does.
fn without_flag(fix: &'static str) -> &'static str {
    fix.find(" `lint --fix`").and_then(|end| fix.get(..end)).unwrap_or(fix)
}

/// The outcome of checking one document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Every problem, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Number of problems beyond [`Verdict::MOST`], which are counted but not kept.
    pub omitted: usize,
    /// Number of those that make the document invalid.
    pub omitted_errors: usize,
    /// Whether there may be more problems than were counted.
    pub uncounted: bool,
    /// Whether the time limit passed before the end. Then the document is not known to be valid.
    pub unfinished: bool,
}

impl Verdict {
    /// Maximum number of diagnostics of one document that are kept: a bound on memory and output, far above what anyone
    /// reads.
    pub const MOST: usize = 10_000;

    /// Whether no problem makes the document invalid.
    pub fn is_valid(&self) -> bool {
        !self.unfinished && self.errors() == 0
    }

    /// Number of problems that make the document invalid.
    pub fn errors(&self) -> usize {
        self.omitted_errors + self.diagnostics.iter().filter(|d| d.severity == Severity::Error).count()
    }

    /// Keeps the first `most` diagnostics, and counts the rest.
    pub fn keep(&mut self, most: usize) {
        let gone = self.diagnostics.drain(most.min(self.diagnostics.len())..);
        let (mut omitted, mut errors) = (0, 0);
        for diagnostic in gone {
            omitted += 1;
            errors += usize::from(diagnostic.severity == Severity::Error);
        }
        self.omitted += omitted;
        self.omitted_errors += errors;
    }

    /// The number of unlisted problems, in words; `None` if all are listed.
    pub fn more(&self) -> Option<String> {
        match (self.omitted, self.uncounted) {
            (0, false) => None,
            (0, true) => Some("and perhaps more problems".to_owned()),
            (omitted, uncounted) => {
                let least = if uncounted { "at least " } else { "" };
                let problems = if omitted == 1 { "problem" } else { "problems" };
                Some(format!("and {least}{} more {problems}", thousands(omitted)))
            }
        }
    }

    /// Number of problems that do not make the document invalid.
    pub fn warnings(&self) -> usize {
        let omitted = self.omitted - self.omitted_errors;
        omitted + self.diagnostics.iter().filter(|d| d.severity == Severity::Warning).count()
    }
}

/// A number with separators: `12,345`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_counted_in_words() {
        let more = |omitted, uncounted| Verdict { omitted, uncounted, ..Verdict::default() }.more();
        assert_eq!(more(0, false), None);
        assert_eq!(more(1, false).as_deref(), Some("and 1 more problem"));
        assert_eq!(more(12_345, false).as_deref(), Some("and 12,345 more problems"));
        assert_eq!(more(1_234_567, true).as_deref(), Some("and at least 1,234,567 more problems"));
    }
}
