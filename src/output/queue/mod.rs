//! Prompts, plans and purges, for people and for machines. Every text of a prompt is hostile: see `output::escape`.

mod decision;
mod decisions;
mod frame;
mod grid;
mod history;
mod listing;
mod notes;
mod purge;
mod screen;
mod table;

use std::collections::HashMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::escape::{Paper, columns, escaped, excerpt, name, text};
use crate::queue::Prompt;
use crate::queue::filter::subject;

pub(super) use decision::decided;
pub use decision::{added_entry_text, entry_failed_text, entry_text, prompt_text, resolved_text};
pub(super) use decisions::rows_text;
pub use decisions::{decisions_plan_text, decisions_question, decisions_text};
pub(super) use frame::{Frame, lines, status_lines};
pub(super) use grid::{Grid, Shape};
pub use history::{cut_text, history_ndjson, history_text, read_progress};
pub use listing::{changes_ndjson, changes_text, queue_ndjson};
pub use notes::remarks;
pub(super) use notes::{by, skipped};
pub use purge::{dedupe_text, plan_text};
pub use screen::{
    Screen, blank_line, connection_text, dedupe_question, progress, progress_over, question, resolve_question,
};
pub use table::{Layout, queue_screen, queue_text};

/// The style of duplicates, which are dimmed.
const DUPLICATE: Style = Style::new().dimmed();
/// The style of what expires within [`SOON_MS`].
const SOON: Style = AnsiColor::Red.on_default();
/// The remaining lifetime, in milliseconds, below which a prompt is shown in red.
const SOON_MS: u64 = 60_000;

/// Whether a prompt expires within a minute, or has expired.
fn expires_soon(prompt: &Prompt, now_ms: u64) -> bool {
    prompt.expires_at_ms.saturating_sub(now_ms) < SOON_MS
}

/// The maximum width of a command without `--full`, in columns.
pub(super) const LONG: usize = 300;

/// Prints why the state of runs is unknown, if it is.
pub fn runs_unknown_text(err: &mut dyn Write, cause: Option<&str>, paper: Paper) -> io::Result<()> {
    match cause {
        Some(cause) => paper.line(err, "note: the state of runs is unknown: ", &escaped(cause)),
        None => Ok(()),
    }
}

/// The requester of a prompt, its age and its expiry.
pub(super) fn head(prompt: &Prompt, now_ms: u64) -> String {
    let known = |text: &Option<std::sync::Arc<str>>| text.as_deref().map_or_else(|| "-".to_owned(), name);
    let left = match prompt.expires_at_ms.checked_sub(now_ms) {
        Some(left) => format!("expires in {}", span(left)),
        None => "expired".to_owned(),
    };
    format!(
        "{}  {}  agent {}  session {}  asked {} ago, {left}",
        name(prompt.id()),
        prompt.kind().as_str(),
        known(&prompt.agent),
        known(&prompt.session_key),
        span(prompt.age_ms(now_ms)),
    )
}

/// The command of a prompt: all of it, or the head and tail of a long one.
pub(super) fn command(prompt: &Prompt) -> String {
    excerpt(subject(prompt), LONG).0
}

/// Prompts with one intent in one place, and their number; with `all` each by itself.
pub(super) fn folded(prompts: &[Prompt], all: bool) -> Vec<(&Prompt, usize)> {
    let mut groups: Vec<(&Prompt, usize)> = Vec::new();
    let mut known = HashMap::new();
    for prompt in prompts {
        let place = (prompt.kind(), prompt.intent, prompt.agent.as_deref(), prompt.session_key.as_deref());
        // Prompts that cannot be compared are never the same.
        let same = known.get(&place).copied().filter(|_| !all && prompt.doubt.is_none());
        if let Some((_, count)) = same.and_then(|at: usize| groups.get_mut(at)) {
            *count += 1;
            continue;
        }
        if prompt.doubt.is_none() {
            known.insert(place, groups.len());
        }
        groups.push((prompt, 1));
    }
    groups
}

/// A number and its noun.
pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The length of a command, if it is long.
fn length(prompt: &Prompt) -> Option<String> {
    let subject = subject(prompt);
    let count = subject.chars().count();
    (count > LONG || columns(&text(subject)) > LONG).then(|| format!("{count} characters"))
}

/// A duration in milliseconds as text, for example `2m05s`.
pub(super) fn span(millis: u64) -> String {
    let seconds = millis / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}
