//! The report after the screen is closed: every decision by its prompt.

use std::collections::HashMap;
use std::io::{self, Write};

use super::super::escape::{Paper, escaped, name};
use super::super::queue::{command, decided, resolved_text};
use super::words;
use crate::queue::filter::subject;
use crate::queue::triage::{Act, Done, Outcome, Triage};
use crate::report::queue::Resolved;

/// The number of decisions of one group with one outcome from which they are one line.
const FOLDED: usize = 3;

/// Prints what was decided, what failed, and what was not sent.
pub fn triage_text(out: &mut dyn Write, triage: &Triage, paper: Paper) -> io::Result<()> {
    let done = triage.done();
    for alike in alike(done) {
        match &alike[..] {
            [first, ..] if alike.len() >= FOLDED => folded(out, triage, first, alike.len(), paper)?,
            _ => alike.into_iter().try_for_each(|done| one(out, triage, done, paper))?,
        }
    }
    for (gateway, added) in triage.added() {
        let of = triage.gateways().get(*gateway).map_or_else(|| "-".to_owned(), |of| name(&of.name));
        match added {
            Ok(words) => paper.line(out, &format!("{of}: "), &escaped(words))?,
            Err(words) => paper.line(out, &format!("{of}: entries not added: "), &escaped(words))?,
        }
    }
    for prompt in triage.unanswered() {
        paper.line(out, "not answered: ", &format!("{}: {}", name(prompt.id()), command(prompt)))?;
    }
    for (order, _) in triage.waiting() {
        if let Act::AddEntries { entries, .. } = order.act {
            paper.line(out, "not sent: ", &format!("add {}", words::entries(entries)))?;
        }
        for prompt in order.prompts() {
            paper.line(out, "not sent: ", &format!("{}: {}", name(prompt.id()), command(prompt)))?;
        }
    }
    let pending = triage.counts().prompts + triage.counts().arrivals + triage.counts().queued;
    let count = done.iter().filter(|done| matches!(done.outcome, Outcome::Decided(_))).count();
    let what = match count {
        0 => "Nothing was decided".to_owned(),
        count => format!("Decided {}", words::counted(count, "prompt")),
    };
    let pending = match pending {
        0 => String::new(),
        pending => format!("; {pending} still pending"),
    };
    paper.line(out, "", &format!("{what}{pending}."))
}

/// Decisions on one gateway with one outcome and one command of one agent, in the order of the first of each.
fn alike(done: &[Done]) -> Vec<Vec<&Done>> {
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Done>> = Vec::new();
    for one in done {
        let Done { gateway, prompt, outcome } = one;
        let why = match outcome {
            Outcome::Decided(_) => None,
            Outcome::Gone(how) => how.as_deref(),
            Outcome::Failed(words) => Some(words.as_str()),
        };
        let asked = (prompt.kind(), prompt.agent.as_deref(), subject(prompt));
        let place = *places.entry((gateway, words::over(outcome), why, asked)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
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

/// One line for several decisions that are alike.
fn folded(out: &mut dyn Write, triage: &Triage, first: &Done, count: usize, paper: Paper) -> io::Result<()> {
    let Done { gateway, prompt, outcome } = first;
    let agent = prompt.agent.as_deref().map_or_else(String::new, |agent| format!(" ({})", name(agent)));
    let on = match (triage.gateways(), triage.gateways().get(*gateway)) {
        ([_, _, ..], Some(gateway)) => format!(" on {}", name(&gateway.name)),
        _ => String::new(),
    };
    let (lead, why) = match outcome {
        Outcome::Decided(decision) => (decided(*decision), String::new()),
        Outcome::Gone(how) => {
            ("already gone: ", how.as_deref().map_or_else(String::new, |how| format!(" ({})", escaped(how))))
        }
        Outcome::Failed(words) => ("not decided: ", format!(": {}", escaped(words))),
    };
    paper.line(out, lead, &format!("{count}x{agent}{on}{why}: {}", command(prompt)))
}
