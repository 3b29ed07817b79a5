//! Runs, and what came of cancelling them.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::escaped;
use super::json::{VERSION, json};
use super::queue::{PromptJson, STILL_LISTED, command, head, state, untried};
use crate::queue::cancel::{Abort, CancelPlan, Cancelled, RunRow, Which};
use crate::queue::{Key, Prompt};

/// Prints runs.
pub fn runs_text(out: &mut dyn Write, gateway: &str, rows: &[RunRow]) -> io::Result<()> {
    writeln!(out, "{}", escaped(gateway))?;
    if rows.is_empty() {
        return writeln!(out, "nothing runs, and nothing holds prompts");
    }
    for RunRow { session, agent, run, state: stands, prompts } in rows {
        let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), escaped);
        writeln!(
            out,
            "run {}  {}  session {}  agent {}",
            text(run),
            state(*stands),
            text(session),
            text(agent)
        )?;
        for id in prompts {
            writeln!(out, "    holds {}", escaped(id))?;
        }
    }
    Ok(())
}

/// The same as one JSON object.
pub fn runs_json(out: &mut dyn Write, gateway: &str, rows: &[RunRow]) -> io::Result<()> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "runId": row.run,
                "state": state(row.state),
                "sessionKey": row.session,
                "agentId": row.agent,
                "approvals": row.prompts,
            })
        })
        .collect();
    json(out, &json!({ "version": VERSION, "gateway": gateway, "runs": rows }))
}

/// Prints what would be cancelled.
pub fn cancel_plan_text(out: &mut dyn Write, plan: &CancelPlan) -> io::Result<()> {
    let CancelPlan { gateway, which, abort, prompts, now_ms, legacy } = plan;
    let what = match which {
        Which::Run(run) => format!("run {}", escaped(run)),
        Which::Session(key) => format!("session {}", escaped(key)),
        Which::Superseded => "runs that are over while their prompts are pending".to_owned(),
    };
    writeln!(out, "{}: {what}", escaped(gateway))?;
    match abort {
        Some(Abort { run: Some(run), .. }) => writeln!(out, "  abort run {}", escaped(run))?,
        Some(Abort { session: Some(key), run: None }) => {
            writeln!(out, "  abort whatever runs in {}", escaped(key))?;
        }
        Some(Abort { session: None, run: None }) | None => {}
    }
    for prompt in prompts {
        writeln!(out, "  deny {}\n    {}", head(prompt, *now_ms), command(prompt, false))?;
    }
    if prompts.is_empty() {
        writeln!(out, "  it holds no prompts")?;
    } else if *legacy {
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
    if !carried_out {
        return writeln!(out, "dry run: nothing was cancelled");
    }
    match (&plan.abort, aborted.as_slice()) {
        (None, _) => {}
        (Some(_), []) => writeln!(out, "nothing was running")?,
        (Some(_), runs) => {
            let runs: Vec<String> = runs.iter().map(|run| escaped(run)).collect();
            writeln!(out, "aborted {}", runs.join(", "))?;
        }
    }
    writeln!(
        out,
        "denied {}, cleared by the abort or decided {}, failed {}",
        denied.len(),
        gone.len(),
        failed.len()
    )?;
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
