//! The entries and MCP tools of a document's agents.

use std::io::{self, Write};

use serde_json::Value;

use super::escape::escaped;
use super::notes::noted;
use super::snapshot::{entry, tool};
use crate::approvals::contents::AgentSummary;
use crate::report::approvals::{Allowlists, EntryNote};

/// Prints every entry and every MCP tool of each agent.
pub fn allowlists_text(out: &mut dyn Write, list: &Allowlists) -> io::Result<()> {
    let Allowlists { place, path, exists, agents, notes, only, .. } = list;
    let place = place.as_ref().map_or_else(String::new, |place| escaped(place) + " ");
    writeln!(out, "{place}{}", escaped(path))?;
    if !exists {
        return writeln!(out, "  no document");
    }
    for agent in agents {
        let (entries, tools) = (&agent.allowlist.first, &agent.mcp_tools.first);
        if entries.is_empty() && tools.is_empty() && only.is_none() {
            continue;
        }
        writeln!(out, "  agent {}", escaped(&agent.id))?;
        let entry = |value: &Value| {
            entry(value) + &EntryNote::of(notes, &agent.id, value).map(noted).unwrap_or_default()
        };
        for line in entries.iter().map(entry).chain(tools.iter().map(tool)) {
            writeln!(out, "    {line}")?;
        }
    }
    let count = |of: fn(&AgentSummary) -> usize| agents.iter().map(of).sum::<usize>();
    let (entries, tools) = (count(|agent| agent.allowlist.count), count(|agent| agent.mcp_tools.count));
    let of = only.as_deref().map_or_else(String::new, |only| format!(" for agent {}", escaped(only)));
    writeln!(
        out,
        "{}, {}{of}.",
        counted(entries, "entry", "entries"),
        counted(tools, "MCP tool", "MCP tools")
    )
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
