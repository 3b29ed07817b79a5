//! Lints of single entries: dangerous permissions, and entries that cannot allow anything.

use super::facts::{Facts, Stale, Timed};
use super::judge::Judge;
use super::listed::{Listed, listed};
use super::policy::{agent_path, agents};
use super::raw::Raw;
use super::release::Release;
use super::sink::Sink;
use super::{command_lines, dangers, links, pattern};
use crate::approvals::findings::codes::Code;
use crate::approvals::model::document::{Document, McpTool};
use crate::approvals::model::path::Step;
use crate::approvals::redact::credentials::quotable;

/// Reports entries that are dangerous or have no effect.
pub(super) fn judge<'d>(document: &'d Document<'d>, facts: &Facts<'_>, sink: &mut Sink<'_>) {
    if facts.versioned && document.socket.as_ref().is_some_and(|socket| socket.token.is_some()) {
        let path = ["socket", "token"].map(|key| Step::Key(key.to_owned())).into_iter().collect();
        let message = "the socket's token is in a file under version control".to_owned();
        sink.push(Raw {
            code: Code::SecretInVersionControl,
            path,
            message,
            agent: None,
            pattern: None,
            removes: None,
        });
    }
    let release = Release::of(facts);
    let mut judge = Judge::of(release);
    for entry in listed(document) {
        if sink.is_over() {
            return;
        }
        if facts.versioned
            && let Some(field) = entry.secret_field()
        {
            let message =
                format!("`{field}` holds what looks like a credential, in a file under version control");
            sink.push(entry.raw(Code::SecretInVersionControl, field, message));
        }
        of_pattern(&entry, release, facts, &mut judge, sink);
        if let Some(timed) = facts.timed.iter().find(|timed| is_of(timed, &entry)) {
            sink.push(of_time(timed, &entry));
        }
        if let Some(limit) = facts.stale {
            stale(&entry, limit, sink);
        }
    }
    if let Some(limit) = facts.stale {
        for (agent, rules) in agents(document) {
            for (index, tool) in rules.mcp_tools.iter().flatten().enumerate() {
                stale_tool(agent, index, tool, limit, sink);
            }
        }
    }
}

fn is_of(timed: &Timed, entry: &Listed<'_>) -> bool {
    !entry.is_generated()
        && timed.agent == entry.agent
        && timed.pattern == entry.pattern()
        && timed.arg_pattern.as_deref() == entry.arg_pattern().filter(|arguments| !arguments.is_empty())
}

/// Reports the time limit or the note of an entry.
fn of_time(timed: &Timed, entry: &Listed<'_>) -> Raw {
    let shown = quotable(entry.pattern());
    let note = timed.note.as_deref().map_or_else(String::new, |note| format!("; note: {}", quotable(note)));
    match &timed.until {
        Some(until) if timed.is_over => {
            let message = format!("the time of `{shown}` was over at {until}, and it is still allowed{note}");
            entry.raw(Code::ExpiredEntry, "pattern", message)
        }
        Some(until) => {
            entry.raw(Code::TimedEntry, "pattern", format!("`{shown}` is allowed until {until}{note}"))
        }
        None => entry.raw(Code::TimedEntry, "pattern", format!("`{shown}` has a note{note}")),
    }
}

/// Reports what is wrong with the pattern of an entry.
fn of_pattern<'f>(
    entry: &Listed<'_>,
    release: Release<'f>,
    facts: &Facts<'f>,
    judge: &mut Judge<'f>,
    sink: &mut Sink<'_>,
) {
    if entry.is_command_text() {
        return;
    }
    if pattern::is_command_line(entry.pattern()) {
        sink.push(entry.raw(
            Code::CommandAsPattern,
            "pattern",
            command_lines::message(entry, release, judge),
        ));
        return;
    }
    if let Some(dead) = entry.dead(release) {
        let raw = entry.raw(dead.code, "pattern", dead.message);
        sink.push(if dead.is_removable { raw } else { raw.kept() });
        if dead.is_total {
            return;
        }
    }
    dangers::judge(entry, release, judge, sink);
    if let Some(files) = facts.host
        && let Some(message) = links::message(entry, release, files)
    {
        sink.push(entry.raw(Code::LinkAsPattern, "pattern", message));
    }
}

fn stale(entry: &Listed<'_>, stale: Stale, sink: &mut Sink<'_>) {
    let shown = quotable(entry.pattern());
    match entry.entry.last_used_at.as_ref().map(|used| stale.since(used.as_f64())) {
        Some(Some(days)) => {
            let message = format!("`{shown}` was last used {days:.0} days ago");
            sink.push(entry.raw(Code::StaleEntry, "lastUsedAt", message));
        }
        Some(None) => {}
        None => {
            let message = format!("there is no record that `{shown}` was ever used");
            sink.push(entry.raw(Code::NeverUsed, "pattern", message));
        }
    }
}

fn stale_tool(agent: &str, index: usize, tool: &McpTool<'_>, stale: Stale, sink: &mut Sink<'_>) {
    let (at, field, what) = match &tool.last_used_at {
        Some(used) => (used, "lastUsedAt", "was last used"),
        None => (&tool.added_at, "addedAt", "was never used, and granted"),
    };
    let Some(days) = stale.since(at.as_f64()) else { return };
    let shown = format!("{} {}", tool.server.as_str(), tool.tool.as_str());
    let message = format!("the MCP tool `{}` {what} {days:.0} days ago", quotable(&shown));
    let list = agent_path(agent).join(Step::Key("mcpTools".to_owned()));
    let path = list.join(Step::Index(index)).join(Step::Key(field.to_owned()));
    let agent = Some(agent.to_owned());
    sink.push(Raw { code: Code::StaleEntry, path, message, agent, pattern: None, removes: None });
}
