//! One prompt, and its decision.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::json;

use super::super::escape::escaped;
use super::super::json::{VERSION, json};
use super::{PromptJson, command, head};
use crate::queue::{Decision, Prompt};

/// Prints a prompt whole: what somebody decides about.
pub fn prompt_text(out: &mut dyn Write, prompt: &Prompt, now_ms: u64) -> io::Result<()> {
    writeln!(out, "{}", head(prompt, now_ms))?;
    writeln!(out, "  {}", command(prompt, true))?;
    let request = prompt.raw.as_ref().map_or("{}", |raw| raw.0.get());
    let request: serde_json_borrow::Value<'_> = serde_json::from_str(request)?;
    for (name, value) in request.iter_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let text = value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed);
        writeln!(out, "  {}: {}", escaped(name), escaped(&text))?;
    }
    Ok(())
}

/// Prints a decision, and on what.
pub fn resolved_text(
    out: &mut dyn Write,
    (id, prompt): (&str, Option<&Prompt>),
    decision: Decision,
    before: bool,
) -> io::Result<()> {
    let what = match (decision, before) {
        (Decision::Deny, false) => "Denied",
        (Decision::Deny, true) => "Already denied:",
        (Decision::AllowOnce, false) => "Allowed once:",
        (Decision::AllowOnce, true) => "Already allowed once:",
        (Decision::AllowAlways, false) => "Always allowed:",
        (Decision::AllowAlways, true) => "Already always allowed:",
    };
    let id = escaped(id);
    let Some(prompt) = prompt else { return writeln!(out, "{what} {id}") };
    let agent = prompt.agent.as_deref().map_or_else(String::new, |agent| format!(" ({})", escaped(agent)));
    writeln!(out, "{what} {id}{agent}: {}", command(prompt, false))
}

/// The same as one JSON object.
pub fn resolved_json(
    out: &mut dyn Write,
    gateway: &str,
    (id, prompt): (&str, Option<&Prompt>),
    decision: Decision,
    before: bool,
) -> io::Result<()> {
    let approval = match prompt {
        Some(prompt) => json!(PromptJson::of(prompt)),
        None => json!({ "id": id }),
    };
    let object = json!({
        "version": VERSION,
        "gateway": gateway,
        "approval": approval,
        "decision": decision.as_str(),
        "before": before,
    });
    json(out, &object)
}
