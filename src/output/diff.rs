//! The differences of two documents as text, in the style of a unified diff, agent by agent and field by field.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::escape::escaped;
use super::narrow::Look;
use super::snapshot::{omitted, word};
use crate::approvals::compare::changes::Change;
use crate::approvals::model::path::{Path, Step};
use crate::report::approvals::{DiffReport, Side};

const HEAD: Style = Style::new().bold();
const PLACE: Style = AnsiColor::Cyan.on_default();
const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();

/// Prints the differences of two documents.
pub fn diff_text(out: &mut dyn Write, report: &DiffReport, look: Look) -> io::Result<()> {
    let DiffReport { a, b, exact, diff, remarks: _ } = report;
    let mut printer = Printer { out, look };
    if diff.is_drift() {
        printer.line(HEAD, &format!("--- {}", named(a)))?;
        printer.line(HEAD, &format!("+++ {}", named(b)))?;
    }
    let mut sections: Vec<(String, Vec<&Change>)> = Vec::new();
    for change in &diff.changes {
        let place = section(&change.path);
        match sections.last_mut() {
            Some((last, changes)) if *last == place => changes.push(change),
            _ => sections.push((place, vec![change])),
        }
    }
    for (place, changes) in sections {
        printer.line(PLACE, &format!("@@ {place} @@"))?;
        printer.section(&changes)?;
    }
    omitted(printer.out, diff.omitted)?;
    if !diff.is_drift() {
        let what = if *exact { "difference" } else { "drift" };
        printer.line(Style::new(), &format!("no {what}: {} and {}", named(a), named(b)))?;
    }
    match diff.bookkeeping {
        0 => {}
        1 => writeln!(printer.out, "1 entry differs in its id, usage or spelling only")?,
        many => writeln!(printer.out, "{many} entries differ in their ids, usage or spelling only")?,
    }
    for agent in &diff.reordered {
        let note = format!(
            "note: agent {}: entries written by hand and those of prompts follow each other in another order; of two that match one command the first decides whether it counts as approved permanently",
            escaped(agent)
        );
        printer.line(Style::new(), &note)?;
    }
    Ok(())
}

fn named(side: &Side) -> String {
    let none = if side.exists { "" } else { " (no document: the host's built-in defaults)" };
    format!("{}{none}", escaped(&side.name))
}

/// The section of a document that a change belongs to.
fn section(path: &Path) -> String {
    match path.steps() {
        [Step::Key(agents), Step::Key(id), ..] if agents == "agents" => format!("agent {}", escaped(id)),
        [Step::Key(field), ..] => escaped(field),
        _ => "document".to_owned(),
    }
}

struct Printer<'o> {
    out: &'o mut dyn Write,
    look: Look,
}

impl Printer<'_> {
    fn line(&mut self, style: Style, text: &str) -> io::Result<()> {
        let style = if self.look.styled { style } else { Style::new() };
        let mut lines = Vec::new();
        self.look.paper.line(&mut lines, "", text)?;
        for line in String::from_utf8_lossy(&lines).lines() {
            writeln!(self.out, "{style}{line}{style:#}")?;
        }
        Ok(())
    }

    /// Prints the changes of a field, the old value before the new one. Of a list, first the removed elements and then
    /// the added ones, as in a unified diff.
    fn section(&mut self, changes: &[&Change]) -> io::Result<()> {
        let in_list = |change: &&&Change| is_element(change);
        for change in changes.iter().filter(|change| !is_element(change)) {
            self.side(GONE, '-', &change.path, change.before.as_ref())?;
            self.side(NEW, '+', &change.path, change.after.as_ref())?;
        }
        for change in changes.iter().filter(in_list) {
            self.side(GONE, '-', &change.path, change.before.as_ref())?;
        }
        for change in changes.iter().filter(in_list) {
            self.side(NEW, '+', &change.path, change.after.as_ref())?;
        }
        Ok(())
    }

    fn side(&mut self, style: Style, sign: char, path: &Path, value: Option<&Value>) -> io::Result<()> {
        let Some(value) = value else { return Ok(()) };
        for line in lines(path, value) {
            self.line(style, &format!("{sign}{line}"))?;
        }
        Ok(())
    }
}

/// Whether a change adds or removes a whole element of a list.
fn is_element(change: &Change) -> bool {
    let one_sided = change.before.is_none() || change.after.is_none();
    one_sided && matches!(change.path.steps(), [.., Step::Key(list)] if is_list(list))
}

fn is_list(name: &str) -> bool {
    matches!(name, "allowlist" | "mcpTools" | "rules")
}

/// The value at a path as text: a line for each field or element.
fn lines(path: &Path, value: &Value) -> Vec<String> {
    let steps = path.steps();
    let below = match steps {
        [Step::Key(agents), Step::Key(_), rest @ ..] if agents == "agents" => rest,
        [Step::Key(list), ..] if list == "rules" => steps,
        [_, rest @ ..] => rest,
        [] => steps,
    };
    match (below, value) {
        // An agent or a block that exists on one side only.
        ([], Value::Object(fields)) if !fields.is_empty() => fields
            .iter()
            .flat_map(|(name, value)| lines(&path.join(Step::Key(name.clone())), value))
            .collect(),
        ([Step::Key(list)], Value::Array(elements)) if is_list(list) && !elements.is_empty() => {
            elements.iter().map(|one| element(list, one)).collect()
        }
        ([Step::Key(list)] | [Step::Key(list), Step::Index(_)], Value::Object(_)) if is_list(list) => {
            vec![element(list, value)]
        }
        ([], value) => vec![word(value)],
        (steps, value) => {
            let name: Path = steps.iter().cloned().collect();
            let name = name.to_string();
            vec![format!("{}: {}", escaped(name.trim_start_matches('/')), word(value))]
        }
    }
}

fn element(list: &str, value: &Value) -> String {
    match list {
        "allowlist" => format!("allow {}", described(value, &["pattern"])),
        "mcpTools" => format!("allow tool {}", described(value, &["server", "tool"])),
        _ => described(value, &["action", "pattern"]),
    }
}

/// An element of a list on one line: the fields in `first`, then its other fields by name. No text can be mistaken for
/// another field.
pub(super) fn described(element: &Value, first: &[&str]) -> String {
    let Some(fields) = element.as_object() else { return quoted(element) };
    let named = first.iter().filter_map(|name| fields.get(*name)).map(quoted);
    let others = fields.iter().filter(|(name, _)| !first.contains(&name.as_str()));
    let others = others.map(|(name, value)| format!("{}={}", escaped(name), quoted(value)));
    named.chain(others).collect::<Vec<_>>().join(" ")
}

/// A text unchanged, or in quotes where it could be read as several texts.
fn quoted(value: &Value) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() && !text.contains([' ', '"', '=']) => escaped(text),
        _ => escaped(&value.to_string()),
    }
}
