//! Notes and time limits of entries as text.

use std::io::{self, Write};

use super::escape::escaped;
use crate::report::approvals::{EntryNote, Expired, Limited};
use crate::report::instant;

/// The note and the limit of an entry, to stand behind it.
pub(super) fn noted(note: &EntryNote) -> String {
    let limit = note.until_ms.map(|until_ms| {
        let until = minute(until_ms);
        if note.is_over { format!("time over since {until}") } else { format!("until {until}") }
    });
    let text = note.note.as_deref().map(|note| format!("note: {}", escaped(note)));
    let parts: Vec<String> = limit.into_iter().chain(text).collect();
    if parts.is_empty() { String::new() } else { format!("  ({})", parts.join("; ")) }
}

/// Prints what is known of the entry of an edit.
pub(super) fn limited(out: &mut dyn Write, limited: &Limited) -> io::Result<()> {
    if limited.stays {
        writeln!(out, "  The entry was there before without a time limit, so it has none now.")?;
        writeln!(out, "  next: to limit it, remove it first, then add it again with the limit")?;
    }
    let Some(note) = &limited.note else { return Ok(()) };
    if let Some(text) = &note.note {
        writeln!(out, "  note      {}", escaped(text))?;
    }
    if let Some(until_ms) = note.until_ms {
        writeln!(out, "  until     {}", minute(until_ms))?;
        writeln!(
            out,
            "  OpenClaw does not know of this limit: after it, the entry is valid until approvals watch, lint --fix or the \
             next edit by clearance removes it."
        )?;
    }
    Ok(())
}

/// Prints the entries whose time was over.
pub(super) fn expired(out: &mut dyn Write, expired: &[Expired]) -> io::Result<()> {
    for Expired { entry, result } in expired {
        let (agent, pattern) = (escaped(&entry.agent), escaped(&entry.pattern));
        let over = entry.until_ms.map(minute).unwrap_or_default();
        match result {
            Ok(_) => writeln!(out, "removed {pattern} of agent {agent}: its time was over at {over}")?,
            Err(cause) => writeln!(
                out,
                "could not remove {pattern} of agent {agent}, whose time was over at {over}: {}",
                escaped(cause)
            )?,
        }
    }
    Ok(())
}

/// A time in UTC, to the minute.
pub(super) fn minute(at_ms: u64) -> String {
    let text = instant(at_ms);
    format!("{} {} UTC", text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default())
}
