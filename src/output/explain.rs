//! Explanations as text: the verdict first, then everything that leads to it. Text from the command and from the document
//! is escaped, and wrapped behind the gutter.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::escape::{escaped, shortened, text};
use super::narrow::Look;
use crate::approvals::decide::{By, Context, Origin, Verdict};
use crate::report::approvals::explain::{
    ConfigurationUsed, DecidedAs, EntryPlace, Explained, Field, HostUsed, Part,
};
use crate::report::approvals::reasons;

/// The width of the labels.
const LABEL: usize = 14;

/// The longest pattern that is printed whole, in columns.
const PATTERN: usize = 200;

/// Prints an explanation.
pub fn explained_text(out: &mut dyn Write, explained: &Explained, look: Look) -> io::Result<()> {
    let e = explained;
    let page = Page { look };
    let verdict = e.verdict.as_str();
    look.paper.line_in(out, colour(e.verdict), &format!("{verdict}: "), &text(&e.command))?;
    for line in e.sentences().iter().map(|sentence| escaped(sentence)) {
        page.line(out, "why", &line)?;
    }
    for missing in &e.missing {
        page.line(out, "unknown", &escaped(missing))?;
    }
    unanswered(out, page, e)?;
    if e.review {
        page.line(out, "review", "a model reviews the command before a person is asked")?;
    }
    if let Some(started) = &e.started {
        page.line(out, "starts", &text(started))?;
    }
    policy(out, page, e)?;
    parts(out, page, e)?;
    allow(out, page, e)?;
    origins(out, page, e)
}

/// How lines are printed.
#[derive(Clone, Copy)]
struct Page {
    look: Look,
}

impl Page {
    /// A label and a text that is already escaped.
    fn line(self, out: &mut dyn Write, label: &str, marked: &str) -> io::Result<()> {
        self.look.paper.line(out, &format!("  {label:<LABEL$}"), marked)
    }
}

fn colour(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Runs => AnsiColor::Green.on_default().bold(),
        Verdict::Asks | Verdict::Unknown => AnsiColor::Yellow.on_default().bold(),
        Verdict::Denied => AnsiColor::Red.on_default().bold(),
    }
}

fn unanswered(out: &mut dyn Write, page: Page, e: &Explained) -> io::Result<()> {
    let Some((verdict, reason)) = &e.unanswered else { return Ok(()) };
    let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {}", escaped(reason)));
    let line = match verdict {
        Verdict::Runs => "it runs if nobody answers".to_owned(),
        Verdict::Denied => format!("it is denied if nobody answers{reason}"),
        Verdict::Asks | Verdict::Unknown => format!("unknown{reason}"),
    };
    page.line(out, "unanswered", &line)
}

fn policy(out: &mut dyn Write, page: Page, e: &Explained) -> io::Result<()> {
    if e.policy.is_empty() {
        return Ok(());
    }
    writeln!(out, "\npolicy of agent {}", shortened(&escaped(&e.agent), PATTERN))?;
    let is_assumed = matches!(e.configuration, ConfigurationUsed::Unknown(_));
    for field in &e.policy {
        let note = if is_assumed { "; the gateway's configuration may be stricter" } else { "" };
        let from = origin(field, &e.document.path);
        page.line(out, field.name, &format!("{:<9}  {from}{note}", field.value))?;
    }
    Ok(())
}

/// Where a field of a policy comes from.
pub(super) fn origin(field: &Field, document: &str) -> String {
    match &field.origin {
        Origin::Document(key) => match field.position {
            Some(at) => format!("{} ({}:{}:{})", escaped(key), escaped(document), at.line, at.column),
            None => escaped(&reasons::origin(&field.origin)),
        },
        origin => escaped(&reasons::origin(origin)),
    }
}

fn parts(out: &mut dyn Write, page: Page, e: &Explained) -> io::Result<()> {
    for (index, part) in e.parts.iter().enumerate() {
        writeln!(out)?;
        page.look.paper.line(out, &format!("part {}  ", index + 1), &text(&part.text))?;
        if let Some(effective) = &part.effective {
            page.line(out, "judged as", &text(&effective.join(" ")))?;
        }
        page.line(out, "program", &program(part, &e.host))?;
        page.line(out, "allowed by", &allowed_by(part, e))?;
        if let Some(never) = &part.never {
            page.line(out, "never", &format!("no entry can allow it: {}", escaped(never)))?;
        }
        for (entry, why) in &part.near {
            page.line(out, "near miss", &format!("{}: {}", place(entry, &e.document.path), escaped(why)))?;
        }
    }
    Ok(())
}

fn program(part: &Part, host: &HostUsed) -> String {
    match (&part.resolved, &part.real) {
        (None, None) if part.is_unknown => match host {
            HostUsed::Table(name) => format!("unknown: not listed in {}", escaped(name)),
            HostUsed::Here | HostUsed::Unknown => "unknown: the host's files are unknown".to_owned(),
        },
        (Some(resolved), Some(real)) if resolved != real => {
            format!("{}, a link to {}", escaped(resolved), escaped(real))
        }
        (Some(path), _) | (None, Some(path)) => escaped(path),
        (None, None) => match host {
            HostUsed::Here => "not found in PATH".to_owned(),
            HostUsed::Table(name) => format!("not found, according to {}", escaped(name)),
            HostUsed::Unknown => "not found".to_owned(),
        },
    }
}

fn allowed_by(part: &Part, e: &Explained) -> String {
    let document = &e.document.path;
    let is_full = e.policy.iter().any(|field| field.name == "security" && field.value == "full");
    let by = match part.by {
        None if part.is_unknown => return "unknown".to_owned(),
        None if is_full => return "no entry, and none is needed: security is full".to_owned(),
        // A release looks at no entry then.
        None if e.not_analysable.is_some() => {
            return "not checked: the command as a whole cannot be analysed".to_owned();
        }
        None => return "nothing".to_owned(),
        Some(By::Allowlist) => "",
        Some(By::Durable) => "an \"Allow always\" approval: ",
        Some(By::SafeBins) => "the safe bins: no entry is needed",
        Some(By::Builtin) => "the shell, as a builtin: no entry is needed",
        Some(By::InlineChain) => "the entries for the commands inside",
        Some(By::Skills) => "the entry of its skill's wrapper",
    };
    match &part.entry {
        Some(entry) => format!("{by}{}", place(entry, document)),
        None if by.is_empty() => "an entry".to_owned(),
        None => by.trim_end_matches(": ").to_owned(),
    }
}

/// An entry and its place.
fn place(entry: &EntryPlace, document: &str) -> String {
    let pattern = entry.pattern.as_deref().map_or_else(|| "?".to_owned(), escaped);
    let mut shown = shortened(&pattern, PATTERN);
    if let Some(arguments) = &entry.arg_pattern {
        shown = format!("{shown} argPattern {}", shortened(&escaped(arguments), PATTERN));
    }
    let agent = escaped(&entry.agent);
    match entry.position {
        Some(at) => format!("{shown} ({}:{}:{})", escaped(document), at.line, at.column),
        None => format!("{shown} (entry {} of agent {agent})", entry.index),
    }
}

fn allow(out: &mut dyn Write, page: Page, e: &Explained) -> io::Result<()> {
    if e.allow.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nIt would run with:")?;
    for allow in &e.allow {
        // A command to paste is not wrapped.
        writeln!(out, "  {}", escaped(&allow.command))?;
    }
    if e.allow.iter().any(|allow| allow.arg_pattern.is_none()) {
        page.line(
            out,
            "note",
            &format!(
                "{} ignores argPattern: this allows the program with any arguments",
                e.release.profile.release()
            ),
        )?;
    }
    Ok(())
}

fn origins(out: &mut dyn Write, page: Page, e: &Explained) -> io::Result<()> {
    writeln!(out)?;
    let place = e.document.place.as_deref().map_or_else(String::new, |place| format!("{} ", escaped(place)));
    let state = match (e.document.exists, e.document.problems) {
        (false, _) => " (none)",
        (true, 0) => "",
        (true, _) => " (not valid)",
    };
    page.line(out, "document", &format!("{place}{}{state}", escaped(&e.document.path)))?;
    page.line(out, "configuration", &configuration(&e.configuration))?;
    page.line(
        out,
        "programs",
        &match &e.host {
            HostUsed::Here => "the files of this host".to_owned(),
            HostUsed::Table(name) => escaped(name),
            HostUsed::Unknown => "unknown: list them with --programs FILE".to_owned(),
        },
    )?;
    release(out, page, &e.release)?;
    if e.context == Context::Cron {
        page.line(out, "context", "a cron job: nobody can answer")?;
    }
    for assumption in &e.assumptions {
        page.line(out, "assumed", &escaped(assumption))?;
    }
    page.line(out, "not covered", "session overrides (/exec), elevated runs, plugin hooks")
}

/// Which configuration was read.
pub(super) fn configuration(used: &ConfigurationUsed) -> String {
    match used {
        ConfigurationUsed::File(path) => escaped(path),
        ConfigurationUsed::Absent(path) => format!("none: {} does not exist", escaped(path)),
        ConfigurationUsed::Gateway => "the gateway's own".to_owned(),
        ConfigurationUsed::Unknown(why) => format!("unknown: {}", escaped(why)),
    }
}

/// The release that decides, and whether it is proven.
pub(super) fn release_line(release: &DecidedAs) -> String {
    let (name, measured) = (escaped(&release.release), release.profile.release());
    let decided = if name == measured { String::new() } else { format!(", decided as {measured}") };
    let proven = match &release.proof {
        Some(proof) if proof.disagreements == 0 => {
            format!(
                "proven: its own code agrees on {} generated cases ({})",
                proof.cases,
                escaped(&proof.date)
            )
        }
        Some(proof) => format!(
            "not proven: its own code disagrees on {} of {} cases ({})",
            proof.disagreements,
            proof.cases,
            escaped(&proof.date)
        ),
        None => "not proven: its own code was not compared".to_owned(),
    };
    format!("{name}{decided} ({}); {proven}", escaped(&release.from))
}

fn release(out: &mut dyn Write, page: Page, release: &DecidedAs) -> io::Result<()> {
    page.line(out, "release", &release_line(release))
}
