//! Standing grants: lists, plans and reports.

use std::io::{self, Write};

use super::escape::{Paper, escaped, excerpt, name, text};
use super::queue::{Grid, LONG, Shape, counted, skipped, span};
use crate::queue::grants::Grant;
use crate::report::grants::{GrantList, Revocation, RevokePlan, Revoked};

const AGENT: &str = "AGENT";
const JOB: &str = "JOB";

/// The columns of a list.
const SHAPES: [Shape; 6] = [
    Shape::of("  GRANT", 0).wide(42, 38),
    Shape::of("STATE", 0).wide(10, 8),
    Shape::of(JOB, 2).wide(40, 12),
    Shape::of(AGENT, 3),
    Shape::of("USED", 1).wide(30, 14),
    Shape::of("EXPIRES", 0).wide(14, 10),
];

/// Prints the grants of a gateway.
pub fn grants_text(out: &mut dyn Write, list: &GrantList, paper: Paper) -> io::Result<()> {
    let GrantList { gateway, rows, others, more, problems, now_ms } = list;
    paper.line(out, "", &name(gateway))?;
    rows_text(out, rows, *now_ms, paper)?;
    let beside = match others {
        0 => String::new(),
        others => format!("; {others} more not shown (--all lists expired and revoked ones)"),
    };
    let shown = match rows.len() {
        0 => format!("No standing grants{beside}."),
        count => format!("{}{beside}.", counted(count, "standing grant")),
    };
    paper.line(out, "", &shown)?;
    if *more {
        paper.line(out, "note: ", "the gateway lists at most 500 grants: there may be more")?;
    }
    skipped(out, paper, "grant", problems)
}

fn rows_text(out: &mut dyn Write, rows: &[Grant], now_ms: u64, paper: Paper) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let cells = rows.iter().map(|grant| cells(grant, now_ms)).collect();
    let grid = Grid::of(SHAPES.to_vec(), cells, paper.width);
    writeln!(out, "{}", grid.names())?;
    for (grant, row) in rows.iter().zip(grid.lines()) {
        writeln!(out, "{row}")?;
        let missing = [(JOB, "job", job(grant)), (AGENT, "agent", name(&grant.agent_id))];
        for (_, label, shown) in missing.iter().filter(|(column, ..)| grid.lacks(column)) {
            paper.block(out, label, shown)?;
        }
        command_text(out, grant, paper)?;
    }
    Ok(())
}

/// The command of a grant, and its directory.
fn command_text(out: &mut dyn Write, grant: &Grant, paper: Paper) -> io::Result<()> {
    paper.block(out, "", &excerpt(&grant.command, 2 * LONG).0)?;
    match grant.cwd.as_deref() {
        Some(directory) => paper.block(out, "in", &text(directory)),
        None => Ok(()),
    }
}

fn cells(grant: &Grant, now_ms: u64) -> Vec<String> {
    let ago = |at: u64| format!("{} ago", span(now_ms.saturating_sub(at)));
    let used = match (grant.use_count, grant.last_used_at_ms) {
        (0, _) => "never".to_owned(),
        (count, Some(at)) => format!("{count}x, last {}", ago(at)),
        (count, None) => format!("{count}x"),
    };
    let expires = match grant.expires_at_ms {
        None => "never".to_owned(),
        Some(at) => at.checked_sub(now_ms).map_or_else(|| ago(at), |left| format!("in {}", days(left))),
    };
    vec![
        // An id never starts a line.
        format!("  {}", name(&grant.id)),
        grant.state(now_ms).as_str().to_owned(),
        job(grant),
        name(&grant.agent_id),
        used,
        expires,
    ]
}

/// The name of a job, or its id.
fn job(grant: &Grant) -> String {
    name(grant.cron_job_name.as_deref().unwrap_or(&grant.cron_job_id))
}

/// A duration in days, or a shorter one in hours and minutes.
fn days(millis: u64) -> String {
    match millis / 86_400_000 {
        0 => span(millis),
        days => format!("{days}d"),
    }
}

/// Prints a plan.
pub fn revoke_plan_text(out: &mut dyn Write, plan: &RevokePlan, paper: Paper) -> io::Result<()> {
    let RevokePlan { gateway, grants, already, more, problems, now_ms } = plan;
    for grant in already {
        let by = grant.revoked_by.as_deref().map_or_else(String::new, |by| format!(" (by {})", name(by)));
        paper.line(out, "Already revoked: ", &format!("{}{by}", name(&grant.id)))?;
    }
    if grants.is_empty() {
        if already.is_empty() {
            paper.line(out, "", &format!("{}: No active grant matches. Nothing to do.", name(gateway)))?;
        }
        return skipped(out, paper, "grant", problems);
    }
    let count = counted(grants.len(), "standing grant");
    paper.line(out, "", &format!("{}: revoke {count}; the next run of the job asks again", name(gateway)))?;
    rows_text(out, grants, *now_ms, paper)?;
    if *more {
        paper.line(out, "note: ", "the gateway lists at most 500 grants: more may match")?;
    }
    skipped(out, paper, "grant", problems)
}

/// The question before grants are revoked.
pub fn revoke_question(plan: &RevokePlan) -> String {
    format!("Revoke {}?", counted(plan.grants.len(), "standing grant"))
}

/// Prints the report, without the plan.
pub fn revoked_text(out: &mut dyn Write, report: &Revoked, paper: Paper) -> io::Result<()> {
    let Revoked { plan, carried_out, outcomes } = report;
    if !carried_out {
        if plan.grants.is_empty() {
            return Ok(());
        }
        return paper.line(out, "", "dry run: nothing was revoked");
    }
    for (id, outcome) in outcomes {
        let grant = plan.grants.iter().find(|grant| *grant.id == **id);
        let command = grant.map_or_else(String::new, |grant| {
            format!(" ({}): {}", job(grant), excerpt(&grant.command, LONG).0)
        });
        let shown = format!("{}{command}", name(id));
        match outcome {
            Revocation::Revoked => paper.line(out, "Revoked ", &shown)?,
            Revocation::Already => paper.line(out, "Already revoked: ", &shown)?,
            Revocation::NotFound => paper.line(out, "Not found: ", &shown)?,
            Revocation::Failed(why) => {
                paper.line(out, "Not revoked: ", &format!("{}: {}", name(id), escaped(why)))?;
            }
        }
    }
    Ok(())
}
