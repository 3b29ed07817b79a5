//! Proposals and narrowings of `approvals suggest` as text.

use std::io::{self, Write};

use serde_json::Value;

use super::escape::{Paper, escaped, shortened, text};
use super::explain::release_line;
use super::json::json;
use super::narrow::Look;
use super::snapshot::remarks_text;
use crate::approvals::findings::remark::Remark;
use crate::report::approvals::suggest::{Narrow, Narrowing, Proposal, Refused, Suggested};

/// The longest pattern and command that is printed whole, in columns.
const LONGEST: usize = 200;

/// The most reasons that are listed.
const REASONS: usize = 12;

/// The most problems that are listed.
const PROBLEMS: usize = 10;

/// Prints what was found. `next`: the command that applies it, or that names prompts where none are.
pub fn suggested_text(
    out: &mut dyn Write,
    report: &Suggested,
    next: Option<&str>,
    look: Look,
) -> io::Result<()> {
    let page = Page { look };
    sources(out, page, report)?;
    match &report.narrowings {
        Some(found) => narrowings(out, page, found)?,
        None => proposals(out, page, report)?,
    }
    if let Some(next) = next.filter(|_| report.patch.is_some() || report.sources.is_empty()) {
        page.line(out, "next: ", &escaped(next))?;
    }
    Ok(())
}

/// The question before the document is replaced.
pub fn apply_question(report: &Suggested) -> String {
    let path = escaped(&report.document.path);
    let edits = report.edits();
    let entries = if edits == 1 { "entry" } else { "entries" };
    match report.narrowings {
        Some(_) => format!("Remove or replace {edits} {entries} of {path}?"),
        None => format!("Add {edits} {entries} to {path}?"),
    }
}

/// Prints a document for `approvals set`. If nothing would change, only standard error says so.
pub fn patch((out, err): (&mut dyn Write, &mut dyn Write), patch: Option<&Value>) -> io::Result<()> {
    match patch {
        Some(patch) => json(out, patch),
        None => writeln!(err, "No edits; nothing was printed."),
    }
}

/// Prints what could not be read, and the remarks, on standard error.
pub fn evidence_text(
    err: &mut dyn Write,
    problems: &[String],
    remarks: &[Remark],
    paper: Paper,
) -> io::Result<()> {
    for problem in problems.iter().take(PROBLEMS) {
        paper.line(err, "warning: ", &escaped(problem))?;
    }
    if let Some(more) = problems.len().checked_sub(PROBLEMS).filter(|more| *more > 0) {
        writeln!(err, "warning: {more} more problems")?;
    }
    remarks_text(err, remarks, paper)
}

/// How lines are printed.
#[derive(Clone, Copy)]
struct Page {
    look: Look,
}

impl Page {
    /// A label and a text that is already escaped.
    fn line(self, out: &mut dyn Write, label: &str, marked: &str) -> io::Result<()> {
        self.look.paper.line(out, label, marked)
    }

    /// A field of a proposal.
    fn field(self, out: &mut dyn Write, label: &str, marked: &str) -> io::Result<()> {
        self.line(out, &format!("    {label:<10}"), marked)
    }
}

/// A number with its noun.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

pub(super) fn prompts(count: u64) -> String {
    counted(count, "prompt", "prompts")
}

fn commands(count: usize) -> String {
    counted(u64::try_from(count).unwrap_or(u64::MAX), "command", "commands")
}

fn sources(out: &mut dyn Write, page: Page, report: &Suggested) -> io::Result<()> {
    for source in &report.sources {
        let line = format!("{} ({}, {})", escaped(&source.name), source.form, prompts(source.prompts as u64));
        page.line(out, "source: ", &line)?;
    }
    let path = escaped(&report.document.path);
    page.line(out, "target: ", &path)?;
    page.line(out, "release: ", &release_line(&report.release))
}

fn proposals(out: &mut dyn Write, page: Page, report: &Suggested) -> io::Result<()> {
    let counts = report.counts;
    let edits = report.edits();
    let entries = counted(edits as u64, "entry", "entries");
    writeln!(out)?;
    if edits == 0 {
        page.line(out, "", &format!("No proposals from {}.", prompts(counts.prompts)))?;
    } else {
        let line = format!("{entries} would save {} of {}.", counts.saved, prompts(counts.prompts));
        page.line(out, "", &line)?;
    }
    for agent in &report.agents {
        writeln!(out)?;
        page.line(out, "agent ", &escaped(&agent.agent))?;
        for proposal in &agent.proposals {
            self::proposal(out, page, proposal)?;
        }
    }
    refusals(out, page, &report.refused)?;
    if edits > 0 {
        writeln!(out)?;
        let denied = match counts.denied {
            0 => "No command was denied.".to_owned(),
            1 => "The 1 denied command does not run with them.".to_owned(),
            count => format!("None of the {count} denied commands runs with them."),
        };
        page.line(out, "", &format!("The evaluator decided that every example runs. {denied}"))?;
        let mut expressions = report.agents.iter().flat_map(|agent| &agent.proposals);
        if expressions.any(|proposal| proposal.arg_pattern.contains('\0')) {
            page.line(out, "", "␀ ends an argument; do not copy it, use --apply or --patch.")?;
        }
    }
    Ok(())
}

fn proposal(out: &mut dyn Write, page: Page, proposal: &Proposal) -> io::Result<()> {
    let Proposal { pattern, arg_pattern, fields, examples, commands: count, prompts: saved, allowed } =
        proposal;
    page.line(out, "  ", &shortened(&escaped(pattern), LONGEST))?;
    page.field(out, "arguments", &shortened(&escaped(arg_pattern), LONGEST))?;
    if !fields.is_empty() {
        let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        page.field(out, "varies", &names.join(", "))?;
    }
    let line = format!("{} of {}, {allowed} of them allowed by a person", prompts(*saved), commands(*count));
    page.field(out, "saves", &line)?;
    for example in examples {
        page.field(out, "example", &shortened(&text(example), LONGEST))?;
    }
    Ok(())
}

fn refusals(out: &mut dyn Write, page: Page, refused: &[Refused]) -> io::Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nno entry for")?;
    for Refused { agent, why, commands: count, prompts: asked, examples } in refused.iter().take(REASONS) {
        let example = |example: &String| format!("; for example {}", shortened(&text(example), 80));
        let example = examples.first().map_or_else(String::new, example);
        let line = format!(
            "{} ({}) of agent {}: {}{example}",
            commands(*count),
            prompts(*asked),
            escaped(agent),
            escaped(why)
        );
        page.line(out, "  ", &line)?;
    }
    match refused.len().saturating_sub(REASONS) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more reasons (--json lists all)"),
    }
}

fn narrowings(out: &mut dyn Write, page: Page, found: &[Narrowing]) -> io::Result<()> {
    writeln!(out)?;
    if found.is_empty() {
        return page.line(out, "", "Nothing to narrow.");
    }
    for Narrowing { agent, index, pattern, kind } in found {
        let entry =
            format!("agent {}, entry {index}: {}", escaped(agent), shortened(&escaped(pattern), LONGEST));
        page.line(out, "", &entry)?;
        let line = match kind {
            Narrow::Dead(code) => {
                format!("remove it: it allows nothing on this release, or is a duplicate [{code}]")
            }
            Narrow::Stale { days: Some(days) } => format!("remove it: it was last used {days} days ago"),
            Narrow::Stale { days: None } => {
                "remove it: no use of it is recorded (it may be new: OpenClaw records uses from its first run on)"
                    .to_owned()
            }
            Narrow::Wide { programs } => {
                let listed: Vec<String> = programs.iter().map(|program| escaped(program)).collect();
                format!(
                    "replace it: of its programs only {} used: {}",
                    used(programs.len()),
                    listed.join(", ")
                )
            }
            Narrow::Unknown => "look at it: it matches many programs, and no use of it is known".to_owned(),
            Narrow::AllowsDenied { command } => {
                format!(
                    "look at it: it allows a command that was denied: {}",
                    shortened(&text(command), LONGEST)
                )
            }
        };
        page.line(out, "    ", &line)?;
    }
    Ok(())
}

fn used(count: usize) -> String {
    if count == 1 { "one was".to_owned() } else { format!("{count} were") }
}
