//! The pending prompts, line by line, and their changes.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::escape::name;
use super::super::json::line;
use super::{command, head};
use crate::report::queue::{PromptJson, Queued, gone};

/// Prints the pending prompts, one JSON object per line. `named`: each line names its gateway, if there are several.
pub fn queue_ndjson(out: &mut dyn Write, queued: &Queued, named: bool) -> io::Result<()> {
    queued.lines(named).try_for_each(|prompt| line(out, &prompt))
}

/// Prints the changes since a listing that had these ids, one line per change. Returns the ids of this one.
pub fn changes_text(
    out: &mut dyn Write,
    before: &BTreeSet<String>,
    queued: &Queued,
) -> io::Result<BTreeSet<String>> {
    for row in queued.rows.iter().filter(|row| !before.contains(row.prompt.id())) {
        let duplicate =
            row.duplicate_of.as_ref().map_or_else(String::new, |id| format!("  duplicate of {}", name(id)));
        writeln!(out, "+ {}{duplicate}  {}", head(&row.prompt, queued.now_ms), command(&row.prompt))?;
    }
    let now = ids(queued);
    for id in before.difference(&now) {
        writeln!(out, "- {}", name(id))?;
    }
    Ok(now)
}

/// Prints the changes as JSON: `event` is `pending` or `gone`.
pub fn changes_ndjson(
    out: &mut dyn Write,
    before: &BTreeSet<String>,
    queued: &Queued,
) -> io::Result<BTreeSet<String>> {
    for row in queued.rows.iter().filter(|row| !before.contains(row.prompt.id())) {
        line(out, &PromptJson::listed(row).line(queued.now_ms, None).event("pending"))?;
    }
    let now = ids(queued);
    for id in before.difference(&now) {
        line(out, &gone(id))?;
    }
    Ok(now)
}

fn ids(queued: &Queued) -> BTreeSet<String> {
    queued.rows.iter().map(|row| row.prompt.id().to_owned()).collect()
}
