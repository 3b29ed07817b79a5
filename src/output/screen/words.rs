//! The texts of the screen: counts, notices, hints, statuses.

use super::super::escape::{columns, escaped, name, shortened, text};
use crate::queue::Decision;
use crate::queue::clock::SteadyTime;
use crate::queue::filter::Sort;
use crate::queue::triage::{Act, Fact, Mode, Notice, Outcome, Question, Refusal, Row, Status, Triage};

/// A number and its noun.
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A number of entries.
pub(super) fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// A duration in milliseconds with one unit, which changes seldom: `42s`, `7m`, `3h`, `2d`.
pub(super) fn brief(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The line at the top. If there is no room, the name is shortened, then the filter, and the counts stay.
pub(super) fn head(triage: &Triage, room: usize) -> String {
    /// The least room for a name.
    const NAME: usize = 8;
    let counts = triage.counts();
    let of = match triage.gateways() {
        [one] => name(&one.name),
        several => counted(several.len(), "gateway"),
    };
    let mut parts = Vec::new();
    if counts.prompts > 0 || !triage.is_connecting() {
        let (prompts, groups) = (counted(counts.prompts, "prompt"), counted(counts.rows, "group"));
        parts.push(if counts.prompts == 0 {
            "no prompts".to_owned()
        } else {
            format!("{prompts} in {groups}")
        });
    }
    let optional = [
        (counts.arrivals, format!("{} new", counts.arrivals)),
        (counts.tagged, format!("{} tagged", counts.tagged)),
        (counts.queued, format!("{} queued", counts.queued)),
        (counts.sent, format!("{} being sent", counts.sent)),
    ];
    parts.extend(optional.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text));
    if triage.read_only() {
        parts.push("read-only".to_owned());
    }
    let counts = parts.join(", ");
    let counts = if counts.is_empty() { counts } else { format!(": {counts}") };
    let filter = filter(triage).map_or_else(String::new, |filter| format!(", {filter}"));
    let left = room.saturating_sub(columns(&counts) + columns(&filter)).max(NAME);
    let head = format!("{}{counts}", shortened(&of, left));
    let left = room.saturating_sub(columns(&head));
    format!("{head}{}", shortened(&filter, left))
}

/// The line with the last report, and whether it reports a failure.
pub(super) fn notice(triage: &Triage) -> (String, bool) {
    if matches!(triage.mode(), Mode::Ending) {
        let left = match triage.counts().sent {
            0 => "the last decision".to_owned(),
            count => counted(count, "decision"),
        };
        return (format!("Waiting for the answers to {left}. q ends without them."), false);
    }
    let Some(notice) = triage.notice() else { return (String::new(), false) };
    match notice {
        Notice::Queued { act: Act::AddEntries { entries, .. }, .. } => {
            (format!("Add {} in 3s. u undoes it.", self::entries(*entries)), false)
        }
        Notice::Queued { act, prompts, rows } => {
            let of = if *rows > 1 { format!(" of {rows} groups") } else { String::new() };
            (format!("{} {}{of} in 3s. u undoes it.", verb(*act), counted(*prompts, "prompt")), false)
        }
        Notice::Undone { prompts: 0 } => ("Undone.".to_owned(), false),
        Notice::Undone { prompts } => (format!("Undone: {}.", counted(*prompts, "prompt")), false),
        Notice::Refused(refusal) => (refused(triage, *refusal), false),
        Notice::Failed { prompts: 0, words } => (format!("Failed: {}", escaped(words)), true),
        Notice::Failed { prompts, words } => {
            (format!("{} not decided: {}", counted(*prompts, "prompt"), escaped(words)), true)
        }
        Notice::Reported(words) => (escaped(words), false),
        Notice::Sorted(sort) => (format!("Sorted by {}.", sorted(*sort)), false),
        Notice::Tagged(count) => (format!("{} tagged.", counted(*count, "group")), false),
        Notice::TakenIn(count) => (format!("{} taken in.", counted(*count, "new prompt")), false),
    }
}

fn sorted(sort: Sort) -> &'static str {
    match sort {
        Sort::Age => "age",
        Sort::Expiry => "expiry",
        Sort::Agent => "agent",
        Sort::Command => "command",
    }
}

/// What an act does, at the start of a sentence.
pub(super) fn verb(act: Act) -> &'static str {
    match act {
        Act::Decide(Decision::AllowOnce) => "Allow once",
        Act::Decide(Decision::AllowAlways) => "Always allow",
        Act::Decide(Decision::Deny) | Act::DenyDuplicates => "Deny",
        Act::Cancel(_) => "Cancel the run and deny",
        Act::AddEntries { .. } => "Add entries",
    }
}

fn refused(triage: &Triage, refusal: Refusal) -> String {
    let text = match refusal {
        Refusal::ReadOnly => "Nothing is decided with --read-only.",
        Refusal::Changed => "The row changed just now. Read it, then press the key again.",
        Refusal::Nothing => "No row is selected.",
        Refusal::Busy => "This row already has a decision. u undoes it until it is sent.",
        Refusal::Over => "This row has no pending prompts left.",
        Refusal::Away(gateway) => {
            let name = triage.gateways().get(gateway).map_or("-".to_owned(), |gateway| name(&gateway.name));
            return format!("{name} is not connected. Nothing was sent.");
        }
        Refusal::NotAllowed(Decision::AllowAlways) => "This prompt does not offer allow-always.",
        Refusal::NotAllowed(_) => "This prompt does not offer this decision.",
        Refusal::NoDuplicates => "This row has no duplicates.",
        Refusal::NothingTagged => "No tagged row has prompts to deny. t tags a row, T all.",
        Refusal::NoRun => "This prompt names neither a run nor a session.",
        Refusal::NothingToCancel => "The run has ended and holds no prompts.",
        Refusal::NothingToUndo => "Nothing to undo: no decision waits to be sent.",
        Refusal::NoSuchKey => "This key does nothing. ? shows the keys.",
    };
    text.to_owned()
}

/// The most important keys.
pub(super) fn hints(triage: &Triage) -> &'static [&'static str] {
    match triage.mode() {
        Mode::List if triage.read_only() => {
            &["? help", "enter text", "/ filter", "p new entries", "s sort", "r new", "q quit"]
        }
        Mode::List => &[
            "? help",
            "a allow once",
            "d deny",
            "D deny duplicates",
            "u undo",
            "enter text",
            "t tag",
            "/ filter",
            "c cancel run",
            "p new entries",
            "A always",
            "s sort",
            "r new",
            "q quit",
        ],
        Mode::Filter => &["enter keep", "escape remove"],
        Mode::Help { .. } | Mode::Text { .. } => &["escape back", "j down", "k up", "page down"],
        Mode::Question { question: Question::Quit, .. } => &["s send", "d drop", "escape back"],
        Mode::Question { question: Question::Cancel { plan: None, .. }, .. } => &["escape back"],
        Mode::Question { question: Question::Entries { found, .. }, .. }
            if triage.read_only() || !matches!(found, Fact::Known(found) if found.can_be_added()) =>
        {
            &["escape back", "j down", "k up"]
        }
        Mode::Question { .. } => &["y yes", "escape back", "j down", "k up"],
        Mode::Ending => &["q end now"],
    }
}

/// The status of a row, if it has one besides waiting for a decision. `short`: there is little room.
pub(super) fn status(triage: &Triage, row: &Row, now: SteadyTime, short: bool) -> String {
    match row.status() {
        Status::Open => match triage.arrivals_of(row) {
            0 => String::new(),
            new => format!("+{new} new"),
        },
        Status::Queued(order) => {
            let Some((due, order)) = triage.queued(order) else { return "queued".to_owned() };
            let seconds = due.since(now).div_ceil(1_000);
            let what = match order.act {
                Act::Decide(Decision::AllowOnce) => "allow",
                Act::Decide(Decision::AllowAlways) if short => "always",
                Act::Decide(Decision::AllowAlways) => "always allow",
                Act::DenyDuplicates if !short => "deny duplicates",
                Act::Decide(Decision::Deny) | Act::DenyDuplicates => "deny",
                Act::Cancel(_) => "cancel",
                Act::AddEntries { .. } => "add entries",
            };
            format!("{what} in {seconds}s")
        }
        Status::Sending => "sending".to_owned(),
        Status::Failed(_) => "failed".to_owned(),
        Status::Over(outcome) => over(outcome).to_owned(),
    }
}

/// An outcome in a word.
pub(super) fn over(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Decided(Decision::Deny) => "denied",
        Outcome::Decided(Decision::AllowOnce) => "allowed",
        Outcome::Decided(Decision::AllowAlways) => "always allowed",
        Outcome::Gone(_) => "gone",
        Outcome::Failed(_) => "failed",
    }
}

/// The filter, as it is typed.
fn filter(triage: &Triage) -> Option<String> {
    let typing = matches!(triage.mode(), Mode::Filter);
    let end = if typing { "_" } else { "" };
    (typing || !triage.filter().is_empty()).then(|| format!("filter: {}{end}", text(triage.filter())))
}
