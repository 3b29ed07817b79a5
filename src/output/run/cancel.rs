//! Plans and reports of cancellations.

use std::io::{self, Write};

use super::super::escape::{escaped, name, quoted};
use super::super::queue::{Layout, command, rows_text};
use crate::queue::cancel::{Abort, Aim, CancelPlan, Cancelled, Which};
use crate::report::run::failures;

/// The maximum width of a name in a question, in columns.
const BRIEF: usize = 40;

/// Prints a plan: equal prompts are one row.
pub fn cancel_plan_text(out: &mut dyn Write, plan: &CancelPlan, layout: Layout) -> io::Result<()> {
    let CancelPlan { gateway, aim, prompts, now_ms, denial_starts_turn, nothing, .. } = plan;
    let Aim { which, abort, attributed, .. } = aim;
    let paper = layout.paper;
    if *nothing {
        return match which {
            Which::Superseded if plan.runs_unknown.is_some() => {
                paper.line(out, "", "No run is known to be superseded: the state of the runs is unknown.")
            }
            Which::Superseded => paper.line(out, "", "No superseded runs hold prompts. Nothing to do."),
            Which::Run(run) => {
                let text = format!("{} has ended and holds no prompts. Nothing to do.", name(run));
                paper.line(out, "Run ", &text)
            }
            Which::Session(key) => {
                let text = format!("{}, and it holds no prompts. Nothing to do.", name(key));
                paper.line(out, "Nothing runs in ", &text)
            }
        };
    }
    let what = match which {
        Which::Run(run) => format!("run {}", name(run)),
        Which::Session(key) => format!("session {}", name(key)),
        Which::Superseded => "superseded runs that hold prompts".to_owned(),
    };
    paper.line(out, "", &format!("{}: {what}", name(gateway)))?;
    match abort {
        Some(Abort { run: Some(run), .. }) => paper.line(out, "  abort run ", &name(run))?,
        Some(Abort { session: Some(key), run: None }) => {
            paper.line(out, "  abort whatever runs in ", &name(key))?;
        }
        Some(Abort { session: None, run: None }) | None => {}
    }
    if let Some(session) = attributed.as_ref().filter(|_| !prompts.is_empty()) {
        let text = format!(
            "the prompts of this gateway do not name their run; these are all of session {}, in which nothing else runs",
            name(session)
        );
        paper.line(out, "  note: ", &text)?;
    }
    if prompts.is_empty() {
        return paper.line(out, "  no ", "prompts to deny");
    }
    rows_text(out, "deny", (prompts, *now_ms), *denial_starts_turn, layout)
}

/// Prints the report of a cancellation.
pub fn cancelled_text(out: &mut dyn Write, report: &Cancelled, layout: Layout) -> io::Result<()> {
    let paper = layout.paper;
    let Cancelled { plan, carried_out, aborted, denied, gone, left, active, unseen, .. } = report;
    let failed = failures(report);
    if plan.nothing {
        return cancel_plan_text(out, plan, layout);
    }
    if !carried_out {
        return paper.line(out, "", "dry run: nothing was cancelled");
    }
    match (&plan.aim.abort, aborted.as_slice()) {
        (None, _) => {}
        (Some(_), []) => paper.line(out, "", "Nothing was running.")?,
        (Some(_), runs) => {
            let names: Vec<String> = runs.iter().map(|run| name(run)).collect();
            let lead = if names.len() == 1 { "Aborted run " } else { "Aborted runs " };
            paper.line(out, lead, &format!("{}.", names.join(", ")))?;
        }
    }
    let already = report.already_gone().len();
    let cleared = gone.len().saturating_sub(already);
    let counts: Vec<String> = [
        (denied.len(), format!("denied {}", count(denied.len()))),
        (already, format!("{} already gone (decided or expired meanwhile)", count(already))),
        (cleared, format!("{} gone after the abort", count(cleared))),
        (failed.len(), format!("{} not denied", count(failed.len()))),
    ]
    .into_iter()
    .filter_map(|(number, text)| (number > 0).then_some(text))
    .collect();
    match counts.join("; ") {
        none if none.is_empty() => paper.line(out, "", "It held no prompts.")?,
        counts => {
            let mut counts = counts.chars();
            let first = counts.next().map(|first| first.to_ascii_uppercase()).unwrap_or_default();
            paper.line(out, "", &format!("{first}{}.", counts.as_str()))?;
        }
    }
    for (key, words) in failed {
        paper.line(out, "  not denied: ", &format!("{}: {}", name(&key.id), escaped(words)))?;
    }
    for (key, decision) in &report.allowed {
        let what = format!("{}: another client allowed it first ({})", name(&key.id), decision.as_str());
        paper.line(out, "  not denied: ", &what)?;
    }
    if let Some(unseen) = unseen {
        paper.line(out, "note: the prompts could not be listed again: ", &escaped(unseen))?;
    }
    let left_as = if unseen.is_some() { "perhaps still pending" } else { "still pending" };
    for prompt in left {
        paper.line(out, &format!("  {left_as}: "), &name(prompt.id()))?;
    }
    for prompt in &report.emptied {
        let what = "no prompt of this group is pending any more, although other prompts were in it: ";
        paper.line(out, "  ", &format!("{what}{}", command(prompt)))?;
    }
    if *active {
        paper.line(out, "  it ", "still runs")?;
    }
    Ok(())
}

/// The question, which states the effect of a yes.
pub fn cancel_question(plan: &CancelPlan) -> String {
    let prompts = count(plan.prompts.len());
    match (&plan.aim.abort, plan.prompts.is_empty()) {
        (None, _) => format!("Deny {prompts}?"),
        (Some(abort), empty) => {
            let what = match (&abort.run, &abort.session) {
                (Some(run), _) => format!("Abort run {}", quoted(run, BRIEF)),
                (None, session) => {
                    format!("Abort whatever runs in {}", quoted(session.as_deref().unwrap_or("-"), BRIEF))
                }
            };
            if empty { format!("{what}?") } else { format!("{what} and deny {prompts}?") }
        }
    }
}

fn count(prompts: usize) -> String {
    if prompts == 1 { "1 prompt".to_owned() } else { format!("{prompts} prompts") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_cannot_continue_the_question() {
        let question = |run: &str| {
            let abort = Abort { session: None, run: Some(run.to_owned()) };
            let which = Which::Run(run.to_owned());
            let aim = Aim { which, abort: Some(abort), attributed: None, sure: true };
            cancel_question(&CancelPlan {
                gateway: "g".to_owned(),
                aim,
                prompts: Vec::new(),
                nothing: false,
                now_ms: 0,
                denial_starts_turn: false,
                runs_unknown: None,
            })
        };
        let forged = "r1 and deny 0 prompts? [y/N] y";
        assert_eq!(question(forged), format!("Abort run `{forged}`?"));
        assert_eq!(question("r1` and"), "Abort run `r1⟨U+0060⟩ and`?");
    }
}
