//! Saved listings: the output of `queue ls`, a gateway's own answer, or the output of the official command.
//!
//! A file that is not a listing must never be read as an empty one, so each format is recognised by its fields, and
//! missing fields of a row or of the file are reported.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use serde_json_borrow::Value;
use thiserror::Error;

use super::number::Numbers;
use super::read::{Listing, Problem, PromptError, Reader};
use super::runs::Runs;

/// The error for a file with several queues: prompts of two gateways are never duplicates of each other.
const SEVERAL: &str = "it holds the queues of several gateways; save each separately (--gateway=NAME)";

/// The data of a saved listing besides its prompts.
#[derive(Debug, Clone, Default)]
pub struct Saved {
    /// When it was saved, by the gateway's clock, in Unix milliseconds, if known.
    pub now_ms: Option<u64>,
    /// The states of runs in it.
    pub runs: Runs,
    /// Why there may be more prompts, if so.
    pub partial: Option<String>,
    /// The number of prompts that a filter left out.
    pub filtered: u64,
}

/// Why a text is not a listing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotAListing {
    /// The file is empty, as after a failed command.
    #[error("the file is empty")]
    Empty,
    /// The text is not JSON, or it is truncated.
    #[error("it is not JSON: {0}")]
    Syntax(Box<str>),
    /// The JSON is not a listing.
    #[error("{0}")]
    Shape(&'static str),
    /// It is a gateway's error answer.
    #[error("it is a gateway's refusal: {0}")]
    Refusal(Box<str>),
    /// None of its rows is a prompt.
    #[error("none of its {rows} rows is a prompt; the first: {first}")]
    NothingUnderstood {
        /// The number of rows.
        rows: usize,
        /// The problem with the first row.
        first: PromptError,
    },
}

/// An object with a listing: the output of `queue ls --json` or of the official command, the frame of a gateway's
/// answer, or the answer of a JSON-RPC bridge.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Holder<'t> {
    #[serde(borrow)]
    approvals: Option<&'t RawValue>,
    #[serde(borrow)]
    payload: Option<&'t RawValue>,
    #[serde(borrow)]
    result: Option<&'t RawValue>,
    #[serde(borrow)]
    error: Option<&'t RawValue>,
    #[serde(borrow)]
    now_ms: Option<&'t RawValue>,
    #[serde(borrow)]
    created_at_ms: Option<&'t RawValue>,
    #[serde(borrow)]
    event: Option<&'t RawValue>,
    #[serde(borrow)]
    problems: Option<&'t RawValue>,
    #[serde(borrow)]
    gateways: Option<&'t RawValue>,
    partial: Option<String>,
    filtered: Option<u64>,
}

/// The fields of a row that gateways do not send.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Beside<'t> {
    id: Option<String>,
    event: Option<String>,
    run_id: Option<String>,
    run_state: Option<String>,
    session_key: Option<String>,
    gateway: Option<String>,
    #[serde(borrow)]
    now_ms: Option<&'t RawValue>,
}

impl Reader {
    /// Reads a file: an array of rows as gateways list them, an object with one as `approvals`, `payload` or `result`,
    /// or one row per line. Each row has the kind that it states.
    pub fn saved(&mut self, text: &str, listing: &mut Listing) -> Result<Saved, NotAListing> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut saved = Saved::default();
        let rows = rows(text, &mut saved, listing)?;
        let beside: Vec<Option<Beside<'_>>> =
            rows.iter().map(|row| serde_json::from_str(row.get()).ok()).collect();
        let mut gateways = beside.iter().flatten().filter_map(|row| row.gateway.as_deref());
        if let Some(first) = gateways.next()
            && gateways.any(|gateway| gateway != first)
        {
            return Err(NotAListing::Shape(SEVERAL));
        }
        saved.now_ms = saved.now_ms.max(beside.iter().flatten().filter_map(|row| clock(row.now_ms?)).max());
        // `queue ls --watch --ndjson` also prints prompts that are gone.
        let is_gone = |row: &Beside<'_>| row.event.as_deref() == Some("gone");
        let gone: HashMap<&str, usize> = beside
            .iter()
            .enumerate()
            .filter_map(|(at, row)| Some((row.as_ref().filter(|row| is_gone(row))?.id.as_deref()?, at)))
            .collect();
        let before = listing.prompts.len();
        for (at, (row, beside)) in rows.iter().zip(&beside).enumerate() {
            let id = beside.as_ref().and_then(|row| row.id.as_deref());
            if id.and_then(|id| gone.get(id)).is_some_and(|gone| at <= *gone) {
                continue;
            }
            match self.read(None, row.get()) {
                Ok(prompt) => listing.prompts.push(prompt),
                Err(error) => listing.problems.push(error),
            }
            if let Some(beside) = beside {
                note_run(&mut saved, beside);
            }
        }
        match listing.problems.first() {
            Some(first) if listing.prompts.len() == before && !rows.is_empty() => {
                Err(NotAListing::NothingUnderstood { rows: rows.len(), first: first.clone() })
            }
            _ => Ok(saved),
        }
    }
}

/// Reads the state of a prompt's run when the listing was saved: the plan is then the one that was shown.
fn note_run(saved: &mut Saved, row: &Beside<'_>) {
    let phase = match row.run_state.as_deref() {
        Some("active") => "start",
        Some("ended" | "superseded") => "end",
        _ => return,
    };
    let (Some(run), Some(at_ms)) = (&row.run_id, saved.now_ms) else { return };
    let event = json!({
        "runId": run, "sessionKey": row.session_key, "stream": "lifecycle", "data": { "phase": phase }, "ts": at_ms,
    });
    saved.runs.event(&event, at_ms);
}

/// The rows of a file, in their order.
fn rows<'t>(
    text: &'t str,
    saved: &mut Saved,
    listing: &mut Listing,
) -> Result<Vec<&'t RawValue>, NotAListing> {
    const NO_LIST: &str = "it is JSON, but holds no list of prompts (`approvals`, `payload` or `result`)";
    const NO_ARRAY: &str = "its list of prompts is not an array";
    const NO_REASON: &str = "a prompt that could not be read when the listing was saved";
    let syntax = |error: &dyn fmt::Display| NotAListing::Syntax(error.to_string().into());
    if text.trim().is_empty() {
        return Err(NotAListing::Empty);
    }
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        values.push(value.map_err(|error| syntax(&error))?);
    }
    let is = |value: &RawValue, first: char| value.get().starts_with(first);
    let [one] = values[..] else {
        // One row per line.
        let objects = values.iter().all(|value| is(value, '{'));
        return if objects { Ok(values) } else { Err(NotAListing::Shape("its lines are not all objects")) };
    };
    if is(one, '[') {
        return serde_json::from_str(one.get()).map_err(|error| syntax(&error));
    }
    if !is(one, '{') {
        return Err(NotAListing::Shape(NO_LIST));
    }
    let holder: Holder<'_> = serde_json::from_str(one.get()).map_err(|error| syntax(&error))?;
    if let Some(error) = holder.error {
        return Err(NotAListing::Refusal(refusal(error)));
    }
    if holder.gateways.is_some() {
        return Err(NotAListing::Shape(SEVERAL));
    }
    let lists: Vec<&RawValue> =
        [holder.approvals, holder.payload, holder.result].into_iter().flatten().collect();
    let list = match lists[..] {
        [list] => list,
        // A single row.
        [] if holder.created_at_ms.is_some() || holder.event.is_some() => return Ok(values),
        [] => return Err(NotAListing::Shape(NO_LIST)),
        _ => return Err(NotAListing::Shape("it holds more than one list of prompts")),
    };
    if !is(list, '[') {
        return Err(NotAListing::Shape(NO_ARRAY));
    }
    saved.now_ms = match holder.now_ms {
        Some(now_ms) => {
            let wrong = NotAListing::Shape("its `nowMs` is not a time in milliseconds");
            Some(clock(now_ms).ok_or(wrong)?)
        }
        None => None,
    };
    saved.partial = holder.partial;
    saved.filtered = holder.filtered.unwrap_or_default();
    // Prompts that could not be read when it was saved are not in it.
    let problems: Vec<String> = holder
        .problems
        .map_or(Ok(Vec::new()), |problems| serde_json::from_str(problems.get()))
        .map_err(|error| syntax(&error))?;
    let unread = |problem: String| {
        let problem = if problem.trim().is_empty() { NO_REASON.into() } else { problem.into() };
        PromptError { id: None, problem: Problem::Saved(problem) }
    };
    listing.problems.extend(problems.into_iter().map(unread));
    serde_json::from_str(list.get()).map_err(|error| syntax(&error))
}

/// A time in Unix milliseconds.
fn clock(number: &RawValue) -> Option<u64> {
    let (prepared, numbers) = Numbers::prepare(number.get());
    let value: Value<'_> = serde_json::from_str(&prepared).ok()?;
    numbers.millis(Some(&value))
}

/// The message of an error.
fn refusal(error: &RawValue) -> Box<str> {
    #[derive(Deserialize)]
    struct Failure {
        message: Box<str>,
    }
    serde_json::from_str::<Failure>(error.get())
        .map_or_else(|_| error.get().into(), |failure| failure.message)
}
