//! Prompts, plans and purges, for people and for machines. Every text of a prompt is hostile: it is escaped.

mod decision;
mod listing;
mod notes;
mod purge;
mod table;

use std::io::{self, Write};

use serde::Serialize;

use super::escape::escaped;
use crate::queue::filter::subject;
use crate::queue::{Prompt, RunState};

pub use decision::{prompt_text, resolved_json, resolved_text};
pub use listing::{changes_ndjson, changes_text, queue_json, queue_ndjson};
pub(super) use notes::WiderJson;
pub use notes::remarks;
pub use purge::{DedupeJson, dedupe_json, dedupe_text, plan_text};
pub(super) use purge::{STILL_LISTED, untried, why};
pub use table::{Layout, queue_text};

/// Characters of a command that are shown without `--full`.
const SHOWN: usize = 300;

/// Prints why the state of runs is unknown, where it is.
pub fn runs_unknown_text(err: &mut dyn Write, cause: Option<&str>) -> io::Result<()> {
    match cause {
        Some(cause) => writeln!(err, "note: the state of runs is unknown: {}", escaped(cause)),
        None => Ok(()),
    }
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
pub(super) fn span(millis: u64) -> String {
    let seconds = millis / 1000;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

/// A prompt as JSON, printed from where it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PromptJson<'p> {
    agent_id: Option<&'p str>,
    approval_kind: &'static str,
    created_at_ms: u64,
    expires_at_ms: u64,
    id: &'p str,
    kind: &'static str,
    run_id: Option<&'p str>,
    session_key: Option<&'p str>,
    summary: &'p str,
    /// Why it is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

impl<'p> PromptJson<'p> {
    pub(super) fn of(prompt: &'p Prompt) -> Self {
        Self {
            agent_id: prompt.agent.as_deref(),
            approval_kind: prompt.kind().as_str(),
            created_at_ms: prompt.created_at_ms,
            expires_at_ms: prompt.expires_at_ms,
            id: prompt.id(),
            kind: prompt.kind().as_str(),
            run_id: prompt.run_id.as_deref(),
            session_key: prompt.session_key.as_deref(),
            summary: subject(prompt),
            why: None,
        }
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
