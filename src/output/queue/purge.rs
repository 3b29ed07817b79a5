//! Plans, and what came of them.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::escape::escaped;
use super::super::json::{VERSION, json};
use super::{command, head, prompt_json, remarks};
use crate::queue::Key;
use crate::queue::plan::{Kept, Why};
use crate::queue::report::{Asked, Entry, Failure, Outcome, Untried};
use crate::queue::summary::{Dedupe, Planned, PlannedGroup, Round};

/// Denials of one group that are listed before the rest is only counted.
const LISTED: usize = 20;

fn kept(kept: Kept) -> &'static str {
    match kept {
        Kept::Only => "the only one",
        Kept::Oldest => "the oldest whose run is not known to be over and that lives long enough",
        Kept::Newest => "the newest whose run is not known to be over and that lives long enough",
        Kept::LongestLived => "the one that lives longest",
    }
}

pub(in crate::output) fn why(why: Why) -> &'static str {
    match why {
        Why::RunEnded => "its run has ended",
        Why::RunSuperseded => "its run was replaced",
        Why::LapsesSoon => "it expires soon",
        Why::Younger => "asked later",
        Why::Older => "asked earlier",
        Why::SameAge => "asked at the same time",
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Prints a plan.
pub fn plan_text(out: &mut dyn Write, gateway: &str, planned: &Planned) -> io::Result<()> {
    let Planned { groups, duplicates, prompts, now_ms, legacy } = planned;
    let gateway = escaped(gateway);
    if *duplicates == 0 {
        return writeln!(out, "{gateway}: no duplicates among {prompts} prompts");
    }
    writeln!(
        out,
        "{gateway}: {} in {}, among {prompts} prompts; one of each group stays",
        counted(*duplicates, "duplicate"),
        counted(groups.len(), "group")
    )?;
    for PlannedGroup { id, survivor, kept: reason, denials } in groups {
        writeln!(out, "group {id}: {}", command(survivor, false))?;
        writeln!(out, "  keep {}  ({})", head(survivor, *now_ms), kept(*reason))?;
        for (prompt, reason) in denials.iter().take(LISTED) {
            writeln!(out, "  deny {}  ({})", head(prompt, *now_ms), why(*reason))?;
        }
        if let Some(more) = denials.len().checked_sub(LISTED).filter(|more| *more > 0) {
            writeln!(out, "  deny … and {more} more (--json lists all)")?;
        }
    }
    if *legacy {
        writeln!(
            out,
            "note: on this gateway each of the {duplicates} denials starts one agent turn, and the agent may ask again (--settle keeps cleaning)"
        )?;
    }
    Ok(())
}

/// Prints what came of a purge, without its plan.
pub fn dedupe_text(out: &mut dyn Write, report: &Dedupe) -> io::Result<()> {
    let Dedupe { gateway, asked, rounds, totals, problems, partial, pending, .. } = report;
    remarks(out, problems, partial.as_deref())?;
    if *asked != Asked::Purge {
        return Ok(());
    }
    for (number, Round { entries, requeued }) in rounds.iter().enumerate() {
        for Entry { key, outcome, .. } in entries {
            if let Some(trouble) = trouble(outcome) {
                writeln!(out, "  {}: {}", escaped(&key.id), escaped(&trouble))?;
            }
        }
        for again in requeued {
            let what =
                if again.duplicate { "asked for again" } else { "asked for again, and the only one now" };
            writeln!(out, "  {}: {what}", escaped(again.prompt.id()))?;
        }
        if rounds.len() > 1 {
            let done = entries.iter().filter(|entry| entry.outcome == Outcome::Denied).count();
            writeln!(out, "  round {}: {done} denied", number + 1)?;
        }
    }
    writeln!(
        out,
        "{}: denied {}, already gone {}, failed {}, left alone {}, asked for again {}; {pending} pending now",
        escaped(gateway),
        totals.denied,
        totals.already_gone,
        totals.failed,
        totals.not_tried,
        totals.requeued
    )
}

fn trouble(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Denied | Outcome::AlreadyGone | Outcome::Kept => None,
        Outcome::Failed(Failure::Refused(words)) => Some(format!("not denied: {words}")),
        Outcome::Failed(Failure::NoAnswer) => Some("sent, and not answered in time".to_owned()),
        Outcome::NotTried(why) => Some(format!("left alone: {}", untried(*why))),
    }
}

fn untried(why: Untried) -> &'static str {
    match why {
        Untried::SurvivorGone => "the one that was to stay is gone",
        Untried::SurvivorLapsed => "the one that was to stay has expired, or is about to",
        Untried::SurvivorUnknown => "whether the one that was to stay is still there could not be learned",
        Untried::Replanned => "a newer plan says otherwise",
        Untried::Deadline => "no time was left",
        Untried::Stopped => "stopped",
    }
}

fn outcome(entry: &Entry) -> Value {
    let Entry { key, survivor, outcome } = entry;
    let (word, reason) = match outcome {
        Outcome::Denied => ("denied", None),
        Outcome::AlreadyGone => ("already-gone", None),
        Outcome::Kept => ("kept", None),
        Outcome::Failed(Failure::Refused(words)) => ("failed", Some(words.to_string())),
        Outcome::Failed(Failure::NoAnswer) => ("failed", Some("no answer".to_owned())),
        Outcome::NotTried(why) => ("not-tried", Some(untried(*why).to_owned())),
    };
    let id = |key: &Key| key.id.to_string();
    json!({ "id": id(key), "kind": key.kind.as_str(), "survivor": id(survivor), "outcome": word, "reason": reason })
}

/// A purge and its plan as one JSON value.
pub fn dedupe_value(report: &Dedupe) -> Value {
    let Dedupe { gateway, planned, rounds, totals, problems, partial, pending, .. } = report;
    let groups: Vec<Value> = planned
        .groups
        .iter()
        .map(|group| {
            let denials = group.denials.iter().map(|(prompt, reason)| {
                let mut object = prompt_json(prompt);
                object.insert("why".to_owned(), json!(why(*reason)));
                Value::Object(object)
            });
            json!({
                "group": group.id,
                "survivor": prompt_json(&group.survivor),
                "kept": kept(group.kept),
                "deny": denials.collect::<Vec<_>>(),
            })
        })
        .collect();
    let rounds: Vec<Value> = rounds
        .iter()
        .map(|round| {
            let again = round
                .requeued
                .iter()
                .map(|again| json!({ "id": again.prompt.id(), "duplicate": again.duplicate }));
            json!({
                "outcomes": round.entries.iter().map(outcome).collect::<Vec<_>>(),
                "requeued": again.collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "gateway": gateway,
        "duplicates": planned.duplicates,
        "prompts": planned.prompts,
        "legacy": planned.legacy,
        "groups": groups,
        "rounds": rounds,
        "totals": {
            "denied": totals.denied,
            "alreadyGone": totals.already_gone,
            "failed": totals.failed,
            "notTried": totals.not_tried,
            "requeued": totals.requeued,
        },
        "pending": pending,
        "problems": problems,
        "partial": partial,
    })
}

/// Reports of several gateways, or of one, as one JSON object.
pub fn dedupe_json(out: &mut dyn Write, reports: &[Value]) -> io::Result<()> {
    json(out, &json!({ "version": VERSION, "gateways": reports }))
}
