//! Prompts, plans and purges, for people and for machines. Every text of a prompt is hostile: it is escaped.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::escape::escaped;
use super::json::{VERSION, json};
use crate::queue::filter::subject;
use crate::queue::plan::{Kept, Why};
use crate::queue::report::{Asked, Entry, Failure, Outcome, Untried};
use crate::queue::summary::{Dedupe, Listed, Planned, PlannedGroup, Queued, Round};
use crate::queue::{Decision, Key, Prompt, RunState};

/// Characters of a command that are shown without `--full`.
const SHOWN: usize = 300;
/// Denials of one group that are listed before the rest is only counted.
const LISTED: usize = 20;

/// Prints what is pending.
pub fn queue_text(out: &mut dyn Write, queued: &Queued, full: bool) -> io::Result<()> {
    let Queued { gateway, rows, filtered, problems, partial, now_ms } = queued;
    writeln!(out, "{}", escaped(gateway))?;
    for row in rows {
        listed(out, row, *now_ms, full)?;
    }
    let duplicates = rows.iter().filter(|row| row.duplicate_of.is_some()).count();
    match (rows.len(), filtered) {
        (0, 0) => writeln!(out, "nothing is pending")?,
        (0, filtered) => writeln!(out, "nothing of this is pending; {filtered} other prompts are")?,
        (shown, filtered) => {
            let others = if *filtered > 0 { format!("; {filtered} others not shown") } else { String::new() };
            writeln!(out, "{shown} pending, {duplicates} of them duplicates{others}")?;
        }
    }
    remarks(out, problems, partial.as_deref())
}

fn remarks(out: &mut dyn Write, problems: &[String], partial: Option<&str>) -> io::Result<()> {
    for problem in problems {
        writeln!(out, "not understood, and left alone: {}", escaped(problem))?;
    }
    match partial {
        Some(partial) => writeln!(out, "note: {}", escaped(partial)),
        None => Ok(()),
    }
}

fn listed(out: &mut dyn Write, row: &Listed, now_ms: u64, full: bool) -> io::Result<()> {
    let Listed { prompt, run, group, duplicate_of } = row;
    let indent = if duplicate_of.is_some() { "  = " } else { "" };
    let group = match (group, duplicate_of) {
        (Some(group), None) => format!("  group {group}"),
        _ => String::new(),
    };
    writeln!(out, "{indent}{}{group}", head(prompt, now_ms))?;
    let state = match run {
        RunState::Ended => ", which has ended",
        RunState::Superseded => ", which another replaced",
        RunState::Active | RunState::Unknown => "",
    };
    if let Some(run) = &prompt.run_id {
        writeln!(out, "    run {}{state}", escaped(run))?;
    }
    writeln!(out, "    {}", command(prompt, full))
}

/// Who asks, since when, until when.
pub(super) fn head(prompt: &Prompt, now_ms: u64) -> String {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map_or_else(|| "-".to_owned(), escaped);
    let left = match prompt.expires_at_ms.checked_sub(now_ms) {
        Some(left) => format!("expires in {}", span(left)),
        None => "expired".to_owned(),
    };
    format!(
        "{}  {}  agent {}  session {}  asked {} ago, {left}",
        escaped(prompt.id()),
        prompt.kind().as_str(),
        text(&prompt.agent),
        text(&prompt.session_key),
        span(prompt.age_ms(now_ms)),
    )
}

pub(super) fn command(prompt: &Prompt, full: bool) -> String {
    let text = subject(prompt);
    let count = text.chars().count();
    if full || count <= SHOWN {
        return escaped(text);
    }
    let cut: String = text.chars().take(SHOWN).collect();
    format!("{} … and {} more characters (--full prints all)", escaped(&cut), count - SHOWN)
}

/// Milliseconds as people say them.
fn span(millis: u64) -> String {
    let seconds = millis / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

/// What is pending as one JSON object: a superset of what OpenClaw's own command prints.
pub fn queue_json(out: &mut dyn Write, queued: &Queued) -> io::Result<()> {
    let Queued { gateway, rows, filtered, problems, partial, now_ms } = queued;
    let whole = Whole {
        approvals: rows.iter().map(|row| Row::of(row, None)).collect(),
        filtered: *filtered,
        gateway,
        now_ms: *now_ms,
        partial: partial.as_deref(),
        problems,
        version: VERSION,
    };
    json(out, &whole)
}

/// The same, one object a line.
pub fn queue_ndjson(out: &mut dyn Write, queued: &Queued) -> io::Result<()> {
    for row in &queued.rows {
        super::json::line(out, &Row::of(row, Some(VERSION)))?;
    }
    Ok(())
}

/// What has changed since a listing that had these ids, one line a change. Gives back the ids of this one.
pub fn changes_text(
    out: &mut dyn Write,
    before: &BTreeSet<String>,
    queued: &Queued,
) -> io::Result<BTreeSet<String>> {
    for row in queued.rows.iter().filter(|row| !before.contains(row.prompt.id())) {
        let duplicate = row
            .duplicate_of
            .as_ref()
            .map_or_else(String::new, |id| format!("  duplicate of {}", escaped(id)));
        writeln!(out, "+ {}{duplicate}  {}", head(&row.prompt, queued.now_ms), command(&row.prompt, false))?;
    }
    let now = ids(queued);
    for id in before.difference(&now) {
        writeln!(out, "- {}", escaped(id))?;
    }
    Ok(now)
}

/// The same as JSON: `event` is `pending` or `gone`.
pub fn changes_ndjson(
    out: &mut dyn Write,
    before: &BTreeSet<String>,
    queued: &Queued,
) -> io::Result<BTreeSet<String>> {
    for row in queued.rows.iter().filter(|row| !before.contains(row.prompt.id())) {
        super::json::line(out, &Row { event: Some("pending"), ..Row::of(row, Some(VERSION)) })?;
    }
    let now = ids(queued);
    for id in before.difference(&now) {
        super::json::line(out, &json!({ "version": VERSION, "event": "gone", "id": id }))?;
    }
    Ok(now)
}

fn ids(queued: &Queued) -> BTreeSet<String> {
    queued.rows.iter().map(|row| row.prompt.id().to_owned()).collect()
}

/// A listing. Thousands of prompts are printed from where they are: as values they would be copied first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'q> {
    approvals: Vec<Row<'q>>,
    filtered: usize,
    gateway: &'q str,
    now_ms: u64,
    partial: Option<&'q str>,
    problems: &'q [String],
    version: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'q> {
    agent_id: Option<&'q str>,
    approval_kind: &'static str,
    created_at_ms: u64,
    duplicate_of: Option<&'q str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    expires_at_ms: u64,
    group: Option<&'q str>,
    id: &'q str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'q RawValue>,
    run_id: Option<&'q str>,
    run_state: &'static str,
    session_key: Option<&'q str>,
    summary: &'q str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
}

impl<'q> Row<'q> {
    fn of(row: &'q Listed, version: Option<u8>) -> Self {
        let Listed { prompt, run, group, duplicate_of } = row;
        Self {
            agent_id: prompt.agent.as_deref(),
            approval_kind: prompt.kind().as_str(),
            created_at_ms: prompt.created_at_ms,
            duplicate_of: duplicate_of.as_deref(),
            event: None,
            expires_at_ms: prompt.expires_at_ms,
            group: group.as_deref(),
            id: prompt.id(),
            kind: prompt.kind().as_str(),
            request: prompt.raw.as_ref().map(|raw| &*raw.0),
            run_id: prompt.run_id.as_deref(),
            run_state: state(*run),
            session_key: prompt.session_key.as_deref(),
            summary: subject(prompt),
            version,
        }
    }
}

pub(super) fn prompt_json(prompt: &Prompt) -> Map<String, Value> {
    let fields = json!({
        "id": prompt.id(),
        "kind": prompt.kind().as_str(),
        "approvalKind": prompt.kind().as_str(),
        "agentId": prompt.agent.as_deref(),
        "sessionKey": prompt.session_key.as_deref(),
        "runId": prompt.run_id.as_deref(),
        "createdAtMs": prompt.created_at_ms,
        "expiresAtMs": prompt.expires_at_ms,
        "summary": subject(prompt),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

pub(super) fn state(run: RunState) -> &'static str {
    match run {
        RunState::Active => "active",
        RunState::Ended => "ended",
        RunState::Superseded => "superseded",
        RunState::Unknown => "unknown",
    }
}

fn kept(kept: Kept) -> &'static str {
    match kept {
        Kept::Only => "the only one",
        Kept::Oldest => "the oldest whose run is not known to be over and that lives long enough",
        Kept::Newest => "the newest whose run is not known to be over and that lives long enough",
        Kept::LongestLived => "the one that lives longest",
    }
}

fn why(why: Why) -> &'static str {
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

/// Prints a prompt whole: what somebody decides about.
pub fn prompt_text(out: &mut dyn Write, prompt: &Prompt, now_ms: u64) -> io::Result<()> {
    writeln!(out, "{}", head(prompt, now_ms))?;
    writeln!(out, "  {}", command(prompt, true))?;
    let request = prompt.raw.as_ref().map_or("{}", |raw| raw.0.get());
    let request: serde_json_borrow::Value<'_> = serde_json::from_str(request)?;
    for (name, value) in request.iter_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let text = value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed);
        writeln!(out, "  {}: {}", escaped(name), escaped(&text))?;
    }
    Ok(())
}

/// Prints a decision.
pub fn resolved_text(out: &mut dyn Write, id: &str, decision: Decision, before: bool) -> io::Result<()> {
    let before = if before { "was decided so before" } else { "is decided" };
    writeln!(out, "{} {before}: {}", escaped(id), decision.as_str())
}

/// The same as one JSON object.
pub fn resolved_json(
    out: &mut dyn Write,
    gateway: &str,
    (id, prompt): (&str, Option<&Prompt>),
    decision: Decision,
    before: bool,
) -> io::Result<()> {
    let approval = match prompt {
        Some(prompt) => Value::Object(prompt_json(prompt)),
        None => json!({ "id": id }),
    };
    let object = json!({
        "version": VERSION,
        "gateway": gateway,
        "approval": approval,
        "decision": decision.as_str(),
        "before": before,
    });
    json(out, &object)
}
