//! The entries of a document with their places, to say which of them no case touches.

use std::collections::HashMap;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::approvals::findings::diagnostic::Position;
use crate::approvals::findings::finding::Cursor;
use crate::approvals::text::syntax::{self, Syntax};
use crate::approvals::text::tree::{get, key, to_json};

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key of the agent.
    pub agent: String,
    /// The index in the stored list.
    pub index: usize,
    /// The pattern.
    pub pattern: String,
    /// The pattern for arguments.
    pub arg_pattern: Option<String>,
    /// The place of the entry.
    pub at: Position,
}

/// An entry, and the offset of its text.
struct Found {
    agent: String,
    index: usize,
    entry: Fields,
    offset: usize,
}

/// The fields of an entry that matter here; early releases stored a pattern alone.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    #[serde(default)]
    pattern: String,
    #[serde(default)]
    arg_pattern: Option<String>,
}

/// The part of a document that is needed to find its entries.
#[derive(Deserialize)]
struct Outline<'t> {
    #[serde(borrow, default)]
    agents: HashMap<String, Agent<'t>>,
}

#[derive(Deserialize)]
struct Agent<'t> {
    #[serde(borrow, default)]
    allowlist: Vec<&'t RawValue>,
}

/// Every entry of a document with a pattern, in the order of the text. A text that is not a document has none.
pub fn listed(text: &str, syntax: Syntax) -> Vec<Listed> {
    let mut found = of_json(text).unwrap_or_else(|| of_tree(text, syntax));
    found.retain(|found| !found.entry.pattern.trim().is_empty());
    found.sort_by_key(|found| found.offset);
    let mut cursor = Cursor::of(text);
    let placed = |Found { agent, index, entry, offset }: Found| {
        cursor.advance(offset);
        let Fields { pattern, arg_pattern } = entry;
        Listed { agent, index, pattern, arg_pattern, at: cursor.position() }
    };
    found.into_iter().map(placed).collect()
}

/// Without a tree, which takes many times the memory of the text.
fn of_json(text: &str) -> Option<Vec<Found>> {
    let outline: Outline<'_> = serde_json::from_str(text).ok()?;
    let mut found = Vec::new();
    for (agent, list) in outline.agents {
        for (index, raw) in list.allowlist.into_iter().enumerate() {
            let entry = fields(raw.get());
            let offset = raw.get().as_ptr().addr() - text.as_ptr().addr();
            found.push(Found { agent: agent.clone(), index, entry, offset });
        }
    }
    Some(found)
}

fn of_tree(text: &str, syntax: Syntax) -> Vec<Found> {
    let root = syntax::parse(text, None, syntax, &mut Vec::new());
    let Some(Value::Object(root)) = root else { return Vec::new() };
    let Some(Value::Object(agents)) = get(&root, "agents").map(|agents| &agents.value) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for property in &agents.properties {
        let Value::Object(agent) = &property.value else { continue };
        let Some(Value::Array(list)) = get(agent, "allowlist").map(|list| &list.value) else { continue };
        for (index, element) in list.elements.iter().enumerate() {
            let entry = fields(&to_json(element).to_string());
            found.push(Found {
                agent: key(property).to_owned(),
                index,
                entry,
                offset: element.range().start,
            });
        }
    }
    found
}

fn fields(text: &str) -> Fields {
    if let Ok(pattern) = serde_json::from_str::<String>(text) {
        return Fields { pattern, arg_pattern: None };
    }
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_their_places_in_json_and_json5() {
        let json = "{\"version\": 1,\n \"agents\": {\"main\": {\"allowlist\": [\n  {\"pattern\": \"a\"},\n  \"b\", {}]},\n\
                    \"*\": {\"allowlist\": [{\"pattern\": \"c\", \"argPattern\": \"^x$\"}]}}}";
        let json5 = json.replace("\"agents\"", "agents");
        for (text, syntax) in [(json, Syntax::Json), (json5.as_str(), Syntax::Json5)] {
            let found: Vec<_> = listed(text, syntax)
                .into_iter()
                .map(|one| {
                    format!(
                        "{} {} {} {:?} {}:{}",
                        one.agent, one.index, one.pattern, one.arg_pattern, one.at.line, one.at.column
                    )
                })
                .collect();
            assert_eq!(
                found,
                ["main 0 a None 3:3", "main 1 b None 4:3", "* 0 c Some(\"^x$\") 5:21"],
                "{text}"
            );
        }
        assert_eq!(listed("nonsense", Syntax::Json), []);
    }
}
