//! What is pending, for machines; and what has changed, for both.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::error::{self, Failure};
use super::super::escape::name;
use super::super::json::{VERSION, json, line};
use super::notes::WiderJson;
use super::{command, head, state};
use crate::queue::Doubt;
use crate::queue::filter::subject;
use crate::queue::scope::Alone;
use crate::report::queue::{Listed, Queued};

/// What is pending as one JSON object: a superset of what OpenClaw's own command prints.
pub fn queue_json(out: &mut dyn Write, queued: &Queued) -> io::Result<()> {
    json(out, &Whole::of(queued))
}

/// One gateway of several, as JSON: its queue, or why there is none.
pub struct QueueJson<'q>(OneJson<'q>);

#[derive(Serialize)]
#[serde(untagged)]
enum OneJson<'q> {
    Listing(Box<Whole<'q>>),
    Failure(Value),
}

impl<'q> QueueJson<'q> {
    /// A queue.
    pub fn listing(queued: &'q Queued) -> Self {
        Self(OneJson::Listing(Box::new(Whole::of(queued))))
    }

    /// A gateway of which there is none.
    pub fn failure(gateway: &str, failure: &Failure<'_>) -> Self {
        let mut value = error::value(failure);
        value["gateway"] = json!(gateway);
        Self(OneJson::Failure(value))
    }
}

/// The queues of several gateways as one JSON object.
pub fn queues_json(out: &mut dyn Write, queues: &[QueueJson<'_>]) -> io::Result<()> {
    #[derive(Serialize)]
    struct All<'a, 'q> {
        gateways: Vec<&'a OneJson<'q>>,
        version: u8,
    }
    json(out, &All { gateways: queues.iter().map(|queue| &queue.0).collect(), version: VERSION })
}

/// The same as of one gateway, one object a line. `named`: each line names its gateway, since there are others.
pub fn queue_ndjson(out: &mut dyn Write, queued: &Queued, named: bool) -> io::Result<()> {
    let gateway = named.then_some(queued.gateway.as_str());
    for row in &queued.rows {
        line(out, &Row { gateway, ..Row::line(row, queued.now_ms) })?;
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
        let duplicate =
            row.duplicate_of.as_ref().map_or_else(String::new, |id| format!("  duplicate of {}", name(id)));
        writeln!(out, "+ {}{duplicate}  {}", head(&row.prompt, queued.now_ms), command(&row.prompt))?;
    }
    let now = ids(queued);
    for id in before.difference(&now) {
        writeln!(out, "- {}", name(id))?;
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
        line(out, &Row { event: Some("pending"), ..Row::line(row, queued.now_ms) })?;
    }
    let now = ids(queued);
    for id in before.difference(&now) {
        line(out, &json!({ "version": VERSION, "event": "gone", "id": id }))?;
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
    notes: &'q [String],
    now_ms: u64,
    partial: Option<&'q str>,
    problems: &'q [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_unknown: Option<&'q str>,
    undecided: usize,
    version: u8,
    /// What a wider scope would find.
    wider: Option<WiderJson>,
}

impl<'q> Whole<'q> {
    fn of(queued: &'q Queued) -> Self {
        let Queued { gateway, rows, filtered, problems, partial, runs_unknown, notes, beside, now_ms } =
            queued;
        Self {
            approvals: rows.iter().map(Row::of).collect(),
            filtered: *filtered,
            gateway,
            notes,
            now_ms: *now_ms,
            partial: partial.as_deref(),
            problems,
            runs_unknown: runs_unknown.as_deref(),
            undecided: beside.undecided,
            version: VERSION,
            wider: WiderJson::of(beside.wider),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'q> {
    agent_id: Option<&'q str>,
    /// Why it could have no duplicate, whatever else is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    alone: Option<&'static str>,
    approval_kind: &'static str,
    created_at_ms: u64,
    /// Why it is nobody's duplicate, whatever it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'static str>,
    duplicate_of: Option<&'q str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    expires_at_ms: u64,
    /// The gateway, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<&'q str>,
    group: Option<&'q str>,
    id: &'q str,
    kind: &'static str,
    /// The gateway's clock, where each row stands for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    now_ms: Option<u64>,
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
    /// A row that stands for itself.
    fn line(row: &'q Listed, now_ms: u64) -> Self {
        Self { now_ms: Some(now_ms), version: Some(VERSION), ..Self::of(row) }
    }

    fn of(row: &'q Listed) -> Self {
        let Listed { prompt, run, group, duplicate_of, alone } = row;
        Self {
            agent_id: prompt.agent.as_deref(),
            alone: alone.map(Alone::as_str),
            approval_kind: prompt.kind().as_str(),
            created_at_ms: prompt.created_at_ms,
            doubt: prompt.doubt.map(Doubt::as_str),
            duplicate_of: duplicate_of.as_deref(),
            event: None,
            expires_at_ms: prompt.expires_at_ms,
            gateway: None,
            group: group.as_deref(),
            id: prompt.id(),
            kind: prompt.kind().as_str(),
            now_ms: None,
            request: prompt.raw.as_ref().map(|raw| &*raw.0),
            run_id: prompt.run_id.as_deref(),
            run_state: state(*run),
            session_key: prompt.session_key.as_deref(),
            summary: subject(prompt),
            version: None,
        }
    }
}
