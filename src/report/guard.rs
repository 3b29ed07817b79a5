//! The lines of `queue guard` in machine output: one object a line.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::queue::{STILL_LISTED, WiderJson, skip_reason};
use super::{VERSION, instant};
use crate::queue::clock::LocalTime;
use crate::queue::filter::subject;
use crate::queue::guard::line::{Event, Line, Timing};
use crate::queue::guard::{Decided, Held, Long, Note, Offender, Older, Outcome};
use crate::queue::prompt::Prompt;
use crate::queue::report::{self, Failure};

/// A line in machine output. Fields without a value are absent.
pub fn object(printed: &Line) -> impl Serialize + use<> {
    let mut object = Map::new();
    object.insert("version".to_owned(), json!(VERSION));
    object.insert("at".to_owned(), json!(at(printed.at)));
    if !printed.gateway.is_empty() {
        object.insert("gateway".to_owned(), json!(&*printed.gateway));
    }
    let (name, fields) = event(&printed.event);
    object.insert("event".to_owned(), json!(name));
    if let Value::Object(fields) = fields {
        object.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
    }
    object
}

/// An instant in UTC, to the millisecond.
pub fn at(at: LocalTime) -> String {
    instant(at.as_ms())
}

/// The short id of a group: the start of its digest. `queue ls` shows a shorter or longer start.
pub fn group(digest: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(&digest[..8])
}

fn event(event: &Event) -> (&'static str, Value) {
    match event {
        Event::Started { observe, metrics, free, turns } => (
            "started",
            json!({
                "observe": observe, "metrics": metrics,
                "maxRate": free.max_rate.to_string(), "coolingMs": free.cooling_ms,
                "maxRateOfTurns": turns.max_rate.to_string(), "coolingMsOfTurns": turns.cooling_ms,
            }),
        ),
        Event::Connected { address, version, legacy, partial, throttle, repeats } => (
            "connected",
            json!({
                "address": address, "gatewayVersion": version, "legacy": legacy, "partial": partial,
                "maxRate": throttle.max_rate.to_string(), "coolingMs": throttle.cooling_ms,
                "holdsAfter": repeats,
            }),
        ),
        Event::Disconnected { cause, remedy, retry_ms } => {
            ("disconnected", json!({ "cause": cause, "remedy": remedy, "retryMs": retry_ms }))
        }
        Event::Gap => ("gap", json!({})),
        Event::Unlisted(cause) => ("unlisted", json!({ "cause": cause })),
        Event::RunsUnknown(cause) => ("runs-unknown", json!({ "cause": cause })),
        Event::RunsKnown => ("runs-known", json!({})),
        Event::Unread(problem) => ("unread", json!({ "problem": problem })),
        Event::Note(reported, timing) => note(reported, *timing),
        Event::Cancelled { run, result } => (
            "cancelled",
            match result {
                Ok(done) => {
                    json!({ "run": run, "aborted": done.aborted, "denied": done.denied, "left": done.left })
                }
                Err(cause) => json!({ "run": run, "error": cause }),
            },
        ),
        Event::Reloading => ("reloading", json!({})),
        Event::NotReloaded(cause) => ("not-reloaded", json!({ "cause": cause })),
        Event::Added => ("added", json!({})),
        Event::Removed => ("removed", json!({})),
        Event::Failed { retry_ms } => ("failed", json!({ "retryMs": retry_ms })),
        Event::HookFailed { hook, of, cause } => {
            ("hook-failed", json!({ "hook": hook, "of": of, "cause": cause }))
        }
        Event::Dropped(lines) => ("dropped", json!({ "lines": lines })),
        Event::Stopping => ("stopping", json!({})),
        Event::Stopped { never_connected } if never_connected.is_empty() => ("stopped", json!({})),
        Event::Stopped { never_connected } => ("stopped", json!({ "neverConnected": never_connected })),
    }
}

fn note(note: &Note, timing: Timing) -> (&'static str, Value) {
    match note {
        Note::Decided(decided) => {
            let Decided { number, prompt, survivor, why, group: digest, requeued } = &**decided;
            let fields = json!({
                "decision": number,
                "id": prompt.id(),
                "kind": prompt.kind().as_str(),
                "group": group(digest),
                "survivor": &*survivor.id,
                "reason": why.as_str(),
                "agent": prompt.agent.as_deref(),
                "session": prompt.session_key.as_deref(),
                "run": prompt.run_id.as_deref(),
                "createdAtMs": prompt.created_at_ms,
                "requeued": requeued,
            });
            ("deny", fields)
        }
        Note::Over { number, key, why, outcome } => {
            let error = match outcome {
                Outcome::Ended(ended) => error(ended),
                Outcome::Withdrawn | Outcome::Held | Outcome::Observed => None,
            };
            let decided = match outcome {
                Outcome::Ended(report::Outcome::Allowed(decision)) => Some(decision.as_str()),
                _ => None,
            };
            let fields = json!({
                "decision": number,
                "id": &*key.id,
                "kind": key.kind.as_str(),
                "reason": why.as_str(),
                "outcome": outcome.as_str(),
                "error": error,
                "decidedAs": decided,
                "latencyUs": timing.written_us,
                "answerUs": timing.answered_us,
            });
            ("outcome", fields)
        }
        Note::Reconciled(counts) => {
            let (pending, groups, duplicates) = (counts.pending, counts.groups, counts.duplicates);
            let wider = WiderJson::of(counts.wider);
            (
                "reconciled",
                json!({ "pending": pending, "groups": groups, "duplicates": duplicates, "wider": wider }),
            )
        }
        Note::Opened { for_ms } => ("breaker-opened", json!({ "forMs": for_ms })),
        Note::Closed => ("breaker-closed", json!({})),
        Note::Offender(offender) => {
            let Offender { group: digest, agent, session, run, times } = &**offender;
            let fields = json!({
                "group": group(digest), "agent": agent.as_deref(), "session": session.as_deref(),
                "run": run.as_deref(), "times": times,
            });
            ("offender", fields)
        }
        Note::Held(held) => {
            let Held { group: digest, agent, session, survivor, times, for_ms } = &**held;
            let fields = json!({
                "group": group(digest), "agent": agent.as_deref(), "session": session.as_deref(),
                "survivor": &*survivor.id, "times": times, "forMs": for_ms,
            });
            ("group-held", fields)
        }
        Note::Released(digest) => ("group-released", json!({ "group": group(digest) })),
        Note::Older(older) => {
            let Older { limit_ms, count, prompts } = &**older;
            let prompts: Vec<Value> = prompts.iter().map(waiting).collect();
            ("older", json!({ "limitMs": limit_ms, "count": count, "prompts": prompts }))
        }
        Note::Long(Long { limit, pending, groups }) => {
            ("queue", json!({ "limit": limit, "pending": pending, "groups": groups }))
        }
    }
}

/// A prompt that waits too long. A long command is cut: an event stays short, however long its prompts are.
fn waiting(prompt: &Prompt) -> Value {
    /// The maximum number of characters of a command.
    const LONG: usize = 1_000;
    let command = subject(prompt);
    let cut = command.char_indices().nth(LONG).map(|(at, _)| at);
    let mut fields = json!({
        "id": prompt.id(),
        "kind": prompt.kind().as_str(),
        "agent": prompt.agent.as_deref(),
        "session": prompt.session_key.as_deref(),
        "run": prompt.run_id.as_deref(),
        "createdAtMs": prompt.created_at_ms,
        "expiresAtMs": prompt.expires_at_ms,
        "command": &command[..cut.unwrap_or(command.len())],
    });
    if cut.is_some() {
        fields["commandLength"] = command.chars().count().into();
    }
    fields
}

/// The name of an event in machine output.
pub fn name(of: &Event) -> &'static str {
    event(of).0
}

/// Why a prompt was not denied, for machines.
fn error(outcome: &report::Outcome) -> Option<&str> {
    match outcome {
        report::Outcome::Denied | report::Outcome::AlreadyGone | report::Outcome::Allowed(_) => None,
        report::Outcome::Failed(Failure::Refused(words)) => Some(words),
        report::Outcome::Failed(Failure::NoAnswer) => Some("no answer"),
        report::Outcome::Failed(Failure::StillListed) => Some(STILL_LISTED),
        report::Outcome::Skipped(why) => Some(skip_reason(*why)),
    }
}
