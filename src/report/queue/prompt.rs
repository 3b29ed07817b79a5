//! A prompt of a listing, and its object in machine output, which is the same in every command.

use serde::Serialize;
use serde_json::value::RawValue;

use super::VERSION;
use super::history::DeniedBeforeJson;
use crate::queue::filter::subject;
use crate::queue::history::DeniedBefore;
use crate::queue::scope::Alone;
use crate::queue::{Doubt, Prompt, RunState};

/// A prompt of a listing.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The prompt.
    pub prompt: Prompt,
    /// The state of its run.
    pub run: RunState,
    /// Its group; `None` if it is alone.
    pub group: Option<String>,
    /// The prompt of its group that would be kept, if that is another one.
    pub duplicate_of: Option<String>,
    /// Why it could not have duplicates, if so.
    pub alone: Option<Alone>,
    /// The recent denials of what it asks for, if the gateway knows any.
    pub denied_before: Option<DeniedBefore>,
}

/// A prompt as JSON, serialized without copies. Fields that a command does not use are absent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PromptJson<'q> {
    agent_id: Option<&'q str>,
    /// Why it could not have duplicates, whatever else is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    alone: Option<&'static str>,
    approval_kind: &'static str,
    created_at_ms: u64,
    /// The recent denials of what it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    denied_before: Option<DeniedBeforeJson<'q>>,
    /// Why it is never treated as a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'static str>,
    /// The prompt of its group that is kept, if that is another one.
    #[serde(skip_serializing_if = "Looked::is_not")]
    duplicate_of: Looked<&'q str>,
    /// The event of `--watch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    expires_at_ms: u64,
    /// The gateway, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<&'q str>,
    #[serde(skip_serializing_if = "Looked::is_not")]
    group: Looked<&'q str>,
    id: &'q str,
    kind: &'static str,
    /// The gateway's clock, if each line must be complete by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    now_ms: Option<u64>,
    /// The request as the gateway lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'q RawValue>,
    run_id: Option<&'q str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_state: Option<&'static str>,
    session_key: Option<&'q str>,
    summary: &'q str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
    /// The reason for its denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

/// A field that only some commands use: absent if unused, null if empty.
#[derive(Serialize)]
#[serde(untagged)]
enum Looked<T> {
    Not,
    At(Option<T>),
}

impl<T> Looked<T> {
    const fn is_not(&self) -> bool {
        matches!(self, Self::Not)
    }
}

impl<'q> PromptJson<'q> {
    /// A single prompt.
    pub fn of(prompt: &'q Prompt) -> Self {
        Self {
            agent_id: prompt.agent.as_deref(),
            alone: None,
            approval_kind: prompt.kind().as_str(),
            created_at_ms: prompt.created_at_ms,
            denied_before: None,
            doubt: None,
            duplicate_of: Looked::Not,
            event: None,
            expires_at_ms: prompt.expires_at_ms,
            gateway: None,
            group: Looked::Not,
            id: prompt.id(),
            kind: prompt.kind().as_str(),
            now_ms: None,
            request: None,
            run_id: prompt.run_id.as_deref(),
            run_state: None,
            session_key: prompt.session_key.as_deref(),
            summary: subject(prompt),
            version: None,
            why: None,
        }
    }

    /// A prompt of a listing, with its group, run and request.
    pub fn listed(row: &'q Listed) -> Self {
        let Listed { prompt, run, group, duplicate_of, alone, denied_before } = row;
        Self {
            alone: alone.map(Alone::as_str),
            denied_before: denied_before.as_ref().map(DeniedBeforeJson::of),
            doubt: prompt.doubt.map(Doubt::as_str),
            duplicate_of: Looked::At(duplicate_of.as_deref()),
            group: Looked::At(group.as_deref()),
            request: prompt.raw.as_ref().map(|raw| &*raw.0),
            run_state: Some(run.as_str()),
            ..Self::of(prompt)
        }
    }

    /// Adds the fields of a line of its own.
    pub fn line(self, now_ms: u64, gateway: Option<&'q str>) -> Self {
        Self { gateway, now_ms: Some(now_ms), version: Some(VERSION), ..self }
    }

    /// Adds the event.
    pub fn event(self, event: &'static str) -> Self {
        Self { event: Some(event), ..self }
    }

    /// Adds the reason for its denial.
    pub(super) fn because(self, why: &'static str) -> Self {
        Self { why: Some(why), ..self }
    }
}
