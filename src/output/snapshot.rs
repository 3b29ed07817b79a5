//! Reports of `get` and `set` as text.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::Value;

use super::escape::{Paper, escaped};
use super::notes;
use crate::approvals::compare::changes::Change;
use crate::approvals::edit::downgrade::Removed;
use crate::approvals::findings::diagnostic::thousands;
use crate::approvals::findings::remark::Remark;
use crate::report::approvals::{EntryNote, NativeSnapshot, SetOutcome, SetReport, Snapshot};

/// The number of entries that are listed for each agent; the rest is only counted.
const LISTED: usize = 20;

/// Prints a readable summary of a document.
pub fn snapshot_text(out: &mut dyn Write, snapshot: &Snapshot, paper: Paper) -> io::Result<()> {
    let place = snapshot.place.as_ref().map_or_else(String::new, |place| escaped(place) + " ");
    writeln!(out, "{place}{}", escaped(&snapshot.path))?;
    if !snapshot.exists {
        return writeln!(
            out,
            "  no document: every command runs and nobody is asked (security full, ask off), unless tools.exec in openclaw.json is stricter"
        );
    }
    writeln!(out, "  hash      {}", snapshot.hash)?;
    let (socket, has_token) = (snapshot.file.socket_path(), snapshot.file.has_token());
    if socket.is_some() || has_token {
        let token = if has_token { " (token set, not shown)" } else { "" };
        let path = socket.as_deref().map_or_else(|| "no path".to_owned(), escaped);
        paper.line(out, "  socket    ", &format!("{path}{token}"))?;
    }
    writeln!(out, "  defaults  {}", policy(snapshot.file.defaults().as_ref()))?;
    if let Some(resolved) = &snapshot.resolved_defaults {
        let note = "(with the gateway's own defaults; tools.exec in openclaw.json may be stricter)";
        writeln!(out, "  resolved  {} {note}", policy(Some(resolved)))?;
    }
    let mut agents = snapshot.file.agents(LISTED).peekable();
    if agents.peek().is_none() {
        return writeln!(out, "  no agents");
    }
    for agent in agents {
        let own = policy(Some(&agent.policy));
        paper.line(out, "  agent ", &format!("{}  {own}", escaped(&agent.id)))?;
        let noted_entry = |value: &Value| {
            let note = EntryNote::of(&snapshot.notes, &agent.id, value);
            entry(value) + &note.map(notes::noted).unwrap_or_default()
        };
        lines(out, &agent.allowlist.first, agent.allowlist.count, noted_entry, paper)?;
        lines(out, &agent.mcp_tools.first, agent.mcp_tools.count, tool, paper)?;
    }
    Ok(())
}

/// Prints the remarks on a document.
pub fn remarks_text(out: &mut dyn Write, remarks: &[Remark], paper: Paper) -> io::Result<()> {
    for Remark { message, remedy } in remarks {
        paper.line(out, "warning: ", &escaped(message))?;
        if let Some(remedy) = remedy {
            writeln!(out, "  next: {}", escaped(remedy))?;
        }
    }
    Ok(())
}

/// Prints the first elements of a list, and the number of the remaining ones.
fn lines(
    out: &mut dyn Write,
    first: &[Value],
    count: usize,
    line: impl Fn(&Value) -> String,
    paper: Paper,
) -> io::Result<()> {
    for element in first.iter().take(LISTED) {
        paper.line(out, "    ", &line(element))?;
    }
    match count.saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(out, "    … and {more} more (--json prints all)"),
    }
}

fn policy(rules: Option<&Value>) -> String {
    let fields: Vec<String> = ["security", "ask", "askFallback", "autoAllowSkills"]
        .into_iter()
        .filter_map(|field| rules?.get(field).map(|value| format!("{field}={}", word(value))))
        .collect();
    if fields.is_empty() { "no policy of its own".to_owned() } else { fields.join(" ") }
}

pub(super) fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| escaped(&value.to_string()), escaped)
}

pub(super) fn entry(entry: &Value) -> String {
    let Some(pattern) = entry.get("pattern").or(Some(entry)).and_then(Value::as_str) else {
        return escaped(&entry.to_string());
    };
    let text = |field| entry.get(field).and_then(Value::as_str);
    let mut line = escaped(pattern);
    if let Some(arguments) = text("argPattern") {
        line = format!("{line}  arguments {}", escaped(arguments));
    }
    if let Some(source) = text("source") {
        line = format!("{line}  {}", escaped(source));
    }
    line + &last_used(entry)
}

pub(super) fn tool(tool: &Value) -> String {
    let text = |field| escaped(tool.get(field).and_then(Value::as_str).unwrap_or("?"));
    format!("MCP tool {} of {}{}", text("tool"), text("server"), last_used(tool))
}

fn last_used(element: &Value) -> String {
    let millis = element.get("lastUsedAt").and_then(Value::as_f64);
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and a day is all that is shown")]
    let day = millis.and_then(|millis| Timestamp::from_millisecond(millis as i64).ok());
    day.map_or_else(String::new, |day| format!("  last used {}", day.strftime("%Y-%m-%d")))
}

/// Prints a Windows node's policy.
pub fn native_text(out: &mut dyn Write, snapshot: &NativeSnapshot, paper: Paper) -> io::Result<()> {
    let NativeSnapshot { path, hash, policy, .. } = snapshot;
    writeln!(out, "{}\n  hash      {}", escaped(path), escaped(hash))?;
    let default = policy.get("defaultAction").map_or_else(|| "not set".to_owned(), word);
    writeln!(out, "  default   {default}")?;
    let rules = policy.get("rules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    lines(out, rules, rules.len(), rule, paper)
}

fn rule(rule: &Value) -> String {
    let text = |field| rule.get(field).map_or_else(|| "?".to_owned(), word);
    let mut line = format!("{} {}", text("action"), text("pattern"));
    if let Some(shells) = rule.get("shells").and_then(Value::as_array) {
        let shells: Vec<String> = shells.iter().map(word).collect();
        line = format!("{line}  in {}", shells.join(", "));
    }
    if rule.get("enabled") == Some(&Value::Bool(false)) {
        line += "  (off)";
    }
    match rule.get("description") {
        Some(description) => format!("{line}  {}", word(description)),
        None => line,
    }
}

pub(super) fn changes(out: &mut dyn Write, changes: &[Change]) -> io::Result<()> {
    for Change { path, before, after } in changes {
        let path = escaped(&path.to_string());
        match (before, after) {
            (Some(before), Some(after)) => writeln!(out, "~ {path}: {} -> {}", value(before), value(after))?,
            (None, Some(after)) => writeln!(out, "+ {path}: {}", value(after))?,
            (Some(before), None) => writeln!(out, "- {path}: {}", value(before))?,
            (None, None) => {}
        }
    }
    Ok(())
}

/// Prints the number of changes that are not listed.
pub(super) fn omitted(out: &mut dyn Write, count: usize) -> io::Result<()> {
    match count {
        0 => Ok(()),
        1 => writeln!(out, "and 1 more change"),
        more => writeln!(out, "and {} more changes", thousands(more)),
    }
}

/// Prints the actual or planned changes.
pub fn set_text(out: &mut dyn Write, report: &SetReport) -> io::Result<()> {
    dropped(out, &report.dropped, report.dropped_count)?;
    changes(out, &report.changes.policy)?;
    omitted(out, report.changes.omitted)?;
    match report.changes.bookkeeping {
        0 => {}
        1 => writeln!(out, "1 entry changes in its id, usage or spelling only")?,
        many => writeln!(out, "{many} entries change in their ids, usage or spelling only")?,
    }
    if report.changes.policy.is_empty() && report.outcome != SetOutcome::Unchanged {
        writeln!(out, "the policy stays the same")?;
    }
    let path = escaped(&report.path);
    for Removed { field, .. } in &report.removed {
        writeln!(out, "left out: {}", escaped(&field.to_string()))?;
        writeln!(out, "  {}", field.newer.without())?;
    }
    for field in &report.foreseen {
        writeln!(out, "the gateway will reject it: {}", escaped(&field.to_string()))?;
    }
    match report.outcome {
        SetOutcome::Stored => {
            writeln!(out, "stored in {path}\n  hash      {}", report.after.as_deref().unwrap_or_default())?;
        }
        SetOutcome::Unchanged => writeln!(out, "{path} already holds this document; nothing was written")?,
        SetOutcome::Planned => writeln!(out, "dry run: {path} was not changed")?,
    }
    notes::expired(out, &report.expired)?;
    if !report.departures.is_empty() {
        writeln!(out, "the stored document differs from the one sent:")?;
        changes(out, &report.departures)?;
    }
    Ok(())
}

/// Prints the unknown fields that are removed from a document.
pub(super) fn dropped(out: &mut dyn Write, fields: &[Change], count: usize) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let counted = if count == 1 { "1 unknown field" } else { &format!("{count} unknown fields") };
    writeln!(out, "removes {counted}, which no OpenClaw release reads:")?;
    for Change { path, before, .. } in fields {
        let shown = before.as_ref().map(value).unwrap_or_default();
        writeln!(out, "  - {}: {shown}", escaped(&path.to_string()))?;
    }
    match count.saturating_sub(fields.len()) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more"),
    }
}

fn value(value: &Value) -> String {
    escaped(&value.to_string())
}
