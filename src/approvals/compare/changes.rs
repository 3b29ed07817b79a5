//! What changes in meaning when one document takes another's place.
//!
//! Policy is compared; the order of agents and entries, ids, and when an entry was last used are not policy. The
//! comparison is over JSON and not over our types, so that a store that breaks the schema can be compared too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::approvals::findings::finding::shown;
use crate::approvals::model::path::{Path, Step};
use crate::approvals::redact::credentials;

/// One difference of policy. Secrets in it are already masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub path: Path,
    /// What stood there, if anything.
    pub before: Option<Value>,
    /// What stands there now, if anything.
    pub after: Option<Value>,
}

/// The differences between two documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Differences of policy, by path: at most [`Changes::MOST`].
    pub policy: Vec<Change>,
    /// Differences of policy beyond those, which are counted and not kept.
    pub omitted: usize,
    /// Entries of which only bookkeeping differs: the id, when they were last used.
    pub bookkeeping: usize,
}

impl Changes {
    /// How many differences are kept: a bound on memory and output, far above what anyone reads.
    pub const MOST: usize = 10_000;

    fn push(&mut self, path: Path, before: Option<Value>, after: Option<Value>) {
        if self.policy.len() >= Self::MOST {
            self.omitted += 1;
            return;
        }
        let before = before.map(|value| masked(&path, value));
        let after = after.map(|value| masked(&path, value));
        self.policy.push(Change { path: shown(path), before, after });
    }

    /// Nothing changes in meaning.
    pub fn is_empty(&self) -> bool {
        self.policy.is_empty() && self.omitted == 0
    }
}

/// Fields of an entry or MCP tool that say nothing of what is allowed.
const BOOKKEEPING: [&str; 6] =
    ["id", "lastUsedAt", "lastUsedCommand", "lastResolvedPath", "commandText", "addedAt"];

/// The fields by which an entry is the same entry.
const ENTRY: [&str; 3] = ["pattern", "argPattern", "source"];

/// The fields by which an MCP tool is the same tool.
const TOOL: [&str; 3] = ["server", "tool", "source"];

/// Compares two documents.
pub fn between(before: &Value, after: &Value) -> Changes {
    let mut changes = Changes::default();
    let one_sided = before.is_null() || after.is_null();
    let (before, after) = (fields(before), fields(after));
    for name in names(before, after) {
        let path = Path::default().join(Step::Key(name.to_owned()));
        match (name, before.and_then(|b| b.get(name)), after.and_then(|a| a.get(name))) {
            // There is one version; that a first document has it is no news.
            ("version", _, _) if one_sided => {}
            // An empty block says the same as none.
            ("socket" | "defaults", before, after) => object(&mut changes, &path, before, after, scalar),
            ("agents", before, after) => object(&mut changes, &path, before, after, agent),
            (_, before, after) => scalar(&mut changes, path, before, after),
        }
    }
    changes
}

fn fields(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object()
}

fn names<'v>(
    before: Option<&'v Map<String, Value>>,
    after: Option<&'v Map<String, Value>>,
) -> BTreeSet<&'v str> {
    before.into_iter().chain(after).flat_map(Map::keys).map(String::as_str).collect()
}

type Compare = fn(&mut Changes, Path, Option<&Value>, Option<&Value>);

/// Field by field where both sides are objects or absent, else as a whole.
fn object(changes: &mut Changes, path: &Path, before: Option<&Value>, after: Option<&Value>, field: Compare) {
    if [before, after].into_iter().flatten().any(|value| !value.is_object()) {
        return field(changes, path.clone(), before, after);
    }
    let (before, after) = (before.and_then(fields), after.and_then(fields));
    for name in names(before, after) {
        let path = path.join(Step::Key(name.to_owned()));
        field(changes, path, before.and_then(|b| b.get(name)), after.and_then(|a| a.get(name)));
    }
}

fn scalar(changes: &mut Changes, path: Path, before: Option<&Value>, after: Option<&Value>) {
    if before != after {
        changes.push(path, before.cloned(), after.cloned());
    }
}

/// A value of a document with its secrets masked, as they are recognised where it stands, and texts that look like
/// credentials: what is shown of a change ends in logs of CI.
pub(in crate::approvals) fn masked(path: &Path, value: Value) -> Value {
    let keys: Vec<&str> = path
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
        .collect();
    let mut document =
        keys.iter().rev().fold(value, |inner, &key| Value::Object(Map::from_iter([(key.to_owned(), inner)])));
    crate::approvals::redact::secrets::mask(&mut document);
    credentials::mask(&mut document);
    keys.into_iter().fold(document, |mut outer, key| outer[key].take())
}

fn agent(changes: &mut Changes, path: Path, before: Option<&Value>, after: Option<&Value>) {
    match (before, after) {
        // A new agent without rules of its own still changes what is listed.
        (None, Some(agent)) | (Some(agent), None) if agent.as_object().is_some_and(Map::is_empty) => {
            scalar(changes, path, before, after);
        }
        _ => object(changes, &path, before, after, agent_field),
    }
}

fn agent_field(changes: &mut Changes, path: Path, before: Option<&Value>, after: Option<&Value>) {
    let identity = match path.steps() {
        [.., Step::Key(list)] if list == "allowlist" => ENTRY,
        [.., Step::Key(list)] if list == "mcpTools" => TOOL,
        _ => return scalar(changes, path, before, after),
    };
    if [before, after].into_iter().flatten().any(|value| !value.is_array()) {
        return scalar(changes, path, before, after);
    }
    let (before, after) = (by_identity(before, identity), by_identity(after, identity));
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in all {
        let (before, after) = (of(&before, key), of(&after, key));
        let both = before.len().min(after.len());
        changes.bookkeeping += before.iter().zip(after).filter(|(before, after)| before != after).count();
        for gone in &before[both..] {
            changes.push(path.clone(), Some(policy_of(gone)), None);
        }
        for new in &after[both..] {
            changes.push(path.clone(), None, Some(policy_of(new)));
        }
    }
}

fn of<'m, 'v>(lists: &'m BTreeMap<String, Vec<&'v Value>>, key: &str) -> &'m [&'v Value] {
    lists.get(key).map_or(&[], Vec::as_slice)
}

/// A list's elements under what makes them the same.
fn by_identity<'v>(list: Option<&'v Value>, fields: [&str; 3]) -> BTreeMap<String, Vec<&'v Value>> {
    let mut lists: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for element in list.and_then(Value::as_array).into_iter().flatten() {
        lists.entry(by(element, fields)).or_default().push(element);
    }
    lists
}

fn by(element: &Value, fields: [&str; 3]) -> String {
    let key: Value = match element.as_object() {
        Some(object) => {
            fields.map(|field| object.get(field).cloned().unwrap_or_default()).into_iter().collect()
        }
        None => element.clone(),
    };
    key.to_string()
}

fn policy_of(element: &Value) -> Value {
    match element.as_object() {
        Some(object) => object
            .iter()
            .filter(|(field, _)| !BOOKKEEPING.contains(&field.as_str()))
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect(),
        None => element.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::approvals::check::agreement::documents;

    fn shown(before: &Value, after: &Value) -> Vec<String> {
        let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
        between(before, after)
            .policy
            .iter()
            .map(|change| format!("{} {} {}", change.path, shown(&change.before), shown(&change.after)))
            .collect()
    }

    #[test]
    fn policy_is_compared_field_by_field() {
        let before =
            json!({"version": 1, "defaults": {"ask": "off", "security": "full"}, "agents": {"old": {}}});
        let after =
            json!({"version": 1, "defaults": {"security": "deny"}, "agents": {"main": {"ask": "always"}}});
        assert_eq!(
            shown(&before, &after),
            [
                r#"/agents/main/ask - "always""#,
                "/agents/old {} -",
                r#"/defaults/ask "off" -"#,
                r#"/defaults/security "full" "deny""#
            ]
        );
    }

    #[test]
    fn entries_are_compared_by_what_they_allow() {
        let list = |entries: Value| json!({"version": 1, "agents": {"main": {"allowlist": entries}}});
        let before = list(
            json!([{"pattern": "/a", "id": "1"}, {"pattern": "/b"}, {"pattern": "/a", "argPattern": "^x$"}]),
        );
        let after = list(
            json!([{"pattern": "/c", "lastUsedAt": 1}, {"pattern": "/b"}, {"pattern": "/a", "id": "2"}]),
        );
        assert_eq!(
            shown(&before, &after),
            [
                r#"/agents/main/allowlist {"argPattern":"^x$","pattern":"/a"} -"#,
                r#"/agents/main/allowlist - {"pattern":"/c"}"#
            ]
        );
        assert_eq!(between(&before, &after).bookkeeping, 1);
    }

    #[test]
    fn a_token_is_never_in_a_change() {
        let before = json!({"version": 1, "socket": {"path": "/a", "token": "hunter2"}});
        let after = json!({"version": 1, "socket": {"path": "/b", "token": "hunter3", "tokn": "hunter4"}});
        let shown = shown(&before, &after).join("\n");
        assert!(shown.contains(r#"/socket/path "/a" "/b""#) && !shown.contains("hunter"), "{shown}");
        let elsewhere = json!({"sokcet": {"token": "hunter2"}, "agents": {"main": {"token": "hunter2"}, "token": {"ask": "off"}}});
        let shown = format!("{:?}", super::between(&elsewhere, &before));
        assert!(!shown.contains("hunter") && shown.contains("off"), "{shown}");
        let whole = super::between(&json!({"socket": "hunter2"}), &before);
        assert!(!format!("{whole:?}").contains("hunter"), "{whole:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_document_does_not_differ_from_itself(document in documents()) {
            prop_assert_eq!(between(&document, &document), Changes::default());
        }

        #[test]
        fn changes_are_the_same_both_ways(before in documents(), after in documents()) {
            let (there, back) = (between(&before, &after), between(&after, &before));
            prop_assert_eq!(there.bookkeeping, back.bookkeeping);
            let mut there: Vec<_> =
                there.policy.iter().map(|c| format!("{} {:?} {:?}", c.path, c.before, c.after)).collect();
            let mut back: Vec<_> =
                back.policy.iter().map(|c| format!("{} {:?} {:?}", c.path, c.after, c.before)).collect();
            there.sort();
            back.sort();
            prop_assert_eq!(there, back);
        }
    }
}
