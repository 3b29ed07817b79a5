//! The types of a scenario file, read strictly: the content of a gateway, and its later events.
//!
//! Times in a scenario are relative to the start, in milliseconds.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::ask::{Ask, What};
use super::registry::MAX_PENDING;
pub use super::request::{ExecRequest, PluginRequest, SystemRequest};
use crate::approvals;
use crate::approvals::Syntax;
use crate::approvals::findings::diagnostic::Verdict;
use crate::queue::Kind;

/// A gateway's content.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// The approvals document; a gateway without one starts with the default of a fresh installation.
    #[serde(default)]
    pub document: Option<Value>,
    /// The part of `openclaw.json` that matters: `tools.exec` and agents.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// Sessions. Those that runs and prompts name need not be repeated.
    #[serde(default)]
    pub sessions: Vec<SessionSpec>,
    /// Runs.
    #[serde(default)]
    pub runs: Vec<RunSpec>,
    /// Prompts that are pending at the start. Rules are not applied to them.
    #[serde(default)]
    pub prompts: Vec<PromptSpec>,
    /// The later events.
    #[serde(default)]
    pub live: Vec<Live>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionSpec {
    /// `agent:<id>:…`.
    pub key: String,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunSpec {
    /// Its id.
    pub id: String,
    /// The session's key.
    pub session: String,
    /// Its state.
    #[serde(default)]
    pub state: RunState,
    /// The age of the run at the start.
    #[serde(default)]
    pub age_ms: u64,
}

/// The state of a run at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// The run is active.
    #[default]
    Active,
    /// The run has ended.
    Ended,
    /// The run timed out and was replaced.
    FailedOver,
}

/// The kind of a prompt that does not name one.
fn exec() -> Kind {
    Kind::Exec
}

/// A pending prompt, or a series of duplicates.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PromptSpec {
    /// The kind of the prompt.
    #[serde(default = "exec")]
    pub kind: Kind,
    /// Its id. The default is derived from its position in the file, so it is the same at every start.
    #[serde(default)]
    pub id: Option<String>,
    /// The request: the parameters of `exec.approval.request`, `plugin.approval.request`, or title and
    /// description.
    pub request: Value,
    /// The age of the prompt at the start.
    #[serde(default)]
    pub age_ms: u64,
    /// The number of times that the agent asks again after a denial. Only on the legacy generation.
    #[serde(default)]
    pub asks_again_after_denial: u32,
    /// Duplicates of the prompt, each with its own id.
    #[serde(default)]
    pub repeat: Option<Repeat>,
}

/// A series of duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Repeat {
    /// The total number of prompts.
    pub times: u32,
    /// The interval between two prompts.
    pub every_ms: u64,
    /// Whether each prompt has its own run, which replaced the previous one after a failover, as in the built-in
    /// cascade.
    #[serde(default)]
    pub fail_over: bool,
}

/// A later event.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Live {
    /// The kind of the event.
    #[serde(rename = "do")]
    pub what: Happening,
    /// In which session.
    pub session: String,
    /// The request of the session's run; not for `end-run`.
    #[serde(default)]
    pub request: Option<ExecRequest>,
    /// The time of the first occurrence.
    pub after_ms: u64,
    /// The interval between occurrences.
    #[serde(default)]
    pub every_ms: u64,
    /// The total number of occurrences.
    #[serde(default = "once")]
    pub times: u32,
    /// The number of times that the agent asks again after a denial. Only on the legacy generation.
    #[serde(default)]
    pub asks_again_after_denial: u32,
}

fn once() -> u32 {
    1
}

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// The session's active run times out, and its replacement asks again.
    FailOver,
    /// The session's active run, or a new one, asks.
    Ask,
    /// The session's active run ends.
    EndRun,
}

/// Why a text is not a scenario.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The text is not JSON or JSON5, or does not match the types above.
    #[error("it cannot be read: {0}")]
    Shape(#[from] serde_json::Error),
    /// A value contradicts another one, or is out of range.
    #[error("it is not usable: {0}")]
    Content(String),
    /// The document does not match the schema.
    #[error("its document is not valid{}", first(.0))]
    Document(Verdict),
}

impl Scenario {
    /// Reads a scenario file, JSON or JSON5.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = match serde_json::from_str(text) {
            Ok(scenario) => scenario,
            // The error of the JSON parser is used: the JSON5 parser's is not better, and has no position.
            Err(error) if error.is_data() => return Err(error.into()),
            Err(error) => match approvals::json(text.as_bytes(), Syntax::Json5) {
                Some(value) => Self::deserialize(value)?,
                None => return Err(error.into()),
            },
        };
        scenario.check()?;
        Ok(scenario)
    }

    fn check(&self) -> Result<(), ScenarioError> {
        let content = |problem: String| Err(ScenarioError::Content(problem));
        let mut prompts: u64 = 0;
        for (index, prompt) in self.prompts.iter().enumerate() {
            if let Err(error) = prompt.ask() {
                return content(format!("prompts[{index}].request: {error}"));
            }
            let times = prompt.repeat.map_or(1, |repeat| u64::from(repeat.times));
            if times == 0 {
                return content(format!("prompts[{index}].repeat.times is 0"));
            }
            if prompt.id.is_some() && times > 1 {
                return content(format!("prompts[{index}] has an id and is repeated"));
            }
            if prompt.repeat.is_some_and(|repeat| repeat.fail_over) && prompt.kind != Kind::Exec {
                return content(format!("prompts[{index}].repeat.failOver is for commands alone"));
            }
            prompts = prompts.saturating_add(times);
        }
        if prompts > MAX_PENDING as u64 {
            return content(format!("{prompts} prompts; at most {MAX_PENDING} can be pending"));
        }
        let mut ids = BTreeSet::new();
        if let Some(id) =
            self.prompts.iter().filter_map(|prompt| prompt.id.as_ref()).find(|id| !ids.insert(*id))
        {
            return content(format!("the prompt id `{}` is used twice", id.escape_debug()));
        }
        let mut runs = BTreeSet::new();
        if let Some(run) = self.runs.iter().find(|run| !runs.insert(&run.id)) {
            return content(format!("the run id `{}` is used twice", run.id.escape_debug()));
        }
        for (index, live) in self.live.iter().enumerate() {
            match (live.what, &live.request) {
                (Happening::FailOver | Happening::Ask, None) => {
                    return content(format!("live[{index}] has no `request`"));
                }
                (Happening::EndRun, Some(_)) => {
                    return content(format!("live[{index}] ends a run and has a `request`"));
                }
                _ => {}
            }
            if live.times > 1 && live.every_ms == 0 {
                return content(format!("live[{index}] happens {} times, but has no `everyMs`", live.times));
            }
        }
        if let Some(document) = &self.document {
            approvals::parse(document.to_string().as_bytes(), Syntax::Json)
                .map_err(ScenarioError::Document)?;
        }
        Ok(())
    }
}

/// The first problem of a document, with its place in the scenario, and the number of other problems.
fn first(verdict: &Verdict) -> String {
    let Some(problem) = verdict.diagnostics.first() else { return String::new() };
    let more = match verdict.errors().saturating_sub(1) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!(": at /document{}: {}{more}", problem.path, problem.message)
}

impl PromptSpec {
    pub(super) fn ask(&self) -> Result<Ask, serde_json::Error> {
        let what = match self.kind {
            Kind::Exec => What::Exec(Box::new(ExecRequest::deserialize(&self.request)?)),
            Kind::Plugin => What::Plugin(Box::new(PluginRequest::deserialize(&self.request)?)),
            Kind::System => What::System(Box::new(SystemRequest::deserialize(&self.request)?)),
        };
        Ok(Ask { what, asks_again: self.asks_again_after_denial })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Scenario::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_scenario_may_be_json5() {
        let scenario = Scenario::parse("{sessions: [{key: 's'}], /* none */ prompts: []}").unwrap();
        assert_eq!(scenario.sessions, [SessionSpec { key: "s".to_owned() }]);
        assert_eq!(Scenario::parse("{}").unwrap(), Scenario::default());
    }

    #[test]
    fn errors_in_the_file_are_reported() {
        assert!(error(r#"{"promtps": []}"#).contains("unknown field `promtps`"));
        assert!(error("{").contains("line 1"));
        assert!(
            error(r#"{"prompts": [{"request": {"cwd": "/"}}]}"#)
                .contains("prompts[0].request: missing field `command`")
        );
        assert!(
            error(
                r#"{"prompts": [{"request": {"command": "a"}, "repeat": {"times": 20001, "everyMs": 1}}]}"#
            )
            .contains("at most 20000")
        );
        assert!(error(r#"{"live": [{"do": "ask", "session": "s", "afterMs": 1}]}"#).contains("no `request`"));
        assert!(error(r#"{"prompts": [{"id": "a", "request": {"command": "x"}}, {"id": "a", "request": {"command": "y"}}]}"#).contains("`a` is used twice"));
        assert_eq!(
            error(r#"{"document": {"version": 1, "x": 1, "y": 1}}"#),
            "its document is not valid: at /document/x: the document has no field `x`, and 1 more"
        );
        assert!(error("{\n  \"promtps\": []}").contains("line 2"));
        assert!(
            error(r#"{"runs": [{"id": "a", "session": "s"}, {"id": "a", "session": "s"}]}"#)
                .contains("twice")
        );
    }
}
