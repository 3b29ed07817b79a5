//! Forms of early releases, rewritten as a gateway reads them.

use serde_json::{Map, Value, json};

use super::check::{Strictness, check};
use super::diagnostic::Verdict;
use super::syntax::{self, Syntax};
use super::tree::to_json;

/// A document with its legacy forms rewritten: a bare string becomes an entry, a null usage field and a source
/// that is not `allow-always` go, an agent `default` becomes `main`. As JSON text, for [`super::parse`].
///
/// Where there are both a `default` and a `main`, nothing is guessed: that finding stays an error.
pub fn modernised(bytes: &[u8], syntax: Syntax) -> Result<String, Verdict> {
    let verdict = check(bytes, Strictness { syntax, allow_legacy: true });
    if !verdict.is_valid() {
        return Err(verdict);
    }
    let tree = syntax::text(bytes).ok().and_then(|text| syntax::parse(text, None, syntax, &mut Vec::new()));
    let Some(mut document) = tree.as_ref().map(to_json) else { return Err(verdict) };
    if let Some(agents) = document.get_mut("agents").and_then(Value::as_object_mut) {
        if !agents.contains_key("main")
            && let Some(default) = agents.remove("default")
        {
            agents.insert("main".to_owned(), default);
        }
        agents.values_mut().filter_map(Value::as_object_mut).for_each(agent);
    }
    Ok(document.to_string())
}

fn agent(agent: &mut Map<String, Value>) {
    let Some(Value::Array(entries)) = agent.get_mut("allowlist") else { return };
    for entry in entries {
        match entry {
            Value::String(pattern) => {
                let pattern =
                    pattern.trim_matches(|c: char| super::scalar::is_blank(c.encode_utf8(&mut [0; 4])));
                *entry = json!({ "pattern": pattern });
            }
            Value::Object(entry) => {
                entry.retain(|field, value| match field.as_str() {
                    "lastUsedAt" | "lastUsedCommand" => !value.is_null(),
                    "source" => value == "allow-always",
                    _ => true,
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{codes::Code, parse};
    use super::*;

    #[test]
    fn early_forms_become_what_a_gateway_reads() {
        let early = r#"{"version": 1, "agents": {"default": {"allowlist": [
            " /bin/ls ", {"pattern": "/bin/cat", "source": "manual", "lastUsedAt": null, "lastUsedCommand": null}]}}}"#;
        let modern = modernised(early.as_bytes(), Syntax::Json).unwrap();
        assert_eq!(
            modern,
            r#"{"agents":{"main":{"allowlist":[{"pattern":"/bin/ls"},{"pattern":"/bin/cat"}]}},"version":1}"#
        );
        assert!(parse(modern.as_bytes(), Syntax::Json).is_ok());
    }

    #[test]
    fn two_names_of_one_agent_are_not_merged() {
        let both = r#"{"version": 1, "agents": {"default": {}, "main": {}}}"#;
        let modern = modernised(both.as_bytes(), Syntax::Json).unwrap();
        let verdict = parse(modern.as_bytes(), Syntax::Json).unwrap_err();
        assert_eq!(verdict.diagnostics[0].code, Code::LegacyDefaultAgent);
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
