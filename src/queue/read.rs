//! Reading prompts from listings and events, one by one: a bad prompt never hides the others.
//!
//! A string with a lone surrogate is valid JSON but not valid text. A prompt with one is a [`PromptError`] with its id.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use serde_json_borrow::{ObjectAsVec, Value};
use thiserror::Error;

use super::hidden::Hidden;
use super::intent::{Doubt, Intent, doubt};
use super::kind::Kind;
use super::number::Numbers;
use super::prompt::{Decision, Details, Environment, Key, Prompt, Raw};

/// A prompt that cannot be read, and so is never acted on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct PromptError {
    /// Its id, if it can be read.
    pub id: Option<Box<str>>,
    /// The problem.
    pub problem: Problem,
}

impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            _ if matches!(self.problem, Problem::Saved(_)) => self.problem.fmt(f),
            Some(id) => write!(f, "prompt {}: {}", id.escape_debug(), self.problem),
            None => write!(f, "a prompt without a readable id: {}", self.problem),
        }
    }
}

/// The problem with a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// The row is not JSON, or its strings are not valid text.
    #[error("{0}")]
    Syntax(Box<str>),
    /// A required field is invalid.
    #[error("{field} is not {expected}")]
    Field {
        /// The field's path.
        field: &'static str,
        /// The expected type.
        expected: &'static str,
    },
    /// The row states another kind than that of its listing. A denial under the wrong kind would miss it, or deny
    /// another prompt.
    #[error("it is listed as {} but says it is {}", .listed.as_str(), stated.escape_debug())]
    Kind {
        /// The listing's kind.
        listed: Kind,
        /// The kind that the row states.
        stated: Box<str>,
    },
    /// A saved listing left this prompt out, with this reason.
    #[error("{0}")]
    Saved(Box<str>),
}

/// The prompts of a listing.
#[derive(Debug, Default)]
pub struct Listing {
    /// The prompts, in the order of the listing.
    pub prompts: Vec<Prompt>,
    /// The prompts that could not be read.
    pub problems: Vec<PromptError>,
}

/// Reads prompts. Equal parts are shared between them.
#[derive(Debug, Default)]
pub struct Reader {
    keep_raw: bool,
    hidden: Hidden,
    texts: HashSet<Arc<str>>,
    details: HashSet<Arc<Details>>,
}

impl Reader {
    /// A reader that keeps the known fields of each prompt.
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader that also keeps each whole request, to display unknown fields.
    pub fn keeping_raw() -> Self {
        Self { keep_raw: true, ..Self::default() }
    }

    /// Masks these secrets in all displayed texts. Intents are computed from the unmasked text.
    pub fn hide(&mut self, hidden: Hidden) {
        self.hidden = hidden;
    }

    /// Forgets the shared parts of earlier prompts. Those prompts keep sharing them.
    pub fn forget(&mut self) {
        self.texts.clear();
        self.details.clear();
    }

    /// Reads the answer of a `*.approval.list` into `listing`. Fails if it is not an array.
    pub fn list(&mut self, kind: Kind, payload: &str, listing: &mut Listing) -> Result<(), PromptError> {
        let rows: Vec<&RawValue> = serde_json::from_str(payload).map_err(|error| unread(payload, &error))?;
        for row in rows {
            match self.read(Some(kind), row.get()) {
                Ok(prompt) => listing.prompts.push(prompt),
                Err(error) => listing.problems.push(error),
            }
        }
        Ok(())
    }

    /// Reads a row of a listing, or the payload of an event `requested`, from its text.
    pub fn text(&mut self, kind: Kind, row: &str) -> Result<Prompt, PromptError> {
        self.read(Some(kind), row)
    }

    /// Reads a row. `kind`: the kind of its listing, if it is from a gateway's listing of one kind.
    pub(super) fn read(&mut self, kind: Option<Kind>, text: &str) -> Result<Prompt, PromptError> {
        let (prepared, numbers) = Numbers::prepare(text);
        let row: Value<'_> = serde_json::from_str(&prepared).map_err(|error| unread(text, &error))?;
        let nothing = ObjectAsVec::default();
        let fields = row.as_object().unwrap_or(&nothing);
        let kind = match kind {
            Some(kind) => kind,
            None if fields.get("request").is_none()
                && fields.get("summary").is_some_and(Value::is_string) =>
            {
                return self.summary(Kind::of_row(&row), fields, &numbers);
            }
            None => Kind::of_row(&row),
        };
        let (request, mut prompt) = self.envelope(kind, fields, &numbers)?;
        if let Some(masked) = self.hidden.masked(text) {
            return Ok(self.shown(prompt, &masked));
        }
        if self.keep_raw {
            let mut raw = serde_json::value::to_raw_value(request).map_err(|error| unread(text, &error))?;
            if let Some(written) = numbers.restore(raw.get()) {
                raw = RawValue::from_string(written).map_err(|error| unread(text, &error))?;
            }
            prompt.raw = Some(Raw(raw.into()));
        }
        Ok(prompt)
    }

    /// Reads a row of which only a summary is known: what the official `openclaw approvals pending --json` prints. The
    /// summary is the command, or the title with what follows it (read in 2026.9.6: `readPendingApprovalEntry`).
    fn summary(
        &mut self,
        kind: Kind,
        row: &ObjectAsVec<'_>,
        numbers: &Numbers<'_>,
    ) -> Result<Prompt, PromptError> {
        let shown = if kind == Kind::Exec { "command" } else { "title" };
        let known = json!({
            "id": row.get("id"),
            "createdAtMs": numbers.millis(row.get("createdAtMs")),
            "expiresAtMs": numbers.millis(row.get("expiresAtMs")),
            "request": {
                "agentId": row.get("agentId"), "sessionKey": row.get("sessionKey"), shown: row.get("summary"),
            },
        });
        let prompt = self.read(Some(kind), &known.to_string())?;
        let summary = row.get("summary").and_then(Value::as_str).unwrap_or_default();
        Ok(Prompt {
            intent: Intent::of_summary(kind, summary),
            doubt: Some(Doubt::Summary),
            raw: None,
            ..prompt
        })
    }

    /// The prompt with the texts of `masked`, and its own intent.
    fn shown(&mut self, prompt: Prompt, masked: &str) -> Prompt {
        let hidden = std::mem::take(&mut self.hidden);
        let shown = self.read(Some(prompt.kind()), masked);
        self.hidden = hidden;
        let nothing = Prompt { details: Arc::default(), raw: None, ..prompt };
        match shown {
            Ok(Prompt { details, raw, .. }) => Prompt { details, raw, ..nothing },
            Err(_) => nothing,
        }
    }

    fn envelope<'v, 't>(
        &mut self,
        kind: Kind,
        row: &'v ObjectAsVec<'t>,
        numbers: &Numbers<'_>,
    ) -> Result<(&'v ObjectAsVec<'t>, Prompt), PromptError> {
        let id = row.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let wrong = |problem| PromptError { id: id.map(Into::into), problem };
        let field = |field, expected| wrong(Problem::Field { field, expected });
        let known = id.ok_or_else(|| field("id", "a text that is not empty"))?;
        if let Some(stated) = row.get("approvalKind").and_then(Value::as_str)
            && stated != kind.as_str()
        {
            return Err(wrong(Problem::Kind { listed: kind, stated: stated.into() }));
        }
        let time =
            |name, path| numbers.millis(row.get(name)).ok_or_else(|| field(path, "a time in milliseconds"));
        let created_at_ms = time("createdAtMs", "createdAtMs")?;
        let expires_at_ms = time("expiresAtMs", "expiresAtMs")?;
        let request = row.get("request").and_then(Value::as_object);
        let request = request.ok_or_else(|| field("request", "an object"))?;
        let mut who = |name, path| match request.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Str(text)) => Ok(Some(self.shared(text))),
            Some(_) => Err(field(path, "a text")),
        };
        let (agent, session_key) =
            (who("agentId", "request.agentId")?, who("sessionKey", "request.sessionKey")?);
        let (session_id, run_id) = (who("sessionId", "request.sessionId")?, who("runId", "request.runId")?);
        let tool_call_id = request.get("toolCallId").and_then(Value::as_str).map(Arc::from);
        let details = details(kind, request).map_err(wrong)?;
        let prompt = Prompt {
            key: Key::new(kind, known),
            agent,
            session_key,
            session_id,
            run_id,
            tool_call_id,
            created_at_ms,
            expires_at_ms,
            intent: Intent::of(kind, request, numbers),
            doubt: doubt(kind, request),
            details: one(&mut self.details, details, Arc::new),
            raw: None,
        };
        Ok((request, prompt))
    }

    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let text = Arc::<str>::from(text);
        self.texts.insert(Arc::clone(&text));
        text
    }
}

/// The shared copy of a value.
fn one<T: Eq + Hash>(known: &mut HashSet<Arc<T>>, value: T, make: impl FnOnce(T) -> Arc<T>) -> Arc<T> {
    if let Some(known) = known.get(&value) {
        return Arc::clone(known);
    }
    let value = make(value);
    known.insert(Arc::clone(&value));
    value
}

pub(super) fn unread(text: &str, error: &serde_json::Error) -> PromptError {
    #[derive(Deserialize)]
    struct Named {
        // Skipped fields are not decoded, so errors in them do not matter here.
        id: Box<str>,
    }
    let id = serde_json::from_str::<Named>(text).ok().map(|named| named.id);
    PromptError { id, problem: Problem::Syntax(error.to_string().into()) }
}

fn details(kind: Kind, request: &ObjectAsVec<'_>) -> Result<Details, Problem> {
    let text = |field: &str| request.get(field).and_then(Value::as_str).map(Box::<str>::from);
    let within = |object: &str, field: &str| request.get(object)?.as_object()?.get(field);
    let texts = |value: Option<&Value<'_>>| -> Option<Box<[Box<str>]>> {
        value?.as_array()?.iter().map(|item| item.as_str().map(Box::from)).collect()
    };
    let argv = texts(request.get("commandArgv"))
        .or_else(|| texts(within("systemRunBinding", "argv")))
        .or_else(|| texts(within("systemRunPlan", "argv")));
    // As gateways display it (read in 2026.4.14).
    let command = text("command")
        .filter(|command| !command.is_empty())
        .or_else(|| within("systemRunPlan", "commandText").and_then(Value::as_str).map(Into::into));
    match kind {
        Kind::Exec if command.is_none() && argv.is_none() => {
            return Err(Problem::Field { field: "request.command", expected: "a text that is not empty" });
        }
        Kind::Plugin | Kind::System if text("title").is_none() => {
            return Err(Problem::Field { field: "request.title", expected: "a text" });
        }
        _ => {}
    }
    Ok(Details {
        host: text("host"),
        node: text("nodeId"),
        command,
        argv,
        cwd: text("cwd"),
        env: Environment {
            keys: texts(request.get("envKeys")).unwrap_or_default(),
            hash: within("systemRunBinding", "envHash").and_then(Value::as_str).map(Into::into),
        },
        resolved_path: text("resolvedPath"),
        warning: text("warningText"),
        title: text("title"),
        description: text("description"),
        detail: text("detail"),
        severity: text("severity"),
        plugin: text("pluginId"),
        tool: text("toolName"),
        allowed: allowed(kind, request),
        security: text("security"),
        ask: text("ask"),
    })
}

/// The offered decisions. Unknown ones are left out: they could not be chosen here. If none are listed, gateways offer
/// all, except for the system agent; they always offer a denial (schema, 2026.9.1).
fn allowed(kind: Kind, request: &ObjectAsVec<'_>) -> Box<[Decision]> {
    let unavailable = |decision: Decision| {
        let out = request.get("unavailableDecisions").and_then(Value::as_array);
        out.is_some_and(|out| out.iter().any(|word| word.as_str() == Some(decision.as_str())))
    };
    let mut offered: Vec<Decision> = match request.get("allowedDecisions").and_then(Value::as_array) {
        Some(words) => words.iter().filter_map(Value::as_str).filter_map(Decision::named).collect(),
        None if kind == Kind::System => vec![Decision::AllowOnce],
        None => Decision::ALL.to_vec(),
    };
    offered.retain(|decision| *decision == Decision::Deny || !unavailable(*decision));
    if !offered.contains(&Decision::Deny) {
        offered.push(Decision::Deny);
    }
    offered.into()
}
