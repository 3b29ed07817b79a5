//! One prompt, and its decision.

use std::borrow::Cow;
use std::io::{self, Write};

use super::super::escape::{Paper, escaped, name, shortened, text};
use super::{command, head, length};
use crate::queue::filter::subject;
use crate::queue::{Decision, Prompt};
use crate::report::queue::{Added, Entry, Resolved};

/// The maximum number of lines of a command that are repeated before a question.
const REPEATED: usize = 3;

/// Prints a whole prompt, then a summary for the question: however long the prompt is, the last lines show what is
/// decided.
pub fn prompt_text(out: &mut dyn Write, prompt: &Prompt, now_ms: u64, paper: Paper) -> io::Result<()> {
    paper.line(out, "Prompt ", &head(prompt, now_ms))?;
    paper.block(out, "", &text(subject(prompt)))?;
    let request = prompt.raw.as_ref().map_or("{}", |raw| raw.0.get());
    let request: serde_json_borrow::Value<'_> = serde_json::from_str(request)?;
    for (field, value) in request.iter_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        if value.as_str() == Some(subject(prompt)) {
            continue;
        }
        let value = value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed);
        paper.block(out, "", &format!("{}: {}", name(field), text(&value)))?;
    }
    writeln!(out)?;
    repeated(out, prompt, paper)
}

/// Prints the head and tail of the command, its place, its requester, and the id.
pub fn repeated(out: &mut dyn Write, prompt: &Prompt, paper: Paper) -> io::Result<()> {
    let room = paper.block_room();
    // An id that a gateway made fits two lines of any terminal.
    let lines =
        |text: &str, count: usize| room.map_or_else(|| text.to_owned(), |room| shortened(text, count * room));
    let command = text(subject(prompt));
    let command =
        room.map_or_else(|| shortened(&command, super::LONG), |room| shortened(&command, REPEATED * room));
    paper.block(out, "command", &command)?;
    if let Some(length) = length(prompt) {
        paper.block(out, "length", &length)?;
    }
    let details = &prompt.details;
    let fields = [
        ("node", details.node.as_deref().map(name)),
        ("in", details.cwd.as_deref().map(text)),
        ("agent", prompt.agent.as_deref().map(name)),
        ("id", Some(name(prompt.id()))),
    ];
    for (label, shown) in fields {
        if let Some(shown) = shown {
            paper.block(out, label, &lines(&shown, if label == "id" { 2 } else { 1 }))?;
        }
    }
    Ok(())
}

/// Prints an entry before the question whether to add it.
pub fn entry_text(out: &mut dyn Write, entry: &Entry, paper: Paper) -> io::Result<()> {
    let Entry { agent, pattern, arg_pattern, document, release, .. } = entry;
    paper.line(out, "Entry for agent ", &format!("{} in {}", name(agent), text(document)))?;
    paper.block(out, "pattern", &text(pattern))?;
    if let Some(arg_pattern) = arg_pattern {
        paper.block(out, "args", &text(arg_pattern))?;
    }
    let text =
        format!("It allows this program with exactly these arguments, in any directory ({}).", name(release));
    paper.line(out, "", &text)
}

/// Prints what became of an entry.
pub fn added_entry_text(out: &mut dyn Write, entry: &Entry, added: &Added, paper: Paper) -> io::Result<()> {
    let what = match added {
        Added::Stored => "Added the entry ",
        Added::Before => "The document already has the entry ",
        Added::Planned | Added::Failed(_) => return Ok(()),
    };
    let arguments =
        entry.arg_pattern.as_deref().map_or_else(String::new, |arguments| format!(" {}", text(arguments)));
    let shown = format!("{}{arguments} for agent {}", text(&entry.pattern), name(&entry.agent));
    paper.line(out, what, &shown)
}

/// Prints that the prompt is decided, and the entry is not stored.
pub fn entry_failed_text(err: &mut dyn Write, why: &str, remedy: &str, paper: Paper) -> io::Result<()> {
    paper.line(
        err,
        "error: ",
        &format!("the prompt is decided, but the entry was not added: {}", escaped(why)),
    )?;
    paper.line(err, "  next: ", remedy)
}

/// Prints a decision and its prompt.
pub fn resolved_text(out: &mut dyn Write, resolved: &Resolved, paper: Paper) -> io::Result<()> {
    let Resolved { id, prompt, decision, before, .. } = resolved;
    let what = if *before { already(*decision) } else { decided(*decision) };
    let id = name(id);
    let Some(prompt) = prompt else { return paper.line(out, what, &id) };
    let agent = prompt.agent.as_deref().map_or_else(String::new, |agent| format!(" ({})", name(agent)));
    paper.line(out, what, &format!("{id}{agent}: {}", command(prompt)))
}

/// The lead of a line about decided prompts.
pub(in crate::output) const fn decided(decision: Decision) -> &'static str {
    match decision {
        Decision::Deny => "Denied ",
        Decision::AllowOnce => "Allowed once: ",
        Decision::AllowAlways => "Always allowed: ",
    }
}

/// The lead of a line about a prompt that was decided in this way before.
pub(super) const fn already(decision: Decision) -> &'static str {
    match decision {
        Decision::Deny => "Already denied: ",
        Decision::AllowOnce => "Already allowed once: ",
        Decision::AllowAlways => "Already always allowed: ",
    }
}
