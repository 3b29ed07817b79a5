//! Decisions on several prompts: the plan, the question and the report.

use std::io::{self, Write};

use super::super::escape::{Paper, escaped, name};
use super::decision::{already, decided, prompt_text};
use super::purge::repeated_groups;
use super::{Layout, command, counted, folded, head, remarks};
use crate::queue::{Decision, Prompt};
use crate::report::queue::{DecisionPlan, Decisions, Ended};

/// The length of a plan, in lines, from which its prompts are repeated before the question.
const SHORT: usize = 10;
/// The number of outcomes up to which each has a line.
const FEW: usize = 20;

/// Prints a plan. A denial shows one row for equal prompts; an allowance shows each prompt whole.
pub fn decisions_plan_text(out: &mut dyn Write, plan: &DecisionPlan, layout: Layout) -> io::Result<()> {
    let DecisionPlan { gateway, decision, prompts, others, now_ms, legacy, problems, partial, .. } = plan;
    let paper = layout.paper;
    if prompts.is_empty() {
        nothing_text(out, plan, paper)?;
        return remarks(out, paper, problems, partial.as_deref(), &[]);
    }
    let beside = match others {
        0 => String::new(),
        1 => " (1 other is pending)".to_owned(),
        others => format!(" ({others} others are pending)"),
    };
    let summary =
        format!("{}: {} {}{beside}", name(gateway), verb(*decision), counted(prompts.len(), "prompt"));
    paper.line(out, "", &summary)?;
    if *decision == Decision::Deny {
        rows_text(out, "deny", (prompts, *now_ms), *legacy, layout)?;
    } else {
        for prompt in prompts {
            prompt_text(out, prompt, *now_ms, paper)?;
            writeln!(out)?;
        }
        let each: Vec<(&Prompt, usize)> = prompts.iter().map(|prompt| (prompt, 1)).collect();
        repeated_groups(out, "allow", &each, paper)?;
    }
    remarks(out, paper, problems, partial.as_deref(), &[])
}

fn nothing_text(out: &mut dyn Write, plan: &DecisionPlan, paper: Paper) -> io::Result<()> {
    for id in &plan.decided_before {
        paper.line(out, already(plan.decision), &name(id))?;
    }
    match (plan.by_filter, plan.others) {
        (false, _) => Ok(()),
        (true, 0) => paper.line(out, "", "Nothing is pending."),
        (true, 1) => paper.line(out, "", "No pending prompt matches the filter (1 other is pending)."),
        (true, others) => {
            let text = format!("No pending prompt matches the filter ({others} others are pending).");
            paper.line(out, "", &text)
        }
    }
}

/// Prints the rows of a plan, one for equal prompts, and repeats them if they are many. `turns`: whether each denial
/// starts an agent turn.
pub(in crate::output) fn rows_text(
    out: &mut dyn Write,
    verb: &str,
    (prompts, now_ms): (&[Prompt], u64),
    turns: bool,
    layout: Layout,
) -> io::Result<()> {
    let paper = layout.paper;
    let mut rows = Vec::new();
    let groups = folded(prompts, layout.all);
    for (prompt, count) in &groups {
        let more = if *count > 1 { format!("  ({count}x; --all lists each)") } else { String::new() };
        paper.line(&mut rows, &format!("  {verb} "), &format!("{}{more}", head(prompt, now_ms)))?;
        paper.block(&mut rows, "", &command(prompt))?;
    }
    out.write_all(&rows)?;
    if turns {
        let text = "on this gateway each denial starts one agent turn, and the agent may ask again";
        paper.line(out, "  note: ", text)?;
    }
    if rows.split(|byte| *byte == b'\n').nth(SHORT + 1).is_some() {
        repeated_groups(out, verb, &groups, paper)?;
    }
    Ok(())
}

/// The question before several decisions.
pub fn decisions_question(plan: &DecisionPlan) -> String {
    let prompts = counted(plan.prompts.len(), "prompt");
    match plan.decision {
        Decision::Deny => format!("Deny {prompts}?"),
        Decision::AllowOnce => format!("Allow {prompts} this one time?"),
        Decision::AllowAlways => format!("Allow {prompts}, and add an entry or a standing grant for each?"),
    }
}

/// Prints the report of several decisions, without the plan.
pub fn decisions_text(out: &mut dyn Write, report: &Decisions, layout: Layout) -> io::Result<()> {
    let Decisions { plan, carried_out, outcomes, pending, unseen, entry: _ } = report;
    let paper = layout.paper;
    if !carried_out {
        if plan.prompts.is_empty() {
            return Ok(());
        }
        return paper.line(out, "", "dry run: nothing was decided");
    }
    let each = layout.all || outcomes.len() <= FEW;
    for (key, ended) in outcomes {
        let prompt = plan.prompts.iter().find(|prompt| prompt.key == *key);
        let shown = prompt.map_or_else(String::new, |prompt| {
            let agent =
                prompt.agent.as_deref().map_or_else(String::new, |agent| format!(" ({})", name(agent)));
            format!("{agent}: {}", command(prompt))
        });
        let id = name(&key.id);
        match ended {
            Ended::Decided if each => paper.line(out, decided(plan.decision), &format!("{id}{shown}"))?,
            Ended::Before if each => paper.line(out, already(plan.decision), &format!("{id}{shown}"))?,
            Ended::Gone if each || plan.decision != Decision::Deny => {
                paper.line(out, "Already gone: ", &format!("{id}{shown}"))?;
            }
            Ended::Decided | Ended::Before | Ended::Gone => {}
            ended => {
                let why = escaped(ended.reason().unwrap_or_default());
                let what = match ended {
                    Ended::Otherwise(_) => format!("{id}: another client decided it first ({why})"),
                    _ => format!("{id}: {why}"),
                };
                paper.line(out, "Not decided: ", &what)?;
            }
        }
    }
    for id in &plan.decided_before {
        paper.line(out, already(plan.decision), &name(id))?;
    }
    if let Some(unseen) = unseen {
        paper.line(out, "note: the prompts could not be listed again: ", &escaped(unseen))?;
    }
    let noted: Vec<String> = [
        (report.count("already-decided") + plan.decided_before.len(), "already decided"),
        (report.count("gone"), "already gone"),
        (report.count("decided-otherwise"), "decided otherwise"),
        (report.count("changed"), "changed"),
        (report.count("failed"), "failed"),
        (report.count("not-tried"), "skipped"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    let noted = if noted.is_empty() { String::new() } else { format!(" {}.", noted.join(", ")) };
    let left = pending.filter(|left| *left > 0);
    let left = left.map_or_else(String::new, |left| format!("; {} still pending", counted(left, "prompt")));
    let done = match report.count("decided") {
        0 => "Nothing was decided".to_owned(),
        count => format!("{}{}", decided(plan.decision), counted(count, "prompt")),
    };
    let summary = format!("{}: {done}{left}.{noted}", name(&plan.gateway));
    paper.line(out, "", &summary)
}

const fn verb(decision: Decision) -> &'static str {
    match decision {
        Decision::Deny => "deny",
        Decision::AllowOnce => "allow once",
        Decision::AllowAlways => "always allow",
    }
}
