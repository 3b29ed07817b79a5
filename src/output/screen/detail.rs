//! The prompt under the cursor: its command, its place, who asks, what is known about it.

use std::io;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json_borrow::Value;

use super::super::escape::{Paper, escaped, name, shortened, text};
use super::super::queue::by;
use super::frame::{BOLD, PLAIN, put};
use super::words;
use crate::queue::clock::SteadyTime;
use crate::queue::filter::subject;
use crate::queue::history::Past;
use crate::queue::prompt::Prompt;
use crate::queue::triage::{Fact, Facts, Row, Status, Triage, Verdict};
use crate::queue::{Kind, RunState};

/// The columns of a label with its gutter.
const LABEL: usize = 10;
/// How many earlier decisions are shown.
const EARLIER: usize = 3;

/// Draws the prompt under the cursor.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, triage: &Triage, row: &Row, now: SteadyTime) {
    let paper = Paper { width: Some(usize::from(area.width)), styled: false };
    // Writing to memory cannot fail.
    let lines = lines(triage, row, now, paper, area.height).unwrap_or_default();
    let height = usize::from(area.height);
    let cut = lines.len() > height;
    let shown = if cut { height.saturating_sub(1) } else { height };
    for (at, line) in lines.iter().take(shown).enumerate() {
        put(buffer, area, u16::try_from(at).unwrap_or(u16::MAX), line, PLAIN);
    }
    if cut {
        let left = lines.len() - shown;
        let more = format!("        … {}: enter shows all", words::counted(left, "more line"));
        put(buffer, area, area.height - 1, &more, BOLD);
    }
}

/// The lines about a row. The command takes at most half of the height.
fn lines(triage: &Triage, row: &Row, now: SteadyTime, paper: Paper, height: u16) -> io::Result<Vec<String>> {
    let Some(lead) = row.lead() else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    let room = paper.width.unwrap_or_default().saturating_sub(LABEL).max(8);
    let command = text(subject(lead));
    let label = if lead.kind() == Kind::Exec { "command" } else { "asks" };
    paper.block(&mut out, label, &shortened(&command, room * usize::from(height / 2).max(1)))?;
    status(&mut out, row, paper)?;
    let block = |out: &mut Vec<u8>, fields: Vec<Field>| {
        fields
            .into_iter()
            .try_for_each(|(label, value)| paper.block(out, label, &shortened(&value, room * 2)))
    };
    block(&mut out, warnings(lead))?;
    let facts = triage.facts(&row.id);
    if let Some(Facts { verdict, .. }) = facts {
        explained(&mut out, verdict, paper)?;
    }
    block(&mut out, places(lead))?;
    block(&mut out, requester(lead, row.run))?;
    let now_ms = triage.gateway_now(row.id.gateway, now).as_ms();
    if let Some(Facts { history: Some(history), .. }) = facts {
        before(&mut out, history, now_ms, paper)?;
    }
    paper.block(&mut out, "asked", &asked(row, now_ms))?;
    paper.block(&mut out, "id", &name(lead.id()))?;
    block(&mut out, program(lead))?;
    let offered: Vec<&str> = lead.details.allowed.iter().map(|decision| decision.as_str()).collect();
    if !offered.is_empty() {
        paper.block(&mut out, "offers", &offered.join(", "))?;
    }
    Ok(String::from_utf8_lossy(&out).lines().map(str::to_owned).collect())
}

/// What became of the decisions on a row.
fn status(out: &mut Vec<u8>, row: &Row, paper: Paper) -> io::Result<()> {
    match row.status() {
        Status::Failed(words) => paper.block(out, "failed", &escaped(words)),
        Status::Over(outcome) => paper.block(out, "now", words::over(outcome)),
        Status::Open | Status::Queued(_) | Status::Sending => Ok(()),
    }
}

/// A label and its text.
type Field = (&'static str, String);

fn known(fields: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Vec<Field> {
    fields.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
}

/// What the gateway or a plugin says about it.
fn warnings(prompt: &Prompt) -> Vec<Field> {
    let details = &prompt.details;
    known([
        ("warning", details.warning.as_deref().map(text)),
        ("about", details.description.as_deref().map(text)),
    ])
}

/// Where it would run.
fn places(prompt: &Prompt) -> Vec<Field> {
    let details = &prompt.details;
    let on = match (details.node.as_deref(), details.host.as_deref()) {
        (Some(node), _) => Some(format!("node {}", name(node))),
        (None, host) => host.map(name),
    };
    known([("in", details.cwd.as_deref().map(text)), ("on", on)])
}

/// What would run.
fn program(prompt: &Prompt) -> Vec<Field> {
    let details = &prompt.details;
    let keys: Vec<String> = details.env.keys.iter().map(|key| name(key)).collect();
    let tool = match (details.plugin.as_deref(), details.tool.as_deref()) {
        (None, None) => None,
        (plugin, tool) => {
            Some(format!("{} {}", plugin.map_or_else(String::new, name), tool.map_or_else(String::new, name)))
        }
    };
    known([
        ("tool", tool),
        ("program", details.resolved_path.as_deref().map(text)),
        ("env", (!keys.is_empty()).then(|| keys.join(" "))),
    ])
}

/// Who asks: the agent, its session, its run, and the channel that receives the outcome.
fn requester(prompt: &Prompt, state: RunState) -> Vec<Field> {
    let of = |value: &Option<std::sync::Arc<str>>| value.as_deref().map(name);
    let run = of(&prompt.run_id).map(|run| match state {
        RunState::Unknown => run,
        state => format!("{run} ({})", state.as_str()),
    });
    known([
        ("agent", of(&prompt.agent)),
        ("session", of(&prompt.session_key)),
        ("run", run),
        ("channel", channel(prompt)),
    ])
}

/// The channel from which the agent was asked.
fn channel(prompt: &Prompt) -> Option<String> {
    let request: Value<'_> = serde_json::from_str(prompt.raw.as_ref()?.0.get()).ok()?;
    let field = |name: &str| request.as_object()?.get(name)?.as_str();
    let channel = name(field("turnSourceChannel")?);
    let others = ["turnSourceTo", "turnSourceAccountId", "turnSourceThreadId"];
    let others: Vec<String> = others.into_iter().filter_map(|other| field(other).map(name)).collect();
    Some(if others.is_empty() { channel } else { format!("{channel} {}", others.join(" ")) })
}

/// How many prompts there are, how old they are, and when the shown one expires.
fn asked(row: &Row, now_ms: u64) -> String {
    let age = row.oldest_ms().map_or_else(String::new, |at| words::brief(now_ms.saturating_sub(at)));
    let left = row.lead().map(|lead| lead.expires_at_ms.saturating_sub(now_ms)).unwrap_or_default();
    let expires = if left == 0 { "expired".to_owned() } else { format!("expires in {}", words::brief(left)) };
    match row.open() {
        0 | 1 => format!("{age} ago, {expires}"),
        count => format!("{count} prompts, the oldest {age} ago; the shown one {expires}"),
    }
}

/// What `approvals explain` says, and the entries that would allow it.
fn explained(out: &mut Vec<u8>, verdict: &Fact<Verdict>, paper: Paper) -> io::Result<()> {
    let verdict = match verdict {
        Fact::Asked => return paper.block(out, "explain", "…"),
        Fact::Unknown(why) => return paper.block(out, "explain", &format!("unknown: {}", escaped(why))),
        Fact::Known(verdict) => verdict,
    };
    let Verdict { word, why, entries, missing, release, always: _ } = verdict;
    let because = missing.first().unwrap_or(why);
    paper.block(out, "explain", &format!("{word}: {} ({})", escaped(because), escaped(release)))?;
    for (pattern, arguments) in entries {
        let arguments =
            arguments.as_deref().map_or_else(String::new, |pattern| format!("  {}", text(pattern)));
        paper.block(out, "entry", &format!("would allow it: {}{arguments}", text(pattern)))?;
    }
    Ok(())
}

/// What was decided about the same before.
fn before(out: &mut Vec<u8>, history: &Fact<Vec<Past>>, now_ms: u64, paper: Paper) -> io::Result<()> {
    match history {
        Fact::Asked => paper.block(out, "before", "…"),
        Fact::Unknown(why) => paper.block(out, "before", &format!("unknown: {}", escaped(why))),
        Fact::Known(past) if past.is_empty() => {
            paper.block(out, "before", "the history has no decision about this text")
        }
        Fact::Known(past) => {
            past.iter().take(EARLIER).try_for_each(|past| paper.block(out, "before", &earlier(past, now_ms)))
        }
    }
}

fn earlier(past: &Past, now_ms: u64) -> String {
    let Past { outcome, resolver, count, last_ms } = past;
    let ago = words::brief(now_ms.saturating_sub(*last_ms));
    let times = if *count > 1 { format!(" {count}x, last") } else { String::new() };
    format!("{}{times} {ago} ago, by {}", name(outcome), by(resolver.as_ref()))
}
