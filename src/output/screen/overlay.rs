//! What covers the list: the keys, the full text of a prompt, and questions.

use std::io;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::escape::{Paper, columns, escaped, excerpt, name, padded, text};
use super::super::queue::prompt_text;
use super::super::run::{cancel_plan_text, cancel_question};
use super::frame::{BOLD, PLAIN, put};
use super::painter::{Painter, Source, What};
use super::{proposals, words};
use crate::queue::Decision;
use crate::queue::Kind;
use crate::queue::clock::SteadyTime;
use crate::queue::filter::subject;
use crate::queue::triage::{
    Act, BINDINGS, Drawn, Fact, Mode, NewEntry, Question, Row, RowId, Triage, Verdict,
};

impl Painter {
    /// Draws an overlay, from a line of its text.
    pub(super) fn overlay(
        &mut self,
        buffer: &mut Buffer,
        area: Rect,
        triage: &Triage,
        now: SteadyTime,
        (scroll, again_ms): (usize, Option<u64>),
    ) -> Drawn {
        let Some(what) = what(triage) else { return Drawn { again_ms, ..Drawn::default() } };
        let lead = triage.current().and_then(Row::lead).map(|lead| lead.key.clone());
        let source = Source { what, width: area.width, lead, counts: triage.counts() };
        let paper = Paper { width: Some(usize::from(area.width)), styled: false };
        let kept = self.text.take().filter(|(of, _)| *of == source);
        // Writing to memory cannot fail.
        let (source, lines) = kept.unwrap_or_else(|| (source, lines(triage, now, paper).unwrap_or_default()));
        let asked = question(triage);
        let asked_lines = asked.as_deref().map_or(0, |asked| wrapped(asked, usize::from(area.width)).len());
        let height = usize::from(area.height).saturating_sub(asked_lines).max(1);
        let beyond = lines.len().saturating_sub(height);
        let from = scroll.min(beyond);
        for (at, line) in lines.iter().skip(from).take(height).enumerate() {
            let hidden = lines.len().saturating_sub(from + height);
            let more = (at + 1 == height && hidden > 0 && height > 1)
                .then(|| format!("… {} more: j shows them", words::counted(hidden + 1, "line")));
            put(buffer, area, u16::try_from(at).unwrap_or(u16::MAX), more.as_deref().unwrap_or(line), PLAIN);
        }
        for (at, line) in asked.iter().flat_map(|asked| wrapped(asked, usize::from(area.width))).enumerate() {
            put(buffer, area, u16::try_from(height + at).unwrap_or(u16::MAX), &line, BOLD);
        }
        self.text = Some((source, lines));
        Drawn { fit: height, beyond, again_ms }
    }
}

fn what(triage: &Triage) -> Option<What> {
    Some(match triage.mode() {
        Mode::Help { .. } => What::Help,
        Mode::Text { .. } => What::Text,
        Mode::Question { question, .. } => match question {
            Question::Always(row, _) => What::Always(triage.facts(row).map(|facts| facts.verdict.clone())),
            Question::Tagged(act) => What::Tagged(*act),
            Question::Cancel { ticket, plan, .. } => What::Cancel(*ticket, plan.is_some()),
            Question::Entries { ticket, found, .. } => What::Entries(*ticket, *found != Fact::Asked),
            Question::Quit => What::Quit,
        },
        Mode::List | Mode::Filter | Mode::Ending => return None,
    })
}

/// The question, which says what a yes does.
fn question(triage: &Triage) -> Option<String> {
    let Mode::Question { question, .. } = triage.mode() else { return None };
    Some(match question {
        Question::Always(row, _) => {
            let lead = triage.row(row).and_then(Row::lead);
            let command = lead.map_or_else(String::new, |lead| excerpt(subject(lead), 60).0);
            if lead.is_some_and(|lead| lead.is_of_cron_job()) {
                format!("Let this job run it from now on without a prompt: {command}? [y/N]")
            } else if lead.is_some_and(|lead| lead.kind() != Kind::Exec) {
                format!("Always allow this: {command}? [y/N]")
            } else {
                format!("Always allow, and let the gateway add entries: {command}? [y/N]")
            }
        }
        Question::Tagged(act) => {
            let (rows, prompts) = tagged(triage, *act);
            let what = if *act == Act::DenyDuplicates { "duplicate" } else { "prompt" };
            format!("Deny {} of {}? [y/N]", words::counted(prompts, what), words::counted(rows, "group"))
        }
        Question::Cancel { plan: None, .. } => "Planning what would be cancelled …".to_owned(),
        Question::Cancel { plan: Some(plan), .. } => format!("{} [y/N]", cancel_question(plan)),
        Question::Entries { gateway, found, .. } => return proposals::question(triage, *gateway, found),
        Question::Quit => {
            let left = words::counted(triage.unsent(), "decision");
            format!("{left} not sent yet. s sends and quits, d drops and quits, escape goes back.")
        }
    })
}

/// A question on as many lines as it needs. Further lines are indented.
fn wrapped(question: &str, width: usize) -> Vec<String> {
    let mut out = Vec::new();
    let paper = Paper { width: Some(width), styled: false };
    // Writing to memory cannot fail.
    drop(paper.line(&mut out, "", question));
    String::from_utf8_lossy(&out).lines().map(str::to_owned).collect()
}

/// How many groups and prompts a decision on the tagged rows is about.
fn tagged(triage: &Triage, act: Act) -> (usize, usize) {
    let targets = triage.tagged_targets(act);
    (targets.len(), targets.iter().map(|target| target.prompts.len()).sum())
}

fn lines(triage: &Triage, now: SteadyTime, paper: Paper) -> io::Result<Vec<String>> {
    let mut out = Vec::new();
    match triage.mode() {
        Mode::Help { .. } => return Ok(keys(paper)),
        Mode::Text { .. } => {
            if let Some(row) = triage.current() {
                full_text(&mut out, triage, row, now, paper)?;
            }
        }
        Mode::Question { question: Question::Always(row, _), .. } => {
            always_text(&mut out, triage, row, now, paper)?;
        }
        Mode::Question { question: Question::Tagged(act), .. } => tagged_text(&mut out, triage, *act, paper)?,
        Mode::Question { question: Question::Cancel { plan: Some(plan), .. }, .. } => {
            let layout = super::super::queue::Layout { paper, full: false, all: false };
            cancel_plan_text(&mut out, plan, layout)?;
        }
        Mode::Question { question: Question::Entries { gateway, found, .. }, .. } => {
            proposals::lines(&mut out, triage, *gateway, found, paper)?;
        }
        Mode::Question { question: Question::Quit, .. } => unsent_text(&mut out, triage, paper)?,
        Mode::Question { .. } | Mode::List | Mode::Filter | Mode::Ending => {}
    }
    Ok(String::from_utf8_lossy(&out).lines().map(|line| format!("{line:<1}")).collect())
}

/// The keys, in two columns if they fit.
fn keys(paper: Paper) -> Vec<String> {
    const KEY: usize = 12;
    let line =
        |binding: &crate::queue::triage::Binding| format!("  {}{}", padded(binding.shown, KEY), binding.help);
    let lines: Vec<String> = BINDINGS.iter().map(line).collect();
    let wide = lines.iter().map(|line| columns(line)).max().unwrap_or_default() + 2;
    if paper.width.is_none_or(|width| width < 2 * wide) {
        return lines;
    }
    let half = lines.len().div_ceil(2);
    let beside = |at: usize| lines.get(half + at).map_or("", String::as_str);
    (0..half).map(|at| format!("{}{}", padded(&lines[at], wide), beside(at))).collect()
}

/// Everything that the gateway lists about the shown prompt, and the ids of the others of its row.
fn full_text(out: &mut Vec<u8>, triage: &Triage, row: &Row, now: SteadyTime, paper: Paper) -> io::Result<()> {
    let Some(lead) = row.lead() else { return Ok(()) };
    prompt_text(out, lead, triage.gateway_now(row.id.gateway, now).as_ms(), paper)?;
    let others = row.members.iter().filter(|member| member.prompt.key != lead.key);
    for member in others {
        paper.block(out, "also", &name(member.prompt.id()))?;
    }
    Ok(())
}

/// What is known of the entries that an allow-always would write.
fn always_text(
    out: &mut Vec<u8>,
    triage: &Triage,
    row: &RowId,
    now: SteadyTime,
    paper: Paper,
) -> io::Result<()> {
    let Some(row) = triage.row(row) else { return Ok(()) };
    let Some(lead) = row.lead() else { return Ok(()) };
    let agent = lead.agent.as_deref().map_or_else(|| "-".to_owned(), name);
    if lead.is_of_cron_job() {
        paper.line(out, "", "The gateway adds no entry. It mints a standing grant:")?;
        paper.block(out, "agent", &agent)?;
        paper.block(out, "bound", "to this job, this command and this directory")?;
        paper.block(out, "undo", "clearance grants ls, then clearance grants revoke ID")?;
        return full_text(out, triage, row, now, paper);
    }
    if lead.kind() != Kind::Exec {
        paper.line(
            out,
            "",
            "The gateway adds no entry for a command. It may allow this tool for the agent.",
        )?;
        paper.block(out, "agent", &agent)?;
        let undo = "clearance approvals allowlist remove-tool SERVER TOOL --agent AGENT --gateway=GATEWAY";
        paper.block(out, "undo", undo)?;
        return full_text(out, triage, row, now, paper);
    }
    let verdict = triage.facts(&row.id).map(|facts| &facts.verdict);
    match verdict {
        Some(Fact::Known(Verdict { always: Ok(entries), release, .. })) => {
            paper.line(out, "", &format!("The gateway ({}) adds these entries:", escaped(release)))?;
            paper.block(out, "agent", &agent)?;
            for NewEntry { pattern, arg_pattern } in entries {
                paper.block(out, "pattern", &text(pattern))?;
                if let Some(arg_pattern) = arg_pattern {
                    paper.block(out, "args", &text(arg_pattern))?;
                }
            }
            paper.block(out, "bound", "to these arguments and this directory, by their hash")?;
        }
        Some(Fact::Known(Verdict { always: Err(why), .. }) | Fact::Unknown(why)) => {
            paper.line(out, "", "The gateway chooses the entries, and clearance cannot say which:")?;
            paper.block(out, "because", &escaped(why))?;
            paper.block(out, "agent", &agent)?;
            let program = lead.details.resolved_path.as_deref();
            if let Some(program) = program {
                paper.block(out, "program", &text(program))?;
            }
            paper.block(
                out,
                "bound",
                "from 2026.8.1 to the arguments and the directory; on earlier releases to neither",
            )?;
        }
        None | Some(Fact::Asked) => {
            paper.line(out, "", "The gateway adds the entries itself; looking up which …")?;
            paper.block(out, "agent", &agent)?;
        }
    }
    paper.block(out, "source", Decision::AllowAlways.as_str())?;
    let undo = "clearance approvals allowlist remove PATTERN --source allow-always --agent AGENT";
    paper.block(out, "undo", &format!("{undo} --gateway=GATEWAY"))?;
    full_text(out, triage, row, now, paper)
}

fn tagged_text(out: &mut Vec<u8>, triage: &Triage, act: Act, paper: Paper) -> io::Result<()> {
    for target in triage.tagged_targets(act) {
        let Some(lead) = target.prompts.first() else { continue };
        let agent = lead.agent.as_deref().map_or_else(|| "-".to_owned(), name);
        let kept =
            target.kept.as_ref().map_or_else(String::new, |kept| format!("; keeps {}", name(kept.id())));
        paper.line(out, "  deny ", &format!("{}x of agent {agent}{kept}", target.prompts.len()))?;
        let room = paper.block_room().unwrap_or(80);
        paper.block(out, "", &excerpt(subject(lead), room).0)?;
    }
    Ok(())
}

/// The decisions that are not sent yet.
fn unsent_text(out: &mut Vec<u8>, triage: &Triage, paper: Paper) -> io::Result<()> {
    for (order, _) in triage.waiting() {
        if let Act::AddEntries { entries, .. } = order.act {
            paper.line(out, "  add ", &words::entries(entries))?;
        }
        for target in &order.targets {
            let Some(first) = target.prompts.first() else { continue };
            let count = target.prompts.len();
            let what = format!("{}x: {}", count, excerpt(subject(first), paper.block_room().unwrap_or(80)).0);
            paper.line(out, &format!("  {} ", words::verb(order.act).to_lowercase()), &what)?;
        }
    }
    Ok(())
}
