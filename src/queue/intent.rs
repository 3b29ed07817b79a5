//! The intent of a prompt: one hash of what it would do if it were allowed. Two prompts with one intent ask for the
//! same thing.
//!
//! Byte for byte: nothing is trimmed, folded or quoted anew, and a number counts as it is written. A field counts
//! unless it is known not to matter. The bytes are those of the listing: a gateway writes a line break as `\u{A}`,
//! which somebody might have typed as well.

use std::fmt;

use serde_json_borrow::{ObjectAsVec, Value};
use sha2::{Digest, Sha256};

use super::kind::Kind;
use super::number::Numbers;

/// The intent of a prompt: a SHA-256 over an encoding with length-prefixed parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Intent(pub [u8; 32]);

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Intent(")?;
        for byte in &self.0[..8] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…)")
    }
}

/// Why a listing does not determine what a prompt would do. Prompts in doubt are never duplicates, because two
/// different ones may be listed identically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// A text of the intent is not listed in full. Current gateways mask what looks like a secret (`***`,
    /// `abcdef…wxyz`), cut what is long (`…[truncated]`), and leave out what is longer (read in 2026.9.6:
    /// `exec-approval-text-sanitize`).
    Elided,
    /// The command sets variables, and the listing does not have their values: it has their names, and their hash only
    /// for nodes.
    Environment,
    /// Only a summary is known: what the official `openclaw approvals pending --json` prints has no directory, host,
    /// arguments or environment.
    Summary,
}

impl Doubt {
    /// The word of machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Elided => "elided",
            Self::Environment => "environment",
            Self::Summary => "summary",
        }
    }
}

/// Whether a field of a request is part of the intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The field is part of the intent.
    Whole,
    /// The field is part of the intent, except these subfields.
    Without(&'static [&'static str]),
    /// The field is not part of the intent.
    Out,
}

/// The table of fields. A field that is not in it counts: when in doubt, two prompts are different. A field
/// that is `null` and one that is absent are the same, since legacy gateways omit what current ones list as `null`.
///
/// | field | counts | why |
/// | --- | --- | --- |
/// | `command`, `commandArgv`, `cwd`, `host`, `nodeId`, `resolvedPath` | yes | what would run, and where |
/// | `envKeys` | yes | which variables it sets |
/// | `systemRunBinding` | `argv`, `cwd`, `envHash` | what a node is bound to; its agent and session name the requester |
/// | `systemRunPlan` | `argv`, `cwd`, `commandText`, `mutableFileOperand` | the script's hash: an edited script is another command; the policy in it can change |
/// | `cronOperationBinding`, `cronExecutionSource` | yes | an allow-always for a job's command applies to that job |
/// | `scope` | yes | the amount, recipients, audience that a person is shown |
/// | `title`, `description`, `detail`, `pluginId`, `toolName`, `mcpTool`, `proposalHash`, … | yes | what a plugin or the gateway's agent would do |
/// | `agentId`, `sessionKey`, `sessionId` | no | the requester: the scope handles it |
/// | `runId`, `toolCallId` | no | every retry has new ones |
/// | `toolCallId` of a plugin's prompt | yes | the prompt does not list the call's arguments: two with the same words may differ (see [`super::Prompt::names_call`]) |
/// | `turnSource…` | no | the channel that receives the outcome |
/// | `security`, `ask`, `allowedDecisions`, `unavailableDecisions` | no | the current policy: it changes the possible answers, not what would run |
/// | `warningText`, `commandAnalysis`, `commandSpans`, `commandPreview` | no (exec) | drawn from the command |
fn part(kind: Kind, field: &str) -> Part {
    match field {
        "toolCallId" if kind == Kind::Plugin => Part::Whole,
        "agentId"
        | "sessionKey"
        | "sessionId"
        | "runId"
        | "toolCallId"
        | "turnSourceChannel"
        | "turnSourceTo"
        | "turnSourceAccountId"
        | "turnSourceThreadId"
        | "allowedDecisions"
        | "unavailableDecisions" => Part::Out,
        "security" | "ask" | "warningText" | "commandAnalysis" | "commandSpans" | "commandPreview"
            if kind == Kind::Exec =>
        {
            Part::Out
        }
        "systemRunBinding" if kind == Kind::Exec => Part::Without(&["agentId", "sessionKey"]),
        "systemRunPlan" if kind == Kind::Exec => {
            Part::Without(&["agentId", "sessionKey", "commandPreview", "policySnapshot"])
        }
        _ => Part::Whole,
    }
}

impl Intent {
    /// The intent of a prompt of which only a summary is known.
    pub(super) fn of_summary(kind: Kind, summary: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"clearance summary 1\0");
        text(&mut hash, kind.as_str());
        text(&mut hash, summary);
        Self(hash.finalize().into())
    }

    /// The intent of a request.
    pub(super) fn of(kind: Kind, request: &ObjectAsVec<'_>, numbers: &Numbers<'_>) -> Self {
        let mut hash = Sha256::new();
        // People and scripts see group ids: another encoding needs another version.
        hash.update(b"clearance intent 1\0");
        text(&mut hash, kind.as_str());
        fields(&mut hash, request, numbers, &|field| part(kind, field));
        Self(hash.finalize().into())
    }
}

fn length(hash: &mut Sha256, length: usize) {
    hash.update((length as u64).to_le_bytes());
}

fn text(hash: &mut Sha256, text: &str) {
    length(hash, text.len());
    hash.update(text);
}

/// Hashes the fields that count in the order of their names, because objects are unordered.
fn fields(hash: &mut Sha256, object: &ObjectAsVec<'_>, numbers: &Numbers<'_>, part: &dyn Fn(&str) -> Part) {
    let mut counting: Vec<(&str, &Value<'_>, Part)> = object
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name, value, part(name)))
        .filter(|(.., part)| *part != Part::Out)
        .collect();
    // Stable: a name that occurs twice counts with each of its values, in their order.
    counting.sort_by_key(|(name, ..)| *name);
    length(hash, counting.len());
    for (name, found, part) in counting {
        text(hash, name);
        match (part, found) {
            (Part::Without(out), Value::Object(object)) => {
                hash.update(b"o");
                fields(hash, object, numbers, &|field| {
                    if out.contains(&field) { Part::Out } else { Part::Whole }
                });
            }
            _ => value(hash, found, numbers),
        }
    }
}

fn value(hash: &mut Sha256, value: &Value<'_>, numbers: &Numbers<'_>) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(false) => hash.update(b"f"),
        Value::Bool(true) => hash.update(b"t"),
        Value::Number(number) => {
            hash.update(b"d");
            text(hash, &numbers.text(*number));
        }
        Value::Str(string) => {
            hash.update(b"s");
            text(hash, string);
        }
        Value::Array(items) => {
            hash.update(b"a");
            length(hash, items.len());
            for item in items {
                self::value(hash, item, numbers);
            }
        }
        Value::Object(object) => {
            hash.update(b"o");
            fields(hash, object, numbers, &|_| Part::Whole);
        }
    }
}

/// Why the listing does not determine what a request would do; `None` if it does.
pub(super) fn doubt(kind: Kind, request: &ObjectAsVec<'_>) -> Option<Doubt> {
    let has_text = |field: &str| request.get(field).is_some_and(Value::is_string);
    match kind {
        // A hash of the command, directory and environment as they are (read in 2026.9.6).
        Kind::Exec if has_text("cronOperationBinding") => None,
        Kind::Exec => exec_doubt(request),
        // A hash of the change that was proposed.
        Kind::System if has_text("proposalHash") => None,
        Kind::Plugin | Kind::System => {
            let counting = request.iter().filter(|(field, _)| part(kind, field) != Part::Out);
            counting.into_iter().any(|(_, value)| elided(value)).then_some(Doubt::Elided)
        }
    }
}

fn exec_doubt(request: &ObjectAsVec<'_>) -> Option<Doubt> {
    let within = |object: &str, field: &str| request.get(object)?.as_object()?.get(field);
    let arguments = |value: Option<&Value<'_>>| {
        value.and_then(Value::as_array).is_some_and(|arguments| !arguments.is_empty())
    };
    // The binding of a node is listed unchanged; the command beside it is changed for display.
    let argv = arguments(request.get("commandArgv"))
        || arguments(within("systemRunBinding", "argv"))
        || arguments(within("systemRunPlan", "argv"));
    let cwd = within("systemRunBinding", "cwd").is_some_and(Value::is_string);
    let keys = request.get("envKeys").filter(|keys| !keys.is_null());
    if keys.is_some_and(|keys| keys.as_array().is_none_or(|keys| !keys.is_empty()))
        && !within("systemRunBinding", "envHash").is_some_and(Value::is_string)
    {
        return Some(Doubt::Environment);
    }
    let bound = ["systemRunBinding", "systemRunPlan", "commandArgv"];
    request
        .iter()
        .filter(|(field, _)| part(Kind::Exec, field) == Part::Whole && !bound.contains(field))
        .filter(|(field, _)| !(argv && *field == "command" || cwd && *field == "cwd"))
        .any(|(_, value)| elided(value))
        .then_some(Doubt::Elided)
}

/// Whether a gateway may have left something out of a text.
pub fn is_elided(text: &str) -> bool {
    text.contains("***") || text.contains('…') || text.contains("full text suppressed]")
}

/// Whether a gateway may have left something out. Text that merely contains such a mark counts as cut as well.
fn elided(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::Str(text) => is_elided(text),
        Value::Array(items) => items.iter().any(elided),
        Value::Object(object) => object.values().any(elided),
    }
}
