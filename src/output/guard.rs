//! The lines of a guard: JSON objects, or short lines for people.

use std::io::{self, Write};
use std::net::SocketAddr;

use super::escape::{Paper, escaped, name as named};
use super::json::line;
use super::queue::{command, span};
use crate::queue::guard::line::{Event, Line};
use crate::queue::guard::{Decided, Long, Note, Outcome, Throttle};
use crate::queue::report::{self as denials, Failure};
use crate::report;
use crate::report::guard::{at, group};
use crate::report::queue::{STILL_LISTED, denial, skip_reason};

/// Warns that other machines can read what `--metrics` serves.
pub fn exposed_metrics(err: &mut dyn Write, address: SocketAddr) -> io::Result<()> {
    writeln!(
        err,
        "warning: --metrics {address} is not a loopback address: every machine that reaches it can read the metrics and \
         the names of the gateways, without authentication. On one machine use --metrics {}; in a pod or behind a \
         firewall this is expected.",
        address.port()
    )
}

/// Prints a line as JSON.
pub fn guard_ndjson(out: &mut dyn Write, printed: &Line) -> io::Result<()> {
    line(out, &report::guard::object(printed))
}

/// Prints a line for people. `observe`: nothing is denied. Expected outcomes have no line.
pub fn guard_text(out: &mut dyn Write, printed: &Line, observe: bool, paper: Paper) -> io::Result<()> {
    let Some(text) = text(&printed.event, observe) else { return Ok(()) };
    let at = at(printed.at);
    let time = at.get(11..19).unwrap_or_default();
    if printed.gateway.is_empty() {
        return paper.line(out, &format!("{time}  "), &text);
    }
    paper.line(out, &format!("{time}  "), &format!("{}: {text}", escaped(&printed.gateway)))
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
        Event::HookFailed { hook, of, cause } => {
            format!("{} failed for the event {of}: {}", escaped(hook), escaped(cause))
        }
        Event::Dropped(lines) => format!("{lines} lines are missing here: they were not read in time"),
        Event::Stopping => "stopping".to_owned(),
        Event::Stopped { .. } => "stopped".to_owned(),
        Event::Note(note, _) => return note_text(note, observe),
    })
}

fn note_text(note: &Note, observe: bool) -> Option<String> {
    let name = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), named);
    Some(match note {
        Note::Decided(decided) => {
            let Decided { prompt, survivor, why: reason, .. } = &**decided;
            format!(
                "{} {}  agent {}  ({}; kept: {})  {}",
                if observe { "would deny" } else { "deny" },
                named(prompt.id()),
                name(prompt.agent.as_deref()),
                denial(*reason),
                named(&survivor.id),
                command(prompt)
            )
        }
        Note::Over { key, outcome, .. } => match outcome {
            Outcome::Observed => return None,
            Outcome::Ended(ended) => return ended_text(&key.id, ended),
            Outcome::Withdrawn => format!("{} was not denied: its group changed", named(&key.id)),
            Outcome::Held => {
                format!("{} was not denied: the breaker is open, or its group is held", named(&key.id))
            }
        },
        Note::Reconciled(counts) => {
            let wider = counts.wider.map_or_else(String::new, |wider| {
                format!(" ({} more with --by {})", wider.duplicates, wider.scope.as_str())
            });
            format!("{} pending, {} of them duplicates{wider}", counts.pending, counts.duplicates)
        }
        Note::Opened { for_ms } => format!(
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
        Note::Older(older) => {
            let first = older.prompts.first();
            let first = first.map_or_else(String::new, |prompt| {
                format!(", the first {}: {}", named(prompt.id()), command(prompt))
            });
            format!("{}{first}", waiting(older.count, older.limit_ms))
        }
        Note::Long(long) => longer(*long),
    })
}

fn waiting(count: usize, limit_ms: u64) -> String {
    let (prompts, wait) = if count == 1 { ("prompt", "waits") } else { ("prompts", "wait") };
    format!("{count} {prompts} {wait} for more than {}", span(limit_ms))
}

fn longer(long: Long) -> String {
    format!("{} prompts are pending, more than {}", long.pending, long.limit)
}

/// Shows a desktop notice, where the terminal can: OSC 9, which many terminals show and others ignore
/// (`docs/guard.md`). It has no text from a prompt.
pub fn guard_notice(out: &mut dyn Write, printed: &Line) -> io::Result<()> {
    let Event::Note(note, _) = &printed.event else { return Ok(()) };
    let text = match note {
        Note::Older(older) => waiting(older.count, older.limit_ms),
        Note::Long(long) => longer(*long),
        Note::Opened { .. } => "circuit breaker open, nothing is denied for now".to_owned(),
        Note::Offender(offender) => format!("an agent keeps asking: {} denials", offender.times),
        _ => return Ok(()),
    };
    // The name of a gateway is the user's own, and may still have characters that would end the sequence.
    let gateway: String = printed.gateway.chars().filter(|c| !c.is_control()).take(80).collect();
    write!(out, "\x1b]9;clearance: {gateway}: {text}\x07")
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

/// The outcome of a denial, for people. A denial that succeeded has no line.
fn ended_text(id: &str, outcome: &denials::Outcome) -> Option<String> {
    let id = named(id);
    Some(match outcome {
        denials::Outcome::Denied => return None,
        denials::Outcome::AlreadyGone => format!("{id} was already gone"),
        denials::Outcome::Allowed(decision) => {
            format!("{id} was not denied: another client allowed it first ({})", decision.as_str())
        }
        denials::Outcome::Failed(Failure::Refused(words)) => {
            format!("{id} was not denied: {}", escaped(words))
        }
        denials::Outcome::Failed(Failure::NoAnswer) => format!("{id}: the denial was sent, but not answered"),
        denials::Outcome::Failed(Failure::StillListed) => format!("{id} was not denied: {STILL_LISTED}"),
        denials::Outcome::Skipped(why) => format!("{id} is skipped: {}", skip_reason(*why)),
    })
}
