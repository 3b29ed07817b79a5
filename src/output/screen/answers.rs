//! The report after the screen is closed: every decision by its prompt.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::escape::{Paper, escaped, name};
use super::super::queue::{command, resolved_text};
use super::words;
use crate::queue::triage::{Done, Outcome, Triage};
use crate::report::queue::Resolved;

/// The number of decisions from which prompts of one group are one line.
const FOLDED: usize = 50;

/// Prints what was decided, what failed, and what was not sent.
pub fn triage_text(out: &mut dyn Write, triage: &Triage, paper: Paper) -> io::Result<()> {
    let done = triage.done();
    if done.len() < FOLDED {
        done.iter().try_for_each(|done| one(out, triage, done, paper))?;
    } else {
        folded(out, done, paper)?;
    }
    for prompt in triage.unanswered() {
        paper.line(out, "not answered: ", &format!("{}: {}", name(prompt.id()), command(prompt)))?;
    }
    for (order, _) in triage.waiting() {
        for prompt in order.prompts() {
            paper.line(out, "not sent: ", &format!("{}: {}", name(prompt.id()), command(prompt)))?;
        }
    }
    let pending = triage.counts().prompts + triage.counts().arrivals + triage.counts().queued;
    let decided = done.iter().filter(|done| matches!(done.outcome, Outcome::Decided(_))).count();
    let text = format!("Decided {}; {} still pending.", words::counted(decided, "prompt"), pending);
    paper.line(out, "", &text)
}

fn one(out: &mut dyn Write, triage: &Triage, done: &Done, paper: Paper) -> io::Result<()> {
    let Done { gateway, prompt, outcome } = done;
    let id = name(prompt.id());
    match outcome {
        Outcome::Decided(decision) => {
            let gateway = triage.gateways().get(*gateway).map_or_else(String::new, |of| of.name.clone());
            let resolved = Resolved {
                gateway,
                id: prompt.id().to_owned(),
                prompt: Some((**prompt).clone()),
                decision: *decision,
                before: false,
                entry: None,
            };
            resolved_text(out, &resolved, paper)
        }
        Outcome::Gone(how) => {
            let how = how.as_deref().map_or_else(String::new, |how| format!(" ({})", escaped(how)));
            paper.line(out, "already gone: ", &format!("{id}{how}: {}", command(prompt)))
        }
        Outcome::Failed(words) => {
            paper.line(out, "not decided: ", &format!("{id}: {}: {}", escaped(words), command(prompt)))
        }
    }
}

/// One line for each command and outcome.
fn folded(out: &mut dyn Write, done: &[Done], paper: Paper) -> io::Result<()> {
    let mut groups: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    for Done { prompt, outcome, .. } in done {
        let agent = prompt.agent.as_deref().map_or_else(String::new, |agent| format!(" ({})", name(agent)));
        let text = format!("{agent}: {}", command(prompt));
        *groups.entry((words::over(outcome), text)).or_default() += 1;
    }
    for ((outcome, text), count) in groups {
        paper.line(out, &format!("{outcome} "), &format!("{count}x{text}"))?;
    }
    Ok(())
}
