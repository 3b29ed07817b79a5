//! The lines of a guard: JSON objects, or short lines for people.

use std::io::{self, Write};
use std::net::SocketAddr;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::escape::{Paper, escaped, name as named};
use super::json::{VERSION, line};
use super::queue::{STILL_LISTED, WiderJson, command, untried, why};
use crate::queue::guard::line::{Event, Line, Timing};
use crate::queue::guard::{Decided, Held, Note, Offender, Outcome, Throttle};

/// Warns that other machines can read what `--metrics` serves.
pub fn exposed_metrics(err: &mut dyn Write, address: SocketAddr) -> io::Result<()> {
    writeln!(
        err,
        "warning: --metrics {address} is not a loopback address: every machine that reaches it can read the figures and \
         the names of the gateways, without authentication. On one machine use --metrics {}; in a pod or behind a \
         firewall this is expected.",
        address.port()
    )
}

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
                Outcome::StillListed => Some(STILL_LISTED),
                Outcome::NotSent(why) => Some(untried(*why)),
                _ => None,
            };
            let decided =
                if let Outcome::Allowed(decision) = outcome { Some(decision.as_str()) } else { None };
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
        Note::Held(held) => {
            let Held { group: digest, agent, session, survivor, times, for_ms } = &**held;
            let fields = json!({
                "group": group(digest), "agent": agent.as_deref(), "session": session.as_deref(),
                "survivor": &*survivor.id, "times": times, "forMs": for_ms,
            });
            ("group-held", fields)
        }
        Note::Released(digest) => ("group-released", json!({ "group": group(digest) })),
    }
}

/// Prints a line for people. `observe`: nothing is denied. Outcomes that were to be expected need no line of their own.
pub fn guard_text(out: &mut dyn Write, told: &Line, observe: bool, paper: Paper) -> io::Result<()> {
    let Some(text) = text(&told.event, observe) else { return Ok(()) };
    let at = at(told.at_ms);
    let time = at.get(11..19).unwrap_or_default();
    if told.gateway.is_empty() {
        return paper.line(out, &format!("{time}  "), &text);
    }
    paper.line(out, &format!("{time}  "), &format!("{}: {text}", escaped(&told.gateway)))
}

fn text(event: &Event, observe: bool) -> Option<String> {
    Some(match event {
        Event::Started { observe, metrics, free, turns } => {
            let what = if *observe { "observing, nothing is denied" } else { "guarding" };
            let metrics = metrics.as_ref().map_or_else(String::new, |url| format!("; metrics at {url}"));
            format!("{what}; {}{metrics}", limits(*free, *turns))
        }
        Event::Connected { address, version, legacy: _, partial, throttle, repeats } => {
            let version =
                version.as_deref().map_or_else(String::new, |version| format!(", {}", escaped(version)));
            let limit = format!("at most {}", limit(*throttle));
            let limit = repeats.map_or_else(
                || limit.clone(),
                |repeats| {
                    format!(
                        "each denial starts an agent turn there: {limit}, and a group that comes back is held after \
                         {repeats} denials"
                    )
                },
            );
            let partial =
                partial.as_deref().map_or_else(String::new, |partial| format!("; {}", escaped(partial)));
            format!("connected to {}{version}; {limit}{partial}", escaped(address))
        }
        Event::Disconnected { cause, remedy, retry_ms } => {
            let remedy = remedy.as_deref().map(|remedy| remedy.replace('\n', "; "));
            let next = remedy.map_or_else(String::new, |remedy| format!(" (next: {})", escaped(&remedy)));
            format!("not connected, next try in {:.1} s: {}{next}", seconds(*retry_ms), escaped(cause))
        }
        Event::Gap => "events were missed; listing everything again".to_owned(),
        Event::Unlisted(cause) => format!("could not list the pending prompts: {}", escaped(cause)),
        Event::RunsUnknown(cause) => format!(
            "could not list the sessions, so no run counts as ended; duplicates are still denied: {}",
            escaped(cause)
        ),
        Event::RunsKnown => "the sessions can be listed again".to_owned(),
        Event::Unread(problem) => format!("skipped a prompt that could not be read: {}", escaped(problem)),
        Event::Cancelled { run, result: Ok(done) } => format!(
            "cancelled run {}: {} aborted, {} prompts denied, {} left",
            named(run),
            done.aborted,
            done.denied,
            done.left
        ),
        Event::Cancelled { result: Err(cause), .. } => format!("no run was cancelled: {}", escaped(cause)),
        Event::Reloading => "reading configuration and secrets again".to_owned(),
        Event::NotReloaded(cause) => {
            format!("kept the configuration that was read before: {}", escaped(cause))
        }
        Event::Added => "added to the configuration".to_owned(),
        Event::Removed => "removed from the configuration".to_owned(),
        Event::Failed { retry_ms } => format!(
            "a bug in clearance ended the watch; it starts again in {:.0} s. Please report it",
            seconds(*retry_ms)
        ),
        Event::Dropped(lines) => format!("{lines} lines are missing here: they were not read in time"),
        Event::Stopping => "stopping".to_owned(),
        Event::Stopped => "stopped".to_owned(),
        Event::Note(told, _) => return note_text(told, observe),
    })
}

fn note_text(note: &Note, observe: bool) -> Option<String> {
    let name = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), named);
    Some(match note {
        Note::Decided(decided) => {
            let Decided { prompt, survivor, why: reason, .. } = &**decided;
            format!(
                "{} {}  agent {}  ({}; {} stays)  {}",
                if observe { "would deny" } else { "deny" },
                named(prompt.id()),
                name(prompt.agent.as_deref()),
                why(*reason),
                named(&survivor.id),
                command(prompt)
            )
        }
        Note::Over { key, outcome, .. } => match outcome {
            Outcome::Denied | Outcome::Observed => return None,
            Outcome::Gone => format!("{} was already gone", named(&key.id)),
            Outcome::Refused(words) => format!("{} was not denied: {}", named(&key.id), escaped(words)),
            Outcome::Allowed(decision) => {
                let decision = decision.as_str();
                format!("{} was not denied: somebody allowed it first ({decision})", named(&key.id))
            }
            Outcome::StillListed => format!("{} was not denied: {STILL_LISTED}", named(&key.id)),
            Outcome::NotSent(why) => format!("{} is skipped: {}", named(&key.id), untried(*why)),
            Outcome::NoAnswer => format!("{}: the denial was sent, but not answered", named(&key.id)),
            Outcome::Withdrawn => format!("{} was not denied: its group changed", named(&key.id)),
            Outcome::Held => {
                format!("{} stays: the breaker is open, or its group is held", named(&key.id))
            }
        },
        Note::Reconciled(counts) => {
            let wider = counts.wider.map_or_else(String::new, |wider| {
                format!(" ({} more with --by {})", wider.duplicates, wider.scope.as_str())
            });
            format!("{} pending, {} of them duplicates{wider}", counts.pending, counts.duplicates)
        }
        Note::Opened { for_ms, .. } => format!(
            "circuit breaker open, nothing is denied for {:.0} s: too many denials, an agent may keep asking",
            seconds(*for_ms)
        ),
        Note::Closed => "circuit breaker closed, denying again".to_owned(),
        Note::Offender(offender) => format!(
            "agent {} keeps asking: {} denials (session {}, run {})",
            name(offender.agent.as_deref()),
            offender.times,
            name(offender.session.as_deref()),
            name(offender.run.as_deref())
        ),
        Note::Held(held) => format!(
            "holding a group, nothing of it is denied for {:.0} s: agent {} asked again after each of {} denials \
             (session {}); decide {} to end this",
            seconds(held.for_ms),
            name(held.agent.as_deref()),
            held.times,
            name(held.session.as_deref()),
            escaped(&held.survivor.id)
        ),
        Note::Released(digest) => format!("group {} is not held any more", group(digest)),
    })
}

fn limit(throttle: Throttle) -> String {
    format!("{} denials, then none for {:.0} s", throttle.max_rate, seconds(throttle.cooling_ms))
}

fn limits(free: Throttle, turns: Throttle) -> String {
    if free == turns {
        return format!("at most {}", limit(free));
    }
    format!("at most {} ({} where a denial starts an agent turn)", limit(free), limit(turns))
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}
