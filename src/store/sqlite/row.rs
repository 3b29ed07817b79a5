//! The data that a gateway from 2026.8 keeps of a document in its database: the text in the gateway's own form, and the
//! columns that it derives from the text.
//!
//! Source: `exec-approvals-sqlite` and `exec-approvals-config` of the published package 2026.9.6. The form matters: a
//! gateway rewrites a text in any other form at its next `exec.approvals.get`, which invalidates the hash that it
//! reported.

use std::collections::BTreeSet;

use serde_json::Value;
use thiserror::Error;

use crate::approvals::Budget;
use crate::approvals::Syntax;
use crate::approvals::check::document::{accepted, parse};
use crate::approvals::edit::unknown::known;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::model::document::{Agents, Document, Policy, Socket};
use crate::approvals::model::scalar::{Millis, Secret, Text, trimmed};

/// One row of `exec_approvals_config`, without its key and its time.
#[derive(PartialEq, Eq)]
pub struct Row {
    /// `raw_json`: the document in the gateway's form.
    pub text: String,
    /// `socket_path`.
    pub socket_path: Option<String>,
    /// `has_socket_token`.
    pub has_socket_token: bool,
    /// `default_security`.
    pub default_security: Option<&'static str>,
    /// `default_ask`.
    pub default_ask: Option<&'static str>,
    /// `default_ask_fallback`.
    pub default_ask_fallback: Option<&'static str>,
    /// `auto_allow_skills`.
    pub auto_allow_skills: Option<bool>,
    /// `agent_count`.
    pub agent_count: usize,
    /// `allowlist_count`: the entries of all agents.
    pub allowlist_count: usize,
}

/// Why a text cannot be converted to a row.
#[derive(Debug, Error)]
pub enum RowError {
    /// The text is not a valid document.
    #[error("the text to store is not a valid document")]
    Invalid(Verdict),
    /// The document could not be printed.
    #[error("the document could not be printed: {0}")]
    Print(#[from] serde_json::Error),
}

/// The values that a gateway puts into a missing socket block; `None` if the owner of the socket is unknown.
pub struct NewSocket {
    /// The path beside the host's other state.
    pub path: String,
    /// 24 random bytes, in unpadded base64url.
    pub token: String,
}

impl Row {
    /// The row of a document that is valid except for unknown fields. A gateway keeps only the unknown fields of agents
    /// and entries; this row keeps the whole text as it is.
    pub fn of(text: &[u8], new_socket: Option<NewSocket>) -> Result<Self, RowError> {
        let known = if accepted(text, Budget::default()).is_some() {
            None
        } else {
            known(text, Syntax::Json, Budget::default())
        };
        let Some(known) = known else { return Self::of_known(text, new_socket) };
        let text = String::from_utf8_lossy(text).into_owned();
        Ok(Self { text, ..Self::of_known(known.text.as_bytes(), None)? })
    }

    fn of_known(text: &[u8], new_socket: Option<NewSocket>) -> Result<Self, RowError> {
        let mut document = parse(text, Syntax::Json).map_err(RowError::Invalid)?;
        let socket = socket(document.socket.take(), new_socket);
        let (socket_path, has_socket_token) =
            (socket.path.as_ref().map(|path| path.as_str().to_owned()), socket.token.is_some());
        document.socket = Some(socket);
        let defaults = *document.defaults.get_or_insert_default();
        let Policy { security, ask, ask_fallback, auto_allow_skills } = defaults;
        let agents = document.agents.take().unwrap_or_default().in_javascript_order();
        let (text, agents) = printed(document, agents)?;
        Ok(Self {
            text,
            socket_path,
            has_socket_token,
            default_security: security.map(crate::approvals::model::scalar::Security::as_str),
            default_ask: ask.map(crate::approvals::model::scalar::Ask::as_str),
            default_ask_fallback: ask_fallback.map(crate::approvals::model::scalar::AskFallback::as_str),
            auto_allow_skills,
            agent_count: agents.iter().count(),
            allowlist_count: agents.iter().map(|(_, agent)| agent.allowlist.iter().flatten().count()).sum(),
        })
    }
}

fn printed<'a>(mut document: Document<'a>, mut agents: Agents<'a>) -> Result<(String, Agents<'a>), RowError> {
    for (_, agent) in agents.iter_mut() {
        for entry in agent.allowlist.iter_mut().flatten() {
            // No release keeps this field.
            entry.command_text = None;
            entry.last_used_at = entry.last_used_at.take().map(Millis::printed_by_javascript);
        }
        for tool in agent.mcp_tools.iter_mut().flatten() {
            tool.added_at = tool.added_at.clone().printed_by_javascript();
            tool.last_used_at = tool.last_used_at.take().map(Millis::printed_by_javascript);
        }
    }
    document.agents = Some(agents);
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok((text, document.agents.unwrap_or_default()))
}

fn socket(old: Option<Socket<'_>>, new: Option<NewSocket>) -> Socket<'_> {
    let old = old.unwrap_or_default();
    let (path, token) = new.map_or((None, None), |new| (Some(new.path), Some(new.token)));
    let kept = |text: &str| Some(trimmed(text).to_owned()).filter(|text| !text.is_empty());
    Socket {
        path: old.path.and_then(|old| kept(old.as_str())).or(path).and_then(Text::new),
        token: old.token.and_then(Secret::trimmed).or_else(|| token.as_deref().and_then(Secret::new)),
    }
}

/// The agents whose policies differ between two texts, with their ids in OpenClaw's normalised form.
///
/// The comparison is textual: policies with equal meaning but different text count as changed.
pub fn changed_agents(before: Option<&[u8]>, after: &str) -> BTreeSet<String> {
    let agents = |text: &[u8]| match serde_json::from_slice::<Value>(text) {
        Ok(Value::Object(mut document)) => match document.remove("agents") {
            Some(Value::Object(agents)) => agents,
            _ => serde_json::Map::new(),
        },
        _ => serde_json::Map::new(),
    };
    let (before, after) = (before.map(agents).unwrap_or_default(), agents(after.as_bytes()));
    let changed = |id: &&String| before.get(*id) != after.get(*id);
    before.keys().chain(after.keys()).filter(changed).map(|id| normal_agent_id(id)).collect()
}

/// `normalizeAgentId`: the form of agent ids in the gateway's other tables.
fn normal_agent_id(id: &str) -> String {
    const LONGEST: usize = 64;
    let lower = trimmed(id).to_lowercase();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut normal = String::new();
    for c in lower.chars() {
        match c {
            c if plain(c) || c == '_' || c == '-' => normal.push(c),
            // A run of other characters becomes one dash; an original dash stays.
            _ if normal.ends_with('\0') => {}
            _ => normal.push('\0'),
        }
    }
    let normal = normal.replace('\0', "-");
    let is_valid = lower == normal && normal.len() <= LONGEST && normal.starts_with(plain);
    let normal = if is_valid { &normal } else { normal.trim_matches('-') };
    let normal = &normal[..normal.len().min(LONGEST)];
    if normal.is_empty() { "main".to_owned() } else { normal.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(document: &Value) -> Row {
        Row::of(document.to_string().as_bytes(), None).unwrap()
    }

    #[test]
    fn the_text_is_in_the_gateways_form() {
        // As stored by 2026.9.6 after a `set` through the gateway: see tests/real_gateway/store.rs.
        let text = r#"{"version":1,"agents":{"b":{"allowlist":[{"id":"1","pattern":"/a","commandText":"x","lastUsedAt":1.0}]},"10":{},"9":{"security":"deny"}}}"#;
        let row = Row::of(text.as_bytes(), None).unwrap();
        let form = "{\n  \"version\": 1,\n  \"socket\": {},\n  \"defaults\": {},\n  \"agents\": {\n    \"9\": {\n      \"security\": \"deny\"\n    },\n    \"10\": {},\n    \"b\": {\n      \"allowlist\": [\n        {\n          \"pattern\": \"/a\",\n          \"id\": \"1\",\n          \"lastUsedAt\": 1\n        }\n      ]\n    }\n  }\n}\n";
        assert_eq!(row.text, form);
        assert!(Row::of(row.text.as_bytes(), None).unwrap() == row);
    }

    #[test]
    fn a_socket_is_filled_and_kept() {
        let new =
            || Some(NewSocket { path: "/state/exec-approvals.sock".to_owned(), token: "fresh".to_owned() });
        let filled = Row::of(br#"{"version":1}"#, new()).unwrap();
        assert_eq!(filled.socket_path.as_deref(), Some("/state/exec-approvals.sock"));
        assert!(filled.has_socket_token);
        assert!(Row::of(filled.text.as_bytes(), None).unwrap() == filled);
        let own = br#"{"version":1,"socket":{"path":" /own\ufeff","token":"  "}}"#;
        let kept = Row::of(own, new()).unwrap();
        assert_eq!(kept.socket_path.as_deref(), Some("/own"));
        assert!(kept.text.contains("fresh"));
        assert!(!Row::of(own, None).unwrap().has_socket_token);
    }

    #[test]
    fn the_columns_are_those_of_the_document() {
        let row = row(&json!({
            "version": 1,
            "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny", "autoAllowSkills": false},
            "agents": {"a": {"allowlist": [{"pattern": "/a"}, {"pattern": "/b"}]}, "*": {"allowlist": [{"pattern": "/c"}]}}
        }));
        assert_eq!(
            (row.default_security, row.default_ask, row.default_ask_fallback, row.auto_allow_skills),
            (Some("allowlist"), Some("on-miss"), Some("deny"), Some(false))
        );
        assert_eq!((row.agent_count, row.allowlist_count), (2, 3));
        assert!(matches!(Row::of(br#"{"version":2}"#, None), Err(RowError::Invalid(_))));
    }

    #[test]
    fn changed_agents_are_reported_by_their_normalised_ids() {
        let before = br#"{"version":1,"agents":{"Same":{},"Gone Away":{},"*":{"ask":"off"}}}"#;
        let after = r#"{"version":1,"agents":{"Same":{},"*":{},"--new_ones-":{}}}"#;
        let changed: Vec<String> = changed_agents(Some(before), after).into_iter().collect();
        assert_eq!(changed, ["gone-away", "main", "new_ones"]);
        assert_eq!(changed_agents(None, r#"{"agents":{"a--b":{},"-":{}}}"#).len(), 2);
        assert!(changed_agents(Some(after.as_bytes()), after).is_empty());
    }

    #[test]
    fn ids_are_normal_as_openclaw_has_it() {
        // Each result is that of `normalizeAgentId` of 2026.9.6.
        for (id, normal) in [
            ("Main", "main"),
            (" a b ", "a-b"),
            ("é!x", "x"),
            ("a!-?b", "a---b"),
            ("a-", "a-"),
            ("_a", "_a"),
            ("_!", "_"),
            ("İx", "i-x"),
            ("", "main"),
        ] {
            assert_eq!(normal_agent_id(id), normal, "{id:?}");
        }
        assert_eq!(normal_agent_id(&"a".repeat(70)).len(), 64);
    }
}
