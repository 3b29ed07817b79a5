//! Cases and answers of `explain --stdin`, in the form of `tests/real_gateway/proof/judge.mjs`, so that the verdicts of both
//! can be compared line by line. `docs/explain.md` describes the fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::agent_id::MAIN;
use super::decision::Decision;
use super::document;
use super::evaluation::{By, Segment};
use super::host::Host;
use super::prepared::Prepared;
use super::profile::Profile;
use super::question::{Context, Entry, Question};
use super::verdict::decide_prepared;
use crate::approvals::findings::nearest::is_misspelt;

/// A case.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Case {
    /// Anything; copied to the answer.
    pub id: Value,
    /// The approvals document. A string is the stored text itself, which may be malformed.
    #[serde(deserialize_with = "shared")]
    pub document: Arc<Value>,
    /// Where the document comes from.
    pub via: Via,
    /// The part of `openclaw.json` that matters.
    pub config: Value,
    /// The agent's id; `main` if absent.
    pub agent: Option<String>,
    /// The text that the model would send.
    pub command: String,
    /// The absolute directory of the call.
    pub cwd: String,
    /// `PATH` of the gateway's process.
    pub path: String,
    /// `HOME` of the gateway's process.
    pub home: String,
    /// The gateway's state directory; `.openclaw` in `home` if absent.
    pub state_directory: Option<String>,
    /// The environment that the model asks for.
    pub env: BTreeMap<String, Value>,
    /// Whether somebody can answer a prompt.
    pub context: Context,
    /// `ask` of the call.
    pub ask: Option<String>,
    /// `security` of the call.
    pub security: Option<String>,
    /// The permission mode of the session.
    pub permission_mode: Option<String>,
    /// What made the case; not used.
    pub family: Option<String>,
}

/// Where the document of a case comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// The store has it.
    #[default]
    Stored,
    /// A client sent it by `exec.approvals.set`, which normalises it.
    Set,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The case's id.
    pub id: Value,
    /// `runs`, `asks`, `denied` or `unknown`; `uncovered`, `error` or `invalid` where there is none (docs/explain.md).
    pub verdict: &'static str,
    /// Why.
    pub reason: String,
    /// `deny`, `allowlist` or `full`, as merged.
    pub security: &'static str,
    /// `off`, `on-miss` or `always`, as merged.
    pub ask: &'static str,
    /// `deny`, `allowlist` or `full`, as merged.
    pub ask_fallback: &'static str,
    /// Whether the command was parsed into segments; `null` if it was refused before.
    pub analysable: Option<bool>,
    /// Whether the list alone allows it; `null` if it was refused before.
    pub satisfied: Option<bool>,
    /// The parts of the command.
    pub segments: Vec<SegmentAnswer>,
    /// Whether the release's reviewer is asked first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub review: bool,
    /// What happens to a prompt that nobody answers: `runs` or `denied`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<&'static str>,
    /// Why it is denied then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unanswered_reason: Option<String>,
    /// The text that is started if the release rewrites the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec_command: Option<String>,
    /// What would have to be known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One part of a command.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SegmentAnswer {
    /// The words.
    pub argv: Vec<String>,
    /// The words after unwrapping, if it changed them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Vec<String>>,
    /// The program as found.
    pub resolved: Option<String>,
    /// Its real path.
    pub real: Option<String>,
    /// What allows it.
    pub by: Option<&'static str>,
    /// The entry that matches.
    pub entry: Option<EntryAnswer>,
}

/// An entry that matches a part of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryAnswer {
    /// `*` or the agent.
    pub scope: String,
    /// The place in the loaded list of that scope.
    pub index: usize,
    /// The pattern as loaded.
    pub pattern: String,
    /// The pattern for arguments. A release keeps one that is not a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arg_pattern: Option<Value>,
}

/// Decides cases one after the other as one release does. Cases with the document of the case before are cheaper.
#[derive(Debug)]
pub struct Cases {
    profile: Profile,
    last: Option<Loaded>,
}

/// The document of a case, loaded for its agent.
#[derive(Debug)]
struct Loaded {
    document: Arc<Value>,
    is_sent: bool,
    agent: String,
    /// What the release makes of it. `None`: it fails when it normalises what was sent.
    prepared: Option<Prepared>,
}

impl Cases {
    /// Cases of a release.
    pub fn new(profile: Profile) -> Self {
        Self { profile, last: None }
    }

    /// Decides a case.
    pub fn answer(&mut self, case: &Case, host: &dyn Host) -> Answer {
        let (profile, id) = (self.profile, case.id.clone());
        let Some(prepared) = self.prepared(case) else {
            return Answer { id, verdict: "error", ..Answer::default() };
        };
        let state_directory = case.state_directory();
        let question = case.question(state_directory.as_deref());
        let decision = decide_prepared(&question, profile, prepared, host);
        Answer::new(id, decision, prepared.entries())
    }

    /// The document of a case. It is loaded only if it is not that of the case before.
    fn prepared(&mut self, case: &Case) -> Option<&Prepared> {
        let fits = |last: &Loaded| {
            last.is_sent == case.is_sent() && last.agent == case.agent() && last.document == case.document
        };
        let last = match self.last.take().filter(fits) {
            Some(last) => last,
            None => Loaded {
                document: Arc::clone(&case.document),
                is_sent: case.is_sent(),
                agent: case.agent().to_owned(),
                prepared: case.prepared(self.profile),
            },
        };
        self.last.insert(last).prepared.as_ref()
    }
}

impl Case {
    /// The names of the fields.
    pub const FIELDS: [&str; 15] = [
        "id",
        "document",
        "via",
        "config",
        "agent",
        "command",
        "cwd",
        "path",
        "home",
        "stateDirectory",
        "env",
        "context",
        "ask",
        "security",
        "permissionMode",
    ];

    /// Whether a name is probably meant for a field.
    pub fn is_misspelt(name: &str) -> bool {
        // The words of policy tests and of flags for fields with other names here.
        const OTHERS: [&str; 4] = ["directory", "release", "programs", "environment"];
        let bare = |name: &str| name.replace(['_', '-'], "").to_lowercase();
        let fields = Self::FIELDS.into_iter().chain(OTHERS);
        fields.clone().any(|field| bare(field) == bare(name)) || is_misspelt(name, fields)
    }

    /// Decides the case as one release does.
    pub fn answer(&self, profile: Profile, host: &dyn Host) -> Answer {
        Cases::new(profile).answer(self, host)
    }

    fn agent(&self) -> &str {
        self.agent.as_deref().unwrap_or(MAIN)
    }

    /// Whether the document is what a client sent.
    fn is_sent(&self) -> bool {
        self.via == Via::Set
    }

    /// The document as a release has it. `None`: it fails when it normalises what was sent.
    fn prepared(&self, profile: Profile) -> Option<Prepared> {
        let root = match &*self.document {
            Value::Null => Cow::Owned(json!({ "version": 1, "agents": {} })),
            Value::String(text) if !self.is_sent() => {
                return Some(Prepared::of(Some(text), self.agent(), profile));
            }
            Value::String(text) => Cow::Owned(document::parse(text).ok()??),
            document => Cow::Borrowed(document),
        };
        let root = if self.is_sent() { Cow::Owned(document::stored_when_sent(&root)?) } else { root };
        Some(Prepared::of_value(&root, self.agent(), profile))
    }

    /// The gateway's state directory. `None`: it is unknown.
    fn state_directory(&self) -> Option<Cow<'_, str>> {
        let home = self.home.trim_end_matches('/');
        let usual = || (!self.home.is_empty()).then(|| Cow::Owned(format!("{home}/.openclaw")));
        self.state_directory.as_deref().map(Cow::Borrowed).or_else(usual)
    }

    fn question<'q>(&'q self, state_directory: Option<&'q str>) -> Question<'q> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let variables = self.env.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?)));
        Question {
            command: &self.command,
            agent: self.agent(),
            document: None,
            configuration: &self.config,
            directory: &self.cwd,
            path: &self.path,
            home: &self.home,
            state_directory,
            environment: variables.collect(),
            context: self.context,
            ask: self.ask.as_deref(),
            security: self.security.as_deref(),
            permission_mode: self.permission_mode.as_deref(),
        }
    }
}

impl Answer {
    /// The answer of a line that is not a case.
    pub fn invalid(id: Value, reason: String) -> Self {
        Self { id, verdict: "invalid", reason, ..Self::default() }
    }

    fn new(id: Value, decision: Decision, entries: &[Entry]) -> Self {
        let (verdict, reason) = match decision.other_host {
            Some(host) => ("uncovered", format!("host={host}")),
            None => (decision.verdict.as_str(), decision.reason),
        };
        let evaluation = decision.evaluation.as_ref();
        let analysable = evaluation.map(|evaluation| evaluation.not_analysable.is_none());
        let satisfied = evaluation.map(|evaluation| analysable == Some(true) && evaluation.satisfied);
        let segments = decision.evaluation.into_iter().flat_map(|evaluation| evaluation.segments);
        Self {
            id,
            verdict,
            reason,
            security: decision.policy.security.0,
            ask: decision.policy.ask.0,
            ask_fallback: decision.policy.ask_fallback.0,
            analysable,
            satisfied,
            segments: segments.map(|segment| SegmentAnswer::new(segment, entries)).collect(),
            review: decision.review,
            unanswered: decision.unanswered.as_ref().map(|unanswered| unanswered.verdict.as_str()),
            unanswered_reason: decision.unanswered.and_then(|unanswered| unanswered.reason),
            exec_command: decision.started,
            missing: decision.missing,
        }
    }
}

impl SegmentAnswer {
    fn new(segment: Segment, entries: &[Entry]) -> Self {
        let entry = segment.entry.and_then(|id| entries.iter().find(|entry| entry.id == id));
        Self {
            argv: segment.argv,
            effective: segment.effective,
            resolved: segment.resolved,
            real: segment.real,
            by: segment.by.map(name),
            entry: entry.map(|entry| EntryAnswer {
                scope: entry.id.scope.clone(),
                index: entry.id.index,
                pattern: entry.pattern.clone(),
                arg_pattern: entry
                    .arg_pattern
                    .clone()
                    .map(Value::String)
                    .or_else(|| entry.unread_arguments.clone()),
            }),
        }
    }
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Value>, D::Error> {
    Value::deserialize(deserializer).map(Arc::new)
}

fn name(by: By) -> &'static str {
    match by {
        // 2026.4.14 has one word for an entry and for a shell whose command is allowed part by part.
        By::Allowlist | By::InlineChain => "allowlist",
        By::Durable => "durable",
        By::SafeBins => "safeBins",
        By::Builtin => "builtin",
        By::Skills => "skillPrelude",
    }
}
