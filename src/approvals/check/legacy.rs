//! Forms of early releases, rewritten as a gateway reads them.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::approvals::check::document::{Strictness, check, json, unreadable};
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::model::scalar::trimmed;
use crate::approvals::text::layout::{self, Items, Splice, cuts, spliced};
use crate::approvals::text::syntax::{self, Syntax};

/// A document with its legacy forms rewritten: a bare string becomes an entry, a null usage field and a source other
/// than `allow-always` are removed, and an agent `default` becomes `main`. Every other byte stays as it was.
///
/// If there are both a `default` and a `main`, `main` becomes the result of the gateway's own merge (the same in
/// 2026.4.14, 2026.7.1 and 2026.9.6): see [`merged`].
pub fn modernised(bytes: &[u8], syntax: Syntax) -> Result<String, Verdict> {
    let verdict = check(bytes, Strictness { syntax, allow_legacy: true });
    if !verdict.is_valid() {
        return Err(verdict);
    }
    let Ok(text) = syntax::text(bytes) else { return Err(verdict) };
    let Some(text) = rewritten(text) else { return Err(verdict) };
    with_one_main(text, syntax).ok_or_else(|| unreadable(bytes))
}

/// The text with `default` merged into `main`, if it has both.
fn with_one_main(text: String, syntax: Syntax) -> Option<String> {
    let Some(agents) = layout::value_of(&text, layout::root(&text), "agents") else { return Some(text) };
    let agent = |name| layout::member(&text, agents, name);
    let (Some(main), Some(default)) = (agent("main"), agent("default")) else { return Some(text) };
    let value = |item: &layout::Item| match json(text.get(item.value.clone())?.as_bytes(), syntax)? {
        Value::Object(fields) => Some(fields),
        _ => None,
    };
    let merged = merged(value(&main)?, value(&default)?);
    let mut splices = vec![Splice { span: main.value, text: Value::Object(merged).to_string() }];
    let is_default = |_, item: &layout::Item| {
        item.key.as_ref().and_then(|key| layout::name(&text, key)).is_some_and(|name| name == "default")
    };
    cuts(&text, agents, is_default, &mut splices)?;
    spliced(&text, splices)
}

/// `mergeLegacyAgent`: each policy field comes from `main`, else from `default`. The entries of both are kept, those of
/// `main` first; of entries with the same pattern (case ignored) and `argPattern` only the first is kept. The tools of
/// both are kept.
fn merged(mut main: Map<String, Value>, default: Map<String, Value>) -> Map<String, Value> {
    let list = |agent: &Map<String, Value>, name: &str| -> Vec<Value> {
        agent.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let text = |element: &Value, name: &str| -> String {
        element.get(name).and_then(Value::as_str).map(|text| trimmed(text).to_owned()).unwrap_or_default()
    };
    let mut seen = HashSet::new();
    let mut entries: Vec<Value> = list(&main, "allowlist");
    entries.extend(list(&default, "allowlist"));
    entries.retain(|entry| seen.insert((text(entry, "pattern").to_lowercase(), text(entry, "argPattern"))));
    let mut tools = list(&main, "mcpTools");
    let name = |tool: &Value| (tool.get("server").cloned(), tool.get("tool").cloned());
    let more = list(&default, "mcpTools");
    let known: Vec<_> = tools.iter().map(name).collect();
    tools.extend(more.into_iter().filter(|tool| !known.contains(&name(tool))));
    let has_tools = main.contains_key("mcpTools") || default.contains_key("mcpTools");
    for (field, value) in default {
        main.entry(field).or_insert(value);
    }
    main.remove("allowlist");
    if !entries.is_empty() {
        main.insert("allowlist".to_owned(), entries.into());
    }
    if has_tools {
        main.insert("mcpTools".to_owned(), tools.into());
    }
    main
}

fn rewritten(text: &str) -> Option<String> {
    let root = layout::root(text);
    let has_main = layout::value_of(text, root, "agents")
        .is_some_and(|agents| layout::value_of(text, agents, "main").is_some());
    let mut splices = Vec::new();
    let agents = layout::member(text, root, "agents");
    for item in agents.and_then(|agents| Items::of_object(text, agents.value.start)).into_iter().flatten() {
        let key = item.key?;
        if !has_main && layout::name(text, &key).as_deref() == Some("default") {
            let written = text.get(key.clone())?;
            let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.map(String::from).unwrap_or_default();
            splices.push(Splice { span: key, text: format!("{quote}main{quote}") });
        }
        if let Some(list) = layout::member(text, item.value.start, "allowlist") {
            for entry in Items::of_array(text, list.value.start).into_iter().flatten() {
                self::entry(text, entry.value, &mut splices)?;
            }
        }
    }
    spliced(text, splices)
}

fn entry(text: &str, span: std::ops::Range<usize>, splices: &mut Vec<Splice>) -> Option<()> {
    let written = text.get(span.clone())?;
    if written.starts_with(['"', '\'']) {
        let pattern = layout::string(written)?;
        let pattern = serde_json::Value::from(trimmed(&pattern));
        splices.push(Splice { span, text: format!("{{\"pattern\": {pattern}}}") });
        return Some(());
    }
    let is_legacy = |_, item: &layout::Item| {
        let name = item.key.as_ref().and_then(|key| layout::name(text, key)).unwrap_or_default();
        let value = text.get(item.value.clone()).unwrap_or_default();
        match name.as_str() {
            "lastUsedAt" | "lastUsedCommand" => value == "null",
            "source" => layout::string(value).is_none_or(|source| source != "allow-always"),
            _ => false,
        }
    };
    cuts(text, span.start, is_legacy, splices)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::approvals::check::agreement::documents;
    use crate::approvals::findings::codes::Code;
    use crate::approvals::parse;

    #[test]
    fn early_forms_become_what_a_gateway_reads() {
        let early = r#"{"version": 1, "agents": {"default": {"allowlist": [
            " /bin/ls ", {"pattern": "/bin/cat", "source": "manual", "lastUsedAt": null, "lastUsedCommand": null},
            {"lastUsedAt": null, "pattern": "/bin/a", "source": "allow-always"}]}}}"#;
        let modern = modernised(early.as_bytes(), Syntax::Json).unwrap();
        assert_eq!(
            modern,
            r#"{"version": 1, "agents": {"main": {"allowlist": [
            {"pattern": "/bin/ls"}, {"pattern": "/bin/cat"},
            {"pattern": "/bin/a", "source": "allow-always"}]}}}"#
        );
        assert!(parse(modern.as_bytes(), Syntax::Json).is_ok());
    }

    #[test]
    fn two_names_of_one_agent_are_merged_as_a_gateway_does() {
        let both = r#"{"version": 1, "agents": {"default": {"security": "deny", "ask": "off", "allowlist": ["/BIN/A", "/bin/b"]},
            "main": {"ask": "always", "allowlist": [{"pattern": "/bin/a"}, {"pattern": " /bin/a ", "argPattern": "^x$"}]}}}"#;
        assert_eq!(
            modernised(both.as_bytes(), Syntax::Json).unwrap(),
            r#"{"version": 1, "agents": {"main": {"allowlist":[{"pattern":"/bin/a"},{"argPattern":"^x$","pattern":" /bin/a "},{"pattern":"/bin/b"}],"ask":"always","security":"deny"}}}"#
        );
    }

    #[test]
    fn more_entries_than_a_document_may_have_are_refused() {
        let text = format!(
            "{{\"version\":1,\"agents\":{{\"a\":{{\"allowlist\":[{}\"/z\"]}}}}}}",
            "\"/x\",".repeat(100_000)
        );
        let verdict = modernised(text.as_bytes(), Syntax::Json).unwrap_err();
        let found: Vec<_> = verdict.diagnostics.iter().map(|found| found.code).collect();
        assert!(found.contains(&Code::TooManyValues), "{found:?}");
        let strictness = Strictness { syntax: Syntax::Json, allow_legacy: true };
        assert!(!check(text.as_bytes(), strictness).is_valid());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Property: a document that `validate --allow-legacy` accepts can be used by every command with that flag, and
        /// the rewritten text has the same meaning.
        #[test]
        fn what_is_accepted_can_be_rewritten(value in documents(), early in any::<[bool; 5]>()) {
            let value = aged(value, early);
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let verdict = check(text.as_bytes(), Strictness { syntax: Syntax::Json, allow_legacy: true });
                match modernised(text.as_bytes(), Syntax::Json) {
                    Ok(modern) => {
                        prop_assert!(verdict.is_valid());
                        prop_assert!(parse(modern.as_bytes(), Syntax::Json).is_ok(), "{}", modern);
                    }
                    Err(refused) => prop_assert_eq!(refused, verdict),
                }
                if parse(text.as_bytes(), Syntax::Json).is_ok() {
                    prop_assert_eq!(modernised(text.as_bytes(), Syntax::Json), Ok(text));
                }
            }
        }
    }

    /// A document with some of the forms of early releases.
    fn aged(mut value: Value, [default, bare, null, manual, main]: [bool; 5]) -> Value {
        let Some(agents) = value.get_mut("agents").and_then(Value::as_object_mut) else { return value };
        for agent in agents.values_mut() {
            let Some(entries) = agent.get_mut("allowlist").and_then(Value::as_array_mut) else { continue };
            for (index, entry) in entries.iter_mut().enumerate() {
                match entry.as_object_mut() {
                    Some(_) if bare && index % 3 == 0 => *entry = json!(" /bin/ls "),
                    Some(fields) => {
                        if null {
                            fields.insert("lastUsedAt".to_owned(), Value::Null);
                        }
                        if manual {
                            fields.insert("source".to_owned(), json!("manual"));
                        }
                    }
                    None => {}
                }
            }
        }
        let first = agents.values().next().cloned();
        if let Some(agent) = first {
            if default {
                agents.insert("default".to_owned(), agent.clone());
            }
            if main {
                agents.insert("main".to_owned(), agent);
            }
        }
        value
    }

    #[test]
    fn a_blank_bare_entry_is_still_an_error() {
        let blank = r#"{"version": 1, "agents": {"main": {"allowlist": ["  "]}}}"#;
        assert_eq!(
            modernised(blank.as_bytes(), Syntax::Json).unwrap_err().diagnostics[0].code,
            Code::BlankText
        );
    }
}
