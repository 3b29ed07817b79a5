//! Plans and the reports of purges.

use std::io::{self, Write};

use anstyle::Style;

use super::super::escape::{Paper, escaped, name, shortened, text};
use super::notes::{COMPARED, alone_text, denied_before, remarks, undecided_text, wider_text};
use super::{DUPLICATE, Layout, SOON, command, counted, expires_soon, head, length, span};
use crate::queue::Prompt;
use crate::queue::report::{Entry, Failure, Outcome};
use crate::report::queue::{
    Asked, Dedupe, Emptied, Planned, PlannedGroup, Round, STILL_LISTED, denial, skip_reason, survivor as kept,
};

/// The length of a plan, in lines, from which its denials are repeated, so that they are visible above the question.
const SHORT: usize = 10;
/// The maximum number of repeated groups.
const REPEATED: usize = 4;

/// Prints a plan.
pub fn plan_text(out: &mut dyn Write, gateway: &str, planned: &Planned, layout: Layout) -> io::Result<()> {
    let Planned { groups, duplicates, prompts, now_ms, legacy, beside } = planned;
    let paper = layout.paper;
    let below = |out: &mut dyn Write| {
        wider_text(out, paper, beside.wider)?;
        alone_text(out, paper, &beside.alone)?;
        undecided_text(out, paper, beside.undecided)
    };
    if *duplicates == 0 {
        let found = if beside.undecided == 0 { "No duplicates" } else { "No duplicate is certain" };
        let text = format!("{}: {found} ({} pending).", name(gateway), counted(*prompts, "prompt"));
        paper.line(out, "", &text)?;
        return below(out);
    }
    let mut plan = Vec::new();
    let summary = format!(
        "{}: {} in {} ({} pending); one of each group is kept",
        name(gateway),
        counted(*duplicates, "duplicate"),
        counted(groups.len(), "group"),
        counted(*prompts, "prompt"),
    );
    paper.line(&mut plan, "", &summary)?;
    for group in groups {
        group_text(&mut plan, group, *now_ms, layout)?;
    }
    if *legacy {
        let note = "on this gateway each denial starts one agent turn, and the agent may ask again (--settle keeps \
                    cleaning)";
        paper.line(&mut plan, "note: ", note)?;
    }
    if groups.iter().any(|group| group.survivor.denied_before.is_some()) {
        paper.line(&mut plan, "note: ", COMPARED)?;
    }
    below(&mut plan)?;
    out.write_all(&plan)?;
    if plan.split(|byte| *byte == b'\n').nth(SHORT + 1).is_some() {
        let groups: Vec<(&Prompt, usize)> =
            groups.iter().map(|group| (&group.survivor.prompt, group.denials.len())).collect();
        repeated_groups(out, "deny", &groups, paper)?;
    }
    Ok(())
}

/// Repeats what is decided, one line per group with the head and tail of the command.
pub(super) fn repeated_groups(
    out: &mut dyn Write,
    verb: &str,
    groups: &[(&Prompt, usize)],
    paper: Paper,
) -> io::Result<()> {
    let room = paper.block_room().unwrap_or(super::LONG);
    for (prompt, count) in groups.iter().take(REPEATED) {
        paper.block(out, &format!("{verb} {count}"), &shortened(&command(prompt), room))?;
    }
    match groups.len().checked_sub(REPEATED) {
        Some(more @ 1..) => paper.line(out, "and ", &counted(more, "more group")),
        _ => Ok(()),
    }
}

fn group_text(out: &mut dyn Write, group: &PlannedGroup, now_ms: u64, layout: Layout) -> io::Result<()> {
    let PlannedGroup { id, survivor, kept: reason, denials } = group;
    let (survivor, denied) = (&survivor.prompt, survivor.denied_before.as_ref());
    let paper = layout.paper;
    let prompts = || denials.iter().map(|(listed, _)| &listed.prompt);
    let ages = || prompts().chain([survivor]).map(|prompt| prompt.age_ms(now_ms));
    let oldest = span(ages().max().unwrap_or_default());
    paper.line(out, &format!("group {id}: "), &format!("{}x, oldest {oldest}", denials.len() + 1))?;
    paper.block(out, "", &command(survivor))?;
    if let Some(length) = length(survivor) {
        paper.block(out, "length", &length)?;
    }
    if let Some(node) = survivor.details.node.as_deref() {
        paper.block(out, "node", &name(node))?;
    }
    if let Some(directory) = survivor.details.cwd.as_deref() {
        paper.block(out, "in", &text(directory))?;
    }
    if let Some(denied) = denied {
        paper.block(out, "denied", &denied_before(denied, now_ms))?;
    }
    let style = if expires_soon(survivor, now_ms) { SOON } else { Style::new() };
    let keep = format!("{}  (kept: {})", head(survivor, now_ms), kept(*reason));
    paper.line_in(out, style, "  keep ", &keep)?;
    if layout.all {
        for (listed, reason) in denials {
            let head = head(&listed.prompt, now_ms);
            paper.line_in(out, DUPLICATE, "  deny ", &format!("{head}  ({})", denial(*reason)))?;
        }
        return Ok(());
    }
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for (_, reason) in denials {
        match reasons.iter_mut().find(|(known, _)| *known == denial(*reason)) {
            Some((_, count)) => *count += 1,
            None => reasons.push((denial(*reason), 1)),
        }
    }
    let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason}: {count}")).collect();
    paper.line(
        out,
        "  deny ",
        &format!("{}  ({}; --all lists each)", counted(denials.len(), "prompt"), reasons.join(", ")),
    )
}

/// Prints the report of a purge, without its plan.
pub fn dedupe_text(out: &mut dyn Write, report: &Dedupe, paper: Paper) -> io::Result<()> {
    let Dedupe { gateway, asked, rounds, totals, problems, partial, notes, pending, .. } = report;
    remarks(out, paper, problems, partial.as_deref(), notes)?;
    // Without duplicates the printed plan is the report.
    if *asked != Asked::Purge || rounds.is_empty() {
        return Ok(());
    }
    for (number, Round { entries, requeued, emptied }) in rounds.iter().enumerate() {
        for Entry { key, outcome, .. } in entries {
            if let Some(trouble) = trouble(outcome) {
                paper.line(out, "  prompt ", &format!("{}: {}", name(&key.id), escaped(&trouble)))?;
            }
        }
        for again in requeued {
            let what = if again.duplicate { "re-requested" } else { "re-requested, and the only one now" };
            paper.line(out, "  prompt ", &format!("{}: {what}", name(again.prompt.id())))?;
        }
        for Emptied { id, survivor } in emptied {
            let what = format!("{} was decided or has expired meanwhile: ", name(survivor.id()));
            paper.line(out, &format!("  group {id} is empty: "), &format!("{what}{}", command(survivor)))?;
        }
        if rounds.len() > 1 {
            let done = entries.iter().filter(|entry| entry.outcome == Outcome::Denied).count();
            let done = if done > 0 { format!("{done} denied") } else { "none denied".to_owned() };
            writeln!(out, "  round {}: {done}", number + 1)?;
        }
    }
    let noted = [
        (totals.already_gone, "already gone"),
        (totals.failed, "failed"),
        (totals.skipped, "skipped"),
        (totals.requeued, "re-requested"),
    ];
    let noted: Vec<String> =
        noted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let noted = if noted.is_empty() { String::new() } else { format!(" {}.", noted.join(", ")) };
    let denied = match totals.denied {
        0 => "Nothing was denied".to_owned(),
        denied => format!("Denied {}", counted(denied, "duplicate")),
    };
    let pending = match *pending {
        0 => String::new(),
        pending => format!("; {} still pending", counted(pending, "prompt")),
    };
    let summary = format!("{}: {denied}{pending}.{noted}", name(gateway));
    paper.line(out, "", &summary)
}

fn trouble(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Denied | Outcome::AlreadyGone => None,
        Outcome::Allowed(decision) => {
            Some(format!("not denied: another client allowed it first ({})", decision.as_str()))
        }
        Outcome::Failed(Failure::Refused(words)) => Some(format!("not denied: {words}")),
        Outcome::Failed(Failure::NoAnswer) => Some("sent, and not answered in time".to_owned()),
        Outcome::Failed(Failure::StillListed) => Some(format!("not denied: {STILL_LISTED}")),
        Outcome::Skipped(why) => Some(format!("skipped: {}", skip_reason(*why))),
    }
}
