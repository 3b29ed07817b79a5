//! Guesses what a writer meant: common words for a value that the schema names differently, and fields that belong in
//! another part of the document or in another file.
//!
//! Sources: the values of each field in `exec-approvals-*.js` of the published packages; `tools.exec` in their
//! `docs/tools/exec.md`; the policy of a Windows node in [`crate::approvals::check::native`].

use jsonc_parser::ast::{Object, ObjectProp, Value};

use crate::approvals::findings::codes::Code;
use crate::approvals::findings::finding::Finding;
use crate::approvals::model::path::{Path, Step};
use crate::approvals::text::tree::get;

/// A suggestion for a value that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals) struct Meant {
    /// The accepted value, if there is no doubt about it.
    pub(in crate::approvals) value: Option<&'static str>,
    /// The end of a sentence that begins with "… is not a value of `field`".
    pub(in crate::approvals) why: &'static str,
}

/// What `word` means as a value of `field`. Words that merely resemble an accepted one are not here: the nearest name
/// is suggested for those.
pub(in crate::approvals) fn value(field: &str, word: &str) -> Option<Meant> {
    const RUNS: Meant = Meant {
        value: Some("full"),
        why: "write `full` to run a command without an answer, `deny` to deny it",
    };
    const DENY_UNANSWERED: Meant =
        Meant { value: Some("deny"), why: "write `deny` to deny a command without an answer" };
    const VALUE_OF_ASK: Meant = Meant {
        value: None,
        why: "this is a value of `ask`, which sets when to ask; `askFallback` applies when a prompt gets no answer",
    };
    const NEVER: Meant = Meant { value: Some("off"), why: "write `off` to never ask" };
    const ALWAYS: Meant = Meant { value: Some("always"), why: "write `always` to ask every time" };
    const UNLISTED: Meant = Meant {
        value: Some("on-miss"),
        why: "write `on-miss` to ask about commands that the allowlist does not match",
    };
    const VALUE_OF_SECURITY: Meant = Meant {
        value: None,
        why: "this is a value of `security`, which sets what may run; `ask` sets when to ask",
    };
    const ALL: Meant = Meant { value: Some("full"), why: "write `full` to allow every command" };
    const LISTED: Meant = Meant {
        value: Some("allowlist"),
        why: "write `allowlist` to allow only commands that the allowlist matches",
    };
    const NOTHING: Meant = Meant { value: Some("deny"), why: "write `deny` to deny every command" };
    const ASKING: Meant = Meant {
        value: None,
        why: "this is a value of `ask`, which sets when to ask; `security` sets what may run",
    };
    let word = word.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    Some(match (field, word.as_str()) {
        (
            "askFallback",
            "allow" | "allow-once" | "allow-always" | "accept" | "permit" | "run" | "yes" | "true" | "all",
        ) => RUNS,
        ("askFallback", "reject" | "refuse" | "block" | "no" | "none" | "false" | "denied") => {
            DENY_UNANSWERED
        }
        ("askFallback", "on-miss" | "always" | "off" | "never" | "ask" | "prompt") => VALUE_OF_ASK,
        ("ask", "never" | "no" | "none" | "false" | "disabled" | "disable" | "skip") => NEVER,
        ("ask", "yes" | "true" | "on" | "every-time" | "everytime" | "all" | "prompt") => ALWAYS,
        ("ask", "miss" | "on-unknown" | "unlisted" | "on-unlisted" | "on-allowlist-miss" | "auto") => {
            UNLISTED
        }
        ("ask", "deny" | "allowlist" | "full") => VALUE_OF_SECURITY,
        (
            "security",
            "allow" | "allow-all" | "all" | "any" | "open" | "permissive" | "unrestricted" | "yolo",
        ) => ALL,
        (
            "security",
            "whitelist" | "white-list" | "safelist" | "list" | "listed" | "restricted" | "strict",
        ) => LISTED,
        ("security", "block" | "blocked" | "reject" | "refuse" | "none" | "deny-all" | "disabled") => NOTHING,
        ("security", "on-miss" | "always" | "off" | "ask" | "prompt" | "never") => ASKING,
        _ => return None,
    })
}

/// Where settings of the exec tool belong.
const TOOLS: &str = "it belongs in `tools.exec` of openclaw.json";

/// Whether an unknown field was meant as a rule of the document.
pub(in crate::approvals) fn is_rule(object: &Path, name: &str) -> bool {
    field(object, name).is_some_and(|place| place != TOOLS)
}

/// Where an unknown field belongs. The end of a sentence.
pub(in crate::approvals) fn field(object: &Path, name: &str) -> Option<&'static str> {
    let inside = match object.steps() {
        [] => Inside::Document,
        [Step::Key(part)] if part == "defaults" => Inside::Defaults,
        [Step::Key(part)] if part == "agents" => return None,
        [Step::Key(part), _] if part == "agents" => Inside::Agent,
        _ => Inside::Other,
    };
    Some(match (inside, name) {
        (
            Inside::Document | Inside::Defaults | Inside::Agent,
            "denylist" | "denyList" | "blocklist" | "blockList" | "blacklist" | "deny" | "block" | "denied"
            | "blocked",
        ) => {
            "there is no denylist: with `security: \"allowlist\"` every command outside the allowlist is asked about or denied, depending on `ask`"
        }
        (
            _,
            "safeBins" | "safeBinTrustedDirs" | "safeBinProfiles" | "strictInlineEval" | "pathPrepend"
            | "timeoutSec" | "backgroundMs" | "applyPatch" | "elevated" | "sandbox" | "host" | "node"
            | "mode",
        ) => TOOLS,
        (Inside::Document | Inside::Defaults | Inside::Agent, "rules" | "defaultAction") => {
            "it belongs in the exec policy of a Windows node: clearance approvals set --file POLICY --gateway --node NODE"
        }
        (
            Inside::Document | Inside::Defaults,
            "allowlist" | "allowList" | "allow" | "whitelist" | "allowed" | "entries",
        ) => {
            "an allowlist belongs to an agent: `agents.main.allowlist`, or `agents.*.allowlist` for all of them"
        }
        (Inside::Agent, "allowList" | "allow" | "whitelist" | "allowed" | "entries") => {
            "the agent's entries belong in its `allowlist`"
        }
        (Inside::Document, "security" | "ask" | "askFallback" | "autoAllowSkills") => {
            "it belongs in `defaults`, or in one of `agents`"
        }
        (Inside::Document | Inside::Defaults, "mcpTools") => {
            "MCP tools belong to an agent: `agents.main.mcpTools`"
        }
        (Inside::Document, "agent") => "agents are listed under `agents`, each under its id",
        (Inside::Document | Inside::Agent, "default") => {
            "settings for every agent belong in `defaults`, at the top"
        }
        _ => return None,
    })
}

/// The part of a document that an object represents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Document,
    Defaults,
    Agent,
    Other,
}

/// The kind of a text that is not an approvals document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals) enum Other {
    /// OpenClaw's own configuration.
    Config,
    /// The exec policy of a Windows node.
    Policy,
}

impl Other {
    /// The message of a check that expects a document and gets such a file.
    pub(in crate::approvals) fn finding(self) -> Finding {
        match self {
            Self::Config => Finding::new(
                Code::OpenclawConfig,
                0..0,
                "this is OpenClaw's configuration (openclaw.json), not an approvals document",
            ),
            Self::Policy => Finding::new(
                Code::NodePolicy,
                0..0,
                "this is the exec policy of a Windows node, not an approvals document",
            ),
        }
    }
}

/// Recognises another kind of file by parts that a document cannot have, provided that it has no part that only a
/// document has.
pub(in crate::approvals) fn other(root: &Value<'_>) -> Option<Other> {
    /// Sections of `openclaw.json` that no document has (2026.9.6: `openclaw config schema`).
    const SECTIONS: [&str; 22] = [
        "$include",
        "auth",
        "bindings",
        "browser",
        "canvasHost",
        "channels",
        "commands",
        "cron",
        "env",
        "gateway",
        "hooks",
        "logging",
        "memory",
        "messages",
        "meta",
        "models",
        "plugins",
        "session",
        "skills",
        "tools",
        "update",
        "wizard",
    ];
    let Value::Object(root) = root else { return None };
    let has = |name: &str| get(root, name).is_some();
    if has("version") || has("defaults") || has("socket") {
        return None;
    }
    // Other programs use some of these names, too: a package.json has `browser`, an .eslintrc.json `env` and `plugins`.
    let is_section = |property: &&ObjectProp<'_>| {
        let is_named = SECTIONS.contains(&property.name.as_str());
        is_named
            && match property.name.as_str() {
                "$include" => true,
                "bindings" => matches!(property.value, Value::Array(_)),
                _ => matches!(property.value, Value::Object(_)),
            }
    };
    let sections = root.properties.iter().filter(is_section).count();
    let others = root.properties.len() - sections - usize::from(has("agents"));
    if sections > others && !names_agents(root) {
        return Some(Other::Config);
    }
    let has_action = |rule: &Value<'_>| matches!(rule, Value::Object(rule) if get(rule, "action").is_some());
    let is_list = get(root, "rules").is_some_and(|rules| match &rules.value {
        Value::Array(rules) => rules.elements.iter().all(has_action),
        _ => false,
    });
    (!has("agents") && (is_list || has("defaultAction"))).then_some(Other::Policy)
}

/// Whether the agents are those of a document: they have lists. `openclaw.json` has `agents.defaults` and
/// `agents.list`.
fn names_agents(root: &Object<'_>) -> bool {
    let Some(Value::Object(agents)) = get(root, "agents").map(|agents| &agents.value) else { return false };
    agents.properties.iter().any(|agent| match &agent.value {
        Value::Object(agent) => get(agent, "allowlist").is_some(),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approvals::text::syntax::{Syntax, parse};

    #[test]
    fn words_for_values() {
        let meant = |field: &str, word: &str| value(field, word).map(|meant| meant.value);
        assert_eq!(meant("askFallback", "allow"), Some(Some("full")));
        assert_eq!(
            meant("askFallback", "on-miss"),
            Some(None),
            "it belongs to `ask`, and what was meant is unknown"
        );
        assert_eq!(meant("ask", "Never"), Some(Some("off")));
        assert_eq!(meant("ask", "on_allowlist_miss"), Some(Some("on-miss")));
        assert_eq!(meant("security", "off"), Some(None), "ambiguous: no security, or no commands");
        assert_eq!(meant("security", "whitelist"), Some(Some("allowlist")));
        assert_eq!(meant("security", "alowlist"), None, "misspellings are left to the nearest name");
        assert_eq!(meant("source", "allow"), None);
    }

    #[test]
    fn no_accepted_value_is_called_wrong_for_its_own_field() {
        for (field, words) in [
            ("security", ["deny", "allowlist", "full"]),
            ("ask", ["off", "on-miss", "always"]),
            ("askFallback", ["deny", "allowlist", "full"]),
        ] {
            assert_eq!(words.map(|word| value(field, word)), [None; 3], "{field}");
        }
    }

    #[test]
    fn other_files_are_recognised_by_their_parts() {
        let found = |text: &str| other(&parse(text, None, Syntax::Json5, &mut Vec::new()).unwrap());
        assert_eq!(
            found(r#"{"gateway": {"port": 1}, "agents": {"defaults": {}, "list": []}}"#),
            Some(Other::Config)
        );
        assert_eq!(found(r#"{tools: {exec: {security: "full"}}}"#), Some(Other::Config));
        assert_eq!(found(r#"{"defaultAction": "deny", "rules": []}"#), Some(Other::Policy));
        assert_eq!(found(r#"{"rules": [{"pattern": "*", "action": "allow"}]}"#), Some(Other::Policy));
        assert_eq!(found(r#"{"version": 1, "rules": []}"#), None);
        assert_eq!(found(r#"{"version": 1, "tools": {}}"#), None);
        assert_eq!(found(r#"{"agents": {"main": {"allowlist": []}}, "tools": {}}"#), None);
        assert_eq!(found(r#"{"rules": {"a": 1}}"#), None);
        // Files of other programs, which use some of the same names.
        assert_eq!(found(r#"{"name": "a", "main": "a.js", "browser": {"a": "b"}}"#), None);
        assert_eq!(found(r#"{"env": {"node": true}, "plugins": ["a"], "rules": {}}"#), None);
        assert_eq!(found(r#"{"rules": [{"match": "a"}]}"#), None);
        assert_eq!(found("{}"), None);
        assert_eq!(found("[]"), None);
    }
}
