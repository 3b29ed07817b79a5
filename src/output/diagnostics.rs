//! Verdicts as text: the source line with a mark, as compilers print it.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use anstyle::{AnsiColor, Style};

use super::contain::Contained;
use super::escape::{columns, escaped};
use super::narrow::{Look, around};
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::{Diagnostic, Excerpt, Position, Verdict};
use crate::approvals::findings::severity::Severity;
use crate::report::approvals::{FileReport, UNFINISHED};

/// Prints every problem of every file, and a summary line.
pub fn human(out: &mut dyn Write, reports: &[FileReport], look: Look) -> io::Result<()> {
    if reports.is_empty() {
        return writeln!(out, "Nothing to check: there is no document.");
    }
    let (mut valid, mut invalid, mut unreadable, mut errors, mut warnings) = (0, 0, 0, 0, 0);
    let mut contained = Contained::default();
    for report in reports {
        contained.print(out, |out| file(out, report, look))?;
        match &report.result {
            Ok(verdict) => {
                errors += verdict.errors();
                warnings += verdict.warnings();
                if verdict.is_valid() { valid += 1 } else { invalid += 1 }
            }
            Err(_) => unreadable += 1,
        }
    }
    let counted = |count: usize, what: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        more => Some(format!("{more} {many}")),
    };
    let joined = |parts: &[Option<String>]| parts.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
    let files = joined(&[
        counted(valid, "valid", "valid"),
        counted(invalid, "invalid", "invalid"),
        counted(unreadable, "not read", "not read"),
    ]);
    let problems =
        joined(&[counted(errors, "problem", "problems"), counted(warnings, "warning", "warnings")]);
    look.print(out, &format!("{files}{}{problems}", if problems.is_empty() { "" } else { "; " }))?;
    contained.finish(out)
}

/// Prints the problems of one file, or why it was not read.
pub(super) fn file(out: &mut dyn Write, report: &FileReport, look: Look) -> io::Result<()> {
    match &report.result {
        Ok(verdict) => listing(out, &report.name, verdict, look),
        Err(failed) => {
            let remedy = failed.remedy.as_deref().unwrap_or("see the message above");
            let title = Level::ERROR.primary_title(escaped(&failed.message));
            let title = title.element(Level::HELP.message(escaped(remedy)));
            look.print(out, &renderer(look).render(&[title]))?;
            writeln!(out)
        }
    }
}

fn renderer(look: Look) -> Renderer {
    if look.styled { Renderer::styled() } else { Renderer::plain() }
}

/// Prints the problems of one document.
pub fn listing(out: &mut dyn Write, name: &str, verdict: &Verdict, look: Look) -> io::Result<()> {
    let renderer = renderer(look);
    for diagnostic in &verdict.diagnostics {
        look.print(out, &rendered(&renderer, name, diagnostic, look))?;
        writeln!(out)?;
    }
    if let Some(more) = verdict.more() {
        writeln!(out, "{more} in {}\n", escaped(name))?;
    }
    if verdict.unfinished {
        let title = Level::ERROR.primary_title(format!("{} was {UNFINISHED}", escaped(name)));
        let title = title.element(Level::HELP.message("raise --timeout"));
        look.print(out, &renderer.render(&[title]))?;
        writeln!(out)?;
    }
    Ok(())
}

fn rendered(renderer: &Renderer, name: &str, diagnostic: &Diagnostic, look: Look) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = escaped(&diagnostic.message);
    let title = level.primary_title(&message).id(diagnostic.code.as_str());
    let label = label(diagnostic);
    let (line, mark) = diagnostic.excerpt.as_ref().map_or_else(|| (String::new(), 0..0), shown);
    let start = diagnostic.start;
    let room = look.room(start.line);
    let (line, mark) = match room {
        Some(room) => around(&line, &mark, room),
        None => (line, mark),
    };
    // A label that would not fit after the mark becomes a separate sentence.
    let reach = columns(&line[..mark.start]) + columns(&line[mark.clone()]).max(1) + 1 + columns(&label);
    let (label, apart) = if room.is_some_and(|room| reach > room) { ("", &*label) } else { (&*label, "") };
    let place = format!("at {}", escaped(&place(diagnostic)));
    let name = escaped(name);
    // In a cut or escaped excerpt, the columns differ from the file's.
    let shifted = line[..mark.start].chars().count() + 1 != start.column;
    let group = if diagnostic.excerpt.is_none() {
        title.element(Origin::path(&name).line(start.line).char_column(start.column))
    } else {
        let annotation = AnnotationKind::Primary.span(mark.clone()).label(label);
        let snippet = Snippet::source(&line).line_start(start.line).annotation(annotation);
        title.element(if shifted { snippet } else { snippet.path(&name) })
    };
    let group = if apart.is_empty() { group } else { group.element(Level::NOTE.message(apart)) };
    let mut group = group.element(Level::NOTE.message(&place));
    if diagnostic.code.is_lint() {
        group = group.element(Level::HELP.message(escaped(&diagnostic.fix())));
    }
    let text = renderer.render(&[group]);
    match text.split_once('\n').filter(|_| shifted && diagnostic.excerpt.is_some()) {
        Some((title, rest)) => format!("{title}\n{}\n{rest}", arrow(&name, start, look.styled)),
        None => text,
    }
}

/// A path as text; the root has an empty path.
pub(super) fn place(diagnostic: &Diagnostic) -> String {
    let path = diagnostic.path.to_string();
    if path.is_empty() { "the document".to_owned() } else { path }
}

/// The line with the place, as the renderer prints it where it computes the columns itself.
fn arrow(name: &str, start: Position, styled: bool) -> String {
    let indent = " ".repeat(start.line.to_string().len());
    let style = if styled { AnsiColor::BrightBlue.on_default().bold() } else { Style::new() };
    format!("{indent}{style}--> {style:#}{name}:{}:{}", start.line, start.column)
}

fn label(diagnostic: &Diagnostic) -> String {
    let mut label = String::new();
    if let Some(expected) = &diagnostic.expected {
        label.push_str("expected ");
        label.push_str(&escaped(expected));
    }
    if let Some(suggestion) = &diagnostic.suggestion {
        label.push_str(if label.is_empty() { "did you mean `" } else { "; did you mean `" });
        label.push_str(&escaped(suggestion));
        label.push_str("`?");
    }
    label
}

/// The escaped excerpt, and the range of the mark in it.
fn shown(excerpt: &Excerpt) -> (String, std::ops::Range<usize>) {
    let mut line = String::from(if excerpt.cut_before { "…" } else { "" });
    // A tab takes one column here, as in the reported place.
    let part = |range: std::ops::Range<usize>| escaped(&excerpt.text[range].replace('\t', " "));
    line.push_str(&part(0..excerpt.marked.start));
    let start = line.len();
    line.push_str(&part(excerpt.marked.clone()));
    let end = line.len();
    line.push_str(&part(excerpt.marked.end..excerpt.text.len()));
    if excerpt.cut_after {
        line.push('…');
    }
    (line, start..end)
}

/// Prints the explanation of a code.
pub fn explanation(out: &mut dyn Write, code: Code) -> io::Result<()> {
    let page = code.explanation();
    writeln!(out, "{code}: {}\n", page.title)?;
    writeln!(out, "What is wrong\n  {}\n", page.what)?;
    writeln!(out, "Why it matters\n  {}\n", page.why)?;
    writeln!(out, "How to fix it\n  {}", page.fix)
}
