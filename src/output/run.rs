//! Runs, and what came of cancelling them.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::escaped;
use super::json::{VERSION, json};
use super::queue::{PromptJson, STILL_LISTED, command, head, remarks, span, state, untried};
use crate::queue::cancel::{Abort, Aim, CancelPlan, Cancelled, RunList, RunRow, Which};
use crate::queue::{Key, Prompt};

/// Prints runs, one row a run.
pub fn runs_text(out: &mut dyn Write, list: &RunList) -> io::Result<()> {
    let RunList { gateway, rows, problems, partial, now_ms, .. } = list;
    writeln!(out, "{}", escaped(gateway))?;
    if rows.is_empty() {
        writeln!(out, "Nothing runs, and no run holds prompts.")?;
    }
    for RunRow { session, agent, run, state: stands, holds } in rows {
        let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), escaped);
        let (run, stands, session, agent) = (text(run), state(*stands), text(session), text(agent));
        writeln!(out, "run {run}  {stands}  session {session}  agent {agent}")?;
        for prompt in holds {
            let age = span(prompt.age_ms(*now_ms));
            writeln!(out, "    holds {}, asked {age} ago: {}", escaped(prompt.id()), command(prompt, false))?;
        }
    }
    remarks(out, problems, partial.as_deref(), &[])
}

/// The same as one JSON object.
pub fn runs_json(out: &mut dyn Write, list: &RunList) -> io::Result<()> {
    let RunList { gateway, rows, problems, partial, runs_unknown, now_ms } = list;
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "runId": row.run,
                "state": state(row.state),
                "sessionKey": row.session,
                "agentId": row.agent,
                "approvals": row.holds.iter().map(Prompt::id).collect::<Vec<_>>(),
                "holds": row.holds.iter().map(|prompt| json!(PromptJson::of(prompt))).collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut whole = json!({ "version": VERSION, "gateway": gateway, "nowMs": now_ms, "runs": rows });
    for (key, value) in [
        ("partial", partial.as_ref().map(|partial| json!(partial))),
        ("problems", (!problems.is_empty()).then(|| json!(problems))),
        ("runsUnknown", runs_unknown.as_ref().map(|cause| json!(cause))),
    ] {
        if let Some(value) = value {
            whole[key] = value;
        }
    }
    json(out, &whole)
}

/// Prints what would be cancelled.
pub fn cancel_plan_text(out: &mut dyn Write, plan: &CancelPlan) -> io::Result<()> {
    let CancelPlan { gateway, aim, prompts, now_ms, denial_starts_turn, nothing, .. } = plan;
    let Aim { which, abort, attributed, .. } = aim;
    if *nothing {
        return match which {
            Which::Superseded => writeln!(out, "No superseded runs hold prompts. Nothing to do."),
            Which::Run(run) => {
                writeln!(out, "Run {} has ended and holds no prompts. Nothing to do.", escaped(run))
            }
            Which::Session(key) => {
                writeln!(out, "Nothing runs in {}, and it holds no prompts. Nothing to do.", escaped(key))
            }
        };
    }
    let what = match which {
        Which::Run(run) => format!("run {}", escaped(run)),
        Which::Session(key) => format!("session {}", escaped(key)),
        Which::Superseded => "superseded runs that hold prompts".to_owned(),
    };
    writeln!(out, "{}: {what}", escaped(gateway))?;
    match abort {
        Some(Abort { run: Some(run), .. }) => writeln!(out, "  abort run {}", escaped(run))?,
        Some(Abort { session: Some(key), run: None }) => {
            writeln!(out, "  abort whatever runs in {}", escaped(key))?;
        }
        Some(Abort { session: None, run: None }) | None => {}
    }
    if let Some(session) = attributed.as_ref().filter(|_| !prompts.is_empty()) {
        writeln!(
            out,
            "  note: the prompts of this gateway do not name their run; these are all of session {}, in which nothing else runs",
            escaped(session)
        )?;
    }
    for prompt in prompts {
        writeln!(out, "  deny {}\n    {}", head(prompt, *now_ms), command(prompt, false))?;
    }
    if prompts.is_empty() {
        writeln!(out, "  no prompts to deny")?;
    } else if *denial_starts_turn {
        writeln!(
            out,
            "  note: on this gateway each denial starts one agent turn, and the agent may ask again"
        )?;
    }
    Ok(())
}

/// Prints what was cancelled.
pub fn cancelled_text(out: &mut dyn Write, report: &Cancelled) -> io::Result<()> {
    let Cancelled { plan, carried_out, aborted, denied, gone, left, active, unseen, .. } = report;
    let failed = failures(report);
    if plan.nothing {
        return cancel_plan_text(out, plan);
    }
    if !carried_out {
        return writeln!(out, "dry run: nothing was cancelled");
    }
    match (&plan.aim.abort, aborted.as_slice()) {
        (None, _) => {}
        (Some(_), []) => writeln!(out, "Nothing was running.")?,
        (Some(_), runs) => {
            let names: Vec<String> = runs.iter().map(|run| escaped(run)).collect();
            writeln!(out, "Aborted {} {}.", if names.len() == 1 { "run" } else { "runs" }, names.join(", "))?;
        }
    }
    let counts: Vec<String> = [
        (denied.len(), format!("denied {}", count(denied.len()))),
        (gone.len(), format!("{} gone after the abort", count(gone.len()))),
        (failed.len(), format!("{} not denied", count(failed.len()))),
    ]
    .into_iter()
    .filter_map(|(number, text)| (number > 0).then_some(text))
    .collect();
    match counts.join("; ") {
        none if none.is_empty() => writeln!(out, "It held no prompts.")?,
        counts => {
            let mut counts = counts.chars();
            let first = counts.next().map(|first| first.to_ascii_uppercase()).unwrap_or_default();
            writeln!(out, "{first}{}.", counts.as_str())?;
        }
    }
    for (key, words) in failed {
        writeln!(out, "  {}: {}", escaped(&key.id), escaped(words))?;
    }
    for (key, decision) in &report.allowed {
        let id = escaped(&key.id);
        writeln!(out, "  {id} was not denied: somebody allowed it first ({})", decision.as_str())?;
    }
    if let Some(unseen) = unseen {
        writeln!(out, "note: it could not be looked at again: {}", escaped(unseen))?;
    }
    let stands = if unseen.is_some() { "perhaps still pending" } else { "still pending" };
    for prompt in left {
        writeln!(out, "  {stands}: {}", escaped(prompt.id()))?;
    }
    if *active {
        writeln!(out, "  it still runs")?;
    }
    Ok(())
}

/// Prompts that were not denied, and why.
fn failures(report: &Cancelled) -> Vec<(&Key, &str)> {
    let failed = report.failed.iter().map(|(key, words)| (key, &**words));
    let skipped = report.skipped.iter().map(|(key, why)| (key, untried(*why)));
    let still = report.still_listed.iter().map(|key| (key, STILL_LISTED));
    failed.chain(skipped).chain(still).collect()
}

/// The same as one JSON object.
pub fn cancelled_json(out: &mut dyn Write, report: &Cancelled) -> io::Result<()> {
    let Cancelled { plan, carried_out, aborted, denied, gone, left, active, unseen, .. } = report;
    let failed = failures(report);
    let allowed = report.allowed.iter();
    let ids = |keys: &[Key]| -> Vec<String> { keys.iter().map(|key| key.id.to_string()).collect() };
    let prompts = |prompts: &[Prompt]| -> Vec<Value> {
        prompts.iter().map(|prompt| json!(PromptJson::of(prompt))).collect()
    };
    json(
        out,
        &json!({
            "version": VERSION,
            "gateway": plan.gateway,
            "attributedTo": plan.aim.attributed,
            "runsUnknown": plan.runs_unknown,
            "planned": prompts(&plan.prompts),
            "carriedOut": carried_out,
            "aborted": aborted,
            "denied": ids(denied),
            "gone": ids(gone),
            "allowed": allowed
                .map(|(key, decision)| json!({ "id": &*key.id, "decision": decision.as_str() }))
                .collect::<Vec<_>>(),
            "failed": failed.iter().map(|(key, words)| json!({ "id": &*key.id, "reason": words })).collect::<Vec<_>>(),
            "left": prompts(left),
            "active": active,
            "partial": unseen,
        }),
    )
}

/// What a yes does.
pub fn cancel_question(plan: &CancelPlan) -> String {
    let prompts = count(plan.prompts.len());
    match (&plan.aim.abort, plan.prompts.is_empty()) {
        (None, _) => format!("Deny {prompts}?"),
        (Some(abort), empty) => {
            let what = match (&abort.run, &abort.session) {
                (Some(run), _) => format!("Abort run {}", escaped(run)),
                (None, session) => {
                    format!("Abort whatever runs in {}", escaped(session.as_deref().unwrap_or("-")))
                }
            };
            if empty { format!("{what}?") } else { format!("{what} and deny {prompts}?") }
        }
    }
}

fn count(prompts: usize) -> String {
    if prompts == 1 { "1 prompt".to_owned() } else { format!("{prompts} prompts") }
}
