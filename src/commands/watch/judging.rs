//! What a document that was just read is, compared with the one that was seen before: what changed, what it allows that the
//! other one did not, who wrote it; and keeps it as a version.

use std::time::Duration;

use serde_json::Value;

use crate::approvals::compare::changes::Changes;
use crate::approvals::compare::comparison;
use crate::approvals::compare::depth::Depth;
use crate::approvals::compare::native;
use crate::approvals::{Syntax, parse};
use crate::commands::Error;
use crate::commands::diff;
use crate::commands::past::database::{now_ms, versions};
use crate::commands::past::recorder::not_kept;
use crate::deadline::Deadline;
use crate::report::watch::{Change, Writer};
use crate::store::versions::{Found, New, State, Versions, Writer as Verb};

/// How long a verb has to keep the version that it wrote, before its writer counts as unknown.
const OWN: Duration = Duration::from_millis(800);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// A document that was seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) hash: String,
    state: State,
    text: Option<String>,
    /// Its version, if it was kept.
    pub(super) version: Option<u64>,
}

/// A document, compared with the one before.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) seen: Seen,
    /// `None`: nothing but its usage changed.
    pub(super) change: Option<Box<Change>>,
    /// Why it was not kept.
    pub(super) not_kept: Option<String>,
}

impl Seen {
    /// The version that was kept last of a place. One that was changed after it was kept says nothing of the document
    /// before, but that it may have been another one.
    pub(super) fn last(key: &str, deadline: Deadline) -> Option<Self> {
        let versions = versions().ok()?;
        let last = versions.last(key, deadline).ok()??;
        let Found { version, text, fits } = versions.look(last.id, deadline).ok()??;
        let known = Self { hash: version.hash, state: version.state, text, version: Some(version.id) };
        if !fits {
            return Some(Self { hash: String::new(), state: State::Unreadable, text: None, ..known });
        }
        // Without its text there is nothing to compare with.
        let is_known = known.text.is_some() || !known.state.has_text();
        is_known.then_some(known)
    }

    /// The document that a restoration stored.
    pub(super) fn restored(&self, hash: String) -> Self {
        Self { hash, ..self.clone() }
    }

    /// The text, if it was a document or a policy.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref().filter(|_| self.state.has_text())
    }

    /// Whether it says nothing: no document, or an empty skeleton.
    pub(super) fn is_empty(&self) -> bool {
        is_empty(self.state, self.text.as_deref())
    }
}

/// Whether a document that was just read says nothing.
pub(super) fn says_nothing(new: &New) -> bool {
    is_empty(new.state, new.text.as_deref())
}

/// Compares and keeps a document. `earlier`: the other one was seen before the watch began.
pub(super) fn judge(mut new: New, before: Option<&Seen>, earlier: bool, deadline: Deadline) -> Judged {
    let seen = |new: &New, version| Seen {
        hash: new.hash.clone(),
        state: new.state,
        text: new.text.clone(),
        version,
    };
    if let Some(before) = before
        && (before.hash == new.hash || is_use_alone(before, &new))
    {
        return Judged { seen: seen(&new, before.version), change: None, not_kept: None };
    }
    let database = versions();
    let writer = database.as_ref().ok().and_then(|database| own(database, &new, deadline));
    new.at_ms = now_ms();
    let kept = match &database {
        Ok(database) => database.keep(&new, deadline).map_err(|error| (error.to_string(), error.remedy())),
        Err(error) => Err((error.to_string(), error.remedy())),
    };
    let (version, not_kept) = match kept {
        Ok(id) => (Some(id), None),
        Err((cause, remedy)) => {
            let remedy = remedy.map_or_else(String::new, |remedy| format!("; next: {remedy}"));
            (None, Some(format!("{}{remedy}", not_kept(&cause, None).message)))
        }
    };
    let seen = seen(&new, version);
    let change = before.map(|before| {
        let changes = changes(before, &seen);
        let writer = writer.map_or_else(|| of_changes(&changes), |verb| Writer::Verb(verb.as_str()));
        Box::new(Change {
            before: Some(before.hash.clone()),
            after: new.hash.clone(),
            from: before.version,
            to: version,
            wider: wider(before, &seen),
            vanished: !before.is_empty() && seen.is_empty(),
            unreadable: seen.state == State::Unreadable && !seen.is_empty(),
            earlier,
            writer,
            changes,
        })
    });
    Judged { seen, change, not_kept }
}

/// The verb of clearance that wrote a document, if one did. It keeps the version just after it wrote the document.
fn own(versions: &Versions, new: &New, deadline: Deadline) -> Option<Verb> {
    let patience = deadline.at_most(OWN);
    loop {
        let last = versions.last(&new.target.key, deadline).ok()?;
        let own = last.filter(|last| last.hash == new.hash).and_then(|last| last.writer);
        if own.is_some() || !patience.pause(LOOK) {
            return own;
        }
    }
}

/// The writer, as far as the changes show it.
fn of_changes(changes: &Changes) -> Writer {
    let is_answer = |value: &Value| value.get("source").and_then(Value::as_str) == Some("allow-always");
    let is_added = |change: &crate::approvals::compare::changes::Change| {
        change.before.is_none() && change.after.as_ref().is_some_and(is_answer)
    };
    let all = !changes.policy.is_empty() && changes.omitted == 0 && changes.policy.iter().all(is_added);
    if all { Writer::Answer } else { Writer::Unknown }
}

fn value(state: State, text: Option<&str>) -> Value {
    match (state, text) {
        (State::Kept | State::Native, Some(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Value::Null,
    }
}

/// What changed. A document that could not be kept has no differences to list.
fn changes(before: &Seen, after: &Seen) -> Changes {
    let empty = r#"{"version": 1}"#;
    let text = |seen: &Seen| match seen.state {
        State::Absent => Some(empty.to_owned()),
        State::Kept | State::Native => seen.text.clone(),
        State::TooLarge | State::Unreadable => None,
    };
    let (Some(old), Some(new)) = (text(before), text(after)) else { return Changes::default() };
    if before.state == State::Native || after.state == State::Native {
        let [old, new] = [&old, &new].map(|text| serde_json::from_str(text).unwrap_or_default());
        return Changes { policy: native::changes(&old, &new), ..Changes::default() };
    }
    let parsed = (parse(old.as_bytes(), Syntax::Json), parse(new.as_bytes(), Syntax::Json));
    if let (Ok(old), Ok(new)) = parsed {
        comparison::policy(old, new)
    } else {
        let [old, new] = [&old, &new].map(|text| serde_json::from_str(text).unwrap_or_default());
        comparison::values(&old, &new, Depth::Policy)
    }
}

/// What the document allows and the one before did not, by the rule of `diff --no-wider`.
fn wider(before: &Seen, after: &Seen) -> Option<crate::report::approvals::wider::WiderReport> {
    let text = |seen: &Seen| match seen.state {
        State::Absent => Some(None),
        State::Kept => seen.text.clone().map(Some),
        State::Native | State::TooLarge | State::Unreadable => None,
    };
    let (before, after) = (text(before)?, text(after)?);
    let compared: Result<_, Error> =
        diff::between(("the document before".to_owned(), before), ("the document now".to_owned(), after));
    compared.ok()
}

/// Whether two documents differ only in when their entries were used.
fn is_use_alone(before: &Seen, new: &New) -> bool {
    let (State::Kept, State::Kept) = (before.state, new.state) else { return false };
    let (Some(old), Some(text)) = (&before.text, &new.text) else { return false };
    let read = |text: &str| serde_json::from_str::<Value>(text).ok().map(without_use);
    match (read(old), read(text)) {
        (Some(old), Some(new)) => old == new,
        _ => false,
    }
}

fn without_use(mut document: Value) -> Value {
    let agents = document.get_mut("agents").and_then(Value::as_object_mut);
    for agent in agents.into_iter().flat_map(serde_json::Map::values_mut) {
        for list in ["allowlist", "mcpTools"] {
            for entry in agent.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(entry) = entry.as_object_mut() {
                    for field in ["lastUsedAt", "lastUsedCommand", "lastResolvedPath"] {
                        entry.remove(field);
                    }
                }
            }
        }
    }
    document
}

/// Whether there is no document, or one that says nothing: no defaults, and no agent with a rule or an entry.
fn is_empty(state: State, text: Option<&str>) -> bool {
    match state {
        State::Absent => true,
        State::TooLarge | State::Native | State::Unreadable => false,
        State::Kept => {
            let document = value(state, text);
            let bare = |value: &Value| match value {
                Value::Null => true,
                Value::Object(fields) => fields.is_empty(),
                Value::Array(elements) => elements.is_empty(),
                _ => false,
            };
            let is_bare = |field: &str| document.get(field).is_none_or(bare);
            let agents = document.get("agents").and_then(Value::as_object);
            let idle = |agent: &Value| match agent.as_object() {
                Some(fields) => fields.values().all(bare),
                None => bare(agent),
            };
            document.is_object()
                && is_bare("defaults")
                && agents.map_or_else(|| is_bare("agents"), |agents| agents.values().all(idle))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(document: &Value) -> Seen {
        let text = Some(document.to_string());
        Seen { hash: document.to_string(), state: State::Kept, text, version: None }
    }

    fn absent() -> Seen {
        Seen { hash: String::new(), state: State::Absent, text: None, version: None }
    }

    #[test]
    fn a_skeleton_says_nothing() {
        for (document, expected) in [
            (json!({"version": 1}), true),
            (json!({"version": 1, "socket": {"path": "/s"}, "defaults": {}, "agents": {}}), true),
            (json!({"version": 1, "agents": {"main": {"allowlist": []}, "ops": {}}}), true),
            (json!({"version": 1, "defaults": {"security": "deny"}}), false),
            (json!({"version": 1, "agents": {"main": {"ask": "always"}}}), false),
            (json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/a"}]}}}), false),
            (json!([]), false),
        ] {
            assert_eq!(seen(&document).is_empty(), expected, "{document}");
        }
        assert!(absent().is_empty());
    }

    #[test]
    fn the_use_of_an_entry_is_not_a_change() {
        let entry = |used: u64, pattern: &str| json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": pattern, "lastUsedAt": used}]}}});
        let new = |document: &Value| New {
            target: crate::store::versions::Target { key: "/a".to_owned(), operand: "store:/a".to_owned() },
            hash: document.to_string(),
            state: State::Kept,
            text: Some(document.to_string()),
            writer: None,
            seen_by: Verb::Watch,
            at_ms: 0,
        };
        assert!(is_use_alone(&seen(&entry(1, "/a")), &new(&entry(2, "/a"))));
        assert!(!is_use_alone(&seen(&entry(1, "/a")), &new(&entry(2, "/b"))));
        assert!(!is_use_alone(&absent(), &new(&entry(2, "/a"))));
    }

    #[test]
    fn a_change_is_compared_for_what_it_allows() {
        let with = |entries: Value| {
            json!({"version": 1, "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny"},
                "agents": {"main": {"allowlist": entries}}})
        };
        let (few, more) =
            (with(json!([])), with(json!([{"pattern": "/usr/bin/uptime", "source": "allow-always"}])));
        assert!(wider(&seen(&few), &seen(&more)).unwrap().is_wider());
        assert!(!wider(&seen(&more), &seen(&few)).unwrap().is_wider());
        assert_eq!(of_changes(&changes(&seen(&few), &seen(&more))), Writer::Answer);
        assert_eq!(of_changes(&changes(&seen(&more), &seen(&few))), Writer::Unknown);
        // Without a document every command runs.
        assert!(wider(&seen(&few), &absent()).unwrap().is_wider());
    }
}
