//! The lines of `approvals watch`: JSON objects, or short lines for people.

use std::io::{self, Write};

use super::diff::described;
use super::escape::{Paper, escaped, text};
use super::json::line;
use super::notes::minute;
use super::wider::reason;
use crate::approvals::compare::changes::Change as Difference;
use crate::report::approvals::Expired;
use crate::report::watch::{Change, Event, How, Line, Writer, object};

/// The most differences and widenings that are listed for a change; machine output has all.
const LISTED: usize = 10;

/// Prints a line as JSON.
pub fn watch_ndjson(out: &mut dyn Write, printed: &Line) -> io::Result<()> {
    line(out, &object(printed))
}

/// Prints a line for people, with the differences of a change below it.
pub fn watch_text(out: &mut dyn Write, printed: &Line, paper: Paper) -> io::Result<()> {
    let time = crate::report::instant(printed.at_ms);
    let time = time.get(11..19).unwrap_or_default();
    let target =
        if printed.target.is_empty() { String::new() } else { format!("{}: ", escaped(&printed.target)) };
    paper.line(out, &format!("{time}  "), &format!("{target}{}", words(&printed.event)))?;
    match &printed.event {
        Event::Changed(change) => details(out, change, paper),
        _ => Ok(()),
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Started { targets, metrics } => {
            let documents =
                if *targets == 1 { "1 document".to_owned() } else { format!("{targets} documents") };
            let metrics = metrics.as_ref().map_or_else(String::new, |url| format!("; metrics at {url}"));
            format!("watching {documents}{metrics}")
        }
        Event::Watching { how, hash, exists } => {
            let how = match how {
                How::Events => "by events of the file system",
                How::Polling => "by looking at the file every second: the file system reports no events",
                How::Interval => "by asking the gateway",
            };
            let document = if *exists { format!("hash {}", short(hash)) } else { "no document".to_owned() };
            format!("watched {how}; {document}")
        }
        Event::Changed(change) => changed(change),
        Event::Restored { version, hash } => {
            let version =
                version.map_or_else(|| "the last document".to_owned(), |id| format!("version {id}"));
            format!("restored {version}; hash {}", short(hash))
        }
        Event::NotRestored(cause) => format!("could not restore the last version: {}", escaped(cause)),
        Event::Expired(Expired { entry, result }) => {
            let (agent, pattern) = (escaped(&entry.agent), escaped(&entry.pattern));
            let over = entry.until_ms.map(minute).unwrap_or_default();
            match result {
                Ok(_) => format!("removed {pattern} of agent {agent}: its time was over at {over}"),
                Err(cause) => format!(
                    "could not remove {pattern} of agent {agent}, whose time was over at {over}: {}",
                    escaped(cause)
                ),
            }
        }
        Event::Unreadable { cause, remedy, retry_ms } => {
            let next = remedy.as_deref().map(|remedy| remedy.replace('\n', "; "));
            let next = next.map_or_else(String::new, |remedy| format!(" (next: {})", escaped(&remedy)));
            format!("cannot be read, next try in {} ms: {}{next}", retry_ms, escaped(cause))
        }
        Event::Readable => "can be read again".to_owned(),
        Event::NotKept(cause) => escaped(cause),
        Event::Reloading => "reading configuration and secrets again".to_owned(),
        Event::NotReloaded(cause) => {
            format!("kept the configuration that was read before: {}", escaped(cause))
        }
        Event::HookFailed { hook, of, cause } => {
            format!("{} failed for the event {of}: {}", escaped(hook), escaped(cause))
        }
        Event::Failed { retry_ms } => {
            format!("a bug in clearance ended the watch; it starts again in {retry_ms} ms. Please report it")
        }
        Event::Dropped(lines) => format!("{lines} lines are missing here: they were not read in time"),
        Event::Stopping => "stopping".to_owned(),
        Event::Stopped => "stopped".to_owned(),
    }
}

fn changed(change: &Change) -> String {
    let what = match (change.vanished, change.unreadable) {
        (true, _) => "the document vanished",
        (false, true) => "changed to a text that is not JSON",
        (false, false) => "changed",
    };
    let who = match change.writer {
        Writer::Verb(verb) => format!("by clearance {verb}"),
        Writer::Answer => "by an answer \"Allow always\"".to_owned(),
        Writer::Unknown => "writer unknown".to_owned(),
    };
    let earlier = if change.earlier { ", before this watch began" } else { "" };
    let versions = match (change.from, change.to) {
        (Some(from), Some(to)) => format!("; versions {from} and {to}"),
        (None, Some(to)) => format!("; version {to}"),
        (_, None) => "; not kept".to_owned(),
    };
    let wider = match &change.wider {
        Some(wider) if wider.is_wider() => "; allows more than before",
        Some(_) => "",
        None => "; not compared for what it allows",
    };
    format!("{what}, {who}{earlier}{versions}{wider}")
}

fn details(out: &mut dyn Write, change: &Change, paper: Paper) -> io::Result<()> {
    let differences = &change.changes.policy;
    for Difference { path, before, after } in differences.iter().take(LISTED) {
        let path = escaped(&path.to_string());
        let value = |value: &serde_json::Value| described(value, &["pattern"]);
        let (mark, shown) = match (before, after) {
            (Some(before), Some(after)) => ('~', format!("{} -> {}", value(before), value(after))),
            (None, Some(after)) => ('+', value(after)),
            (Some(before), None) => ('-', value(before)),
            (None, None) => continue,
        };
        paper.line(out, &format!("          {mark} "), &format!("{path}: {shown}"))?;
    }
    let more = differences.len().saturating_sub(LISTED) + change.changes.omitted;
    if more > 0 {
        writeln!(out, "          and {more} more changes")?;
    }
    let Some(wider) = &change.wider else { return Ok(()) };
    for found in wider.found.iter().take(LISTED) {
        paper.line(out, "          wider: ", &reason(found))?;
        if let Some(witness) = &found.witness {
            paper.line(out, "            runs ", &text(&witness.command))?;
        }
    }
    match wider.found.len().saturating_sub(LISTED) + wider.omitted {
        0 => Ok(()),
        more => writeln!(out, "          and {more} more findings"),
    }
}

fn short(hash: &str) -> String {
    escaped(hash.get(..12).unwrap_or(hash))
}
