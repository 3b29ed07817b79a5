//! What a guard tells: one JSON object a line, or a short line for people.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::escape::escaped;
use super::json::{VERSION, line};
use super::queue::{command, why};
use crate::queue::guard::line::{Event, Line, Timing};
use crate::queue::guard::{Decided, Note, Offender, Outcome};

/// Prints a line as JSON.
pub fn guard_ndjson(out: &mut dyn Write, told: &Line) -> io::Result<()> {
    let mut object = Map::new();
    object.insert("version".to_owned(), json!(VERSION));
    object.insert("at".to_owned(), json!(at(told.at_ms)));
    if !told.gateway.is_empty() {
        object.insert("gateway".to_owned(), json!(&*told.gateway));
    }
    let (name, fields) = event(&told.event);
    object.insert("event".to_owned(), json!(name));
    if let Value::Object(fields) = fields {
        object.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
    }
    line(out, &object)
}

fn at(at_ms: u64) -> String {
    let at = Timestamp::from_millisecond(i64::try_from(at_ms).unwrap_or_default()).unwrap_or_default();
    format!("{at:.3}")
}

/// The beginning of a group's digest: `queue ls` shows the beginning of this, or more.
fn group(digest: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(&digest[..8])
}

fn event(event: &Event) -> (&'static str, Value) {
    match event {
        Event::Started { observe, metrics } => ("started", json!({ "observe": observe, "metrics": metrics })),
        Event::Connected { address, version, legacy, partial } => (
            "connected",
            json!({ "address": address, "gatewayVersion": version, "legacy": legacy, "partial": partial }),
        ),
        Event::Disconnected { cause, retry_ms } => {
            ("disconnected", json!({ "cause": cause, "retryMs": retry_ms }))
        }
        Event::Gap => ("gap", json!({})),
        Event::Unlisted(cause) => ("unlisted", json!({ "cause": cause })),
        Event::Unread(problem) => ("unread", json!({ "problem": problem })),
        Event::Note(told, timing) => note(told, *timing),
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
        Event::Dropped(lines) => ("dropped", json!({ "lines": lines })),
        Event::Stopping => ("stopping", json!({})),
        Event::Stopped => ("stopped", json!({})),
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
                Outcome::Refused(words) => Some(&**words),
                Outcome::NoAnswer => Some("no answer"),
                _ => None,
            };
            let fields = json!({
                "decision": number,
                "id": &*key.id,
                "kind": key.kind.as_str(),
                "reason": why.as_str(),
                "outcome": outcome.as_str(),
                "error": error,
                "latencyUs": timing.written_us,
                "answerUs": timing.answered_us,
            });
            ("outcome", fields)
        }
        Note::Reconciled(counts) => {
            let (pending, groups, duplicates) = (counts.pending, counts.groups, counts.duplicates);
            ("reconciled", json!({ "pending": pending, "groups": groups, "duplicates": duplicates }))
        }
        Note::Opened { for_ms, .. } => ("breaker-opened", json!({ "forMs": for_ms })),
        Note::Closed => ("breaker-closed", json!({})),
        Note::Offender(offender) => {
            let Offender { group: digest, agent, session, run, times } = &**offender;
            let fields = json!({
                "group": group(digest), "agent": agent.as_deref(), "session": session.as_deref(),
                "run": run.as_deref(), "times": times,
            });
            ("offender", fields)
        }
    }
}

/// Prints a line for people. Outcomes that were to be expected need none of their own.
pub fn guard_text(out: &mut dyn Write, told: &Line) -> io::Result<()> {
    let Some(text) = text(&told.event) else { return Ok(()) };
    let at = at(told.at_ms);
    let time = at.get(11..19).unwrap_or_default();
    if told.gateway.is_empty() {
        return writeln!(out, "{time}  {text}");
    }
    writeln!(out, "{time}  {}: {text}", escaped(&told.gateway))
}

fn text(event: &Event) -> Option<String> {
    let name = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), escaped);
    Some(match event {
        Event::Started { observe, metrics } => {
            let what = if *observe { "observing: nothing is denied" } else { "guarding" };
            let metrics = metrics.as_ref().map_or_else(String::new, |url| format!("; figures at {url}"));
            format!("{what}{metrics}")
        }
        Event::Connected { address, version, legacy, partial } => {
            let version =
                version.as_deref().map_or_else(String::new, |version| format!(", {}", escaped(version)));
            let legacy = if *legacy { "; each denial starts an agent turn there" } else { "" };
            let partial =
                partial.as_deref().map_or_else(String::new, |partial| format!("; {}", escaped(partial)));
            format!("connected to {}{version}{legacy}{partial}", escaped(address))
        }
        Event::Disconnected { cause, retry_ms } => {
            format!("not connected, next try in {:.1} s: {}", seconds(*retry_ms), escaped(cause))
        }
        Event::Gap => "events were missed: everything is listed again".to_owned(),
        Event::Unlisted(cause) => format!("what is pending could not be listed: {}", escaped(cause)),
        Event::Unread(problem) => format!("not understood, and left alone: {}", escaped(problem)),
        Event::Cancelled { run, result: Ok(done) } => format!(
            "cancelled run {}: {} aborted, {} prompts denied, {} left",
            escaped(run),
            done.aborted,
            done.denied,
            done.left
        ),
        Event::Cancelled { result: Err(cause), .. } => format!("no run was cancelled: {}", escaped(cause)),
        Event::Reloading => "configuration and secrets are read again".to_owned(),
        Event::NotReloaded(cause) => format!("what was read before stays in use: {}", escaped(cause)),
        Event::Added => "added to the configuration".to_owned(),
        Event::Removed => "taken out of the configuration".to_owned(),
        Event::Failed { retry_ms } => format!(
            "a bug in clearance has ended the watch, which begins anew in {:.0} s: please report it",
            seconds(*retry_ms)
        ),
        Event::Dropped(lines) => format!("{lines} lines are missing here: they were not read in time"),
        Event::Stopping => "stopping".to_owned(),
        Event::Stopped => "stopped".to_owned(),
        Event::Note(Note::Decided(decided), _) => {
            let Decided { prompt, survivor, why: reason, .. } = &**decided;
            format!(
                "deny {}  agent {}  ({}; {} stays)  {}",
                escaped(prompt.id()),
                name(prompt.agent.as_deref()),
                why(*reason),
                escaped(&survivor.id),
                command(prompt, false)
            )
        }
        Event::Note(Note::Over { key, outcome, .. }, _) => match outcome {
            Outcome::Denied | Outcome::Observed => return None,
            Outcome::Gone => format!("{} was gone already", escaped(&key.id)),
            Outcome::Refused(words) => format!("{} was not denied: {}", escaped(&key.id), escaped(words)),
            Outcome::NoAnswer => format!("{}: sent, and not answered", escaped(&key.id)),
            Outcome::Withdrawn => format!("{} was not denied after all", escaped(&key.id)),
            Outcome::Held => format!("{} is held: the breaker is open", escaped(&key.id)),
        },
        Event::Note(Note::Reconciled(counts), _) => {
            format!("{} pending, {} of them duplicates", counts.pending, counts.duplicates)
        }
        Event::Note(Note::Opened { for_ms, .. }, _) => {
            format!(
                "too many denials: there are none for {:.0} s, an agent may be asking again and again",
                seconds(*for_ms)
            )
        }
        Event::Note(Note::Closed, _) => "there are denials again".to_owned(),
        Event::Note(Note::Offender(offender), _) => format!(
            "agent {} in session {} asks again and again: {} denials, run {}",
            name(offender.agent.as_deref()),
            name(offender.session.as_deref()),
            offender.times,
            name(offender.run.as_deref())
        ),
    })
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}
