//! Kept versions as text.

use std::io::{self, Write};

use super::escape::{Paper, escaped};
use super::json::json;
use super::notes::minute;
use crate::report::approvals::versions::{Broken, Kept, Listing, Shown, Verification};

/// Prints one line for each version.
/// `target`: the place whose versions are listed, as the command line names it.
pub fn versions_text(
    out: &mut dyn Write,
    listing: &Listing,
    target: Option<&str>,
    paper: Paper,
) -> io::Result<()> {
    match target {
        None if listing.versions.is_empty() => {
            return writeln!(
                out,
                "No versions are kept yet: edits by clearance and approvals watch keep them."
            );
        }
        Some(target) if listing.versions.is_empty() => {
            writeln!(out, "No versions of {} are kept.", escaped(target))?;
            let number = target.strip_prefix("version:").unwrap_or(target);
            if number.parse::<u64>().is_ok() {
                writeln!(out, "next: print version {number}: clearance approvals versions show {number}")?;
            }
            return writeln!(out, "next: list all: clearance approvals versions");
        }
        _ => {}
    }
    let width = listing.versions.iter().map(|kept| kept.id.to_string().len()).max().unwrap_or_default();
    for kept in &listing.versions {
        paper.line(out, &format!("{:>width$}  ", kept.id), &line(kept))?;
    }
    if listing.more {
        writeln!(out, "There are older versions; list more with --limit.")?;
    }
    match listing.removed {
        0 => {}
        1 => writeln!(out, "The limits removed the text of 1 older version: it cannot be restored.")?,
        more => {
            writeln!(out, "The limits removed the texts of {more} older versions: they cannot be restored.")?;
        }
    }
    Ok(())
}

fn line(kept: &Kept) -> String {
    let hash = kept.hash.get(..12).unwrap_or(&kept.hash);
    let target = escaped(&kept.target);
    format!("{}  {}  {target}  {}{}", minute(kept.at_ms), escaped(hash), writer(kept), state(kept))
}

/// Who wrote a version.
fn writer(kept: &Kept) -> String {
    kept.writer.map_or_else(|| format!("writer unknown, seen by {}", kept.seen_by), str::to_owned)
}

/// What is special about a version.
fn state(kept: &Kept) -> &'static str {
    match (kept.state, kept.has_text) {
        ("absent", _) => "  (no document)",
        ("too-large", _) => "  (too large to be kept)",
        ("unreadable", _) => "  (not JSON, not kept)",
        (_, false) => "  (text removed by the limits)",
        (_, true) => "",
    }
}

/// Prints the text of a version; what is known of it goes to standard error, so that the text can be stored in a file.
pub fn version_text(
    (out, err): (&mut dyn Write, &mut dyn Write),
    shown: &Shown,
    paper: Paper,
) -> io::Result<()> {
    let Kept { id, link, hash, .. } = &shown.kept;
    paper.line(err, "", &format!("version {id}: {}", line(&shown.kept)))?;
    writeln!(err, "  hash      {}\n  link      {}", escaped(hash), escaped(link))?;
    if !shown.fits {
        version_altered_text(err, shown, paper)?;
    }
    match &shown.file() {
        Some(file) => json(out, file),
        None => writeln!(err, "  There was no document."),
    }
}

/// Warns that a version is not the one that was kept.
pub fn version_altered_text(err: &mut dyn Write, shown: &Shown, paper: Paper) -> io::Result<()> {
    let id = shown.kept.id;
    let text = format!("version {id} was changed after it was kept, or the versions after it were");
    paper.line(err, "warning: ", &text)?;
    writeln!(err, "  next: what was changed: clearance approvals versions --verify")
}

/// Prints the result of checking the chain.
pub fn verified_text(out: &mut dyn Write, verified: &Verification) -> io::Result<()> {
    for broken in &verified.problems {
        writeln!(out, "broken: {}", words(broken))?;
    }
    let removed = match verified.removed {
        0 => String::new(),
        1 => "; 1 text was removed by the limits".to_owned(),
        more => format!("; {more} texts were removed by the limits"),
    };
    let versions = if verified.versions == 1 {
        "1 version".to_owned()
    } else {
        format!("{} versions", verified.versions)
    };
    let result = if verified.is_whole() { "The chain is whole" } else { "The chain is broken" };
    writeln!(out, "{result}: {versions}{removed}.")?;
    if let Some((id, link)) = &verified.head {
        writeln!(out, "  newest    {id}\n  link      {}", escaped(link))?;
    }
    Ok(())
}

fn words(broken: &Broken) -> String {
    match broken {
        Broken::Missing { from, to } if from == to => format!("version {from} is missing"),
        Broken::Missing { from, to } => format!("versions {from} to {to} are missing"),
        Broken::Changed(id) => format!("version {id} was changed after it was kept"),
        Broken::Text(id) => format!("the text of version {id} was changed after it was kept"),
        Broken::TextMissing(id) => format!("the text of version {id} was removed, and not by the limits"),
        Broken::Damage(cause) => format!("the database is damaged: {}", escaped(cause)),
    }
}
